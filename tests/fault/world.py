# SPDX-License-Identifier: GPL-3.0-or-later
# What is there before each case: one guest on one node, and on both nodes things of other people that nobody may touch.
# Owns how the nodes are brought back to that, and what is read off them: by virsh, ps and sha256sum in the hosts, never
# by migsh.
import hashlib
import os
import subprocess

from hosts import HERE, Broken, wait_for

IMAGES = "/mnt/images"  # a small file system of its own on each node, so that it can be filled
MASTER = "/mnt/master"
FILES = ("base.qcow2", "vm.qcow2", "data.raw")
NODES = ("source", "dest")
# Processes that a node may have at any time: the lab's, libvirt's, ours, and logins that the kernel has not noticed the
# end of.
USUAL = {"lab", "bash", "mount.nfs", "sleep", "ps", "sort", "sshd", "libvirtd", "virsh", "dnsmasq", "virtlogd", "qemu-system-x86"}

DISKS = """
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{images}/vm.qcow2'/>
      <target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{images}/data.raw'/>
      <target dev='vdb' bus='virtio'/></disk>"""
XML = """<domain type='qemu'>
  <name>{name}</name><uuid>{uuid}</uuid><title>a guest of the fault tests</title>
  <memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{disks}
    <memballoon model='none'/></devices>
</domain>
"""

# Data and holes in turns, as a disk has; 24 MiB of data in 48 that are allocated nowhere else.
MAKE_DISKS = r"""
mkdir -p {master} {images} && mount -t tmpfs -o size=160m images {images} && cd {master} || exit
truncate -s 64M base.raw && for i in 0 1 2 3 4 5; do
    dd if=/dev/urandom of=base.raw bs=1M count=4 seek=$((i * 10)) conv=notrunc status=none || exit; done
dd if={work}/quick.img of=base.raw conv=notrunc status=none
qemu-img convert -q -f raw -O qcow2 base.raw base.qcow2 && rm base.raw
ln base.qcow2 {images}/base.qcow2 2>/dev/null || cp base.qcow2 {images}/
qemu-img create -q -f qcow2 -F qcow2 -b {images}/base.qcow2 vm.qcow2 &&
    qemu-io -f qcow2 -c 'write -q -P 0x5a 20M 1M' -c 'write -q -P 0xa5 35M 1M' vm.qcow2 >/dev/null || exit
rm {images}/base.qcow2
truncate -s 16M data.raw && for i in 1 6 11; do
    dd if=/dev/urandom of=data.raw bs=256k count=1 seek=$((i * 4)) conv=notrunc status=none || exit; done
"""

# Things of other people, named as if they were ours.
DECOYS = r"""
cd {images} && printf 'not yours %s\n' $(uname -n) >vm.qcow2.bak && cp vm.qcow2.bak decoy.qcow2.part &&
    cp vm.qcow2.bak 'a b;$(id).img' && cp vm.qcow2.bak .migsh-decoy && qemu-img create -q -f qcow2 decoy.qcow2 8M || exit
virsh -q pool-define-as images dir --target {images} && virsh -q pool-start images && virsh -q pool-autostart images &&
    virsh -q define {work}/decoy.xml
"""

# Lines "KIND TEXT"; virsh is started once, and stops at the domain that may be unknown, which comes last.
FACTS = r"""
virsh -q "list --all --name; echo @; list --name; echo @; list --all --persistent --name; echo @
    list --all --autostart --name; echo @; pool-list --all; echo @; dumpxml --inactive decoy; echo @; dumpxml --inactive {name}" 2>/dev/null |
    awk -v RS=@ 'BEGIN {{ split("known active persistent autostart pool decoy guest", k, " ") }}
        NR <= 4 {{ n = split($0, d, /[ \n]+/); for (i = 1; i <= n; i++) if (d[i] != "") print k[NR], d[i] }}
        NR == 5 {{ n = split($0, d, /\n+/); for (i = 1; i <= n; i++) if (d[i] ~ /[^ ]/) print k[NR], d[i] }}
        NR > 5 {{ gsub(/\n/, "\\n"); gsub(/^(\\n)+|(\\n)+$/, ""); if ($0 != "") print "xml", k[NR], $0 }}'
find {images} -mindepth 1 ! -type f -printf 'other %y %P\n'
find /mnt /root /run /etc /var/lib/libvirt /srv -xdev -iname '*migsh*' ! -path '/run/migsh-lab*' ! -path '/run/migsh' ! -path '/run/migsh/*' -printf 'trace %p\n' 2>/dev/null
ps -e -o comm= | sort -u | sed 's/^/process /'
"""


class World:
    def __init__(self, lab, work):
        self.lab, self.work = lab, work
        self.name = f"vm-{lab.name}"
        self.src, self.dst = NODES
        self.uuid = "6d696773-6800-4c41-8000-0000000fa017"
        self.running = False
        self.sums = self.data = self.before = None
        self.known_sums, self.others, self.unplugged = {}, set(), set()

    # --- making it

    def build(self):
        self._boot_sector()
        with open(f"{self.work}/decoy.xml", "w") as f:
            f.write(XML.format(name="decoy", uuid="6d696773-6800-4c41-8000-0000000dec01", disks=DISKS.format(
                images=IMAGES).replace("vm.qcow2", "decoy.qcow2").replace("data.raw", "vm.qcow2.bak")))
        with open(f"{self.work}/vm.xml", "w") as f:
            f.write(XML.format(name=self.name, uuid=self.uuid, disks=DISKS.format(images=IMAGES)))
        with open(f"{self.work}/nodes", "w") as f:
            f.write("".join(f"node-add {n} root@{self.lab.subnet}.{a}\n" for n, a in zip(NODES, (100, 102))))
        os.chmod(f"{self.work}/nodes", 0o644)
        words = {"images": IMAGES, "master": MASTER, "work": self.work}
        self.lab.sh("source", MAKE_DISKS.format(**words))
        # The same on the other, that a guest can begin there as well.
        self.lab.sh("source", f"cp --sparse=always {MASTER}/* {self.work}/")
        self.lab.sh("dest", f"mkdir -p {MASTER} {IMAGES} && mount -t tmpfs -o size=160m images {IMAGES} && "
                    + " && ".join(f"cp --sparse=always {self.work}/{f} {MASTER}/" for f in FILES))
        for node in NODES:
            self.lab.sh(node, DECOYS.format(**words))
        self.reset_sums()
        self.data = 24 << 20  # of base.qcow2, which is copied first
        self.before = {n: self.facts(n) for n in NODES}

    def reset_sums(self):
        self.sums = {f: self.lab.sh("source", f"sha256sum <{MASTER}/{f}")[:16] for f in FILES}

    def _boot_sector(self):
        build = f"as --32 -o {self.work}/quick.o {HERE}/quick.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary " \
                f"-o {self.work}/quick.img {self.work}/quick.o"
        subprocess.run(build, shell=True, check=True, stderr=subprocess.DEVNULL)

    # --- bringing it back

    def mend(self):
        """Whatever a fault has left: links, daemons, frozen processes, a filled disk, consoles that still run."""
        self.lab.run("admin", "pkill -KILL -x migsh")
        self.lab.sh("switch", "ip link set source up; ip link set dest up")
        for node in NODES:
            self.lab.run(node, f"pkill -CONT -x 'sshd|libvirtd|qemu-system-x86'; rm -f {IMAGES}/filling")
            for service in ("sshd", "libvirtd"):
                if self.lab.run(node, f"kill -0 $(cat /run/migsh-lab/{service}.pid)")[0]:
                    self.lab.do("service", node, service, "start")
        for node in self.unplugged:  # its kernel may take minutes to find out that libvirt's logins are nobody's any more
            self.lab.run(node, "pkill -KILL -x virt-ssh-helper")
        self.unplugged.clear()

    def clear(self, node):
        """No trace of the guest there."""
        keep = " ".join(f"! -name '{f}'" for f in ("vm.qcow2.bak", "decoy.qcow2", "decoy.qcow2.part", "a b;*", ".migsh-decoy"))
        self.lab.run(node, f"""virsh -q destroy {self.name}
            virsh -q undefine {self.name} --nvram --managed-save --snapshots-metadata --checkpoints-metadata
            pkill -KILL -f '^sshd: root@notty'
            find {IMAGES} -mindepth 1 {keep} -delete""")

    def place(self, node, running):
        """The guest, with autostart, as it is before a migration."""
        self.running = running
        copies = " && ".join(f"cp --sparse=always {MASTER}/{f} {IMAGES}/{f}" for f in FILES)
        self.lab.sh(node, f"{copies} && chmod 640 {IMAGES}/data.raw && virsh -q define {self.work}/vm.xml && "
                    f"virsh -q autostart {self.name}{f' && virsh -q start {self.name}' if running else ''}")

    def reset(self, running=False):
        self.mend()
        for node in NODES:
            self.clear(node)
        self.place(self.src, running)

    def turn(self):
        self.src, self.dst = self.dst, self.src

    # --- reading it off

    def facts(self, node):
        facts = {k: {} for k in ("known", "active", "persistent", "autostart", "xml", "file", "other", "trace", "process",
                                 "pool")}
        for line in self.lab.sh(node, FACTS.format(images=IMAGES, name=self.name)).splitlines():
            kind, _, text = line.partition(" ")
            if kind not in facts:
                raise Broken(f"{node}: what its state is cannot be read: {line}")
            name, _, value = text.partition(" ") if kind == "xml" else (" ".join(text.split()), None, True)
            facts[kind][self.name if (kind, name) == ("xml", "guest") else name] = value
        facts["file"] = self.files(node)
        return facts

    def root(self, node):
        """The node's file system as it is seen from outside."""
        with open(f"{self.lab.state}/{node}.pid") as f:
            return f"/proc/{f.read().split()[0]}/root"

    def files(self, node):
        """{name: (sum, size, mode)} of all regular files among the images."""
        found, top = {}, self.root(node) + IMAGES
        for entry in os.scandir(top):
            if entry.is_file(follow_symlinks=False):
                st = entry.stat(follow_symlinks=False)
                found[entry.name] = (self._sum(entry.path, st), st.st_size, f"{st.st_mode:o} {st.st_uid}:{st.st_gid}")
        return found

    def _sum(self, path, st):
        """A file that nobody has written since (the kernel's word, no program can set ctime) is not read again."""
        key = (st.st_dev, st.st_ino, st.st_ctime_ns, st.st_size)
        if key not in self.known_sums:
            with open(path, "rb") as f:
                self.known_sums[key] = hashlib.file_digest(f, "sha256").hexdigest()[:16]
        return self.known_sums[key]

    def arrived(self, node):
        """Bytes that the files of the guest, and of migsh, take there."""
        known = self.before[node]["file"]
        return sum(e.stat().st_blocks * 512 for e in os.scandir(self.root(node) + IMAGES)
                   if e.name not in known and e.is_file(follow_symlinks=False))

    def describe(self, node, facts):
        of = [k for k in ("known", "active", "persistent", "autostart") if self.name in facts[k]]
        files = ", ".join(f"{f} {v[0]} {v[1]} B" for f, v in sorted(facts["file"].items())
                          if f not in self.before[node]["file"])
        odd = " ".join(sorted(p for p in facts["process"] if p not in USUAL | {"sed"}))
        return f"{node}: {self.name} {' '.join(of) or 'unknown'}; files: {files or 'none'}; processes: {odd or 'none'}"

    def qemus(self):
        """Processes of the guest on the whole machine: as the lab's are seen from outside, no host has to answer."""
        pids = {p for p in os.listdir("/proc") if p.isdigit()}
        self.others &= pids
        return [p for p in pids - self.others if self._is_guest(p)]

    def _is_guest(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read()
            if b"libvirtd" not in words and b"qemu-system" not in words[:200]:
                self.others.add(pid)  # cannot become one any more, as only libvirtd starts them
            if b"guest=%s," % self.name.encode() not in words:
                return False
            with open(f"/proc/{pid}/stat") as f:
                return f.read().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False  # it ended meanwhile

    def wait_quiet(self, node, seconds=40):
        """Until nothing runs there that a migration had started."""
        def odd():
            running = set(self.lab.sh(node, "ps -e -o comm=").split())
            self.odd = running - USUAL
            return not self.odd
        try:
            wait_for("", odd, seconds, 0.1)
        except Broken:
            raise Broken(f"{node}: still runs {' '.join(sorted(self.odd))}") from None
