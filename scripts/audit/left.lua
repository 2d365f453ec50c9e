-- SPDX-License-Identifier: GPL-3.0-or-later
-- What was left lying about: parts of copies, saved states without a domain, undertakings that nobody has ended.
local evidence = require "guest.evidence"
local journals = require "guest.journals"
local line = require "lib.line"
local left = {}

local function ways_of(j)
  return ("resume %s goes on with it, rollback %s takes it back"):format(j.id, j.id)
end

local function part_of(j)
  return ("of %s of %s, journal %s (%s)"):format(j.command, j.about.domain or "no domain", j.id, j.state)
end

-- What is known of one file, as level, seen, why, remedy.
local function judge_part(part)
  local j = part.journal
  if part.kept then
    return "warn", j and part_of(j) or "of a workflow of which this console has no journal", "it was written to before "
      .. "the workflow was taken back, so it was kept", "look what it holds; if nobody needs it: " .. line.remove(
      part.node, part.path)
  elseif j and j.state == "running" then
    return "info", part_of(j), "a console is at work on it", "nothing has to be done"
  elseif j and journals.is_open(j) then
    return "info", part_of(j), "the undertaking is not finished, and may need it", ways_of(j)
  elseif part.open then
    return "info", "somebody has it open", "a copy is at work, or was cut off a moment ago",
      "nothing has to be done; who tells which consoles are at work"
  elseif j and part.useless then
    return "warn", part_of(j), "it is of no use any more", line.of("cleanup", j.about.uuid or j.about.domain,
      "--apply")
  elseif j then
    return "warn", part_of(j), "what replaced it is not there: it may be the last one", "find out what became of the "
      .. "disk before it is removed"
  elseif part.id then
    return "warn", "of a workflow of which this console has no journal", "another console may need it to go on",
      "ask who began it; if nobody goes on with it: " .. line.remove(part.node, part.path)
  end
  return "warn", "part of a copy that was cut off", "the same disk-copy or vol-copy goes on with it; else it is of no "
    .. "use", line.remove(part.node, part.path)
end

function left.parts(facts, out)
  for name, one in pairs(facts.nodes) do
    for _, part in ipairs(one.parts) do
      local level, seen, why, remedy = judge_part(part)
      out:add { id = "leftover-part", level = level, node = name, subject = part.path, seen = seen, why = why,
        remedy = remedy }
    end
  end
end

function left.saves(facts, out)
  for name, one in pairs(facts.nodes) do
    local has = {}
    for _, row in ipairs(one.rows) do
      has[row.name] = true
    end
    for _, domain in ipairs(one.saves) do
      local path = ("%s/%s.save"):format(evidence.SAVES, domain)
      if not has[domain] then
        out:add { id = "saved-orphan", level = "warn", node = name, subject = path, seen = ("the node has no domain %s")
          :format(domain), why = "the next one of that name would be started from it, on disks that it does not fit",
          remedy = line.remove(name, path) }
      end
    end
  end
end

-- One that is at work is no finding; one that cannot be read holds what it may have begun.
local function judge_journal(j)
  if j.state == "unreadable" then
    return "it cannot be read: " .. (j.error or "why is not known"), ("journal-show %s tells more, rollback %s "
      .. "--forget sets it aside and touches nothing"):format(j.id, j.id)
  elseif type(j.about) == "table" and j.about.workflow then
    return "it was left in the middle", ways_of(j)
  elseif journals.is_record(j) then
    return "its console was killed meanwhile", ("cleanup %s shows where the guest is, rollback %s --forget closes it")
      :format(mig.line(j.about.domain or "DOMAIN"), j.id)
  end
  return "it was left in the middle", ("%s again goes on, journal-revert %s takes it back"):format(j.command, j.id)
end

-- A command that makes things so and has done it since has made up for one that it did not end.
local function is_made_up_for(list, i)
  local is_workflow = type(list[i].about) == "table" and list[i].about.workflow or journals.is_record(list[i])
  for k = i + 1, #list do
    if not is_workflow and list[k].command == list[i].command and list[k].state == "done" then
      return true
    end
  end
  return false
end

function left.journals(list, out)
  for i, j in ipairs(list) do
    if journals.is_open(j) and j.state ~= "running" and not is_made_up_for(list, i) then
      local why, remedy = judge_journal(j)
      local about = type(j.about) == "table" and j.about or {}
      out:add { id = "journal-open", level = "warn", subject = ("%s, journal %s"):format(about.domain
        and ("%s of %s"):format(j.command, about.domain) or j.command or "journal", j.id), seen = j.state, why = why,
        remedy = remedy }
    end
  end
end

return left
