-- SPDX-License-Identifier: GPL-3.0-or-later
-- Workflows: an undertaking as a list of steps, each on the disk (a journal) before it acts and after it has, so that
-- another console can go on with it or take it back. A recipe has `workflow(about)`, which makes the steps anew from
-- what the journal's head says, and calls mig.transaction; nothing else of a run outlives its console.
local errors, mig, recipe, locks, told = ...
local Tx = {}
Tx.__index = Tx

local function key_of(name, key)
  return key and name .. " " .. key or name
end

-- The last record of each step, by the step's key.
local function last_records(journal)
  local last = {}
  for _, record in ipairs(journal:steps()) do
    last[key_of(record.name, record.about.key)] = record
  end
  return last
end

-- Of each step the last record of an attempt that may have changed something and was not taken back. A later one that
-- found nothing left to do does not hide it.
local function acted_records(journal)
  local acted = {}
  for _, record in ipairs(journal:steps()) do
    if record.state ~= "unchanged" then
      acted[key_of(record.name, record.about.key)] = record.state ~= "undone" and record or nil
    end
  end
  return acted
end

local function check_steps(steps)
  local seen = {}
  for i, step in ipairs(steps) do
    local key = type(step.name) == "string" and key_of(step.name, step.key)
    if not key or type(step.run) ~= "function" then
      errors.raise("usage", "workflow: step %d needs a name and a function run", i)
    elseif seen[key] then
      errors.raise("usage", "workflow: two steps are '%s': give them different keys", key)
    end
    seen[key] = true
  end
end

-- The workflow of an open journal, and the lock on its nodes. own: the caller's, who then tells what becomes of it.
local function make(journal, hold, own)
  local workflow = recipe.workflow(journal.command)(journal.about)
  check_steps(workflow.steps)
  local tx = setmetatable({ journal = journal, hold = hold, id = journal.id, about = journal.about, own = own or {},
    silent = own ~= nil, steps = workflow.steps, quiet = workflow.quiet, finish = workflow.finish,
    begun = workflow.begun, ended = workflow.ended, truth = workflow.truth, redo = workflow.redo,
    undo_done = workflow.undo_done, outcomes = {}, list = mig.array {} }, Tx)
  for key, record in pairs(last_records(journal)) do
    if record.state == "done" or record.state == "unchanged" then
      tx.outcomes[key] = record.outcome
    end
  end
  return tx
end

-- What a step of that name came to, if it has been done.
function Tx:outcome(name, key)
  local value = self.outcomes[key_of(name, key)]
  return value ~= mig.null and value or nil
end

function Tx:say(text)
  mig.notice(self.about.domain and ("%s: %s"):format(self.about.domain, text) or text)
end

-- The state of a step, for the operator and the result.
function Tx:tell(step, state, detail, seconds)
  local title = step.title or step.name
  self.list[#self.list + 1] = { name = step.name, key = step.key, title = title, state = state, detail = detail,
    seconds = seconds }
  local expected = state == "done" or state == "unchanged" or self.giving_up and state == "undone"
  if self.silent or self.quiet and not self.resumed and expected then
    return
  end
  self:say(("%-11s %-9s %s%s"):format("[" .. state .. "]", step.name, title, detail and ": " .. detail or ""))
end

-- The step behind which there is no way back, as far as the records tell.
function Tx:committed()
  local last = last_records(self.journal)
  for _, step in ipairs(self.steps) do
    local record = step.commit and last[key_of(step.name, step.key)]
    if record and record.state == "done" then
      return step
    end
  end
end

-- The same asked of the world, where the workflow has no `truth` of its own: a point of no return whose end nobody saw
-- has to say itself whether it is behind us.
function Tx:judge_records()
  local last = last_records(self.journal)
  for _, step in ipairs(self.steps) do
    local record = step.commit and last[key_of(step.name, step.key)]
    local state = record and record.state
    if state == "done" or (state == "intent" or state == "failed") and step.verify(self, step, record) then
      return { verdict = "forward", said = step.point or ("the step %s was a point of no return"):format(step.name),
        why = {} }
    end
  end
  return { verdict = "back", said = "no point of no return is behind it", why = {} }
end

-- Which way is safe, by what is so now, whatever the records say; the one answer for rollback, resume and cleanup.
-- {verdict, said, why}: "back", "forward", "neither" (somebody has gone on without us: nothing may be touched) or
-- "unknown" (not all who have to be asked have answered). See `help lua`.
function Tx:judge()
  return (self.truth or self.judge_records)(self)
end

-- The operator insists, although somebody has not answered.
function Tx:forced()
  return self.force or self.about.options ~= nil and self.about.options.force == true or false
end

-- Has a step acted that would have to be taken back?
function Tx:has_acted()
  local acted = acted_records(self.journal)
  for _, step in ipairs(self.steps) do
    if acted[key_of(step.name, step.key)] and not step.harmless then
      return true
    end
  end
  return false
end

-- Raised to the operator, with the way on. `text`: what failed.
function Tx:stop(err, text)
  self.failure = { code = err.code, msg = text }
  local hint = err.hint
  if self:has_acted() then
    self.journal:finish "failed"
    local way = self:committed() and ("resume %s goes on"):format(self.id)
      or ("resume %s goes on, rollback %s takes it back"):format(self.id, self.id)
    hint = hint and hint .. "; then: " .. way or way
  else
    self.journal:finish "reverted"
    if not self.silent and not self.quiet then
      self:say "nothing was changed"
    end
  end
  local value = { journal = self.id, state = self.journal.state, steps = self.list, error = { code = err.code,
    msg = err.msg } }
  mig.error { code = err.code, msg = text, hint = hint, value = value, text = "" }
end

-- Everything but a Ctrl-C's effect on the caller: that has to be written down, too.
local function attempt(fn, ...)
  local ok, value, unchanged = xpcall(fn, errors.handler, ...)
  if ok then
    return value, nil, unchanged
  end
  return nil, value
end

-- fn(self, …), which changes something: not without the lock.
function Tx:change(fn, ...)
  self.hold:check()
  return fn(self, ...)
end

-- A step that is nothing by halves is taken back where it failed, with those before it, if that is safe. If that fails
-- too, rollback has it still to do.
function Tx:after_failure(step)
  if not step.undo_at_once then
    return
  end
  local judged, unclear = attempt(self.judge, self)
  if not judged or judged.verdict ~= "back" then
    mig.warn(("what it left is not touched: %s"):format(judged and judged.said or unclear.msg))
    return
  end
  self.giving_up = true
  local _, err = attempt(self.undo_acted, self)
  if err then
    mig.warn(("what it left could not be taken back: %s"):format(err.msg))
  end
end

-- `last`: the record of an attempt before this one, which may have acted.
function Tx:do_step(step, last)
  local about, from = { title = step.title, key = step.key, commit = step.commit }, os.time()
  local _, lost = attempt(self.hold.check, self.hold)
  if lost then
    self:stop(lost, lost.msg)
  end
  local own = step.about
  if type(own) == "function" then
    local wrong
    own, wrong = attempt(own, self, step, last)
    if wrong then
      self:tell(step, "failed", wrong.msg)
      self:stop(wrong, ("step %s: %s"):format(key_of(step.name, step.key), wrong.msg))
    end
  end
  for key, value in pairs(own or {}) do
    about[key] = value
  end
  local record = self.journal:intent(step.name, about)
  local value, err, unchanged = attempt(step.run, self, step, record)
  if err then
    self.journal:outcome(record, "failed", { code = err.code, msg = err.msg })
    if not self.quiet or self.resumed then
      self:tell(step, "failed", err.msg)
    end
    self:after_failure(step)
    self:stop(err, self.quiet and err.msg or ("step %s: %s"):format(key_of(step.name, step.key), err.msg))
  end
  self.journal:outcome(record, unchanged and "unchanged" or "done", value)
  self.outcomes[key_of(step.name, step.key)] = value
  self:tell(step, unchanged and "unchanged" or "done", type(value) == "table" and value.detail or nil,
    os.time() - from)
end

-- A step that was begun and whose end nobody saw: its verify tells what it came to, or it is done again.
function Tx:take_up(step, record)
  local value, err = attempt(step.verify or function() end, self, step, record)
  if err then
    self:tell(step, "unknown", err.msg)
    self:stop(err, ("step %s: how it ended cannot be told: %s"):format(key_of(step.name, step.key), err.msg))
  elseif value then
    value = value ~= true and value or nil
    self.journal:outcome(record, "done", value)
    self.outcomes[key_of(step.name, step.key)] = value
    self:tell(step, "done", "was done before the interruption")
  else
    self:do_step(step, record)
  end
end

function Tx:run()
  local last, acted = last_records(self.journal), acted_records(self.journal)
  for _, step in ipairs(self.steps) do
    local record = last[key_of(step.name, step.key)]
    local state = record and record.state
    if (state == "done" or state == "unchanged") and not self.redo then
      self:tell(step, "skipped", "was " .. state .. " before")
    elseif state == "intent" then
      self:take_up(step, record)
    else
      self:do_step(step, acted[key_of(step.name, step.key)])
    end
  end
  self.journal:finish "done"
  if self.finish then
    return self.finish(self)
  end
  return { journal = self.id, state = "done", steps = self.list }
end

-- The workflow's own clean-up (a watch …), however the run ends.
function Tx:__close()
  if self.ended then
    self.ended(self)
  end
  if self.told then
    told.ended(self.journal, self.hold.nodes, self.told)
  end
end

-- Is told of where it begins, or is taken up again; __close tells its end.
function Tx:tell_begin()
  self.told = told.begin(self.journal, self.hold.nodes)
end

-- Begins an undertaking of the recipe `command`. about: all its steps are made from, and nothing secret; about.lock
-- names what nobody else may work on meanwhile, on about.nodes, about.domain is shown. own: what only this console has.
function mig.transaction(command, about, own)
  local head = { workflow = true }
  for key, value in pairs(about) do
    head[key] = value
  end
  local journal <close> = mig.journal_begin(command, head)
  local hold <close> = locks.take(journal)
  local tx <close> = make(journal, hold, own)
  tx:tell_begin()
  if tx.begun then
    tx:begun()
  end
  return tx:run()
end

-- Taking it up again and back -----------------------------------------------------------------------------------------

-- What libvirt did in one call (migrate): it has given up, or goes on by itself, and neither is ours to do.
local function open_record(journal, verb)
  local about, ended = journal.about, journal.found ~= "interrupted"
  if verb == "forget" and not ended then
    return journal
  end
  journal:release()
  if verb == "forget" then
    errors.raise("state", "%s is closed already", journal.id)
  end
  mig.error { code = "state", msg = ("%s only tells what libvirt's %s did: it cannot be %s"):format(journal.id,
    journal.command, verb == "resume" and "gone on with" or "taken back"),
    hint = ("cleanup %s shows where the guest is"):format(about.domain) .. (ended and ""
      or ("; rollback %s --forget closes the journal"):format(journal.id)) }
end

local function open_workflow(id, verb)
  local journal = mig.journal_open(id)
  if journal.about.record == true then
    return open_record(journal, verb)
  end
  if journal.about.workflow ~= true and verb ~= "forget" then
    local command = journal.command
    journal:release()
    if verb == "roll back" then
      return nil
    end
    mig.error { code = "state", msg = ("%s is a journal of %s, which is not a workflow"):format(id, command),
      hint = ("%s … --apply does the rest"):format(command) }
  end
  return journal
end

-- Neither way is open, or it is not known which is.
function Tx:refuse(judged, verb)
  self.journal:finish "failed"
  local ways = { unknown = "cleanup DOMAIN shows what is known; try again once all nodes answer",
    neither = ("cleanup DOMAIN shows where it is; rollback %s --forget closes the journal and touches nothing"):format(
      self.id), forward = ("resume %s goes on"):format(self.id) }
  mig.error { code = judged.verdict == "unknown" and "unreachable" or "state", msg = ("%s cannot be %s: %s"):format(
    self.id, verb, judged.said), hint = (ways[judged.verdict]:gsub("DOMAIN", self.about.domain or "")),
    value = { journal = self.id, verdict = judged.verdict, why = mig.array(judged.why) }, text = "" }
end

function mig.transaction_resume(id, force, own)
  local journal <close> = open_workflow(id, "resume")
  local state = journal.found
  if state == "done" or state == "reverted" then
    mig.error { code = "state", msg = state == "done" and id .. " is done: there is nothing to continue"
      or id .. " was taken back: start again" }
  end
  for _, record in ipairs(journal:steps()) do
    if record.state:find "^und" then
      mig.error { code = "state", msg = id .. " is being taken back", hint = ("rollback %s goes on"):format(id) }
    end
  end
  local hold <close> = locks.take(journal)
  local tx <close> = make(journal, hold, own)
  tx.resumed, tx.force = true, force
  tx:tell_begin()
  local judged = tx:judge()
  if judged.verdict == "neither" or judged.verdict == "unknown" and not force then
    tx:refuse(judged, "gone on with")
  end
  return tx:run()
end

function Tx:undo_step(step, record)
  self.journal:outcome(record, "undoing", record.outcome)
  local value, err = attempt(self.change, self, step.undo, step, record)
  if err then
    self.journal:outcome(record, "undo-failed", { code = err.code, msg = err.msg })
    self.journal:finish "failed"
    self:tell(step, "undo-failed", err.msg)
    local way = ("rollback %s goes on, once that is mended"):format(self.id)
    mig.error { code = err.code, msg = ("taking back %s: %s"):format(key_of(step.name, step.key), err.msg),
      hint = err.hint and err.hint .. "; then: " .. way or way, value = { journal = self.id, steps = self.list },
      text = "" }
  end
  self.journal:outcome(record, "undone")
  self:tell(step, "undone", type(value) == "string" and value or nil)
end

-- Undoes whatever has acted, the last step first.
function Tx:undo_acted()
  local acted = acted_records(self.journal)
  for i = #self.steps, 1, -1 do
    local step = self.steps[i]
    local record = acted[key_of(step.name, step.key)]
    if step.undo and record then
      self:undo_step(step, record)
    end
  end
end

function Tx:roll_back()
  local judged = self:judge()
  if judged.verdict ~= "back" then
    self:refuse(judged, "taken back")
  end
  self:undo_acted()
  self.journal:finish "reverted"
  return { journal = self.id, state = "reverted", steps = self.list }
end

-- What Tx:judge() says of an unfinished one that nobody is at work on. Nothing is done, on the nodes or in the journal.
function mig.transaction_judge(id)
  local journal <close> = open_workflow(id, "judge")
  local tx <close> = make(journal)
  local judged = tx:judge()
  journal:release()
  return judged
end

-- Of a node's changes, and of nothing else, the journal itself knows the way back; journal-revert says so.
local function revert_changes(id)
  local value = mig.journal_revert { id }
  return { journal = id, state = "reverted", steps = value.items }
end

-- A node's changes are nothing but edits (journal-revert): they can be taken back later all the same.
local function forget(journal)
  if journal.found == "done" or journal.found == "reverted" then
    errors.raise("state", "%s is %s: it is closed already", journal.id, journal.found)
  elseif journal.about.workflow or journal.about.record then
    journal:outcome(journal:intent("forget", { title = "nothing was gone on with or taken back" }), "done")
  end
  journal:finish "done"
  return { journal = journal.id, state = "done", steps = mig.array {} }
end

local function check_undo(journal)
  if journal.found == "done" and not recipe.workflow(journal.command)(journal.about).undo_done then
    mig.error { code = "state", msg = journal.id .. " is done: it cannot be taken back any more",
      hint = "do the opposite: migrate the domain back" }
  end
end

function mig.transaction_rollback(id, only_forget, own)
  if only_forget and locks.is_unreadable(id) then
    return { journal = id, state = "aside", file = mig.journal_set_aside(id), steps = mig.array {} }
  end
  local journal <close> = open_workflow(id, only_forget and "forget" or "roll back")
  if not journal then
    return revert_changes(id)
  end
  if only_forget then
    return forget(journal)
  end
  check_undo(journal)
  if journal.found == "reverted" then
    return { journal = id, state = "reverted", steps = mig.array {} }
  end
  local hold <close> = locks.take(journal)
  local tx <close> = make(journal, hold, own)
  tx:tell_begin()
  return tx:roll_back()
end
