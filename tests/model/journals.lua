-- SPDX-License-Identifier: GPL-3.0-or-later
-- Journals as core/journal/journal.c and lua/lib/journal.lua have them, in memory, one list for each admin (his state
-- directory). What counts is what was stored: a console that is killed at a record has written it or has not.
local journals = {}

local Journal = {}
Journal.__index = Journal
Journal.__name = "journal"

-- How a journal that nobody has open was left.
local function state_of(j)
  if j.opened then
    return "running"
  end
  return j.ended or "interrupted"
end

local ends = { done = true, failed = true, reverted = true }
local outcomes = { done = true, unchanged = true, failed = true, undoing = true, undone = true, ["undo-failed"] = true }

function journals.install(fake)
  local mig = fake.mig

  local function lock_holder(admin, lock)
    for _, j in ipairs(admin.journals) do
      local state = state_of(j)
      if lock and j.about.lock == lock and (state == "running" or #j.steps > 0 and state ~= "done"
        and state ~= "reverted") then
        return j
      end
    end
  end

  local function handle(j)
    local console = fake.console()
    j.opened = console
    console.open[#console.open + 1] = j
    return setmetatable({ raw = j, id = j.id, command = j.command, about = fake.copy(j.about), time = j.time,
      state = "running", found = j.ended or "interrupted", list = fake.copy(j.steps) }, Journal)
  end

  function mig.journal_begin(command, about)
    local console = fake.console()
    local holder = lock_holder(console.admin, about.lock)
    if holder then
      mig.fail("state", ("resume %s goes on"):format(holder.id), "%s is at work or was not finished: journal %s",
        holder.command, holder.id)
    end
    console.world.n_journals = (console.world.n_journals or 0) + 1
    local j = { id = ("20261121-041914.%03d-%s-%06x"):format(console.world.n_journals, command,
      0xa00000 + console.world.n_journals * 0x1111), command = command, about = fake.copy(about), steps = {},
      time = console.world.clock, admin = console.admin }
    table.insert(console.admin.journals, j)
    return handle(j)
  end

  local function find(id)
    for _, j in ipairs(fake.console().admin.journals) do
      if j.id == id then
        return j
      end
    end
    mig.fail("not-found", nil, "no journal %s", id)
  end

  function mig.journal_open(id)
    local j = find(id)
    if j.opened then
      mig.fail("state", nil, "another console has journal %s open", id)
    end
    return handle(j)
  end

  function mig.journals(command)
    local list = {}
    for _, j in ipairs(fake.console().admin.journals) do
      if not command or j.command == command then
        list[#list + 1] = { id = j.id, command = j.command, about = fake.copy(j.about), time = j.time,
          state = state_of(j) }
      end
    end
    return list
  end

  function mig.journal_show(args)
    local j = find(args[1])
    local steps = {}
    for i, s in ipairs(j.steps) do
      steps[i] = { step = s.number, name = s.name, state = s.state, title = s.about.title }
    end
    return { id = j.id, command = j.command, about = fake.copy(j.about), state = state_of(j), steps = steps }
  end

  -- A record reaches the disk, or the console dies before or behind that.
  local function store(name, kind, fn)
    local label = kind == "end" and "the end of the journal" or ("the %s of step %s"):format(kind, name)
    fake.point("before " .. label, { name = name, kind = kind, stored = false })
    fn()
    fake.point("behind " .. label, { name = name, kind = kind, stored = true })
  end

  function Journal:intent(name, about)
    local step = { number = #self.raw.steps + 1, name = name, about = about, state = "intent" }
    store(name, "intent", function()
      self.raw.steps[step.number] = fake.copy(step)
      self.raw.ended = nil
    end)
    self.list[#self.list + 1] = step
    return step
  end

  function Journal:outcome(step, state, value)
    if not outcomes[state] then
      fake.console().world:broken("journal:outcome: '%s' is no state", tostring(state))
    end
    store(step.name, state:find "^und" and state or "outcome", function()
      local stored = self.raw.steps[step.number]
      stored.state, stored.outcome = state, fake.copy(value)
    end)
    step.state, step.outcome = state, value
  end

  function Journal:finish(state, kept)
    if not ends[state] then
      fake.console().world:broken("journal:finish: '%s' is no state", tostring(state))
    end
    store("finish", "end", function()
      self.raw.ended, self.raw.kept = state, fake.copy(kept) or self.raw.kept
    end)
    self.state = state
  end
end

function Journal:steps()
  return { table.unpack(self.list) }
end

local function let_go(j)
  j.opened = nil
  if #j.steps == 0 then
    for i, other in ipairs(j.admin.journals) do
      if other == j then
        table.remove(j.admin.journals, i)
        return
      end
    end
  end
end

function Journal:close()
  if self.raw.opened then
    let_go(self.raw)
  end
end

function Journal:release()
  self.raw.opened = nil
end

Journal.__close = Journal.close

-- What it had open is free: the kernel sees to that, whatever became of it. An empty one stays, as its file does.
function journals.console_ended(console)
  for _, j in ipairs(console.open) do
    j.opened = nil
  end
end

return journals
