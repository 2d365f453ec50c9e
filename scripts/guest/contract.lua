-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is promised of a guest that was moved, as checks: {id, title, ok, detail}. live-migrate and cold-migrate ask
-- them when they have moved one, verify asks them at any time. `unknown` is with a check of which nobody could tell:
-- that is not ok, and not wrong either. Nothing is changed on any node.
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local contract = {}

-- A list of checks, and the function that adds one to it.
function contract.new()
  local checks = mig.array {}
  return checks, function(id, ok, title, detail, unknown)
    checks[#checks + 1] = { id = id, ok = ok and true or false, title = title, detail = detail,
      unknown = unknown and not ok or nil }
  end
end

-- Who has it, of {rows = {[node] = row}, silent = as whereabouts.look() tells}: adds active = {"NODE (STATE)", …}.
function contract.facts(facts)
  facts.active = {}
  for name, row in pairs(facts.rows) do
    facts.active[#facts.active + 1] = whereabouts.is_active(row) and ("%s (%s)"):format(name, row.state) or nil
  end
  table.sort(facts.active)
  return facts
end

-- The same of what all nodes answer now.
function contract.look(uuid)
  local found, rows = whereabouts.of_uuid(uuid), {}
  for _, row in ipairs(found.copies) do
    rows[row.node] = row
  end
  return contract.facts { rows = rows, silent = found.silent }
end

-- Who runs it, and who has not said.
function contract.active_text(facts)
  local text = "active on: " .. (facts.active[1] and table.concat(facts.active, ", ") or "no node")
  for _, silent in ipairs(facts.silent) do
    text = ("%s\n%s: %s"):format(text, silent.node, silent.msg)
  end
  return text
end

-- Who defines it.
function contract.defined_text(facts)
  local names = {}
  for name, row in pairs(facts.rows) do
    names[#names + 1] = name .. (xml.is_moved(row.mark) and " (marked as moved)" or "")
  end
  table.sort(names)
  return "defined on: " .. (names[1] and table.concat(names, ", ") or "no node")
end

-- It runs on that node, and on no other one that answers.
function contract.runs(check, facts, node)
  local there = facts.rows[node]
  check("running", #facts.active == 1 and there and there.state == "running", (facts.silent[1]
    and "runs on %s and on no other node that answered" or "runs on %s and nowhere else"):format(node),
    contract.active_text(facts))
end

-- It is defined there, and active nowhere.
function contract.is_off(check, facts, node)
  check("off", #facts.active == 0 and facts.rows[node], ("is defined and off on %s"):format(node),
    contract.active_text(facts))
end

-- The definition `now` (nil: there is none) is the one that it had before.
function contract.same_definition(check, before, now, how)
  local lost = now and xml.differences(before, now) or { "it is not defined" }
  check("xml", #lost == 0, "has the same definition" .. (how or ""), table.concat(lost, "\n"))
end

-- The titles of those that are not ok, in a list each: failed, unknown.
function contract.bad(checks)
  local failed, unknown = {}, {}
  for _, check in ipairs(checks) do
    local list = check.unknown and unknown or failed
    list[#list + 1] = not check.ok and check.title or nil
  end
  return failed, unknown
end

return contract
