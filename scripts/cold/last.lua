-- SPDX-License-Identifier: GPL-3.0-or-later
-- The steps of cold-migrate behind the definition: what belongs to it, the start, the proof, and what becomes of the
-- source. The start is where there is no way back: from then on the copy is the guest. Nothing of the source is removed
-- before the proof.
local carry = require "guest.carry"
local contract = require "guest.contract"
local copy = require "cold.copy"
local device = require "lib.device"
local downtime = require "cold.downtime"
local evidence = require "guest.evidence"
local node = require "lib.node"
local report = require "migsh.report"
local truth = require "guest.truth"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
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

-- Which of the two is the guest now, whatever the records say (guest/truth.lua).
function last.truth(tx)
  return truth.judge(evidence.of_files(tx, function()
    return copy.states(tx)
  end))
end

-- Nobody has run or written to either of the two since the copies were made. The copies alone may be in use already:
-- then somebody else has begun to use the guest there.
local function assert_as_copied(tx)
  local found = copy.first_changed(copy.states(tx))
  if found.source then
    fail("state", "take it back and start again", "%s on %s was changed after it was copied", found.source,
      tx.about.source)
  elseif found.copy then
    local judged = last.truth(tx)
    if judged.verdict ~= "forward" then
      fail("state", "take it back and start again", "%s on %s was changed after it was copied; %s", found.copy,
        tx.about.dest, judged.said)
    end
  end
end

-- Before the other one runs, the source says where it went: an admin whose inventory has not the destination sees no
-- more than that.
local function mark_source(tx)
  local about = tx.about
  local here = whereabouts.on(about.source, about.uuid)
  if here and here.persistent then
    xml.mark_moved(about.uuid, about.source, tx.id, about.dest)
  end
end

-- With the mark that it bore, of a migration that brought it here.
local function unmark_source(tx)
  local about = tx.about
  local here = whereabouts.on(about.source, about.uuid)
  local text = here and here.persistent and mig.dumpxml { on(about, "source"), inactive = true, security_info = true }
  local mark = text and xml.mark(text)
  if mark and mark.journal == tx.id then
    local before = xml.mark(about.xml)
    xml.define(before and xml.marked(text, before) or xml.unmarked(text), about.source)
  end
end

local function start(tx)
  local about = tx.about
  local there = whereabouts.on(about.dest, about.uuid)
  if there and whereabouts.is_active(there) and about.running then
    return { detail = "runs already" }
  end
  whereabouts.assert_off(about.uuid, about.domain, { force = tx:forced() })
  assert_as_copied(tx)
  if not about.running then
    return { detail = "it was off and stays off" }, true
  end
  mark_source(tx)
  downtime.before_start(tx)
  mig.start { on(about, "dest"), force = tx:forced() or nil }
end

local function verify_start(tx)
  if not tx.about.running then
    return false
  end
  local there = whereabouts.on(tx.about.dest, tx.about.uuid)
  return there and whereabouts.is_active(there)
end

-- Verify --------------------------------------------------------------------------------------------------------------

local function verify(tx)
  local about, checks, check = tx.about, contract.new()
  local facts = contract.look(about.uuid)
  for _, silent in ipairs(facts.silent) do
    if silent.node == about.source or silent.node == about.dest then
      fail("unreachable", nil, "%s does not answer, so it may run %s: %s", silent.node, about.domain, silent.msg)
    end
  end
  if about.running then
    contract.runs(check, facts, about.dest)
  else
    contract.is_off(check, facts, about.dest)
  end
  contract.same_definition(check, xml.map(about.xml, about), facts.rows[about.dest]
    and mig.dumpxml { on(about, "dest"), inactive = true }, #about.options.map > 0 and ", adapted" or nil)
  if about.running and #about.options.target > 0 then
    local silent = downtime.wait_for_answer(tx)
    check("answers", #silent == 0, "answers at " .. table.concat(about.options.target, ", "), "silent: "
      .. table.concat(silent, ", "))
  end
  for _, c in ipairs(checks) do
    tx:say(report.checks { c })
  end
  local bad = contract.bad(checks)
  if #bad > 0 then
    fail("verdict", nil, "check failed: %s", table.concat(bad, "; "))
  end
  return { checks = checks }
end

-- Retire --------------------------------------------------------------------------------------------------------------

-- Right before the source's copy goes: the other one is there, and still the file that was made of it.
local function has_arrived(about, file, made)
  local there = node.stat(about.dest, file.to)
  return there ~= nil and there.inode == made.copy.inode and there.size > 0
    and (about.running or node.same(made.copy, there) or made.copy.kind == "block")
end

-- Only what was copied by us, is still what was copied, has arrived, and nobody else uses. Backing files may be others'
-- too: they stay.
local function remove_disk(tx, i, file)
  local about = tx.about
  local made, now = tx:outcome("copy", file.path), node.stat(about.source, file.path)
  if not made or made.action ~= "copied" or not now or file.kind == "backing" or file.readonly then
    return false
  end
  local needed = users.of(about.source, file.path, now.inode, { uuid = about.uuid, node = about.source })
  if #needed > 0 then
    tx:say(("%s stays: it is used by %s"):format(file.path, table.concat(needed, ", ")))
  elseif not node.same(made.source, now) then
    tx:say(("%s stays: it is not as it was when it was copied"):format(file.path))
  elseif not has_arrived(about, file, made) then
    tx:say(("%s stays: its copy %s on %s is not there any more"):format(file.path, file.to, about.dest))
  elseif now.kind == "block" then
    return device.remove(tx, file, tx:outcome("check").actions[i])
  else
    return node.remove_if(about.source, file.path, made.source)
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

-- The definition and the disks are there, and what they were made from is as it was. Only then is the source touched.
local function assert_arrived(tx)
  local about = tx.about
  local there = whereabouts.on(about.dest, about.uuid)
  if not there or about.running and there.state ~= "running" then
    fail("state", "cleanup " .. about.domain .. " tells where it is",
      "%s is %s on %s: nothing of the source is touched", about.domain, there and there.state or "not defined",
      about.dest)
  end
  local here = whereabouts.on(about.source, about.uuid)
  if here and whereabouts.is_active(here) then
    fail("state", nil, "%s is %s on %s: nothing of it is touched", about.domain, here.state, about.source)
  end
  local states = copy.states(tx)
  for _, file in ipairs(states) do
    if file.copy == "gone" then
      fail("state", ("find out what happened to it; %s on %s is as it was"):format(file.path, about.source),
        "%s has no %s any more: nothing of the source is touched", about.dest, file.to)
    end
  end
  local changed = copy.first_changed(states)
  if here and changed.source and not changed.copy and not about.running then
    fail("state", ("rollback %s takes it back"):format(tx.id), "%s has been used on %s again (%s was changed), and not "
      .. "on %s", about.domain, about.source, changed.source, about.dest)
  end
  return here
end

-- What was written on the source since is nowhere else: then its definition and its disks stay, whatever was asked for.
local function must_keep(tx)
  local about, changed = tx.about, copy.first_changed(copy.states(tx)).source
  if changed then
    tx:say(("%s on %s was changed after it was copied: the source is kept"):format(changed, about.source))
  end
  return changed ~= nil
end

local function retire(tx)
  local about, o = tx.about, tx.about.options
  local here = assert_arrived(tx)
  local keep = not o.undefine_source or here and must_keep(tx)
  local done = {}
  if about.autostart then
    mig.autostart { on(about, "dest") }
    done[1] = "starts with " .. about.dest
  end
  if here and not keep then
    xml.undefine(on(about, "source"), mig.dumpxml { on(about, "source"), inactive = true }, here.managed_save)
    done[#done + 1] = "undefined on " .. about.source
  elseif here then
    mark_source(tx)
    if here.managed_save then -- it would be restored one day, on disks that it does not fit any more
      mig.managedsave_remove { on(about, "source") }
    end
    done[#done + 1] = "kept on " .. about.source .. ", marked as moved"
  end
  if o.remove_disks and not keep then
    done[#done + 1] = ("%d disks removed"):format(remove_disks(tx))
    copy.refresh(about, about.source, "path")
  end
  return { detail = table.concat(done, ", ") }
end

local function undo_retire(tx)
  local about = tx.about
  if about.autostart then
    mig.autostart { on(about, "dest"), disable = true }
  end
  unmark_source(tx)
end

function last.steps(about)
  return {
    { name = "carry", title = "snapshots and checkpoints", run = carry_all },
    { name = "start", title = about.running and "on " .. about.dest or "off on " .. about.dest, commit = true,
      about = { node = about.dest }, run = start, verify = verify_start,
      undo = unmark_source },
    { name = "verify", title = "on " .. about.dest, harmless = true, run = verify },
    { name = "retire", title = (about.options.undefine_source and "undefine on " or "keep on ") .. about.source
      .. (about.options.remove_disks and ", remove its disks" or ""), about = { node = about.source }, run = retire,
      undo = undo_retire },
  }
end

return last
