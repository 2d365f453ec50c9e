-- SPDX-License-Identifier: GPL-3.0-or-later
-- The collector at its worst moments: every step of everything. Meant for the sanitized build.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal = check.test, check.equal

local function work()
  local r = mig.all {
    function() return mig.domstate "test" end,
    function() return mig.dominfo "test" end,
    function() return select(2, mig.try(mig.domstate, "nosuch")) end,
    function() return mig.list { all = true } end,
    function() return select(2, pcall(mig.timeout, 3, mig.sleep, "60s")) end,
  }
  equal(r[1].state, "running")
  equal(r[2].name, "test")
  equal(r[3].code, "not-found")
  equal(r[4][1].name, "test")
  equal(r[5].code, "timeout")
  local t = mig.spawn(mig.sleep, "60s")
  mig.sleep(1)
  t:cancel()
  pcall(t.wait, t)
end

test("generational collector", function()
  collectgarbage "generational"
  for _ = 1, 20 do
    work()
    collectgarbage "step"
  end
  collectgarbage "incremental"
end)

test("a collector that never rests", function()
  collectgarbage("incremental", 100, 1000, 0)
  for _ = 1, 10 do
    work()
  end
  collectgarbage("incremental", 200, 100, 13)
end)

test("full collections while operations are in flight", function()
  local t = mig.spawn(work)
  while not t:done() do
    collectgarbage()
    coroutine.yield()
  end
  t:wait()
end)

test("memory comes back", function()
  work()
  collectgarbage()
  local before = collectgarbage "count"
  for _ = 1, 50 do
    work()
  end
  collectgarbage()
  collectgarbage()
  local grown = collectgarbage "count" - before
  if grown > 100 then
    error(("grown by %.0f KiB"):format(grown))
  end
end)
