-- SPDX-License-Identifier: GPL-3.0-or-later
-- What both hosts are, and whether they agree.
local judge = require "preflight.judge"
local line = require "lib.line"

local LIVE <const> = "live paused storage"
local MAX_SKEW_S <const> = 1
local ARRIVES <const> = "it is asked about each guest that arrives, and may change its XML or refuse it"

-- Words of a host's capabilities, as a sorted list in one text.
local function secmodels(host)
  local list = {}
  for _, model in ipairs(host.caps:each "host/secmodel/model") do
    local name = model:get "."
    list[#list + 1] = name ~= "dac" and name ~= "none" and name or nil
  end
  table.sort(list)
  return list[1] and table.concat(list, ", ") or "none"
end

local function setting(host, key, default)
  for _, file in ipairs { "qemu.conf", "virtqemud.conf", "libvirtd.conf" } do
    local value = (host.conf[file] or {})[key]
    if value and value ~= "" then
      return value
    end
  end
  return default
end

return {
  { id = "daemon", title = "the destination's libvirt answers", judge = function(c)
    if c.dest.missing.libvirt then
      return { seen = c.dest.missing.libvirt, wanted = "an answer", libvirt = c.dest.missing.libvirt,
        remedy = line.format("node-test %s tells which way fails", c.dest.node) }
    end
  end },
  { id = "login", title = "both hosts can be looked at from within", level = "warn",
    applies = LIVE .. " offline cold", judge = function(c)
    local found = {}
    for _, host in ipairs { c.source, c.dest } do
      if host.missing.look then
        found[#found + 1] = { node = host.node, seen = host.missing.look,
          why = "what only the host itself knows is not checked", remedy = line.format("node-test %s", host.node) }
      end
    end
    return found
  end },
  { id = "host-uuid", title = "the hosts have identities of their own", needs = { "source.identity", "dest.identity" },
    judge = function(c)
      if c.source.identity == c.dest.identity then
        return { seen = ("both have the host UUID %s"):format(c.dest.identity), wanted = "one each",
          libvirt = "Attempt to migrate guest to the same host " .. c.dest.identity,
          remedy = line.format("set host_uuid in /etc/libvirt/libvirtd.conf of %s and restart its libvirtd",
            c.dest.node) }
      end
    end },
  { id = "uid-gid", title = "QEMU runs as the same user on both", needs = { "source.look", "dest.look" },
    judge = function(c)
      local found = {}
      local function compare(what, here, there, level)
        if here and there and here.id ~= there.id then
          found[#found + 1] = { subject = what, level = level, seen = ("QEMU's %s is %s (%d) here and %s (%d) there")
            :format(what, here.name, here.id, there.name, there.id), wanted = "the same number",
            libvirt = "Could not open: Permission denied", why = "a shared disk belongs to a number, not to a name",
            remedy = line.format("the same user and group in /etc/libvirt/qemu.conf of both (or usermod -u on %s)",
              c.dest.node) }
        end
      end
      -- root reaches any file, unless the server says otherwise (disk-access)
      local any_root = c.source.qemu_user and c.source.qemu_user.id == 0 or c.dest.qemu_user
        and c.dest.qemu_user.id == 0
      compare("user", c.source.qemu_user, c.dest.qemu_user, "warn")
      compare("group", c.source.qemu_group, c.dest.qemu_group, any_root and "info" or "warn")
      return found
    end },
  { id = "groups", title = "the groups kvm, qemu and libvirt have the same numbers", level = "info",
    needs = { "source.look", "dest.look" }, judge = function(c)
      local found = {}
      for _, name in ipairs { "kvm", "qemu", "libvirt" } do
        local here, there = c.source.groups[name], c.dest.groups[name]
        if here and there and here ~= there then
          found[#found + 1] = { subject = name, seen = ("the group %s is %d here and %d there"):format(name, here,
            there) }
        end
      end
      return found
    end },
  { id = "security-driver", title = "both hosts confine guests in the same way", level = "warn",
    needs = { "source.caps", "dest.caps", "guest.doc" }, judge = function(c)
      local here, there = secmodels(c.source), secmodels(c.dest)
      if here == there then
        return nil
      end
      for _, label in ipairs(c.guest.doc:each "/domain/seclabel") do
        local model = label:get "@model"
        if model and model ~= "dac" and model ~= "none" and not (", " .. there .. ","):find(", " .. model .. ",", 1,
          true)
          and label:get "@type" == "static" then
          return { level = "fail", seen = ("it has a fixed label of %s, and %s confines by %s"):format(model,
            c.dest.node,
            there), wanted = model, libvirt = ("Unable to find security driver for model %s"):format(model),
            remedy = "take the <seclabel> out of its definition" }
        end
      end
      return { seen = ("%s confines its guests by %s, %s by %s"):format(c.source.node, here, c.dest.node, there) }
    end },
  { id = "lock-manager", title = "both hosts lock disks in the same way", needs = { "source.look", "dest.look" },
    judge = function(c)
      local here, there = setting(c.source, "lock_manager", "nop"), setting(c.dest, "lock_manager", "nop")
      if here ~= there then
        return { seen = ("the lock manager is %s here and %s there"):format(here, there), wanted = "the same",
          libvirt = ("Lock manager %s does not match source %s"):format(there, here),
          remedy = line.format("lock_manager in /etc/libvirt/qemu.conf of %s", c.dest.node) }
      end
    end },
  { id = "hooks", title = "the same hooks run on both hosts", level = "info", needs = { "source.look", "dest.look" },
    judge = function(c)
      local found = {}
      local function add(path, seen, why)
        found[#found + 1] = { subject = path, seen = seen, why = why }
      end
      for path, sum in pairs(c.dest.hooks) do
        local here = c.source.hooks[path]
        if here == nil then
          add(path, ("%s runs there, and not on %s"):format(path, c.source.node), ARRIVES)
        elseif not here or not sum then
          add(path, ("whether %s is the same on both cannot be told: it cannot be read"):format(path), ARRIVES)
        elseif here ~= sum then
          add(path, ("%s is another one there than on %s"):format(path, c.source.node), ARRIVES)
        end
      end
      for path in pairs(c.source.hooks) do
        if c.dest.hooks[path] == nil then
          add(path, ("%s runs on %s, and not there"):format(path, c.source.node),
            "what it does for the guest here, nobody does there")
        end
      end
      table.sort(found, function(a, b)
        return a.subject < b.subject
      end)
      return found
    end },
  { id = "clock", title = "the hosts' clocks agree", level = "warn", applies = LIVE .. " offline cold",
    judge = function(c)
    local here, there = c.source.clock, c.dest.clock
    if not here or not there then
      return judge.skip(("%s: %s"):format(here and c.dest.node or c.source.node, "its clock is not known"))
    end
    local skew, error_s = math.abs(there.ahead_s - here.ahead_s), here.error_s + there.error_s
    if skew - error_s > MAX_SKEW_S then
      return { seen = ("%s is %.1f s %s of %s"):format(c.dest.node, skew, there.ahead_s > here.ahead_s and "ahead"
        or "behind", c.source.node), wanted = "within 1 s",
        why = "the guest's clock follows the host's, and libvirt's times of the outage are wrong",
        remedy = line.format("exec %s -- chronyc makestep (or timedatectl set-ntp true)", c.dest.node) }
    end
  end },
  { id = "ntp", title = "the destination's clock is kept", level = "info", needs = { "dest.look" }, judge = function(c)
    if c.dest.ntp == "no" then
      return { seen = "no time server keeps its clock", remedy = line.format("exec %s -- timedatectl set-ntp true",
        c.dest.node) }
    end
  end },
  { id = "userfaultfd", title = "the destination may run before its memory is there", needs = { "dest.look" },
    when = function(c)
      return c.options.postcopy
    end, judge = function(c)
      if c.dest.userfaultfd == "no" and c.dest.qemu_user and c.dest.qemu_user.id ~= 0 then
        return { seen = "vm.unprivileged_userfaultfd is 0, and QEMU does not run as root", wanted = "1",
          libvirt = "Postcopy is not supported",
            remedy = line.format("exec %s -- sysctl vm.unprivileged_userfaultfd=1",
            c.dest.node), fix = { name = "sysctl", key = "vm.unprivileged_userfaultfd", value = "1",
              node = c.dest.node } }
      end
    end },
}
