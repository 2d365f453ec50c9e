-- SPDX-License-Identifier: GPL-3.0-or-later
-- Devices and settings of a guest that cannot be moved while it runs. The rules are those of libvirt's
-- qemuMigrationSrcIsAllowed, and QEMU's own (devices whose state is marked unmigratable, formats with a blocker).
local line = require "lib.line"
local LIVE <const> = "live paused storage"

-- One rule on the guest's XML: what is found at `xpath` is a finding each.
local function rule(row)
  return { id = row.id, title = row.title, level = row.level, applies = row.applies or LIVE, needs = { "guest.doc" },
    judge = function(c)
      local found = {}
      for _, node in ipairs(c.guest.doc:each(row.xpath)) do
        local finding = row.found(node, c)
        if finding then
          finding.node = c.guest.node
          found[#found + 1] = finding
        end
      end
      return found
    end }
end

local function name_of(node)
  return node:get "alias/@name" or node:get "target/@dev" or node:get "target/@dir" or node:get "@name"
end

local function detached(c)
  if c.mode == "cold" then
    return line.format("detach-device %s@%s FILE --config", c.guest.name, c.guest.node)
  end
  return line.format("take it away while it runs (detach-device %s@%s FILE --live), or: cold-migrate", c.guest.name,
    c.guest.node)
end

local blocked_formats <const> = { vmdk = true, vdi = true, vhdx = true, vpc = true, parallels = true, qcow = true,
  qed = true, vvfat = true, cloop = true, dmg = true, bochs = true }

return {
  rule { id = "hostdev", title = "no device of the host is handed to the guest", applies = LIVE .. " cold",
    xpath = "devices/hostdev | devices/interface[@type='hostdev'] | devices/interface[@type='network']"
      .. "/actual[@type='hostdev']",
    found = function(dev, c)
      local kind, mode = dev:get "@type" or "device", dev:get "@mode"
      if dev:get "teaming/@type" == "transient" then
        return { level = "info", seen = "a passed-through network card is unplugged and plugged in again (failover)" }
      end
      local text = mode == "capabilities" and "cannot migrate a domain with <hostdev mode='capabilities'>"
        or ("cannot migrate a domain with <hostdev mode='subsystem' type='%s'>"):format(kind)
      if kind == "usb" or kind == "scsi" then
        text = "cannot migrate domain: " .. (kind == "usb" and "State blocked by non-migratable device 'usb-host'"
          or "the device is of this host")
      end
      return { subject = name_of(dev), seen = ("it has a %s device of the host"):format(kind),
        wanted = "none", libvirt = c.mode ~= "cold" and text or nil,
        why = c.mode == "cold" and "the destination has not that very device" or nil, remedy = detached(c) }
    end },
  rule { id = "nvme", title = "no NVMe drive of the host is handed to the guest", applies = LIVE .. " cold",
    xpath = "devices/disk[@type='nvme']", found = function(disk, c)
      return { subject = name_of(disk), seen = "it has an NVMe drive of the host", wanted = "none",
        libvirt = c.mode ~= "cold" and "Migration may lead to data corruption if disks don't use cache=none or "
          .. "cache=directsync" or nil,
        why = "the drive stays behind, with what is on it", remedy = detached(c) }
    end },
  rule { id = "vdpa", title = "no vDPA device", applies = LIVE .. " cold",
    xpath = "devices/interface[@type='vdpa'] | devices/disk[@type='vhostvdpa']",
    found = function(_, c)
      return { seen = "it has a vDPA device", libvirt = c.mode ~= "cold" and "vDPA devices cannot be migrated" or nil,
        why = c.mode == "cold" and "the destination has not that very device" or nil, remedy = detached(c) }
    end },
  rule { id = "fs-passthrough", title = "no directory of the host is shared with the guest",
    xpath = "devices/filesystem", found = function(fs, c)
      local dir = fs:get "target/@dir" or "?"
      local virtiofs = fs:get "driver/@type" == "virtiofs"
      return { subject = dir, level = virtiofs and "fail" or "warn",
        seen = ("it has the host's directory %s (%s) as %s"):format(fs:get "source/@dir" or
        fs:get "source/@socket" or "?", virtiofs and "virtiofs" or "9p", dir), wanted = "none",
        libvirt = virtiofs and "migration with virtiofs device is not supported"
          or ("Migration is disabled when VirtFS "
          .. "export path '%s' is mounted in the guest using mount_tag '%s'"):format(fs:get "source/@dir" or "?", dir),
        why = not virtiofs and "QEMU refuses while the guest has it mounted" or nil,
        remedy = virtiofs and detached(c) or "unmount it in the guest, or: cold-migrate" }
    end },
  rule { id = "shmem", title = "no memory is shared with others on the host", xpath = "devices/shmem",
    found = function(dev, c)
      local model = dev:get "model/@type" or "ivshmem-plain"
      if dev:get "@role" == "master" and model ~= "ivshmem" then
        return nil
      end
      return { subject = dev:get "@name", seen = ("it has shared memory '%s' (%s)"):format(dev:get "@name" or "?",
        model),
        wanted = "role='master'", libvirt = dev:get "@role" == nil and model == "ivshmem-plain" and "cannot migrate "
          .. "domain: Migration is disabled when using feature 'peer mode' in device 'ivshmem'" or model == "ivshmem"
            and "migration with legacy shmem device is not supported"
          or ("shmem device '%s' cannot be migrated, only shmem with role='master' can be migrated"):format(
            dev:get "@name" or "?"), remedy = detached(c) }
    end },
  rule { id = "invtsc", title = "the time stamp counter's rate is known where it must not vary",
    xpath = "cpu/feature[@name='invtsc'][@policy='require' or @policy='force']", found = function(_, c)
      if c.guest.doc:get "clock/timer[@name='tsc']/@frequency" then
        return nil
      end
      return { seen = "it has the CPU feature invtsc, and no frequency of its counter",
        wanted = "<timer name='tsc' frequency='…'/>",
        libvirt = "domain has 'invtsc' CPU feature but is missing TSC frequency",
        remedy = "add the frequency to its <clock>, or take the feature out of its <cpu>; both need a restart" }
    end },
  rule { id = "memory-device", title = "memory devices have their slots", xpath = "devices/memory",
    found = function(dev)
      local model = dev:get "@model"
      if model == "nvdimm" or model == "virtio-pmem" then
        return { seen = ("it has a memory device of the host's storage (%s)"):format(model),
          level = model == "virtio-pmem" and "fail" or "warn", wanted = "none",
          why = "its content is copied as memory, or not at all", remedy = "cold-migrate, or take it away" }
      elseif dev:get "address/@slot" or dev:get "address/@base" or dev:get "address/@bus" then
        return nil
      end
      return { seen = ("a memory device (%s) has no address"):format(model or "dimm"),
        libvirt = "domain's dimm info lacks slot ID or base address",
        remedy = "restart it once: libvirt gives it one" }
    end },
  rule { id = "transient-disk", title = "no disk forgets what is written to it", xpath = "devices/disk[transient]",
    found = function(disk)
      return { subject = name_of(disk), seen = ("%s is transient"):format(name_of(disk) or "a disk"),
        libvirt = "migration with transient disk is not supported",
          remedy = "shut it down: nothing of it is kept anyway" }
    end },
  rule { id = "launch-security", title = "the guest's memory can be read by its host", xpath = "launchSecurity",
    found = function(node)
      return { seen = ("its memory is encrypted (%s)"):format(node:get "@type" or "?"),
        libvirt = "cannot migrate domain: SEV: Migration is not implemented", remedy = "cold-migrate" }
    end },
  rule { id = "slirp", title = "no network runs in a process of its own beside the guest", level = "info",
    xpath = "devices/interface[@type='user']", found = function(dev)
      if dev:get "backend/@type" == "passt" then
        return { level = "warn", subject = dev:get "mac/@address", seen = "an interface goes through passt",
          why = "its connections break: each host has a passt of its own" }
      end
      return { subject = dev:get "mac/@address", seen = "an interface goes through QEMU's user network",
        why = "its connections to the outside break", libvirt = "a slirp-helper cannot be migrated" }
    end },
  rule { id = "device", title = "QEMU can move each device",
    xpath = "devices/disk[target/@bus='nvme'] | devices/sound[@model='virtio'] | devices/crypto[@model='virtio']"
      .. " | devices/input[@type='passthrough' or @type='evdev'] | devices/iommu[@model='amd']"
      .. " | devices/smartcard[@mode='host' or @mode='host-certificates'] | devices/input[@bus='usb'][@type='mouse']"
      .. "[@model='wacom'] | devices/video/model[@type='vhostuser'] | devices/video/model/acceleration[@accel3d='yes']",
    found = function(dev, c)
      local what = dev:get "model/@type" or dev:get "@model" or dev:get "@type" or dev:get "target/@bus"
      if dev:get "@accel3d" then
        return { seen = "its display is drawn by the host's graphics card",
          libvirt = "cannot migrate domain: virgl is not yet migratable", remedy = "cold-migrate" }
      end
      return { subject = name_of(dev), seen = ("it has a device that QEMU cannot move (%s)"):format(what or "?"),
        libvirt = "cannot migrate domain: State blocked by non-migratable device", remedy = detached(c) }
    end },
  rule { id = "disk-format", title = "each disk's format can be moved",
    xpath = "devices/disk[not(@device) or @device='disk' or @device='lun']", found = function(disk)
      local format = disk:get "driver/@type"
      if not blocked_formats[format or ""] then
        return nil
      end
      return { subject = name_of(disk), seen = ("%s has the format %s"):format(name_of(disk) or "a disk", format),
        wanted = "raw or qcow2",
          libvirt = ("The %s format used by node '…' does not support live migration"):format(format),
        remedy = "cold-migrate, or turn it into qcow2 by qemu-img convert" }
    end },
  rule { id = "sata", title = "no SATA disk", level = "info", xpath = "devices/disk[target/@bus='sata'][not(@device) or"
    .. " @device='disk']", found = function(disk)
      return { subject = name_of(disk), seen = ("%s is a SATA disk"):format(name_of(disk)),
        why = "QEMU can move it; the rules of some vendors do not allow it" }
    end },
  rule { id = "tpm", title = "its TPM can be moved", xpath = "devices/tpm/backend", applies = LIVE .. " cold",
    found = function(tpm, c)
      if tpm:get "@type" == "passthrough" then
        return { seen = "it has the host's TPM", wanted = "an emulated one",
          libvirt = "cannot migrate domain: TPM passthrough device cannot be migrated", remedy = "take it away" }
      elseif c.dest.tools and not c.dest.tools.swtpm then
        return { seen = c.dest.node .. " has no swtpm", wanted = "swtpm, which emulates its TPM",
          libvirt = "Unable to find 'swtpm_setup' binary in $PATH",
          remedy = line.format("exec %s -- apt-get install swtpm-tools (or swtpm)", c.dest.node) }
      end
      local secret = tpm:get "encryption/@secret"
      return secret and { level = "info", seen = "its TPM's state is encrypted", why = "the secret has to be there" }
        or nil
    end },
  rule { id = "command-line", title = "QEMU is started with libvirt's options alone", level = "warn",
    xpath = "/domain/*[local-name()='commandline' or local-name()='override']", found = function()
      return { seen = "its XML has options for QEMU of its own",
        why = "libvirt passes them on unread: what they name has to be on the destination" }
    end },
  rule { id = "removable", title = "media in CD-ROM and floppy drives are on the destination",
    xpath = "devices/disk[@device='cdrom' or @device='floppy'][source]", found = function(disk, c)
      local path = disk:get "source/@file" or disk:get "source/@dev"
      local mapped = path and (mig.xml_map_path(path, c.options.map or {}) or path)
      local there = mapped and c.dest.at and c.dest.at[mapped]
      if not path or not there or not there.absent then
        return nil
      end
      local dev = disk:get "target/@dev"
      return { subject = dev, seen = ("%s holds %s, which %s does not have"):format(dev, path, c.dest.node),
        wanted = "the same file there, or an empty drive",
        libvirt = ("Cannot access storage file '%s': No such file or directory"):format(path),
        remedy = line.format("change-media %s@%s %s --eject", c.guest.name, c.guest.node, dev),
        fix = { name = "eject", domain = c.guest.name, uuid = c.guest.uuid, node = c.guest.node, target = dev,
           path = path } }
    end },
  rule { id = "graphics-listen", title = "its display listens at an address that the destination has",
    xpath = "devices/graphics/listen[@type='address']", found = function(listen, c)
      local address = listen:get "@address"
      if not address or address == "0.0.0.0" or address == "::" or address:match "^127%." or address == "::1"
        or not c.dest.addresses then
        return nil
      end
      for _, a in ipairs(c.dest.addresses) do
        if a.address == address then
          return nil
        end
      end
      return { subject = address, seen = ("its display listens at %s, which is none of %s's addresses"):format(address,
        c.dest.node), wanted = "0.0.0.0, or an address of the destination",
        libvirt = "Failed to bind socket: Cannot assign requested address",
        remedy = line.format("let it listen at 0.0.0.0, or pass a --xml with an address of %s", c.dest.node) }
    end },
}
