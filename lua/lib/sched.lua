-- SPDX-License-Identifier: GPL-3.0-or-later
-- The scheduler: tasks are coroutines that take turns on the main thread. One that waits has yielded AWAIT; what it
-- waits for wakes it with a ticket, so that a late wake-up of something given up is not taken for another. Nothing here
-- blocks or knows a command.
--
-- A run is what the console started (a chunk, a script, a recipe): its main task and all that this spawned. It ends
-- when all of them have. Cancelling reaches each task once: what it waits for is asked to end, and when that has ended,
-- "cancelled" is raised in the task; its <close> variables and handlers may then wait again.
local core, errors = ...
local create, close, status, isyieldable = coroutine.create, coroutine.close, coroutine.status, coroutine.isyieldable
local resume, yield = coroutine.resume, coroutine.yield
local pack, unpack = table.pack, table.unpack

local sched = {}
local AWAIT = {}
local current -- the task whose turn it is
local loading = false -- a recipe's definitions are being read, perhaps in the middle of a task
local ready, head, tail, posted = {}, 1, 0, false
local waiting = {} -- operation -> function(value, err)
local runs = {} -- handle -> run
local background = { live = {}, count = 0, failed = {} } -- tasks that outlived their line at the prompt

local Task = { __name = "task" }
Task.__index = Task

local function enqueue(task)
  tail = tail + 1
  ready[tail] = task
  if not posted then
    posted = true
    core.post()
  end
end

local function ticket_of(task)
  task.ticket = (task.ticket or 0) + 1
  return task.ticket
end

local function wake(task, ticket, ...)
  if task.ticket == ticket and not task.woken then
    task.woken = pack(...)
    enqueue(task)
  end
end

-- Raises the cancellation that was asked for; `err`, of what was waited for, may know better what it came to.
local function check(task, err)
  if task.cancelled == "asked" then
    task.cancelled = "told"
    local told = type(err) == "table" and err.code == "cancelled"
    task.cancellation = told and err or errors.new { code = "cancelled", msg = "cancelled" }
    error(task.cancellation, 0)
  end
end

-- The task that may wait here, or an error that says why it cannot.
local function waiter(what)
  if not current or loading then
    errors.raise("usage", "%s: nothing can be waited for while a file is being loaded", what)
  end
  if not isyieldable() then
    errors.raise("usage", "%s: cannot wait within table.sort, string.gsub, require or a __gc", what)
  end
  check(current)
  return current
end

-- Waits for wake(task, ticket, …); `abort` is called if the task is cancelled meanwhile, and has to see to it.
local function suspend(task, abort)
  task.abort = abort
  yield(AWAIT)
  local woken = task.woken
  task.woken, task.abort, task.ticket = nil, nil, task.ticket + 1
  check(task, woken[2])
  return unpack(woken, 1, woken.n)
end

local function cancel(task)
  if task.ended or task.cancelled then
    return
  end
  task.cancelled = "asked"
  local abort = task.abort
  if abort then
    task.abort = nil
    abort()
  end
end

-- Somebody takes its failure on.
local function see(task)
  task.seen = true
  task.run.failed[task] = nil
end

local function on_end(task, fn)
  see(task)
  if task.ended then
    fn()
  else
    task.on_end[#task.on_end + 1] = fn
  end
end

local function outcome(task)
  if not task.ok then
    error(task.err, 0)
  end
  return unpack(task.results, 1, task.results.n)
end

local function each(set, fn)
  local list = {} -- fn may change the set
  for item in pairs(set) do
    list[#list + 1] = item
  end
  for _, item in ipairs(list) do
    fn(item)
  end
end

local function leave(run, task)
  run.live[task] = nil
  run.count = run.count - 1
end

local function enter(run, task)
  task.run = run
  run.live[task] = true
  run.count = run.count + 1
end

local function end_run(run)
  runs[run.handle] = nil
  local err, first = not run.main.ok and run.main.err, nil
  for task, order in pairs(run.failed) do
    if not run.main.err and (not first or order < first) then
      err, first = task.err, order
    end
  end
  if err then
    if err.traceback and core.tracebacks() then
      core.notice(err.traceback)
    end
    core.run_end(run.handle, true, err)
  else
    core.run_end(run.handle, false, run.present(unpack(run.main.results, 1, run.main.results.n)))
  end
end

local function settle(run, task)
  leave(run, task)
  if task ~= run.main and not task.ok then
    run.failed_count = (run.failed_count or 0) + 1
    run.failed[task] = not task.seen and run.failed_count or nil
  end
  if run == background then
    run.failed = {}
    if not task.ok and not task.seen and task.err.code ~= "cancelled" then
      core.notice(("task %s: %s"):format(task.name, task.err.msg), true)
    end
    return
  end
  if task == run.main then
    if not task.ok then
      each(run.live, cancel)
    elseif run.detach then
      each(run.live, function(other)
        leave(run, other)
        enter(background, other)
      end)
    end
  end
  if run.main.ended and run.count == 0 then
    end_run(run)
  end
end

local function finish(task, ok, ...)
  task.ended, task.ok = true, ok
  if ok then
    task.results = pack(...)
  else
    task.err = errors.normalise(...)
  end
  for _, fn in ipairs(task.on_end) do
    fn()
  end
  settle(task.run, task)
end

local function after_step(task, ok, ...)
  current = nil
  if status(task.co) ~= "dead" then
    if (...) ~= AWAIT then -- a bare coroutine.yield() lets others have a turn
      enqueue(task)
    end
  elseif ok then
    finish(task, ...)
  else
    close(task.co)
    finish(task, false, (...))
  end
end

local function step(task)
  current = task
  core.work_for(task.run.handle)
  local args = task.args
  task.args = nil
  if args then
    after_step(task, resume(task.co, unpack(args, 1, args.n)))
  else
    after_step(task, resume(task.co))
  end
end

local function new_task(run, name, fn, ...)
  local task = setmetatable({ name = name, args = pack(...), on_end = {} }, Task)
  task.co = create(function(...)
    return xpcall(function(...)
      check(task)
      return fn(...)
    end, errors.handler, ...)
  end)
  core.watch_over(task.co)
  enter(run, task)
  enqueue(task)
  return task
end

function sched.without_waiting(fn, ...)
  local before = loading
  loading = true
  local results = pack(pcall(fn, ...))
  loading = before
  return select(2, unpack(results, 1, results.n))
end

-- Starts an operation (core.command, core.timer) and waits for its value.
function sched.await(what, start, ...)
  local task = waiter(what)
  local op = start(...)
  local ticket = ticket_of(task)
  waiting[op] = function(value, err)
    wake(task, ticket, value, err)
  end
  local value, err = suspend(task, function()
    op:cancel()
  end)
  if err then
    error(err, 0)
  end
  return value
end

function sched.spawn(fn, ...)
  if type(fn) ~= "function" and not (getmetatable(fn) or {}).__call then
    errors.raise("usage", "mig.spawn: a function is wanted, not a %s", type(fn))
  end
  if not current or loading then
    errors.raise("usage", "mig.spawn: nothing can be started while a file is being loaded")
  end
  local info = type(fn) == "function" and debug.getinfo(fn, "S")
  return new_task(current.run, info and ("%s:%d"):format(info.short_src, info.linedefined) or "task", fn, ...)
end

function sched.is_task(value)
  return getmetatable(value) == Task
end

function Task:wait()
  local me = waiter("task:wait")
  if self == me then
    errors.raise("usage", "task:wait: a task cannot wait for itself")
  end
  local ticket = ticket_of(me)
  see(self)
  if not self.ended then
    local function go()
      wake(me, ticket)
    end
    on_end(self, go)
    suspend(me, go)
  end
  return outcome(self)
end

function Task:cancel()
  see(self) -- whoever cancels it expects it to fail
  cancel(self)
end

function Task:done()
  return self:status() ~= "running"
end

function Task:status()
  if not self.ended then
    return "running"
  end
  return self.ok and "done" or self.err.code == "cancelled" and "cancelled" or "failed"
end

function Task:__tostring()
  return ("task %s (%s)"):format(self.name, Task.status(self))
end

Task.__view = Task.__tostring
Task.__close = Task.cancel

-- All at once; results in order. The first failure cancels the others, and is raised when they have ended.
function sched.all(list)
  local me = waiter("mig.all")
  local tasks, left, failed = {}, #list, nil
  local ticket = ticket_of(me)
  for i, item in ipairs(list) do
    tasks[i] = sched.is_task(item) and item or sched.spawn(item)
  end
  local function cancel_all()
    for _, task in ipairs(tasks) do
      cancel(task)
    end
  end
  for _, task in ipairs(tasks) do
    on_end(task, function()
      left = left - 1
      if not task.ok and not failed then
        failed = task.err
        cancel_all()
      end
      if left == 0 then
        wake(me, ticket)
      end
    end)
  end
  if #tasks > 0 then
    suspend(me, cancel_all)
  end
  if failed then
    error(failed, 0)
  end
  local results = { n = #tasks }
  for i, task in ipairs(tasks) do
    results[i] = task.results[1]
  end
  return results
end

function sched.sleep(ms)
  sched.await("mig.sleep", core.timer, ms)
end

function sched.timeout(ms, fn, ...)
  local me = waiter("mig.timeout")
  local task, late = sched.spawn(fn, ...), false
  local op, ticket = core.timer(ms), ticket_of(me)
  waiting[op] = function()
    if not task.ended then
      late = true
      cancel(task)
    end
  end
  on_end(task, function()
    op:cancel()
    wake(me, ticket)
  end)
  suspend(me, function()
    cancel(task)
  end)
  if late and not task.ok and task.err == task.cancellation then
    errors.raise("timeout", "not done within %g ms", ms)
  end
  return outcome(task)
end

local function try_result(ok, ...)
  if ok then
    if (...) == nil then
      return true
    end
    return ...
  end
  local err = ...
  if current and err == current.cancellation then
    error(err, 0) -- somebody wants the script to end: a loop that retries must not swallow that
  end
  return nil, err
end

function sched.try(fn, ...)
  return try_result(xpcall(fn, errors.handler, ...))
end

-- A coroutine that the script made itself passes AWAIT up to the scheduler, and goes on when its task does.
local function forward(co, ok, what, ...)
  if ok and what == AWAIT then
    yield(AWAIT)
    return forward(co, resume(co))
  end
  return ok, what, ...
end

function sched.resume(co, ...)
  return forward(co, resume(co, ...))
end

local function unwrap(co, ok, ...)
  if not ok then
    close(co)
    error((...), 0)
  end
  return ...
end

function sched.wrap(fn)
  local co = create(fn)
  return function(...)
    return unwrap(co, forward(co, resume(co, ...)))
  end
end

-- Starts a run. present(results…) -> value, text. detach: tasks that are still at work when main has ended live on.
function sched.start(handle, name, present, detach, fn, ...)
  local run = { handle = handle, live = {}, count = 0, failed = {}, present = present, detach = detach }
  runs[handle] = run
  run.main = new_task(run, name, fn, ...)
end

sched.entry = {}

function sched.entry.drain()
  posted = false
  local last = tail -- what is added meanwhile comes after the loop's next round
  while head <= last do
    local task = ready[head]
    ready[head] = nil
    head = head + 1
    step(task)
  end
  core.work_for(nil)
end

function sched.entry.complete(op, value, err)
  local fn = waiting[op]
  waiting[op] = nil
  fn(value, err)
end

function sched.entry.cancel(handle)
  if runs[handle] then
    each(runs[handle].live, cancel)
  end
end

-- Called by the count hook, within the busy coroutine.
function sched.entry.interrupted()
  local me = current
  if me and not me.ended then
    each(me.run.live, function(task)
      if task ~= me then
        cancel(task)
      end
    end)
    me.cancelled = "asked"
    check(me)
  end
end

function sched.entry.cancel_all()
  each(background.live, cancel)
  for _, run in pairs(runs) do
    each(run.live, cancel)
  end
end

function sched.entry.idle()
  return next(runs) == nil and background.count == 0
end

return sched
