-- SPDX-License-Identifier: GPL-3.0-or-later
-- Journals (core/journal/journal.h) for recipes. The steps are kept here as well, as tables that intent() hands out and
-- outcome() brings up to date; what counts is on the disk before either returns.
local core, errors, sched, mig = ...
local Journal = { __name = "journal" }
Journal.__index = Journal

local function new(what, start, ...)
  local raw
  local value = sched.await(what, function(...)
    local op
    op, raw = start(...)
    return op
  end, ...)
  value.raw, value.list, value.steps = raw, value.steps, nil
  value.state = "running"
  return setmetatable(value, Journal)
end

function mig.journal_begin(command, about)
  return new("mig.journal_begin", core.journal_begin, command, about)
end

function mig.journal_open(id)
  return new("mig.journal_open", core.journal_open, id)
end

-- One that cannot be read holds what it may have begun, until somebody says that it need not: its file's new name.
function mig.journal_set_aside(id)
  return sched.await("mig.journal_set_aside", core.journal_set_aside, id)
end

function mig.journals(command)
  return sched.await("mig.journals", core.journals, command)
end

-- Before a step acts. When this raises the step must not be begun.
function Journal:intent(name, about)
  local number = sched.await("journal:intent", core.journal_intent, self.raw, name, about)
  local step = { number = number, name = name, about = about, state = "intent" }
  self.list[#self.list + 1] = step
  return step
end

-- After it acted, before and after it is undone.
function Journal:outcome(step, state, value)
  if type(step) ~= "table" or not step.number then
    errors.raise("usage", "journal:outcome: a step is wanted, not a %s", type(step))
  end
  sched.await("journal:outcome", core.journal_outcome, self.raw, step.number, state, value)
  step.state, step.outcome = state, value
end

-- kept: a table of what is to be remembered of all of it, or nil.
function Journal:finish(state, kept)
  sched.await("journal:finish", core.journal_finish, self.raw, state, kept)
  self.state = state
end

-- Tells the systemd journal of this machine that it begins, or what became of it. Returns the fields for the nodes',
-- or nil where it is not about a guest.
function Journal:tell(ends)
  return sched.await("journal:tell", core.journal_tell, self.raw, ends)
end

-- All steps, in the order of their intents.
function Journal:steps()
  return { table.unpack(self.list) }
end

function Journal:close()
  self.raw:close()
end

function Journal:release()
  self.raw:release()
end

Journal.__close = Journal.close

function Journal:__view()
  return "journal " .. self.id
end

Journal.__tostring = Journal.__view
