-- SPDX-License-Identifier: GPL-3.0-or-later
-- Versions of libvirt and QEMU on both ends: the direction, and pairs that are known to fail. The table's source is
-- libvirt's news (https://libvirt.org/news.html) and QEMU's; a row says which versions at which end, and what of the
-- guest or the options it concerns.
local facts = require "preflight.facts"

local LIVE <const> = "live paused storage"
-- GnuTLS changes an AES key after 2^24 records, a page each, and is not safe at that beside QEMU's return path
-- (https://gitlab.com/qemu-project/qemu/-/issues/1937). A guest so small gets there after eight passes over all of it.
local TLS_KIB <const> = (64 << 20) // 8

local function v(text)
  local major, minor, micro = text:match "^(%d+)%.(%d+)%.?(%d*)$"
  return math.tointeger(major) * 1000000 + math.tointeger(minor) * 1000 + (math.tointeger(micro) or 0)
end

-- Is a version from `first` (or any) to before `stop` (or any)?
local function within(version, first, stop)
  return version ~= nil and (not first or version >= v(first)) and (not stop or version < v(stop))
end

local function has(xpath)
  return function(c)
    return c.guest.doc:get("boolean(" .. xpath .. ")") == "true"
  end
end

-- Of any guest: told with --verbose.
local function always()
  return true
end

local vmx = has "cpu/feature[starts-with(@name, 'vmx')]"

-- {what, source = {library, first, stop}, dest = …, when = function(case), seen, libvirt, remedy, level}
local hazards <const> = {
  { id = "vmx-extra", source = { "libvirt", nil, "9.10" }, dest = { "libvirt", "9.10", "10.2" }, when = vmx,
    seen = "libvirt 9.10 to 10.1 sees extra vmx features in guests of older ones", level = "fail",
    libvirt = "guest CPU doesn't match specification: extra features: vmx-", remedy = "libvirt 10.2 or later there" },
  { id = "vmx-back", source = { "libvirt", "10.2" }, dest = { "libvirt", "9.10", "10.2" }, when = vmx,
    seen = "the way back from libvirt 10.2 to 9.10 to 10.1 is broken for guests with vmx features", level = "fail",
    libvirt = "guest CPU doesn't match specification: extra features: vmx-", remedy = "libvirt 10.2 or later there" },
  { id = "xml-cpu", source = { "libvirt", "10.2", "10.3" }, when = function(c)
    return c.options.xml ~= nil or next(c.options.map or {}) ~= nil
  end, seen = "libvirt 10.2 takes a changed description for another CPU", libvirt = "incompatible CPU",
    remedy = "libvirt 10.3 or later" },
  { id = "nbd-tls", source = { "libvirt", nil, "10.3" }, when = function(c)
    return c.mode == "storage" and c.options.tls and (c.options.parallel or c.options.postcopy)
  end, seen = "libvirt before 10.3 does not pass the host's name on for copied disks by TLS",
    libvirt = "Certificate does not match the hostname", remedy = "leave out --parallel and --postcopy, or --tls" },
  { id = "root-squash-255", source = { "libvirt", "10.1", "10.4" }, when = function(c)
    return facts.on_network(c)
  end, seen = "libvirt 10.1 to 10.3 fails on exports that map root to nobody", libvirt = "Unknown error 255",
    remedy = "libvirt 10.4 or later, or no_root_squash" },
  { id = "shutdown-crash", source = { "libvirt", nil, "10.5" }, level = "info", when = always,
    seen = "libvirt before 10.5 may crash if the guest shuts down while it moves" },
  { id = "postcopy-recover", source = { "libvirt", nil, "11.0" }, level = "info", when = function(c)
    return c.options.postcopy
  end, seen = "libvirt before 11.0 may say that a recovery of post-copy failed although it began" },
  { id = "postcopy-crash", dest = { "libvirt", "11.2", "11.4" }, when = function(c)
    return c.options.postcopy
  end, seen = "libvirt 11.2 to 11.3 crashes when a failed post-copy is resumed",
    remedy = "libvirt 11.4 or later there" },
  { id = "queues", source = { "libvirt", nil, "11.4" }, level = "info", when = function(c)
    return c.options.xml ~= nil and has "devices/interface/driver[@queues]"(c)
  end, seen = "libvirt before 11.4 does not notice other numbers of network queues in a changed description" },
  { id = "tls-long", level = "info", when = function(c)
    return c.options.tls and not c.options.parallel and (tonumber(c.guest.doc:get "memory") or math.huge) > TLS_KIB
  end, seen = "some versions of GnuTLS end QEMU on the source once 64 GiB have gone over one connection by TLS",
    remedy = "--parallel; from libvirt 11.6 on also a cipher that keeps its keys (migrate_tls_priority in qemu.conf)" },
  { id = "incoming-xml", dest = { "libvirt", "11.0", "11.5" }, level = "info", when = always,
    seen = "libvirt 11.0 to 11.4 may not tell the description of a guest that is arriving" },
  { id = "ht-feature", source = { "qemu", nil, "10.0" }, dest = { "qemu", "10.0" }, when = function(c)
    return within(c.dest.libvirt, nil, "11.10") and (tonumber(c.guest.doc:get "cpu/topology/@threads" or "1") or 1) > 1
  end, seen = "with libvirt before 11.10, QEMU 10 sees an extra feature in guests with several threads a core",
    level = "fail", libvirt = "guest CPU doesn't match specification: extra features: ht",
    remedy = "libvirt 11.10 or later there" },
  { id = "tpm-nfs", source = { "libvirt", nil, "12.0" }, when = function(c)
    return has "devices/tpm/backend[@type='emulator']"(c) and facts.on_network(c)
  end, seen = "libvirt before 12.0 may take a TPM for shared when only disks are",
    libvirt = "the running swtpm does not support migration with shared storage", remedy = "cold-migrate" },
  { id = "virtio-video", dest = { "libvirt", nil, "12.5" }, level = "info",
    when = has "devices/video/model[@type='virtio']",
    seen = "libvirt before 12.5 does not say which virtio display it is: the destination may choose another" },
  { id = "disks-port", dest = { "libvirt", nil, "10.1" }, level = "info", when = function(c)
    return c.options.disks_port ~= nil
  end, seen = "libvirt before 10.1 does not give back the port of --disks-port" },
  { id = "tcg-memory", source = { "qemu", nil, "9.0" }, level = "info", when = function(c)
    return c.guest.doc:get "/domain/@type" == "qemu"
  end,
    seen = "QEMU before 9.0 may lose memory of an emulated guest (without KVM) that moves with a low downtime limit" },
}

-- A hazard's end: true where it says nothing of it.
local function fits(host, ends)
  return ends == nil or within(host[ends[1]], ends[2], ends[3])
end

local function direction(c, library, label)
  local here, there = c.source[library], c.dest[library]
  if here and there and there // 1000 < here // 1000 then
    return { subject = library, seen = ("%s is older there: %s, and %s here"):format(label, facts.version(there),
      facts.version(here)), wanted = "the same or a newer one",
      why = "a guest may use what the older one does not know; vendors support only the way to newer ones" }
  end
end

return {
  { id = "version-direction", title = "the destination's versions are no older", level = "warn",
    needs = { "source.libvirt", "dest.libvirt" }, judge = function(c)
      local found = {}
      found[#found + 1] = direction(c, "qemu", "QEMU")
      found[#found + 1] = direction(c, "libvirt", "libvirt")
      return found
    end },
  { id = "hazard", title = "no fault of these versions is known that would strike", level = "warn", applies = LIVE,
    needs = { "source.libvirt", "dest.libvirt", "guest.doc" }, judge = function(c)
      local found = {}
      for _, h in ipairs(hazards) do
        if fits(c.source, h.source) and fits(c.dest, h.dest) and h.when(c) then
          found[#found + 1] = { subject = h.id, level = h.level, seen = h.seen, libvirt = h.libvirt, remedy = h.remedy,
            node = h.source and not h.dest and c.source.node or nil, quiet = h.when == always }
        end
      end
      return found
    end },
  { id = "way-back", title = "it could move back as well", level = "info", needs = { "source.libvirt", "dest.libvirt" },
    judge = function(c)
      local newer = (c.dest.qemu or 0) // 1000 > (c.source.qemu or 0) // 1000 and "QEMU"
        or c.dest.libvirt // 1000 > c.source.libvirt // 1000 and "libvirt"
      if newer then
        return { seen = ("%s is newer there: the way back goes to an older one"):format(newer) }
      end
    end },
}
