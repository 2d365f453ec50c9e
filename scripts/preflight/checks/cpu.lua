-- SPDX-License-Identifier: GPL-3.0-or-later
-- Can the destination's CPU and QEMU be what the guest runs on?
local facts = require "preflight.facts"
local judge = require "preflight.judge"
local line = require "lib.line"
local lists = require "lib.list"

local LIVE <const> = "live paused storage"

-- The best named model that is usable there, of the guest's own vendor's line if its name tells: for the remedy.
local function nearest(machine, model)
  local family = (model or ""):match "^(%a+)"
  local best
  for _, m in ipairs(machine.doc:each "cpu/mode[@name='custom']/model[@usable='yes']") do
    local name = m:get "."
    if name ~= model and (not best or family and name:match("^" .. family) and not best:match("^" .. family)) then
      best = name
    end
  end
  return best
end

-- The machine that the guest asks for there; or a finding in its place.
local function machine_of(c)
  local m = facts.machine(c.dest, c.guest)
  if not m then
    return nil, judge.skip(("%s: %s"):format(c.dest.node, c.dest.missing.machines or "its capabilities are not known"))
  elseif not m.doc then
    return nil, judge.skip(("%s: %s"):format(c.dest.node, m.error or "its capabilities are not known"))
  end
  return m
end

-- The one that has kvm for such a CPU, or nil.
local function kvm_module(cpu_model)
  return cpu_model:find "Intel" and "kvm_intel" or (cpu_model:find "AMD" or cpu_model:find "Hygon") and "kvm_amd" or nil
end

local function plain(text)
  return (text:gsub("^.-: ", ""))
end

return {
  { id = "arch", title = "the destination can run the guest's architecture", needs = { "dest.caps", "guest.doc" },
    judge = function(c)
      local arch = c.guest.doc:get "os/type/@arch"
      for _, a in ipairs(c.dest.caps:each "guest/arch") do
        if a:get "@name" == arch then
          return nil
        end
      end
      return { seen = "it cannot run " .. arch, wanted = arch,
        libvirt = ("could not find a capabilities entry for arch=%s"):format(arch),
          remedy = "choose another destination" }
    end },
  { id = "hypervisor", title = "the destination has the guest's kind of hypervisor", needs = { "guest.doc",
    "dest.look" },
    judge = function(c)
      if c.guest.doc:get "/domain/@type" == "kvm" and c.dest.kvm == "no" then
        local module = kvm_module(c.dest.cpu_model or "")
        return { seen = "it has no /dev/kvm", wanted = "kvm", libvirt = "KVM is not supported on this platform, or "
          .. "you may need to load the kvm modules", why = "the module of its CPU is not loaded, or virtualization "
          .. "is off in its firmware", remedy = module and line.format("exec %s -- modprobe %s", c.dest.node, module)
          or "choose another destination",
          fix = module and { name = "module", module = module, node = c.dest.node } or nil }
      end
    end },
  { id = "emulator", title = "the destination has the guest's emulator", needs = { "guest.doc", "dest.look" },
    judge = function(c)
      local path = c.there:get "devices/emulator"
      local at = path and c.dest.at[path]
      if at and at.absent then
        return { seen = "it has no " .. path, wanted = path,
          libvirt = ("Cannot check QEMU binary %s: No such file or directory"):format(path),
          remedy = line.format("--map emulator=%s:OTHER, or install it there", path) }
      end
    end },
  { id = "machine", title = "the destination knows the machine type", needs = { "dest.caps", "guest.doc" },
    judge = function(c)
      local name, arch = c.there:get "os/type/@machine", c.there:get "os/type/@arch"
      if not name then
        return nil
      end
      local any
      for _, m in ipairs(c.dest.caps:each(("guest/arch[@name='%s']//machine"):format(arch:gsub("[^%w_%-]", "")))) do
        any = true
        if m:get "." == name or m:get "@canonical" == name then
          return nil
        end
      end
      if not any then
        return judge.skip(c.dest.node .. ": it tells no machine types for " .. arch)
      end
      return { seen = "it has no " .. name, wanted = name,
        libvirt = ("unsupported configuration: Emulator '%s' does not support machine type '%s'"):format(
          c.there:get "devices/emulator" or "?", name),
        remedy = line.format("a newer QEMU there; or, with a restart, --map machine=%s:OTHER", name) }
    end },
  { id = "firmware", title = "the destination has the guest's firmware", needs = { "dest.look", "guest.doc" },
    judge = function(c)
      local found = {}
      local m = facts.machine(c.dest, c.guest)
      local auto = not c.there:get "os/loader" and c.there:get "os/@firmware"
      local enum = m and m.doc and m.doc:each "os/enum[@name='firmware']/value" or {}
      for i, value in ipairs(enum) do
        if value:get "." == auto then
          break
        elseif auto and i == #enum then
          found[1] = { subject = auto, seen = ("it has no firmware of the kind %s for this machine"):format(auto),
            wanted = auto, libvirt = ("Unable to find any firmware to satisfy '%s'"):format(auto),
            remedy = line.format("exec %s -- apt-get install ovmf (or edk2-ovmf)", c.dest.node) }
        end
      end
      for _, what in ipairs { "os/loader", "os/nvram/@template", "os/kernel", "os/initrd", "os/dtb" } do
        local path = c.there:get(what)
        local at = path and c.dest.at[path]
        if at and at.absent then
          found[#found + 1] = { subject = path, seen = ("it has no %s"):format(path), wanted = path,
            libvirt = "process exited while connecting to monitor: could not load it: No such file or directory",
            remedy = line.format("disk-copy %s:%s %s:%s", c.guest.node, path, c.dest.node, path),
            level = what == "os/nvram/@template" and "warn" or nil }
        end
      end
      return found
    end },
  { id = "cpu-model", title = "the destination's CPU has what the guest's needs", applies = LIVE .. " offline cold",
    needs = { "guest.doc" }, judge = function(c)
      local mode = c.guest.doc:get "cpu/@mode"
      local cpu = c.pair and c.pair.cpu
      if not mode or mode == "host-passthrough" then
        return nil
      elseif not cpu then
        return judge.skip(("%s: %s"):format(c.dest.node, ((c.pair or {}).missing or {}).cpu or "not compared"))
      elseif cpu.result ~= "incompatible" then
        return nil
      end
      local text = cpu.error and plain(cpu.error) or "the CPU is incompatible with host CPU"
      local model, m = c.guest.doc:get "cpu/model", facts.machine(c.dest, c.guest)
      local other = m and m.doc and nearest(m, model)
      return { seen = text, wanted = model and ("a CPU that can be a %s"):format(model) or "the features of its CPU",
        libvirt = "guest CPU doesn't match specification: " .. text,
        remedy = other and ("with a restart: the model %s runs there"):format(other) or "choose another destination" }
    end },
  { id = "cpu-passthrough", title = "the CPU that it sees is there, too", applies = LIVE, needs = { "guest.doc" },
    judge = function(c)
      if c.guest.doc:get "cpu/@mode" ~= "host-passthrough" then
        return nil
      elseif not c.source.cpu_model or not c.dest.cpu_model then
        return judge.skip "which CPUs the hosts have is not known"
      elseif c.source.cpu_model ~= c.dest.cpu_model then
        return { seen = ("it sees the host's CPU: %s here, %s there"):format(c.source.cpu_model, c.dest.cpu_model),
          wanted = "the same CPU", libvirt = "guest CPU doesn't match specification",
          why = "libvirt lets it pass where it cannot tell, and the guest may crash",
          remedy = "with a restart: a named model that both hosts have" }
      elseif c.source.microcode ~= c.dest.microcode then
        return { level = "warn", seen = ("it sees the host's CPU, with microcode %s here and %s there"):format(
          c.source.microcode or "?", c.dest.microcode or "?"), wanted = "the same microcode" }
      end
    end },
  { id = "vulnerabilities", title = "the destination's kernel holds back what the source's does", level = "warn",
    needs = { "source.look", "dest.look" }, judge = function(c)
      local found = {}
      for _, name in ipairs(lists.keys(c.dest.vulnerabilities)) do
        local here, there = c.source.vulnerabilities[name] or "", c.dest.vulnerabilities[name]
        if there:match "^Vulnerable" and not here:match "^Vulnerable" and here ~= "" then
          found[#found + 1] = { subject = name, seen = ("%s: %s"):format(name, there), wanted = here,
            why = "what the guest relies on may be missing there" }
        end
      end
      return found
    end },
  { id = "vcpus", title = "the destination can give it as many CPUs", needs = { "guest.doc" }, judge = function(c)
    local m, skip = machine_of(c)
    local wanted = math.tointeger(tonumber(c.guest.doc:get "vcpu") or 1)
    local most = m and math.tointeger(tonumber(m.doc:get "vcpu/@max" or ""))
    if not m then
      return skip
    elseif most and wanted > most then
      return { seen = ("a guest can have %d CPUs there"):format(most), wanted = tostring(wanted),
        libvirt = ("Maximum CPUs greater than specified machine type limit %d"):format(most),
        remedy = "choose another destination" }
    elseif c.dest.cpus and wanted > c.dest.cpus then
      return { level = "warn", seen = ("it has %d CPUs"):format(c.dest.cpus), wanted = tostring(wanted),
        why = "its CPUs would wait for each other" }
    end
  end },
  { id = "cpuset", title = "the CPUs and memory nodes that it is pinned to are there",
    needs = { "guest.doc", "dest.look" }, judge = function(c)
      local found = {}
      local function look(xpath, what, there)
        for _, node in ipairs(c.guest.doc:each(xpath)) do
          local text = node:get "@cpuset" or node:get "@nodeset" or ""
          local lacks = not text:find("^", 1, true) and there and facts.lacking(facts.set(text), there)
          found[#found + 1] = lacks and { subject = text, seen = ("it has no %s %s"):format(what, lacks), wanted = text,
            libvirt = "Invalid value for 'cpuset.cpus': Invalid argument",
            remedy = line.format("pin it elsewhere first: exec %s -- virsh vcpupin %s VCPU LIST", c.guest.node,
              c.guest.name)
          } or nil
        end
      end
      look("/domain/vcpu[@cpuset] | cputune/vcpupin | cputune/emulatorpin | cputune/iothreadpin", "CPU", c.dest.online)
      local numa = next(c.dest.numa) and {} or nil
      for node in pairs(c.dest.numa) do
        numa[math.tointeger(node) or node] = true
      end
      look("numatune/memory[@nodeset] | numatune/memnode[@nodeset]", "memory node", numa)
      return found
    end },
}
