-- SPDX-License-Identifier: GPL-3.0-or-later
-- What state a guest is in, and what others do with it. The rules are libvirt's (qemuMigrationSrcIsAllowed and the
-- beginning of its migration jobs), as of 9.0 to 11.
local line = require "lib.line"

local LIVE <const> = "live paused storage"

return {
  { id = "state", title = "the guest is in a state in which it can be moved", judge = function(c)
    local g, live = c.guest, (" live storage "):find(" " .. c.mode .. " ", 1, true)
    if g.state == "crashed" then
      return { node = g.node, seen = "it has crashed", wanted = "running, or shut off",
        libvirt = "domain is not running",
        remedy = line.format("destroy %s@%s", g.name, g.node) }
    elseif live and not g.active then
      return { node = g.node, seen = "it is " .. g.state, wanted = "running", libvirt = "domain is not running",
        remedy = line.format("start %s@%s, or move it as it is: cold-migrate", g.name, g.node) }
    elseif live and g.state == "pmsuspended" then
      return { node = g.node, level = "warn", seen = "it is suspended to memory", wanted = "running",
        why = "it answers nobody, so no outage can be measured" }
    elseif g.state == "paused" and (g.reason == "I/O error" or g.reason == "ioerror") then
      return { node = g.node, seen = "it is paused by an I/O error", wanted = "running",
        libvirt = "cannot migrate domain with I/O error",
          why = "what it could not write is lost if it goes on elsewhere",
        remedy = line.format("mend its disk (domblkerror %s@%s names it), then: resume %s@%s", g.name, g.node, g.name,
          g.node) }
    elseif live and g.state == "paused" then
      return { node = g.node, level = "warn", seen = ("it is paused (%s)"):format(g.reason or "unknown"),
        wanted = "running", remedy = line.format("resume %s@%s", g.name, g.node) }
    elseif c.mode == "offline" and g.active then
      return { node = g.node, seen = "it is " .. g.state, wanted = "shut off",
        remedy = line.format("shutdown %s@%s", g.name, g.node) }
    end
  end },
  { id = "persistent", title = "the guest has a definition", judge = function(c)
    local g = c.guest
    if g.persistent == false then
      local cold = not LIVE:find(c.mode, 1, true)
      return { node = g.node, level = cold and "fail" or "info", seen = "it is transient: it is gone once it ends",
        wanted = cold and "persistent" or nil,
        libvirt = cold and "cannot migrate transient domain offline" or nil,
        remedy = cold and ("dumpxml %s --security-info > FILE; define FILE --node %s"):format(g.name, g.node) or nil }
    end
  end },
  { id = "managed-save", title = "no saved state is left behind", judge = function(c)
    local g = c.guest
    if g.managed_save then
      return { node = g.node, level = (g.active or c.options.carry_save) and "warn" or "fail",
        seen = "it has a managed save", why = "the saved memory fits the disks only as they are now",
        remedy = line.format("managedsave-remove %s@%s, or start it", g.name, g.node) }
    end
  end },
  { id = "job", title = "no job holds the guest", needs = { "guest.job" }, judge = function(c)
    local g = c.guest
    if g.job.type ~= "none" then
      local outgoing = (g.job.operation or ""):lower():find("migration", 1, true)
      return { node = g.node, seen = ("a job runs on it: %s"):format(g.job.operation or g.job.type), wanted = "none",
        libvirt = outgoing and "another migration job is already running" or "cannot acquire state change lock",
        remedy = line.format("domjobinfo %s tells how far it is, domjobabort %s ends it", g.name, g.name) }
    end
  end },
  { id = "block-job", title = "no disk has a running job", needs = { "guest.block_jobs" }, judge = function(c)
    local found = {}
    for _, job in ipairs(c.guest.block_jobs) do
      found[#found + 1] = { node = c.guest.node, subject = job.target, seen = ("%s: a %s runs"):format(job.target,
        job.type), wanted = "none", libvirt = "domain has active block job",
        remedy = line.format("wait for it, or end it: blockjob %s@%s %s --abort", c.guest.name, c.guest.node,
          job.target) }
    end
    return found
  end },
  { id = "snapshots", title = "no snapshots are in the way", needs = { "guest.snapshots" }, judge = function(c)
    local n = c.guest.snapshots
    if n > 0 and (LIVE .. " offline"):find(c.mode, 1, true) then
      return { node = c.guest.node, seen = n == 1 and "it has 1 snapshot" or ("it has %d snapshots"):format(n),
        wanted = "none", libvirt = ("cannot migrate domain with %d snapshots"):format(n),
        remedy = line.format("cold-migrate takes them along; snapshot-delete %s@%s NAME drops one", c.guest.name,
          c.guest.node) }
    elseif n > 0 then
      return { node = c.guest.node, level = "info", seen = ("%d of its snapshots go along"):format(n) }
    end
  end },
  { id = "checkpoints", title = "no checkpoints are left behind", level = "warn", needs = { "guest.checkpoints" },
    judge = function(c)
      if c.guest.checkpoints > 0 and c.mode ~= "cold" then
        return { node = c.guest.node, seen = ("it has %d checkpoints"):format(c.guest.checkpoints),
          why = "they stay on the source: the next backup has to be a full one" }
      end
    end },
  { id = "qemu-blockers", title = "QEMU sees nothing that keeps the guest from moving", applies = LIVE,
    judge = function(c)
      local found = {}
      for _, text in ipairs(c.guest.blockers or {}) do
        found[#found + 1] = { node = c.guest.node, seen = text, libvirt = "cannot migrate domain: " .. text,
          remedy = "take that device away, or: cold-migrate" }
      end
      return found
    end },
  { id = "taints", title = "nobody went round libvirt", level = "warn", applies = LIVE, judge = function(c)
    local found = {}
    for _, text in ipairs(c.guest.messages or {}) do
      if text:lower():find("command line", 1, true) or text:lower():find("custom-argv", 1, true) then
        found[#found + 1] = { node = c.guest.node, seen = text,
          why = "libvirt does not know what was added, so it cannot see to it on the destination" }
      end
    end
    return found
  end },
  { id = "name-clash", title = "the destination has no other guest of that name", needs = { "dest.domains" },
    judge = function(c)
      for _, d in ipairs(c.dest.domains) do
        if d.name == (c.options.name or c.guest.name) and d.uuid ~= c.guest.uuid then
          return { seen = ("another guest '%s' is %s there (uuid %s)"):format(d.name, d.state, d.uuid),
            libvirt = ("domain '%s' already exists with uuid %s"):format(d.name, d.uuid),
            remedy = line.format("if nobody needs it: undefine %s@%s", d.name, c.dest.node) }
        end
      end
    end },
  { id = "twin", title = "no other host runs the guest", judge = function(c)
    local found = {}
    local function add(node, state)
      found[#found + 1] = { node = node, seen = ("it is %s on %s, too"):format(state, node), wanted = "on one host",
        why = "two running copies destroy the disk that they share",
        libvirt = node == c.dest.node and ("operation failed: domain '%s' is already active"):format(c.guest.name)
          or nil,
        remedy = line.format("cleanup %s tells which one is the guest", c.guest.name) }
    end
    local seen = { [c.guest.node] = true, [c.dest.node] = c.dest.domains ~= nil }
    for _, d in ipairs(c.dest.domains or {}) do
      if d.uuid == c.guest.uuid and d.state ~= "shut off" and d.state ~= "crashed" then
        add(c.dest.node, d.state)
      end
    end
    for _, row in ipairs((c.elsewhere or {}).copies or {}) do
      if not seen[row.node] and row.state ~= "shut off" and row.state ~= "crashed" then
        add(row.node, row.state)
      end
    end
    for _, silent in ipairs((c.elsewhere or {}).silent or {}) do
      if silent.node ~= c.dest.node then
        found[#found + 1] = { node = silent.node, level = "warn", seen = silent.node .. " does not answer",
          why = "whether it runs the guest is not known", remedy = line.format("node-test %s", silent.node) }
      end
    end
    return found
  end },
  { id = "overwrite", title = "no definition is overwritten", level = "warn",
    applies = "live paused storage offline cold", needs = { "dest.domains" },
    judge = function(c)
      for _, d in ipairs(c.dest.domains) do
        local cold = c.mode == "cold"
        if d.uuid == c.guest.uuid and (d.state == "shut off" or d.state == "crashed") and not c.retired then
          return { seen = "a shut-off definition of the same guest is there", level = cold and "fail" or nil,
            why = cold and "no earlier migration has left it there, so it may be somebody's" or "it is replaced "
              .. "without a word; its XML is kept in the journal",
            remedy = line.format("undefine %s@%s", d.name, c.dest.node) }
        end
      end
    end },
  { id = "probe-target", title = "the guest has an address by which its outage can be measured", level = "warn",
    applies = "live storage", needs = { "guest.addresses" }, judge = function(c)
      if #c.guest.addresses == 0 and not c.options.target then
        return { node = c.guest.node, seen = "no address of it is known", why = "its users' outage is not measured",
          remedy = "live-migrate … --target ADDRESS" }
      end
    end },
}
