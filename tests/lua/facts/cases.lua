-- SPDX-License-Identifier: GPL-3.0-or-later
-- How healthy.json is spoiled for each check, and what is found then: {cases =, and the words to spoil it with}.
-- xml(g, FROM, TO): a text in the guest's XML.
local function xml(g, from, to)
  local at, stop = g.xml:find(from, 1, true)
  assert(at, from)
  g.xml = g.xml:sub(1, at - 1) .. to .. g.xml:sub(stop + 1)
end

local function device(piece)
  return function(g)
    xml(g, "</devices>", piece .. "</devices>")
  end
end

local function look(which, key, value)
  return function(_, source, dest)
    (which == "source" and source or dest).look[key] = value
  end
end

-- A finding of tls-check on that host.
local function tls_finding(host, level, file, libvirt, name)
  return function(_, source, dest)
    local tls = (host == "dest" and dest or source).tls
    tls.findings = { { node = host, world = "qemu", file = file, level = level, seen = "x", wanted = "y",
      libvirt = libvirt or mig.null, remedy = "z", name = name } }
  end
end

-- {id, level, spoil, mode =, options =, libvirt = a piece of its text, remedy = …}
local cases <const> = {
  { "state", "fail", function(g) g.state = "shut off" end, libvirt = "not running", remedy = "start web@source" },
  { "state", "fail", function(g) g.state, g.reason = "paused", "I/O error" end, mode = "paused" },
  { "state", "fail", function(g) g.state = "crashed" end, mode = "cold" },
  { "state", "fail", function() end, mode = "offline", remedy = "shutdown web@source" },
  { "state", "warn", function(g) g.state, g.reason = "paused", "user" end },
  { "state", "warn", function(g) g.state = "pmsuspended" end },
  { "persistent", "fail", function(g) g.persistent = false end, mode = "cold" },
  { "persistent", "info", function(g) g.persistent = false end },
  { "managed-save", "fail", function(g) g.managed_save, g.state = true, "shut off" end, mode = "cold" },
  { "job", "fail", function(g) g.job = { type = "bounded", operation = "migration out" } end,
    libvirt = "already running" },
  { "job", "fail", function(g) g.job = { type = "unbounded" } end, libvirt = "state change lock" },
  { "block-job", "fail", function(g) g.block_jobs = { { target = "vda", type = "copy" } } end,
    libvirt = "active block job" },
  { "snapshots", "fail", function(g) g.snapshots = 2 end, libvirt = "cannot migrate domain with 2 snapshots" },
  { "snapshots", "info", function(g) g.snapshots = 2 end, mode = "cold" },
  { "checkpoints", "warn", function(g) g.checkpoints = 1 end },
  { "qemu-blockers", "fail", function(g) g.blockers = { "virgl is not yet migratable" } end, libvirt = "virgl" },
  { "taints", "warn", function(g) g.messages = { "tainted: custom command line options" } end },
  { "name-clash", "fail", function(_, _, dest)
    dest.domains[1].name = "web"
  end, libvirt = "already exists with uuid 9999" },
  { "twin", "fail", function(g, _, dest)
    dest.domains[1].uuid = g.uuid
  end, remedy = "cleanup web" },
  { "twin", "fail", function() return { elsewhere = { copies = { { node = "third", state = "paused" } },
    silent = {} } } end },
  { "twin", "warn", function() return { elsewhere = { copies = {}, silent = { { node = "third", msg = "x" } } } } end },
  { "overwrite", "warn", function(g, _, dest) dest.domains[1].uuid, dest.domains[1].state = g.uuid, "shut off" end },
  { "overwrite", "fail", function(g, _, dest) dest.domains[1].uuid, dest.domains[1].state = g.uuid, "shut off" end,
    mode = "cold", remedy = "undefine other@dest" },
  { "probe-target", "warn", function(g) g.addresses = {} end },
  { "hostdev", "fail", device "<hostdev mode='subsystem' type='pci'/>", libvirt = "type='pci'" },
  { "hostdev", "fail", device "<hostdev mode='subsystem' type='mdev'/>", libvirt = "type='mdev'" },
  { "hostdev", "fail", device "<hostdev mode='subsystem' type='usb'/>", libvirt = "usb-host" },
  { "hostdev", "fail", device "<hostdev mode='capabilities' type='net'/>", libvirt = "mode='capabilities'" },
  { "hostdev", "fail",
    device "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:09'/></interface>" },
  { "hostdev", "info", device "<interface type='hostdev'><teaming type='transient' persistent='ua-x'/></interface>" },
  { "hostdev", "fail", device "<hostdev mode='subsystem' type='pci'/>", mode = "cold", remedy = "--config" },
  { "nvme", "fail", device "<disk type='nvme' device='disk'><source type='pci' namespace='1'/></disk>",
    libvirt = "data corruption" },
  { "nvme", "fail", device "<disk type='nvme' device='disk'><source type='pci' namespace='1'/></disk>", mode = "cold" },
  { "vdpa", "fail", device "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", mode = "cold" },
  { "vdpa", "fail", device "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", libvirt = "vDPA" },
  { "fs-passthrough", "fail",
    device "<filesystem><driver type='virtiofs'/><source dir='/a'/><target dir='t'/></filesystem>",
    libvirt = "virtiofs" },
  { "fs-passthrough", "warn", device "<filesystem><source dir='/a'/><target dir='t'/></filesystem>",
    libvirt = "mount_tag 't'" },
  { "shmem", "fail", device "<shmem name='s'><model type='ivshmem-plain'/></shmem>", libvirt = "peer mode" },
  { "shmem", "fail", device "<shmem name='s' role='peer'><model type='ivshmem-doorbell'/></shmem>",
    libvirt = "role='master'" },
  { "shmem", "fail", device "<shmem name='s' role='master'><model type='ivshmem'/></shmem>", libvirt = "legacy shmem" },
  { "invtsc", "fail", function(g) xml(g, "</model>", "</model><feature policy='require' name='invtsc'/>") end,
    libvirt = "TSC frequency" },
  { "memory-device", "fail", device "<memory model='dimm'><target><size>1</size></target></memory>",
    libvirt = "dimm info" },
  { "memory-device", "fail", device "<memory model='virtio-pmem'/>" },
  { "transient-disk", "fail", device "<disk type='file'><target dev='vdb'/><transient/></disk>",
    libvirt = "transient" },
  { "launch-security", "fail", function(g) xml(g, "<clock", "<launchSecurity type='sev'/><clock") end },
  { "slirp", "info", device "<interface type='user'/>" },
  { "slirp", "warn", device "<interface type='user'><backend type='passt'/></interface>" },
  { "device", "fail", device "<disk type='file'><target dev='nvme0' bus='nvme'/></disk>", libvirt = "non-migratable" },
  { "device", "fail", device "<video><model type='virtio'><acceleration accel3d='yes'/></model></video>",
    libvirt = "virgl" },
  { "disk-format", "fail", device "<disk type='file'><driver type='vmdk'/><target dev='vdb'/></disk>",
    libvirt = "vmdk" },
  { "sata", "info", device "<disk type='file' device='disk'><target dev='sdb' bus='sata'/></disk>" },
  { "tpm", "fail", device "<tpm><backend type='passthrough'/></tpm>" },
  { "tpm", "fail", function(g, _, dest)
    device "<tpm><backend type='emulator'/></tpm>"(g)
    dest.look.tool = { "perl" }
  end, libvirt = "swtpm_setup" },
  { "command-line", "warn", function(g)
    xml(g, "</domain>", "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/></domain>")
  end },
  { "removable", "fail", function(_, _, dest)
    dest.look.path[2] = nil
    table.remove(dest.look.path)
    dest.look.absent = { "1" }
  end, libvirt = "Cannot access storage file '/iso/tools.iso'", fix = "eject" },
  { "graphics-listen", "fail", function(g) xml(g, "address='0.0.0.0'", "address='192.0.2.100'") end,
    libvirt = "Cannot assign requested address" },
  { "arch", "fail", function(g) xml(g, "x86_64", "riscv64") end },
  { "hypervisor", "fail", function(_, _, dest) dest.look.kvm, dest.look.cpu_model = { "no" }, { "Intel(R) Xeon" } end,
    remedy = "exec dest -- modprobe kvm_intel", fix = "module" },
  { "hypervisor", "fail", function(_, _, dest) dest.look.kvm, dest.look.cpu_model = { "no" }, { "AMD EPYC 7002" } end,
    remedy = "modprobe kvm_amd", fix = "module" },
  { "hypervisor", "fail", function(_, _, dest) dest.look.kvm, dest.look.cpu_model = { "no" }, { "POWER9" } end,
    remedy = "another destination" },
  { "emulator", "fail", function(_, _, dest)
    dest.look.path = { "0 file 1 0:2a:77 0600" }
    dest.look.absent = { "2" }
  end, libvirt = "Cannot check QEMU binary" },
  { "machine", "fail", function(g) xml(g, "pc-q35-7.2", "pc-q35-9.1") end, libvirt = "does not support machine type" },
  { "firmware", "fail", function(g, _, dest)
    xml(g, "</type>", "</type><loader>/usr/share/OVMF/CODE.fd</loader>")
    table.insert(dest.paths, "/usr/share/OVMF/CODE.fd")
    dest.look.absent = { "3" }
  end },
  { "firmware", "fail", function(g, _, dest)
    xml(g, "<os>", "<os firmware='efi'>")
    dest.machines[1].xml = dest.machines[1].xml:gsub("<vcpu",
      "<os><enum name='firmware'><value>bios</value></enum></os><vcpu")
  end, libvirt = "Unable to find any firmware to satisfy 'efi'" },
  { "cpu-model", "fail", function(_, _, _, pair)
    pair.cpu = { result = "incompatible", error = "the CPU is incompatible with host CPU: Host CPU does not provide "
      .. "required features: avx2" }
  end, libvirt = "avx2", remedy = "Nehalem" },
  { "cpu-passthrough", "fail", function(g, _, dest)
    xml(g, "mode='custom'", "mode='host-passthrough'")
    dest.look.cpu_model = { "AMD EPYC" }
  end },
  { "cpu-passthrough", "warn", function(g, _, dest)
    xml(g, "mode='custom'", "mode='host-passthrough'")
    dest.look.microcode = { "0x11" }
  end },
  { "vulnerabilities", "warn", look("dest", "vulnerability", { "spectre_v2 Vulnerable" }) },
  { "vcpus", "fail", function(g) xml(g, ">2</vcpu>", ">400</vcpu>") end },
  { "vcpus", "warn", function(g) xml(g, ">2</vcpu>", ">12</vcpu>") end },
  { "cpuset", "fail", function(g) xml(g, "<os>", "<cputune><vcpupin vcpu='0' cpuset='6-9'/></cputune><os>") end,
    libvirt = "cpuset" },
  { "cpuset", "fail", function(g) xml(g, "<os>", "<numatune><memory nodeset='1'/></numatune><os>") end },
  { "memory", "fail", look("dest", "available", { "500000" }), libvirt = "Cannot allocate memory" },
  { "memory", "fail", function(_, _, dest) dest.memory_kib = 1000 end },
  { "memory", "warn", function(g, _, dest)
    xml(g, "<currentMemory unit='KiB'>1048576", "<currentMemory unit='KiB'>262144")
    dest.look.available = { "600000" }
  end },
  { "hugepages", "fail", function(g)
    xml(g, "<os>", "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking><os>")
  end, libvirt = "backing store" },
  { "hugepages", "fail", function(g)
    xml(g, "<os>", "<memoryBacking><hugepages/></memoryBacking><os>")
  end, libvirt = "backing store" },
  { "numa-memory", "warn", function(g, _, dest)
    xml(g, "<os>", "<numatune><memory mode='strict' nodeset='1'/></numatune><os>")
    dest.cells = { { id = 0, free_kib = 4000000 }, { id = 1, free_kib = 1000 } }
  end, libvirt = "Cannot allocate memory" },
  { "capacity-after", "info", function() end },
  { "disk-missing", "fail", function(g) g.files[1].exists = false end, libvirt = "Cannot access storage file" },
  { "disk-reach", "fail", function(_, _, dest)
    dest.look.path = { "1 file 2048 0:2a:78 0644" }
    dest.look.absent = { "0" }
  end, libvirt = "Cannot access storage file '/mnt/web.qcow2'" },
  { "shared-proof", "fail", function(_, _, _, pair) pair.disks[1].shared = false end, libvirt = "Unsafe migration" },
  { "shared-proof", "warn", function(_, _, _, pair)
    pair.disks[1].shared, pair.disks[1].why = mig.null, "no login"
  end },
  { "cache-mode", "fail", function(g, source)
    xml(g, " cache='none'", "")
    source.libvirt = 5000000
  end, libvirt = "other than none" },
  { "unsafe", "info", function(_, source)
    source.look.mount[1] = "0 fuse.nfs rw,relatime nfs:/home/image /mnt"
  end, libvirt = "without shared storage" },
  { "copied-disks", "info", function() end, mode = "storage" },
  { "copied-disks", "fail", function(_, _, _, pair) pair.disks[1].shared = mig.null end, mode = "storage" },
  { "copy-place", "fail", function(_, _, dest, pair)
    pair.disks[1].shared, dest.pools = false, {}
    dest.look.path = { "1 file 2048 0:2a:78 0644" }
    dest.look.absent = { "0" }
  end, mode = "storage", libvirt = "matching target path '/mnt'" },
  { "copy-place", "fail", function(_, _, dest, pair)
    pair.disks[1].shared, dest.pools[1].available_bytes = false, 1000
    dest.look.path = { "1 file 2048 0:2a:78 0644" }
    dest.look.absent = { "0" }
  end, mode = "storage", libvirt = "No space left" },
  { "pool", "fail", device "<disk type='volume'><source pool='gone' volume='v'/><target dev='vdc'/></disk>",
    libvirt = "matching name 'gone'", fix = "pool-clone" },
  { "pool", "fail", function(g, _, dest)
    device "<disk type='volume'><source pool='images' volume='v'/><target dev='vdc'/></disk>"(g)
    dest.pools[1].active = false
  end, libvirt = "not active", fix = "pool-start" },
  { "disk-access", "fail", look("dest", "access", { "0 none" }), libvirt = "Permission denied" },
  { "read-only", "fail", look("dest", "mount", { "0 nfs4 ro,hard nfs:/home/image /mnt" }), libvirt = "Read-only" },
  { "nfs-options", "warn", look("dest", "mount", { "0 nfs4 rw,soft,vers=4.2 nfs:/home/image /mnt" }) },
  { "nfs-options", "warn", look("dest", "mount", { "0 nfs4 rw,hard,vers=4.2 other:/home/image /mnt" }) },
  { "network-disk", "fail", device
    "<disk type='network'><source protocol='nbd'><host name='127.0.0.1'/></source><target dev='vdd'/></disk>" },
  { "secrets", "warn", function(g, source, dest)
    device "<disk><target dev='vdd'/><encryption><secret type='passphrase' uuid='u-1'/></encryption></disk>"(g)
    source.secrets = { { uuid = "u-1", usage_type = "volume", usage = "/a" } }
    dest.secrets = { { uuid = "u-1", usage_type = "volume", usage = "/b" } }
  end },
  { "tpm-state", "info", function(g, _, dest)
    g.files[3] = { kind = "tpm", type = "dir", path = "/tpm/web", exists = true }
    dest.paths[4], dest.look.path[4] = "/tpm/web", "3 dir 4096 8:1:12 0700"
  end },
  { "tpm-state", "warn", function(g, _, dest)
    g.files[3] = { kind = "tpm", type = "dir", path = "/tpm/web", exists = true }
    dest.paths[4], dest.look.path[4] = "/tpm/web", "3 dir 4096 8:1:12 0700"
  end, mode = "cold" },
  { "secrets", "fail",
    device "<disk><target dev='vdd'/><encryption><secret type='passphrase' uuid='u-1'/></encryption></disk>",
    libvirt = "no secret with matching uuid", fix = "secret-clone" },
  { "nvram", "fail", function(g)
    xml(g, "</type>", "</type><nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>")
    g.state = "shut off"
  end, mode = "offline" },
  { "cold-disks", "warn", function(_, _, _, pair) pair.disks[1].shared = false end, mode = "cold" },
  { "disk-facts", "skip", function(g) g.files[1].problem = "no qemu-img" end },
  { "bridge", "fail", function(_, _, dest) dest.look.link, dest.look.up = { "lo unknown 65536 -" }, { "lo" } end,
    libvirt = "Cannot get interface MTU on 'br0': No such device" },
  { "bridge", "fail", look("dest", "up", { "lo", "eth0" }), fix = "link-up" },
  { "uplink", "warn", look("dest", "link", { "br0 up 1500 -", "eth0 up 1500 -", "vnet0 up 1500 br0" }) },
  { "bridge-kind", "fail", function(g) xml(g, "<source bridge='br0'/>",
    "<source bridge='br0'/><virtualport type='openvswitch'/>") end },
  { "bridge-kind", "fail", look("dest", "ovs", { "br0" }) },
  { "mtu", "warn", look("dest", "link", { "br0 up 9000 -", "eth0 up 1500 br0" }) },
  { "mtu", "warn", function(g) xml(g, "<source bridge='br0'/>", "<source bridge='br0'/><mtu size='9000'/>") end },
  { "vlan", "fail", function(g, _, dest)
    xml(g, "<source bridge='br0'/>", "<source bridge='br0'/><vlan><tag id='42'/></vlan>")
    dest.libvirt = 10010000
  end, libvirt = "interface 52:54:00:00:00:01 - vlan tag not supported", remedy = "--map bridge=br0:OTHER" },
  { "vlan", "warn", function(g, _, dest)
    xml(g, "<source bridge='br0'/>", "<source bridge='br0'/><vlan><tag id='42'/></vlan>")
    dest.libvirt = 11000000
  end, remedy = "ip link set br0 type bridge vlan_filtering 1" },
  { "vlan", "warn", look("dest", "vlan_filtering", { "br0" }), remedy = "vlan_filtering 0" },
  { "vlan", "warn", look("source", "vlan_filtering", { "br0" }), remedy = "vlan_filtering 1" },
  { "uplink-vlan", "warn", look("dest", "vlan", { "eth0 200" }), remedy = "--map bridge=br0:OTHER" },
  { "uplink-vlan", "pass", function(_, source, dest)
    source.look.vlan, dest.look.vlan = { "eth0 200" }, { "eth0 200" }
  end },
  { "bridge-stp", "warn", look("dest", "bridge", { "br0 1 1500" }) },
  { "network", "fail", function(_, _, dest) dest.networks = {} end, libvirt = "no network with matching name 'inner'",
    fix = "network-clone" },
  { "network", "fail", function(g, _, dest)
    xml(g, "type='network'", "type='bridge'") -- as a running guest's XML shows it
    dest.networks = {}
  end, libvirt = "'inner'", fix = "network-clone" },
  { "network", "fail", function(_, _, dest) dest.networks[1].active = false end, libvirt = "is not active",
    fix = "network-start" },
  { "network", "fail", function(g) xml(g, "network='inner'", "network='inner' portgroup='red'") end,
    libvirt = "portgroup" },
  { "network", "fail", function(_, _, dest)
    dest.networks[1].xml = "<network><name>inner</name><forward mode='bridge'/><bridge name='br9'/></network>"
  end, libvirt = "MTU on 'br9'" },
  { "network-kind", "warn", function(_, source, dest)
    source.networks[1].xml = "<network><name>inner</name><forward mode='bridge'/><bridge name='br0'/></network>"
    dest.networks[1].xml = "<network><name>inner</name><forward/><ip address='10.0.0.1' prefix='24'/></network>"
  end, remedy = "net-edit inner --node dest" },
  { "network-kind", "warn", function(_, source, dest)
    source.networks[1].xml = "<network><name>inner</name><ip address='10.0.0.1' netmask='255.255.240.0'/></network>"
    dest.networks[1].xml = "<network><name>inner</name><ip address='10.0.0.1' prefix='24'/></network>"
  end },
  { "macvtap", "fail", device "<interface type='direct'><source dev='eth7'/></interface>" },
  { "nwfilter", "fail", device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>",
    libvirt = "referenced filter 'mine' is missing", fix = "nwfilter-clone" },
  { "nwfilter-rules", "warn", function(g, source, dest)
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    for host, action in pairs { [source] = "drop", [dest] = "accept" } do
      host.filters.mine = ("<filter name='mine'><uuid>%s</uuid><rule action='%s'/></filter>"):format(action, action)
    end
  end },
  { "nwfilter-rules", "warn", function(g, source, dest)
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    for host, action in pairs { [source] = "drop", [dest] = "accept" } do
      host.filters.mine = "<filter name='mine'><filterref filter='inner'/></filter>"
      host.filters.inner = "<filter name='inner'><filterref filter='mine'/><rule action='" .. action .. "'/></filter>"
    end
  end, remedy = "nwfilter-edit inner --node dest" },
  { "nwfilter", "fail", function(g, source, dest)
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    dest.nwfilters, dest.filters.mine = { "mine" }, "<filter name='mine'><filterref filter='inner'/></filter>"
    source.nwfilters = { "inner", "mine" }
  end, libvirt = "referenced filter 'inner' is missing", fix = "nwfilter-clone" },
  { "nwfilter", "fail", function(g, _, dest) -- the source, whose filter of that name is another, has no inner one
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    dest.nwfilters, dest.filters.mine = { "mine" }, "<filter name='mine'><filterref filter='inner'/></filter>"
  end, libvirt = "referenced filter 'inner' is missing", remedy = "nwfilter-define FILE --node dest" },
  { "nwfilter", "fail", function(g, _, dest) -- its filters cannot be read, but the list of them tells
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    dest.filters, dest.missing = nil, { filters = "no answer" }
  end, libvirt = "referenced filter 'mine' is missing", fix = "nwfilter-clone" },
  { "subnet", "warn", look("dest", "address", { "br0 198.51.100.1/24" }) },
  { "daemon", "fail", function(_, _, dest) dest.missing = { libvirt = "cannot reach dest" } end },
  { "login", "warn", function(_, _, dest)
    dest.look, dest.missing = nil, { look = "dest has no ssh login" }
  end },
  { "host-uuid", "fail", function(_, source, dest) dest.identity = source.identity end, libvirt = "same host" },
  { "uid-gid", "warn", look("dest", "qemu_user", { "qemu 107" }) },
  { "groups", "info", look("dest", "group", { "kvm 36" }) },
  { "security-driver", "warn", function(_, _, dest)
    dest.capabilities = dest.capabilities:gsub("<model>none</model>", "<model>apparmor</model>")
  end },
  { "security-driver", "fail", function(g, _, dest)
    xml(g, "</domain>", "<seclabel type='static' model='selinux'/></domain>")
    dest.capabilities = dest.capabilities:gsub("<model>none</model>", "<model>apparmor</model>")
  end },
  { "lock-manager", "fail", look("dest", "conf", { "qemu.conf lock_manager lockd" }) },
  { "hooks", "info", look("dest", "hook", { "0f /etc/libvirt/hooks/qemu" }) },
  { "hooks", "info", look("source", "hook", { "0f /etc/libvirt/hooks/qemu" }) },
  { "hooks", "info", function(_, source, dest)
    source.look.hook, dest.look.hook = { "0f /etc/libvirt/hooks/qemu" }, { "1f /etc/libvirt/hooks/qemu" }
  end },
  { "hooks", "info", function(_, source, dest)
    source.look.hook, dest.look.hook = { "0f /etc/libvirt/hooks/qemu" }, { "- /etc/libvirt/hooks/qemu" }
  end },
  { "hooks", "pass", function(_, source, dest)
    source.look.hook, dest.look.hook = { "0f /etc/libvirt/hooks/qemu" }, { "0f /etc/libvirt/hooks/qemu" }
  end },
  { "clock", "warn", function(_, _, dest) dest.clock.ahead_s = 7 end },
  { "ntp", "info", look("dest", "ntp", { "no" }) },
  { "userfaultfd", "fail", function() end, options = { postcopy = true }, fix = "sysctl" },
  { "hostname", "fail", function(_, _, dest) dest.hostname = "localhost" end, libvirt = "FQDN" },
  { "hostname", "warn", look("dest", "own", { "127.0.1.1" }) },
  { "resolve", "skip", look("source", "resolve", {}) },
  { "resolve", "warn", function(_, source)
    source.look.resolve, source.look.unresolved = {}, { "0" }
  end, libvirt = "Unable to resolve address 'dest'" },
  { "resolve", "warn", look("source", "resolve", { "0 127.0.0.1" }) },
  { "port-range", "fail", look("dest", "conf", { "qemu.conf migration_port_max 49151" }) },
  { "ports", "fail", function(_, _, _, pair)
    pair.ports.reached, pair.ports.error = false, "Connection timed out"
  end, libvirt = "unable to connect to server at '192.0.2.102:49152'", fix = "firewall-open",
    remedy = "firewall-open dest --from source --for 1h --apply" },
  { "p2p", "fail", function(_, _, _, pair) pair.p2p.reached = false end, options = { p2p = true } },
  { "tls", "fail", tls_finding("dest", "fail", "/etc/pki/qemu/server-key.pem", "Unable to access credentials"),
    options = { tls = true }, libvirt = "Unable to access credentials" },
  { "tls", "warn", tls_finding("source", "warn", "/etc/pki/qemu/client-cert.pem"), options = { tls = true } },
  { "tls", "warn", function(_, _, dest) dest.tls.authority = "another" end, options = { tls = true },
    libvirt = "known issuer" },
  { "tls", "warn", tls_finding("dest", "fail", "/etc/pki/qemu/server-key.pem"), options = { tls = true } }, -- it works
  { "tls", "fail", function(_, _, _, pair) pair.ports.address = "other" end, options = { tls = true },
    libvirt = "does not match the hostname" },
  { "tls", "pass", tls_finding("dest", "fail", "/etc/pki/qemu/server-cert.pem", "no match", "another"),
    options = { tls = true } },
  { "tls", "pass", function(_, _, _, pair) pair.ports.address = "other" end,
    options = { tls = true, tls_destination = "dest" } },
  { "tls", "pass", tls_finding("dest", "fail", "/etc/pki/qemu/server-cert.pem", "no match", "192.0.2.102"),
    options = { tls = true, migrateuri = "tcp://198.51.100.1" } },
  { "tls", "fail", look("dest", "conf", { "qemu.conf migrate_tls_force 1" }), libvirt = "VIR_MIGRATE_TLS" },
  { "version-direction", "warn", function(_, _, dest) dest.qemu = 7000000 end },
  { "hazard", "warn", function(_, source, dest) source.libvirt, dest.libvirt = 10002000, 10002000 end,
    options = { xml = "x" } },
  { "hazard", "fail", function(g, source, dest)
    xml(g, "</cpu>", "<topology sockets='1' cores='1' threads='2'/></cpu>")
    source.qemu, dest.qemu = 7002018, 10000002
  end, libvirt = "ht" },
  { "way-back", "info", function(_, _, dest) dest.qemu = 9000000 end },
}

return { cases = cases, xml = xml, device = device, tls_finding = tls_finding }
