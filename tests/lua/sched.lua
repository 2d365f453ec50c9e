-- SPDX-License-Identifier: GPL-3.0-or-later
-- The scheduler: tasks, waiting, cancelling, clean-up. Times are generous: the machine may be busy.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises

local function closing(fn)
  return setmetatable({}, { __close = fn })
end

test("all runs at once and keeps the order", function()
  local running, most = 0, 0
  local function worker(ms, value)
    return function()
      running = running + 1
      most = math.max(most, running)
      mig.sleep(ms)
      running = running - 1
      return value
    end
  end
  local r = mig.all { worker(60, "a"), worker(20, "b"), worker(40, "c") }
  equal(table.concat(r, ","), "a,b,c")
  equal(r.n, 3)
  equal(most, 3, "at once")
end)

test("all takes tasks and keeps nil results", function()
  local r = mig.all { mig.spawn(function() end), mig.spawn(function() return 2 end) }
  equal(r[1], nil)
  equal(r[2], 2)
  equal(mig.all({}).n, 0)
end)

test("all: the first failure cancels the others and waits for their clean-up", function()
  local cleaned, finished
  raises("state", "^no$", mig.all, {
    function()
      local _ <close> = closing(function()
        mig.sleep(20)
        cleaned = true
      end)
      mig.sleep "60s"
      finished = true
    end,
    function()
      mig.sleep(10)
      mig.error { code = "state", msg = "no" }
    end,
  })
  equal(cleaned, true, "cleaned")
  equal(finished, nil, "finished")
end)

test("spawn passes arguments, wait returns all results, twice", function()
  local t = mig.spawn(function(a, b) return b, a end, 1, 2)
  equal(t:status(), "running")
  equal(t:done(), false)
  equal(table.concat({ t:wait() }, " "), "2 1")
  equal((t:wait()), 2)
  equal(t:status(), "done")
  equal(t:done(), true)
  match(tostring(t), "^task .*%(done%)$")
end)

test("wait raises the task's error object itself", function()
  local t = mig.spawn(mig.domstate, { "nosuch" })
  local err = raises("not-found", "nosuch", t.wait, t)
  local _, again = pcall(t.wait, t)
  equal(again, err, "the same object")
  equal(t:status(), "failed")
end)

test("cancel raises within the task, once; its clean-up may wait and call commands", function()
  local seen = {}
  local t = mig.spawn(function()
    local _ <close> = closing(function(_, err)
      seen.code = err and err.code
      mig.sleep(5)
      seen.state = mig.domstate("test").state
    end)
    mig.sleep "60s"
  end)
  mig.sleep(5)
  t:cancel()
  t:cancel()
  raises("cancelled", "cancelled", t.wait, t)
  equal(seen.code, "cancelled")
  equal(seen.state, "running")
  equal(t:status(), "cancelled")
end)

test("a task cancelled before its first turn does not begin", function()
  local began
  local t = mig.spawn(function() began = true end)
  t:cancel()
  raises("cancelled", "", t.wait, t)
  equal(began, nil)
end)

test("pcall may catch a cancellation; what follows waits undisturbed", function()
  local t = mig.spawn(function()
    local ok, err = pcall(mig.sleep, "60s")
    mig.sleep(5)
    return ok, err.code
  end)
  mig.sleep(5)
  t:cancel()
  local ok, code = t:wait()
  equal(ok, false)
  equal(code, "cancelled")
end)

test("try lets a cancellation of its own task through", function()
  local rounds = 0
  local t = mig.spawn(function()
    while true do
      rounds = rounds + 1
      mig.try(mig.sleep, "60s")
    end
  end)
  mig.sleep(5)
  t:cancel()
  raises("cancelled", "", t.wait, t)
  equal(rounds, 1)
end)

test("try returns another task's cancellation as an error", function()
  local t = mig.spawn(mig.sleep, "60s")
  t:cancel()
  local ok, err = mig.try(t.wait, t)
  equal(ok, nil)
  equal(err.code, "cancelled")
end)

test("cancelling one that waits for a task leaves the task alone", function()
  local inner = mig.spawn(function() mig.sleep(40) return "inner" end)
  local outer = mig.spawn(inner.wait, inner)
  mig.sleep(5)
  outer:cancel()
  raises("cancelled", "", outer.wait, outer)
  equal((inner:wait()), "inner")
end)

test("a late wake-up of something given up wakes nothing else", function()
  local quick = mig.spawn(mig.sleep, 20)
  local t = mig.spawn(function()
    pcall(quick.wait, quick)
    mig.sleep(80)
    return quick:done()
  end)
  mig.sleep(5)
  t:cancel()
  equal((t:wait()), true, "slept over the end of the other")
end)

test("timeout cancels, cleans up and says timeout", function()
  local cleaned
  raises("timeout", "30 ms", mig.timeout, "30ms", function()
    local _ <close> = closing(function() cleaned = true end)
    mig.sleep "60s"
  end)
  equal(cleaned, true)
  equal(mig.timeout("60s", function(x) return x end, 7), 7)
  raises("state", "own", mig.timeout, "60s", mig.error, { code = "state", msg = "own" })
end)

test("cancelling a timeout cancels what it runs", function()
  local inner
  local t = mig.spawn(mig.timeout, "60s", function()
    local _ <close> = closing(function() inner = true end)
    mig.sleep "60s"
  end)
  mig.sleep(5)
  t:cancel()
  raises("cancelled", "", t.wait, t)
  equal(inner, true)
end)

test("a task as a <close> variable is cancelled", function()
  local t
  do
    local task <close> = mig.spawn(mig.sleep, "60s")
    t = task
  end
  raises("cancelled", "", t.wait, t)
end)

test("coroutines of the script may wait, and yield their own values", function()
  local gen = coroutine.wrap(function()
    for i = 1, 3 do
      mig.sleep(2)
      coroutine.yield(i)
    end
  end)
  equal(gen() + gen() + gen(), 6)
  local co = coroutine.create(function(x)
    mig.sleep(2)
    local y = coroutine.yield(x + 1)
    error({ code = "state", msg = "co " .. y })
  end)
  local ok, v = coroutine.resume(co, 1)
  equal(ok, true)
  equal(v, 2)
  local bad, err = coroutine.resume(co, "y")
  equal(bad, false)
  equal(err.msg, "co y")
end)

test("a bare yield gives others a turn", function()
  local log = {}
  local function turns(name)
    return function()
      for _ = 1, 2 do
        log[#log + 1] = name
        coroutine.yield()
      end
    end
  end
  mig.all { turns "a", turns "b" }
  equal(table.concat(log), "abab")
end)

test("where nothing can wait, that is said", function()
  raises("usage", "cannot wait within", table.sort, { 3, 1, 2 }, function(a, b)
    mig.sleep(1)
    return a < b
  end)
  raises("usage", "itself", function()
    local me
    me = mig.spawn(function() me:wait() end)
    me:wait()
  end)
end)

test("wrong arguments are usage errors", function()
  raises("usage", "a function is wanted", mig.spawn, 5)
  raises("usage", "not a duration", mig.sleep, "soon")
  raises("usage", "not a duration", mig.sleep, -1)
  raises("usage", "not a duration", mig.sleep, 0 / 0)
  equal(mig.ms "1.5s", 1500.0)
end)

test("undo runs backwards, tells of failures, and not after commit", function()
  local log = {}
  local function steps(commit)
    local undo <close> = mig.undo()
    undo:add("a", function() log[#log + 1] = "a" return false end)
    undo:add("b", function() mig.sleep(2) log[#log + 1] = "b" return false end)
    if commit then
      undo:commit()
    end
    error("x", 0)
  end
  pcall(steps, false)
  equal(table.concat(log), "ba")
  pcall(steps, true)
  equal(table.concat(log), "ba")
end)

test("many tasks", function()
  local list = {}
  for i = 1, 500 do
    list[i] = function() mig.sleep(i % 7) return i end
  end
  local sum = 0
  for _, v in ipairs(mig.all(list)) do
    sum = sum + v
  end
  equal(sum, 500 * 501 // 2)
end)

test("many commands at once", function()
  local list = {}
  for i = 1, 40 do
    list[i] = function() return mig.domstate("test").state end
  end
  for _, v in ipairs(mig.all(list)) do
    equal(v, "running")
  end
end)
