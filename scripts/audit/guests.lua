-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is wrong with where guests are, start and are marked as left behind. Pure: of what audit/gather.lua brought.
local line = require "lib.line"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local guests = {}

local function at(row)
  return row.name .. "@" .. row.node
end

-- {[key(row)] = rows, by node}, and the keys in order.
local function group(rows, key)
  local groups, keys = {}, {}
  for _, row in ipairs(rows) do
    local k = key(row)
    if not groups[k] then
      groups[k], keys[#keys + 1] = {}, k
    end
    table.insert(groups[k], row)
  end
  table.sort(keys)
  return groups, keys
end

local function words(rows, text)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = text(row)
  end
  return table.concat(list, ", ")
end

local function state_text(row)
  return ("%s on %s%s"):format(row.reason and row.state == "paused" and ("paused (%s)"):format(row.reason) or row.state,
    row.node, xml.is_moved(row.mark) and " (marked as moved)" or "")
end

-- Those that run, and those that no migration has left behind.
local function sort_out(rows)
  local active, usable = {}, {}
  for _, row in ipairs(rows) do
    active[#active + 1] = whereabouts.is_active(row) and row or nil
    usable[#usable + 1] = not xml.is_moved(row.mark) and row or nil
  end
  return active, usable
end

-- Two nodes that run one guest.
local function add_running_twice(out, rows, active)
  local migrating = false
  for _, row in ipairs(active) do
    migrating = migrating or row.state == "paused" and row.reason == "migrating"
  end
  out:add { id = "uuid-twice", level = migrating and "warn" or "fail", node = active[1].node, subject = rows[1].name,
    seen = words(active, state_text), why = migrating and "it is being migrated, or was cut off in the middle of that"
      or "two copies of one guest write to its disks", remedy = line.of("cleanup", rows[1].uuid) }
end

local function add_defined_twice(out, rows, active, usable)
  local it = active[1] or usable[1]
  for _, row in ipairs(rows) do
    local moved, second = xml.is_moved(row.mark), { id = "uuid-twice", node = row.node, subject = row.name,
      seen = words(rows, state_text) }
    if row ~= it and moved then
      second.level, second.why = "info", "a migration left this definition behind, and it is not started by mistake"
      second.remedy = ("nothing has to be done; %s drops it, and no file with it"):format(line.of("undefine", at(row)))
      out:add(second)
    elseif row ~= it and active[1] then
      second.level, second.why = "warn", "this definition is not marked as left behind, and could be started"
      second.remedy = line.of("undefine", at(row))
      out:add(second)
    elseif row ~= it then
      second.level, second.why = "warn", ("it is off, and both %s and this node define it: nothing tells which of the "
        .. "disks are newer"):format(it.node)
      second.remedy = "look which of the disks are newer, and undefine the other definition"
      out:add(second)
    end
  end
end

function guests.uuid_twice(facts, out)
  local groups, keys = group(facts.rows, function(row)
    return row.uuid
  end)
  for _, uuid in ipairs(keys) do
    local rows = groups[uuid]
    local active, usable = sort_out(rows)
    if #active > 1 then
      add_running_twice(out, rows, active)
    elseif #rows > 1 and (active[1] or usable[1]) then
      add_defined_twice(out, rows, active, usable)
    end
  end
end

function guests.name_twice(facts, out)
  local groups, keys = group(facts.rows, function(row)
    return row.name
  end)
  for _, name in ipairs(keys) do
    local by_uuid, uuids = group(groups[name], function(row)
      return row.uuid
    end)
    if #uuids > 1 then
      local rows = {}
      for i, uuid in ipairs(uuids) do
        rows[i] = by_uuid[uuid][1]
      end
      out:add { id = "name-twice", level = "info", subject = name, seen = words(rows, function(row)
        return ("%s on %s"):format(row.uuid, row.node)
      end), why = "different guests have one name, so it may not be plain which is meant",
        remedy = ("nothing has to be done; %s@NODE or the uuid says which"):format(line.word(name)) }
    end
  end
end

-- Several hosts would start it. Which of them is to, tells where it runs, or the only definition that is not marked.
function guests.autostart_twice(facts, out)
  local groups, keys = group(facts.rows, function(row)
    return row.uuid
  end)
  for _, uuid in ipairs(keys) do
    local starting = {}
    for _, row in ipairs(groups[uuid]) do
      starting[#starting + 1] = row.autostart and row or nil
    end
    local active, usable = sort_out(groups[uuid])
    local it = #active == 1 and active[1] or #active == 0 and #usable == 1 and usable[1]
    local seen = "starts with " .. words(starting, function(row)
      return row.node
    end)
    for i, row in ipairs(#starting > 1 and starting or {}) do
      if it and row ~= it or not it and i == #starting then
        out:add { id = "autostart-twice", level = "fail", node = row.node, subject = row.name, seen = seen,
          why = "it would run twice when both hosts have booted", remedy = it
            and line.of("autostart", at(row), "--disable") or ("autostart NAME@NODE --disable on all but the one "
            .. "that is to start it; %s tells where it is"):format(line.of("cleanup", row.uuid)) }
      end
    end
  end
end

-- What is marked as moved, and where the guest is instead.
local function add_mark(facts, out, row, rows)
  local there, elsewhere = row.mark.node, nil
  for _, other in ipairs(rows) do
    if other ~= row and (whereabouts.is_active(other) or not xml.is_moved(other.mark)) then
      elsewhere = (other.node == there or not elsewhere) and other or elsewhere
    end
  end
  local finding = { id = "moved-mark", level = "warn", node = row.node, subject = row.name,
    seen = ("marked as moved to %s by journal %s"):format(there, row.mark.journal) }
  if whereabouts.is_active(row) then
    finding.why = ("it is %s here all the same"):format(row.state)
    finding.remedy = ("%s tells which copy is the guest"):format(line.of("cleanup", row.uuid))
  elseif elsewhere and elsewhere.node == there then
    return -- as it should be
  elseif elsewhere then
    finding.level, finding.why = "info", ("the guest has gone on to %s since"):format(elsewhere.node)
    finding.remedy = ("nothing has to be done; %s drops it, and no file with it"):format(line.of("undefine", at(row)))
  elseif facts.silent[there] or not facts.nodes[there] and facts.outside[there] then
    out:skip(there, ("whether it has %s, which %s left behind"):format(row.name, row.node), facts.silent[there]
      or "it was not asked")
    return
  else
    finding.why = facts.nodes[there] and ("neither %s nor another node has the guest"):format(there)
      or ("%s is not in the inventory, and no other node has the guest"):format(there)
    finding.remedy = line.of("cleanup", row.uuid, "--apply")
  end
  out:add(finding)
end

function guests.moved_marks(facts, out)
  local groups = group(facts.rows, function(row)
    return row.uuid
  end)
  for _, row in ipairs(facts.rows) do
    if xml.is_moved(row.mark) then
      add_mark(facts, out, row, groups[row.uuid])
    end
  end
end

return guests
