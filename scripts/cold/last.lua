-- SPDX-License-Identifier: GPL-3.0-or-later
-- The steps of cold-migrate behind the definition: what belongs to it, the start, the proof, and what becomes of the
-- source. The start is where there is no way back: from then on the copy is the guest. Nothing of the source is removed
-- before the proof.
local carry = require "cold.carry"
local copy = require "cold.copy"
local device = require "cold.device"
local downtime = require "cold.downtime"
local facts = require "cold.facts"
local node = require "cold.node"
local place = require "cold.place"
local steps = require "cold.steps"
local xml = require "cold.xml"
local last = {}

local fail = mig.fail

local function on(about, where)
  return about.uuid .. "@" .. about[where]
end

local function carry_all(tx)
  local done = carry.run(tx.about)
  return { detail = #done > 0 and table.concat(done, ", ") or "nothing" }, #done == 0
end

-- Start ---------------------------------------------------------------------------------------------------------------

local function start(tx)
  local about = tx.about
  if not about.running then
    return { detail = "it was off, and stays off" }, true
  end
  local there = place.on(about.dest, about.uuid)
  if there and place.is_active(there) then
    return { detail = "runs already" }
  end
  place.assert_off(about.uuid, about.domain, { about.source, about.dest })
  copy.assert_untouched(tx)
  downtime.before_start(tx)
  mig.start { on(about, "dest") }
end

-- Has it run there? If it does not now, its disks there tell (the source's may have been changed for other reasons).
local function has_run(tx)
  local there = place.on(tx.about.dest, tx.about.uuid)
  if not there then
    return false
  end
  return place.is_active(there) or copy.changed(tx, "copy") ~= nil
end

local function verify_start(tx)
  if not tx.about.running then
    return false
  end
  local there = place.on(tx.about.dest, tx.about.uuid)
  return there and place.is_active(there)
end

-- Verify --------------------------------------------------------------------------------------------------------------

local function verify(tx)
  local about, checks = tx.about, mig.array {}
  local function check(id, ok, title, detail)
    checks[#checks + 1] = { id = id, ok = ok and true or false, title = title, detail = detail }
  end
  local found, active, here = place.of_uuid(about.uuid), {}, {}
  for _, row in ipairs(found.copies) do
    here[row.node] = row
    active[#active + 1] = place.is_active(row) and ("%s (%s)"):format(row.node, row.state) or nil
  end
  for _, silent in ipairs(found.silent) do
    if silent.node == about.source or silent.node == about.dest then
      fail("unreachable", nil, "%s does not answer, so it may run %s: %s", silent.node, about.domain, silent.msg)
    end
  end
  local there = here[about.dest]
  if about.running then
    check("running", #active == 1 and there and there.state == "running", ("runs on %s and nowhere else"):format(
      about.dest), "active on: " .. (active[1] and table.concat(active, ", ") or "no node"))
  else
    check("off", #active == 0 and there, ("is defined and off on %s"):format(about.dest), "active on: "
      .. table.concat(active, ", "))
  end
  local text = there and mig.dumpxml { on(about, "dest"), inactive = true }
  local lost = text and xml.differences(xml.map(about.xml, about), text) or { "it is not defined" }
  check("xml", #lost == 0, "has the same definition" .. (#about.options.map > 0 and ", adapted" or ""),
    table.concat(lost, "\n"))
  if about.running and #about.options.target > 0 then
    local silent = downtime.wait_for_answer(tx)
    check("answers", #silent == 0, "answers at " .. table.concat(about.options.target, ", "), "silent: "
      .. table.concat(silent, ", "))
  end
  local bad = {}
  for _, c in ipairs(checks) do
    bad[#bad + 1] = not c.ok and c.title or nil
    tx:say(("  %s %s"):format(c.ok and "[ok]    " or "[FAILED]", c.title .. (c.ok and "" or "\n" .. c.detail)))
  end
  if #bad > 0 then
    fail("verdict", nil, "not so: %s", table.concat(bad, "; "))
  end
  return { checks = checks }
end

-- Retire --------------------------------------------------------------------------------------------------------------

-- Only what was copied by us, is still what was copied, and nobody else uses. Backing files may be others' too: they
-- stay.
local function remove_disk(tx, i, file)
  local about = tx.about
  local made, now = tx:outcome("copy", file.path), node.stat(about.source, file.path)
  if not made or made.action ~= "copied" or not now or file.kind == "backing" or file.readonly then
    return false
  end
  local users = facts.users_of(about.source, file.path, about.uuid)
  if #users > 0 then
    tx:say(("%s stays: %s uses it"):format(file.path, table.concat(users, ", ")))
  elseif not node.same(made.source, now) then
    tx:say(("%s stays: it is not as it was when it was copied"):format(file.path))
  elseif now.kind == "block" then
    return device.remove(tx, file, tx:outcome("check").actions[i])
  else
    node.sh(about.source, 'rm -rf -- "$1"', file.path)
    return true
  end
  return false
end

local function remove_disks(tx)
  local removed = 0
  for i, file in ipairs(tx.about.files) do
    removed = removed + (remove_disk(tx, i, file) and 1 or 0)
  end
  return removed
end

local function assert_arrived(about)
  local there = place.on(about.dest, about.uuid)
  if not there or about.running and there.state ~= "running" then
    fail("state", "cleanup " .. about.domain .. " tells where it is",
      "%s is %s on %s: nothing of the source is touched", about.domain, there and there.state or "not defined",
      about.dest)
  end
  local here = place.on(about.source, about.uuid)
  if here and place.is_active(here) then
    fail("state", nil, "%s is %s on %s: nothing of it is touched", about.domain, here.state, about.source)
  end
  return here
end

local function retire(tx)
  local about, o = tx.about, tx.about.options
  local here = assert_arrived(about)
  local done = {}
  if about.autostart then
    mig.autostart { on(about, "dest") }
    done[1] = "starts with " .. about.dest
  end
  if here and o.undefine_source then
    local text = mig.dumpxml { on(about, "source"), inactive = true }
    mig.undefine { on(about, "source"), keep_nvram = text:find("<nvram", 1, true) ~= nil or nil,
      keep_tpm = text:find("<tpm ", 1, true) ~= nil or nil, snapshots_metadata = true, checkpoints_metadata = true,
      managed_save = here.managed_save or nil }
    done[#done + 1] = "undefined on " .. about.source
  elseif here then
    local text = mig.dumpxml { on(about, "source"), inactive = true, security_info = true }
    steps.define(xml.marked(text, { role = "moved", journal = tx.id, node = about.dest }), about.source)
    done[#done + 1] = "kept on " .. about.source .. ", marked as moved"
  end
  if o.remove_disks then
    done[#done + 1] = ("%d disks removed"):format(remove_disks(tx))
    copy.refresh(about, about.source, "path")
  end
  copy.forget_aside(tx)
  return { detail = table.concat(done, ", ") }
end

local function undo_retire(tx)
  local about = tx.about
  if about.autostart then
    mig.autostart { on(about, "dest"), disable = true }
  end
  local text = mig.dumpxml { on(about, "source"), inactive = true, security_info = true }
  local mark = xml.mark(text)
  if mark and mark.journal == tx.id then
    steps.define(xml.unmarked(text), about.source)
  end
end

function last.steps(about)
  return {
    { name = "carry", title = "snapshots and checkpoints", run = carry_all },
    { name = "start", title = about.running and "on " .. about.dest or "off on " .. about.dest, commit = true,
      about = { node = about.dest }, run = start, verify = verify_start, passed = has_run,
      point = ("the guest has run on %s: its copy there is the guest now"):format(about.dest) },
    { name = "verify", title = "on " .. about.dest, harmless = true, run = verify },
    { name = "retire", title = (about.options.undefine_source and "undefine on " or "keep on ") .. about.source
      .. (about.options.remove_disks and ", remove its disks" or ""), about = { node = about.source },
      commit = about.options.undefine_source or nil, run = retire, undo = undo_retire,
      passed = function(tx)
        return place.on(tx.about.source, tx.about.uuid) == nil
      end, point = ("%s is not defined on %s any more"):format(about.domain, about.source) },
  }
end

return last
