# SPDX-License-Identifier: GPL-3.0-or-later
# What goes wrong: each fault is a function that does it to the nodes or to the console while a migration is held at a
# point or copies. World.mend() takes back what has to be taken back before anybody goes on. Runs on the test's thread.
import os
import threading

from hosts import Broken, wait_for
from world import FILES, IMAGES, MASTER

# The console's own end: by the hook itself, at the very record, where the point is a record.
SIGNALS = {"kill": 9, "kill-again": 9, "cut": 9, "interrupt": 2}


def end_logins(node):
    def fault(run):
        run.lab.run(node(run), "pkill -KILL -f '^sshd: root'")
    return fault


def unplug(run):
    run.lab.sh("switch", f"ip link set {run.world.dst} down")


def link_down(run):
    unplug(run)
    run.world.unplugged.add(run.world.dst)


def link_down_5s(run):
    unplug(run)
    run.later(5, lambda: run.lab.sh("switch", f"ip link set {run.world.dst} up"))


def kill_libvirtd(run):
    run.lab.sh(run.world.dst, "kill -KILL $(cat /run/migsh-lab/libvirtd.pid)")


def fill(run):
    run.lab.run(run.world.dst, f"dd if=/dev/zero of={IMAGES}/filling bs=1M status=none")


def freeze(node):
    def fault(run):
        run.lab.sh(node(run), "pkill -STOP -x sshd")
    return fault


def change(run):
    """Somebody writes into the source's disk."""
    path = f"{run.world.root(run.world.src)}{IMAGES}/base.qcow2"
    with open(path, "r+b") as f:
        f.seek(20 << 20)
        f.write(b"somebody else's" * 100)
    run.changed = True


def truncate(run):
    os.truncate(f"{run.world.root(run.world.src)}{IMAGES}/base.qcow2", 12 << 20)
    run.truncated = run.changed = True


def restore(run):
    """What was truncated is brought back by its owner, from a backup."""
    run.lab.sh(run.world.src, f"cp --sparse=always {MASTER}/base.qcow2 {IMAGES}/base.qcow2")
    run.truncated = False


def flip(run):
    """One bit of what has arrived, in the file that grows, behind the back of whoever writes it."""
    w = run.world
    known = set(w.before[w.dst]["file"]) | set(FILES)  # a whole file has been checked: its name is its own

    def parts():
        return [e for e in os.scandir(w.root(w.dst) + IMAGES)
                if e.name not in known and e.is_file(follow_symlinks=False) and e.stat().st_blocks]
    path = wait_for("a file that grows", parts, 20)[0].path
    fd = os.open(path, os.O_RDWR)
    at = os.lseek(fd, 0, os.SEEK_DATA) + 100
    byte = os.pread(fd, 1, at) or b"\0"
    os.pwrite(fd, bytes([byte[0] ^ 0x10]), at)
    os.close(fd)


def twice(run):
    """The same command again while the first is at it: refused, in words, and the first one goes on."""
    status, text = run.console("second", run.migration()).wait(100)
    if status == 0 or "error" not in text:
        raise Broken(f"the same migration a second time at once was not refused in words (status {status})")


def other_console(run):
    """The same command by somebody who does not see our journals: refused, or it is done and we are late."""
    status, text = run.console("second", run.migration(), state="state2").wait(100)
    run.overtaken = status == 0
    if status and "error" not in text:
        raise Broken(f"the second console says nothing (status {status})")


def signal(number):
    def fault(run):
        run.lab.run("admin", f"pkill -{number} -x migsh")
    return fault


def dst(run):
    return run.world.dst


def src(run):
    return run.world.src


FAULTS = {
    "kill": signal(9),
    "kill-again": signal(9),
    "interrupt": signal(2),
    "cut-dest": end_logins(dst),
    "cut-source": end_logins(src),
    "link-5s": link_down_5s,
    "link-down": link_down,
    "libvirtd": kill_libvirtd,
    "full": fill,
    "changed": change,
    "truncated": truncate,
    "flipped": flip,
    "twice": twice,
    "other-console": other_console,
    "frozen-dest": freeze(dst),
    "frozen-source": freeze(src),
}


class Later:
    """Calls that come later, and are waited for."""

    def __init__(self):
        self.timers = []

    def add(self, seconds, call):
        timer = threading.Timer(seconds, call)
        timer.start()
        self.timers.append(timer)

    def join(self):
        for timer in self.timers:
            timer.join()
        self.timers = []
