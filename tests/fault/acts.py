# SPDX-License-Identifier: GPL-3.0-or-later
# What the operator does between the death of a console and the way out, by hand and with virsh: each act is a function
# that does it to the nodes and says where the guest's newest bytes are then (run.newest). Runs on the test's thread.
import os

from hosts import wait_for
from world import IMAGES


def virsh(run, node, words):
    return run.lab.run(node, f"virsh -q {words} {run.world.name}")[0] == 0


def defined(run, node):
    return virsh(run, node, "domstate")


def end(run, node):
    """It does not run there any more."""
    virsh(run, node, "destroy")


def write(run, node, byte):
    """What the guest has written last: 4 KiB into its second disk."""
    path = f"{run.world.root(node)}{IMAGES}/data.raw"
    if not os.path.exists(path):
        return
    with open(path, "r+b") as f:
        f.seek(9 << 20)
        f.write(bytes([byte]) * 4096)
    run.newest[(node, "data.raw")] = run.world.files(node)["data.raw"][0]


def live(run, node, byte):
    """Booted, used, ended."""
    if defined(run, node):
        virsh(run, node, "start")
        end(run, node)
        write(run, node, byte)


def used_there(run):
    end(run, run.world.src)
    live(run, run.world.dst, 0x31)


def used_there_and_undefined(run):
    used_there(run)
    if defined(run, run.world.src):  # else it would be the last one, and his own loss
        virsh(run, run.world.dst, "undefine")


def used_here(run):
    """It is taken for failed, and the guest goes on where it was."""
    end(run, run.world.dst)
    live(run, run.world.src, 0x32)


def runs_here(run):
    end(run, run.world.dst)
    write(run, run.world.src, 0x33)
    virsh(run, run.world.src, "start")


def used_on_both(run):
    used_there(run)
    used_here(run)


def disk_removed_there(run):
    end(run, run.world.dst)
    run.lab.run(run.world.dst, f"rm -f {IMAGES}/data.raw")
    run.newest[(run.world.src, "data.raw")] = run.world.sums["data.raw"]


def redefined_there(run):
    """Where all of its disks are there, the operator defines it on them himself, without migsh's mark."""
    w = run.world
    end(run, w.dst)
    there = w.files(w.dst)
    if not all(f in there for f in w.sums):
        return
    virsh(run, w.dst, "undefine")
    run.lab.sh(w.dst, f"virsh -q define {w.work}/vm.xml")
    for f in w.sums:
        run.newest[(w.dst, f)] = there[f][0]


def source_booted(run):
    """Its guests end, and it starts those that it thinks it has to."""
    node = run.world.src
    end(run, node)
    run.lab.do("service", node, "libvirtd", "stop")
    run.lab.run(node, "rm -f /run/libvirt/qemu/autostarted")
    run.lab.do("service", node, "libvirtd", "start")
    wait_for("libvirtd answers", lambda: run.lab.run(node, "virsh list")[0] == 0, 30)


ACTS = {
    "used-there": used_there,
    "used-there-and-undefined": used_there_and_undefined,
    "used-here": used_here,
    "runs-here": runs_here,
    "used-on-both": used_on_both,
    "disk-removed-there": disk_removed_there,
    "redefined-there": redefined_there,
    "source-booted": source_booted,
}
