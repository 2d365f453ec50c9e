-- SPDX-License-Identifier: GPL-3.0-or-later
-- Whose turn is it: given what every node answers about a guest that an unfinished undertaking was moving, which way is
-- safe? Pure: guest/evidence.lua gathers the facts, recipes and cleanup act on the verdict. What is not known decides
-- before what is: a silent node is "unknown", and an absent definition tells nothing about where the guest has run.
--
-- Facts: {domain, source (nil: it was brought from a directory), dest,
--   silent = {{node, msg}}       who did not answer, or is not in the inventory any more
--   rows = {[node] = {state, reason, managed_save}}   every definition and every running copy
--   others = {[node] = journal}  whose mark the definition bears that another undertaking left on the source or made
--                                on the destination
--   reason_before                the reason of the destination's row before we began, which tells nothing
--   files = {{path, to, action, common, source, copy, users}}   of each file that we made (action "copied") or found
--                                there: source and copy are "same", "changed", "gone" or nil (not known, or there is
--                                none), users those who need or have open what was made, as texts; common: a base or a
--                                CD-ROM's image, which other guests read as well
--   handed_over                  the records say that it ran on the destination
--   defined_before = {node}      who defined it when the undertaking began, or nil: not known
--   live                         it was to be moved while it ran: a source that says "migrated" has let it go
--   carried_save                 a saved state on the destination is one that we brought }
-- Verdict: {verdict = "back" (the source is the guest, the rest may be undone), "forward" (the destination is the
-- guest), "neither" (the guest went on in a way that the undertaking does not know: nothing of it may be touched) or
-- "unknown", said = a clause for a message, why = {lines about the disks}, split = the guest runs on the destination
-- with memory that is still on the source}
local lists = require "lib.list"
local whereabouts = require "guest.whereabouts"
local truth = {}

-- Reasons of a domain that is off which say that it has been on. "failed" is a start that came to nothing.
local HAS_RUN = { shutdown = true, destroyed = true, crashed = true, migrated = true, saved = true,
  ["from snapshot"] = true }

-- What the disks say, in lines.
local function lines_of(facts)
  local lines = {}
  for _, file in ipairs(facts.files) do
    if file.copy == "changed" or file.copy == "gone" then
      lines[#lines + 1] = ("%s: %s %s"):format(facts.dest, file.to, file.copy == "gone" and "is not there any more"
        or "has been written to since it was made")
    end
    if file.source == "changed" or file.source == "gone" then
      lines[#lines + 1] = ("%s: %s %s"):format(facts.source, file.path, file.source == "gone"
        and "is not there any more" or "has been written to since it was copied")
    end
    for _, user in ipairs(file.users or {}) do
      lines[#lines + 1] = ("%s: %s is in use: %s"):format(facts.dest, file.to, user)
    end
  end
  return lines
end

local function any_file(facts, test)
  for _, file in ipairs(facts.files) do
    if test(file) then
      return file
    end
  end
end

local function written_there(facts)
  return any_file(facts, function(file)
    return file.copy == "changed" and file.action == "copied" -- what was there before is other people's
  end)
end

-- Who reads a common file tells nothing of this guest: discard.lua leaves it to him.
local function in_use(facts)
  return any_file(facts, function(file)
    return not file.common and file.users and #file.users > 0
  end)
end

-- What we made is all that there is of it.
local function last_copy(facts)
  return any_file(facts, function(file)
    return file.source == "gone" and file.copy ~= "gone"
  end)
end

local function written_here(facts)
  return any_file(facts, function(file)
    return file.source == "changed"
  end)
end

-- libvirt forgets reasons when its daemon is restarted: they prove that it has run, and their lack proves nothing.
local function libvirt_saw_it_run(facts)
  local there, here = facts.rows[facts.dest], facts.source and facts.rows[facts.source]
  if there and there.managed_save and not facts.carried_save then
    return "it has a saved state there"
  elseif there and HAS_RUN[there.reason] and there.reason ~= facts.reason_before then
    return ("libvirt says there: %s"):format(there.reason)
  elseif facts.live and here and here.reason == "migrated" then
    return ("libvirt says on %s: migrated"):format(facts.source)
  end
end

-- What shows it, or nil.
local function has_run_there(facts)
  local written, used = written_there(facts), in_use(facts)
  return facts.handed_over and "the records say so"
    or written and written.to .. " has been written to since it was made"
    or used and ("%s is in use: %s"):format(used.to, used.users[1])
    or libvirt_saw_it_run(facts)
end

-- One copy is active, on `at`.
local function judge_active(facts, at)
  local row = facts.rows[at]
  if at == facts.dest then
    return "forward", ("it has run on %s, and is %s there: the copy there is the guest"):format(at, row.state)
  elseif at ~= facts.source then
    return "neither", ("it is %s on %s, where this undertaking did not bring it"):format(row.state, at)
  elseif in_use(facts) then
    return "neither", ("it is %s on %s, and %s on %s is in use"):format(row.state, at, in_use(facts).to, facts.dest)
  elseif last_copy(facts) then
    return "neither", ("%s on %s is gone, and its copy on %s is the last one"):format(last_copy(facts).path, at,
      facts.dest)
  elseif written_there(facts) then
    return "neither", ("it is %s on %s, but %s on %s has been written to since it was made"):format(row.state, at,
      written_there(facts).to, facts.dest)
  end
  return "back", ("it is %s on %s, and nothing was written on %s"):format(row.state, at, facts.dest)
end

-- A third node that defines it now: its newest data may be there. What another undertaking left there is older.
local function came_elsewhere(facts)
  for _, name in ipairs(facts.source and facts.defined_before and lists.keys(facts.rows) or {}) do
    local mark = facts.rows[name].mark
    if name ~= facts.source and name ~= facts.dest and not lists.has(facts.defined_before, name)
      and not (mark and mark.role == "moved") then
      return name
    end
  end
end

local function judge_off(facts)
  local elsewhere = came_elsewhere(facts)
  if elsewhere then
    return "neither", ("it is defined on %s, where it was not when this undertaking began"):format(elsewhere)
  end
  local here, there = facts.source == nil or facts.rows[facts.source], facts.rows[facts.dest]
  local ran, used = has_run_there(facts), facts.source and written_here(facts)
  if ran and used then
    return "neither", ("it has run on %s (%s), and %s on %s was written to as well: look at both"):format(facts.dest,
      ran, used.path, facts.source)
  elseif ran and there then
    return "forward", ("it has run on %s (%s): the copy there is the guest"):format(facts.dest, ran)
  elseif ran then
    return "neither", ("it has run on %s (%s) and is not defined there any more; its newest data may be in the files "
      .. "there"):format(facts.dest, ran)
  elseif last_copy(facts) then
    return there and "forward" or "neither", ("%s on %s is gone, and its copy on %s is the last one"):format(
      last_copy(facts).path, facts.source, facts.dest)
  elseif here then
    return "back", ("nothing shows that it has run on %s"):format(facts.dest)
  elseif there then
    return "forward", ("it is not defined on %s any more"):format(facts.source)
  end
  return "neither", ("neither %s nor %s defines it"):format(facts.source, facts.dest)
end

-- A guest that was to be moved while it runs, and runs on the source: what a third node does not say changes nothing,
-- as nothing but a definition on the destination is to be undone.
local function need_not_wait(facts)
  local here = facts.live and facts.rows[facts.source]
  if not here or not whereabouts.is_active(here) then
    return false
  end
  for _, silent in ipairs(facts.silent) do
    if silent.node == facts.source or silent.node == facts.dest then
      return false
    end
  end
  return true
end

-- In post-copy the guest is on both: its CPUs on the destination, what has not followed yet on the source.
local function judge_split(facts)
  local here, there = facts.live and facts.rows[facts.source], facts.rows[facts.dest]
  if not (here and there and here.state == "paused" and whereabouts.is_active(there)) then
    return nil
  elseif here.reason == "post-copy" then
    return "unknown", ("a post-copy to %s is under way"):format(facts.dest)
  elseif here.reason == "post-copy failed" then
    return "forward", ("the post-copy was broken off: it runs on %s, and needs memory that is still on %s"):format(
      facts.dest, facts.source), true
  end
end

local function decide(facts)
  local silent = facts.silent[1]
  if silent and not need_not_wait(facts) then
    return "unknown", ("%s does not answer, and may run it (%s)"):format(silent.node, silent.msg)
  end
  local active = {}
  for _, name in ipairs(lists.keys(facts.rows)) do
    local row = facts.rows[name]
    if whereabouts.is_active(row) and (facts.source or name == facts.dest) then
      active[#active + 1] = name
      if row.state == "paused" and row.reason == "migrating" then
        return "unknown", ("a migration to %s is still under way"):format(name)
      end
    end
  end
  local other = facts.others[facts.source or facts.dest] or facts.others[facts.dest]
  if other then
    return "neither", ("another undertaking has moved it meanwhile (journal %s)"):format(other)
  elseif #active == 2 and judge_split(facts) then
    return judge_split(facts)
  elseif #active > 1 then
    return "neither", "it is active on " .. table.concat(active, " and ")
  elseif active[1] then
    return judge_active(facts, active[1])
  end
  return judge_off(facts)
end

function truth.judge(facts)
  local verdict, said, is_split = decide(facts)
  return { verdict = verdict, said = said, why = lines_of(facts), split = is_split }
end

return truth
