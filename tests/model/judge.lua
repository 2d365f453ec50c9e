-- SPDX-License-Identifier: GPL-3.0-or-later
-- The promises, asked after each act: at most one running copy, at least one definition, the newest bytes still in
-- some file, a definition that can be used names them, no saved state left that does not fit. What the operator
-- destroys is his loss: it is forgotten here, so that migsh answers for its own acts alone (and for what hosts do
-- because of what it left).
local World = require "world"
local judge = {}

-- Do the disks of a definition hold all that was written last?
local function has_newest(w, node, d)
  for _, disk in ipairs(World.disks(d.xml)) do
    local file = w:get(node, disk.path)
    for head in pairs(w:heads(d.uuid .. " " .. disk.target)) do
      if not file or file.content.ver ~= head then
        return false
      end
    end
  end
  return true
end

judge.has_newest = has_newest

-- A disk of the definition under which lies what it was not made on: the guest would read garbage.
local function bad_base(w, node, d)
  for _, disk in ipairs(d.xml and World.disks(d.xml) or {}) do
    local file = w:get(node, disk.path)
    local c = file and file.content or {}
    local base = c.backing and w:get(node, c.backing)
    if c.backing and (not base or base.content.ver ~= c.base) then
      return disk.path
    end
  end
end

-- The disks of a definition that are there, as a set of paths.
local function disks_there(w, node, d)
  local set = {}
  for _, disk in ipairs(d.xml and World.disks(d.xml) or {}) do
    set[disk.path] = w:get(node, disk.path) ~= nil or nil
  end
  return set
end

-- What there is before an act.
function judge.look(w)
  local seen = { newest = {}, defined = {}, usable = {}, named = {}, disks = {}, based = {}, bad_base = {} }
  for disk, heads in pairs(w.newest) do
    for head in pairs(heads) do
      seen.newest[head] = { disk = disk, there = w:is_somewhere(head) }
    end
  end
  for uuid in pairs(w.guests) do
    for _, p in ipairs(w:places(uuid)) do
      seen.defined[uuid] = true
      local bad = bad_base(w, p.node, p.d) or false
      seen.bad_base[uuid .. p.node.name] = bad
      seen.usable[uuid .. p.node.name] = p.d.xml ~= nil and not World.is_moved(p.d)
      seen.disks[uuid .. p.node.name] = disks_there(w, p.node, p.d)
      seen.based[uuid] = seen.based[uuid] or seen.usable[uuid .. p.node.name] and not bad
      seen.named[uuid] = seen.named[uuid] or seen.usable[uuid .. p.node.name] and has_newest(w, p.node, p.d)
    end
  end
  return seen
end

local function has_disk(d, path)
  for _, disk in ipairs(World.disks(d.xml)) do
    if disk.path == path then
      return true
    end
  end
  return false
end

local function wrong(w, kind, format, ...)
  w.wrongs[#w.wrongs + 1] = { kind = kind, text = format:format(...) }
end

local function check_running(w, uuid, guest)
  local running = {}
  for _, p in ipairs(w:active_places(uuid)) do
    running[#running + 1] = p.d.active.state == "running" and p.node.name or nil
  end
  if #running > 1 then
    wrong(w, "two-running", "%s runs on %s and on %s", guest.name, running[1], running[2])
  end
end

local function check_lost(w, seen)
  for head, was in pairs(seen.newest) do
    if was.there and w.newest[was.disk][head] and not w:is_somewhere(head) then
      wrong(w, "lost-bytes", "the newest bytes of %s (write %d) are in no file any more", was.disk, head.id)
    end
  end
end

local function check_defined(w, seen, uuid, guest)
  if guest.owed and seen.defined[uuid] and #w:places(uuid) == 0 then
    wrong(w, "no-definition", "nothing defines %s any more", guest.name)
  end
end

-- A definition that could not be used before and can be used now.
local function check_revived(w, seen, uuid)
  for _, p in ipairs(w:places(uuid)) do
    if p.d.xml and not World.is_moved(p.d) and not seen.usable[uuid .. p.node.name]
      and not has_newest(w, p.node, p.d) then
      for _, disk in ipairs(World.disks(p.d.xml)) do
        for head in pairs(w:heads(uuid .. " " .. disk.target)) do
          if w:is_somewhere(head) then
            wrong(w, "stale-usable", "%s: the definition of %s became usable, and its disks are not the newest",
              p.node.name, p.d.name)
            return
          end
        end
      end
    end
  end
end

-- A definition that could be used and still can has kept its disks.
local function check_taken(w, seen, uuid)
  for _, p in ipairs(w:places(uuid)) do
    local there = p.d.xml and not World.is_moved(p.d) and disks_there(w, p.node, p.d)
    for path in pairs(there and seen.usable[uuid .. p.node.name] and seen.disks[uuid .. p.node.name] or {}) do
      if not there[path] and has_disk(p.d, path) then
        wrong(w, "disk-taken", "%s: %s is gone, and %s names it", p.node.name, path, p.d.name)
      end
    end
  end
end

-- After an act that said that all is well: something names the newest bytes, if something did before.
local function check_named(w, seen, uuid, guest)
  if not seen.named[uuid] or #w:active_places(uuid) > 0 or not guest.owed then
    return
  end
  for _, p in ipairs(w:places(uuid)) do
    if p.d.xml and not World.is_moved(p.d) and has_newest(w, p.node, p.d) then
      return
    end
  end
  wrong(w, "newest-unnamed", "no definition of %s that can be used names its newest disks any more", guest.name)
end

local function check_saves(w, uuid)
  for _, p in ipairs(w:places(uuid)) do
    local save = w:get(p.node, World.save_path(p.d))
    if save and save.content.save and p.d.xml and not World.is_moved(p.d) then
      for _, disk in ipairs(World.disks(p.d.xml)) do
        local file = w:get(p.node, disk.path)
        local of_then = save.content.save[uuid .. " " .. disk.target]
        if p.d.active or file and file.content.ver ~= of_then then
          wrong(w, "stale-save-left", "%s: a saved state of %s is left that does not fit its disks: the next start "
            .. "restores it", p.node.name, p.d.name)
          return
        end
      end
    end
  end
end

-- A definition that can be used, on another base than its overlay's: it lay on its own before, or it was not there,
-- and the act said that it went well.
local function check_bases(w, seen, uuid, said_well)
  for _, p in ipairs(w:places(uuid)) do
    local was = seen.bad_base[uuid .. p.node.name]
    local asked = was == false or was == nil and said_well and seen.based[uuid]
    local path = asked and not World.is_moved(p.d) and bad_base(w, p.node, p.d)
    if path then
      wrong(w, "foreign-base", "%s: %s of %s lies on a base that is not its own", p.node.name, path, p.d.name)
    end
  end
end

-- Going on, or taking back, was not refused although nothing had happened.
function judge.way_on(w, name, result)
  if not result.ok then
    wrong(w, "no-way-on", "%s is refused although nothing has happened meanwhile: %s", name, result.value and
      result.value.msg or "?")
  end
end

-- After an act of migsh, or of a host. said_well: it ended well, and said so.
function judge.check(w, seen, said_well, is_workflow)
  check_lost(w, seen)
  for uuid, guest in pairs(w.guests) do
    check_running(w, uuid, guest)
    check_defined(w, seen, uuid, guest)
    check_revived(w, seen, uuid)
    check_taken(w, seen, uuid)
    check_bases(w, seen, uuid, said_well and is_workflow)
    if said_well and is_workflow then
      check_named(w, seen, uuid, guest)
      check_saves(w, uuid)
    end
  end
end

-- After an act of the operator: what he destroyed is not asked for again; what was before it is the newest then.
function judge.forgive(w)
  for _, heads in pairs(w.newest) do
    local list = {}
    for head in pairs(heads) do
      list[#list + 1] = head
    end
    for _, head in ipairs(list) do
      local v = head
      while v and not w:is_somewhere(v) do
        v = v.from
      end
      if v ~= head then
        heads[head] = nil
      end
      if v then
        heads[v] = true
      end
    end
  end
  for uuid, guest in pairs(w.guests) do
    guest.owed = guest.owed and #w:places(uuid) > 0
  end
end

return judge
