-- SPDX-License-Identifier: GPL-3.0-or-later
-- Is there memory for the guest on the destination?
local facts = require "preflight.facts"
local line = require "lib.line"
local report = require "migsh.report"

-- What QEMU itself needs beside the guest's memory; libvirt's own estimate has more for displays.
local OVERHEAD_KIB <const> = 128 << 10
-- Of an x86's huge pages, where its kernel was not told otherwise.
local DEFAULT_PAGE_KIB <const> = 2048
local units <const> = { b = 1 / 1024, bytes = 1 / 1024, KB = 1000 / 1024, k = 1, KiB = 1, MB = 1e6 / 1024, M = 1 << 10,
  MiB = 1 << 10, GB = 1e9 / 1024, G = 1 << 20, GiB = 1 << 20, TB = 1e12 / 1024, T = 1 << 30, TiB = 1 << 30 }

-- KiB of an element with a unit; nil where there is none.
local function kib(doc, xpath, default)
  local size = doc:get(xpath)
  return size and math.floor(tonumber(size) * (units[doc:get(xpath .. "/@unit") or default or "KiB"] or 1)) or nil
end

local function bytes(size)
  return report.bytes(math.floor(size * 1024))
end

return {
  { id = "memory", title = "the destination has memory for it", needs = { "guest.doc" }, judge = function(c)
    local doc = c.guest.doc
    local wanted = kib(doc, "currentMemory") or kib(doc, "memory")
    local most = kib(doc, "memory") or wanted
    local free = c.dest.available_kib or c.dest.free_kib
    if doc:get "memoryBacking/hugepages" then
      wanted, most = 0, 0
    end
    if not free then
      return { level = "skip", seen = ("%s: %s"):format(c.dest.node, c.dest.missing.look or c.dest.missing.libvirt
        or "its free memory is not known") }
    elseif c.dest.memory_kib and most > c.dest.memory_kib then
      return { seen = ("it has %s of memory in all"):format(bytes(c.dest.memory_kib)), wanted = bytes(most),
        libvirt = "cannot set up guest memory 'pc.ram': Cannot allocate memory", remedy = "choose another destination" }
    elseif wanted + OVERHEAD_KIB > free then
      return { seen = ("it has %s free"):format(bytes(free)), wanted = bytes(wanted + OVERHEAD_KIB),
        libvirt = "cannot set up guest memory 'pc.ram': Cannot allocate memory",
        why = "the host's kernel may end a guest when memory runs out",
        remedy = line.format("shut down or move a guest of %s first (list --node %s)", c.dest.node, c.dest.node) }
    elseif most + OVERHEAD_KIB > free then
      return { level = "warn", seen = ("it has %s free, and the guest may grow to %s"):format(bytes(free),
        bytes(most)) }
    end
  end },
  { id = "hugepages", title = "the destination has free pages of the sizes that it uses",
    needs = { "guest.doc", "dest.look" }, judge = function(c)
      local found, sizes = {}, {}
      for i, page in ipairs(c.guest.doc:each "memoryBacking/hugepages/page") do
        sizes[i] = math.floor(tonumber(page:get "@size" or DEFAULT_PAGE_KIB) * (units[page:get "@unit" or "KiB"] or 1))
      end
      if not sizes[1] and c.guest.doc:get "boolean(memoryBacking/hugepages)" == "true"
        and c.guest.doc:get "os/type/@arch" == "x86_64" then
        sizes[1] = DEFAULT_PAGE_KIB
      end
      for _, size in ipairs(sizes) do
        local free = c.dest.hugepages[tostring(size)]
        local wanted = kib(c.guest.doc, "memory") // math.max(size, 1)
        if not free or free < wanted then
          found[#found + 1] = { subject = tostring(size), seen = ("%d pages of %s are free there"):format(free or 0,
            bytes(size)), wanted = tostring(wanted),
            libvirt = "unable to map backing store for guest RAM: Cannot allocate memory",
            remedy = line.format("exec %s -- sysctl vm.nr_hugepages=N", c.dest.node) }
        end
      end
      return found
    end },
  { id = "numa-memory", title = "the memory nodes that it is bound to have room", level = "warn",
    needs = { "guest.doc", "dest.cells" }, judge = function(c)
      local bound = c.guest.doc:get "numatune/memory[not(@mode) or @mode='strict']/@nodeset"
      local wanted, free, known = kib(c.guest.doc, "currentMemory") or kib(c.guest.doc, "memory"), 0, false
      local set = facts.set(bound)
      for _, cell in ipairs(c.dest.cells) do
        if set[cell.id] then
          free, known = free + cell.free_kib, true
        end
      end
      if bound and not bound:find("^", 1, true) and known and wanted > free
        and c.guest.doc:get "boolean(memoryBacking/hugepages)" ~= "true" then
        return { subject = bound, seen = ("the memory nodes %s have %s free"):format(bound, bytes(free)),
          wanted = bytes(wanted), libvirt = "cannot set up guest memory 'pc.ram': Cannot allocate memory",
          why = "it may have its memory of these nodes alone; what caches hold there is not counted as free" }
      end
    end },
  { id = "capacity-after", title = "what the destination has left", level = "info", needs = { "dest.domains" },
    judge = function(c)
      local n = 0
      for _, d in ipairs(c.dest.domains) do
        n = n + ((d.state == "running" or d.state == "paused") and 1 or 0)
      end
      local free = c.dest.available_kib or c.dest.free_kib
      local wanted = c.guest.doc and kib(c.guest.doc, "currentMemory")
      if free and wanted then
        return { seen = ("%d guests run there; %s of memory are free now, %s afterwards"):format(n, bytes(free),
          bytes(math.max(0, free - wanted))) }
      end
    end },
}
