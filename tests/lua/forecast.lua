-- SPDX-License-Identifier: GPL-3.0-or-later
-- How a migration would go, and how good that was: scripts/forecast/model.lua, score.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal = check.test, check.equal
local model = require "forecast.model"
local score = require "forecast.score"

local MIB <const> = 1 << 20
local RATE <const> = 64 * MIB -- bytes of pages a second, with their headers:
local BANDWIDTH <const> = RATE * 4104 / 4096

local function windows(...)
  local list, seconds = {}, 1
  for _, mib in ipairs { ... } do
    list[#list + 1] = { seconds = seconds, bytes = mib * MIB }
    seconds = seconds * 2
  end
  return list
end

local function guest(mib_of_windows, more)
  local q = { memory = 1024 * MIB, used = 512 * MIB, bandwidth = BANDWIDTH, overhead_ms = 0,
    windows = mib_of_windows and windows(table.unpack(mib_of_windows)) }
  for key, value in pairs(more or {}) do
    q[key] = value
  end
  return q
end

local function near(got, want, share, what)
  if not got or math.abs(got - want) > share * math.abs(want) then
    error(("%s: got %s, want %s"):format(what, got, want), 2)
  end
end

local function ask(q, policy, options)
  return model.predict(q, model.policies(options)[policy])
end

local BUFFERED_MS <const> = model.BUFFERED / BANDWIDTH * 1000
local SENDING_MS <const> = 8000 + 512 * MIB / 4096 * 9 / BANDWIDTH * 1000 -- of 512 MiB, and of as many that are zero

test("an idle guest: memory is sent once, and the limit is used up", function()
  local low, virsh = ask(guest { 0, 0, 0 }, "low"), ask(guest { 0, 0, 0 }, "virsh")
  near(low.total_ms, SENDING_MS + 10 + 30, 0.0001, "total of low")
  near(low.outage_ms, 30 + BUFFERED_MS, 0.0001, "outage of low")
  near(virsh.total_ms, SENDING_MS + 10 + 30, 0.0001, "total of virsh")
  near(virsh.outage_ms, 137.5 + 30 + BUFFERED_MS, 0.0001, "275 ms, of which half the pages are zero, and the stop")
  equal(low.passes, 3, "passes")
  equal(low.converges, true)
  equal(low.limit_ms, 10)
  near(low.bytes, 512 * MIB * 4104 / 4096 + 512 * MIB / 4096 * 9, 0.0001, "bytes")
end)

test("a plain writer: each pass is a quarter of the one before", function()
  local left, ms, passes, sent = 512 * MIB, 0, 0, 512 * MIB
  repeat
    local t = left / RATE + 0.01
    ms, passes, left = ms + t * 1000, passes + 1, t * 16 * MIB
    sent = sent + left
  until left <= RATE * 0.01
  local r = ask(guest { 16, 32, 64 }, "low")
  near(r.total_ms, ms + SENDING_MS - 8000 + left / RATE * 1000 + 30, 0.0001, "total")
  near(r.outage_ms, left / RATE * 1000 + 30 + BUFFERED_MS, 0.0001, "outage")
  equal(r.passes, passes + 2, "passes")
  equal(r.throttle, 0)
  local virsh = ask(guest { 16, 32, 64 }, "virsh")
  equal(virsh.converges, true)
  equal(virsh.outage_ms > r.outage_ms and virsh.outage_ms <= 330 + BUFFERED_MS, true, "virsh's outage is longer")
end)

test("a working set that is always changed has to fit the limit", function()
  local q = guest { 70, 70, 70 }
  local r = ask(q, "virsh")
  equal(r.converges, false)
  equal(r.total_ms, nil)
  equal(r.limit_ms > 900 and r.limit_ms < 1200, true, "about what 70 MiB take: " .. r.limit_ms)
  equal(ask(q, "virsh", { limit = r.limit_ms }).converges, true, "with that limit it ends")
  equal(ask(q, "virsh", { limit = r.limit_ms * 0.95 }).converges ~= true, true, "with less nobody promises it")
  local low = ask(q, "low")
  equal(low.converges, true, "low slows it down")
  equal(low.throttle > 0 and low.limit_ms == 300, true)
end)

test("what is changed within less than the first window nobody knows", function()
  local q = guest { 32, 32, 32 }
  local r = ask(q, "virsh")
  equal(r.converges, nil)
  equal(r.limit_ms > 300 and r.limit_ms < 600, true, "a limit that ends it: " .. r.limit_ms)
  equal(r.total_ms > SENDING_MS and r.total_ms < SENDING_MS + 2000, true, "at least: " .. r.total_ms)
  q.bandwidth = 10 * BANDWIDTH
  equal(ask(q, "virsh").converges, true, "with enough bandwidth it does not matter")
end)

test("who writes faster than the link: only slowed down", function()
  local q = guest { 200, 400, 500 }
  local r, low = ask(q, "virsh"), ask(q, "low")
  equal(r.converges, false)
  equal(r.limit_ms > 1000, true)
  equal(low.converges, true)
  equal(low.throttle >= 70, true, "throttle " .. low.throttle)
end)

test("a deadline", function()
  local q = guest { 90, 170, 320 }
  local much, little = ask(q, "deadline", { deadline = 600 }), ask(q, "deadline", { deadline = 12 })
  equal(much.converges, true)
  equal(little.converges, false)
  equal(little.limit_ms > 300, true, "more than is allowed: " .. tostring(little.limit_ms))
  equal(ask(guest { 0, 0, 0 }, "deadline", { deadline = 20 }).converges, true)
end)

test("the curve grows, is bent one way, and ends where memory does", function()
  for _, mib in ipairs { { 20, 40, 64 }, { 64, 64, 64 }, { 8, 8, 9 }, { 30, 10, 0 }, { 0, 40, 80 }, { 10, 90, 90 },
    { 7 } } do
    local curve, before, bent = model.curve(windows(table.unpack(mib))), 0, math.huge
    equal(model.dirtied(curve, 0, 100 * MIB) == 0, true)
    for i = 1, 300 do
      local now = model.dirtied(curve, i / 10, 100 * MIB)
      equal(now >= before and now <= 100 * MIB, true, ("%s at %g s: %g after %g"):format(mib[1], i / 10, now, before))
      if i > 10 then
        equal(now / i <= bent * 1.000001, true, "it grows no faster than in proportion")
      end
      before, bent = now, now / i
    end
  end
  local line = model.curve(windows(16, 32, 64))
  for _, t in ipairs { 0.01, 0.5, 1, 1.5, 3, 8, 30 } do
    near(model.dirtied(line, t, 1 << 40), 16 * MIB * t, 0.001, "a plain writer at " .. t)
  end
  local set = model.curve(windows(64, 64, 64))
  equal(model.dirtied(set, 0.3, 1 << 40) > 40 * MIB, true, "a working set fills up soon")
  near(model.dirtied(set, 100, 1 << 40), 64 * MIB, 0.001, "and stays")
end)

test("more bandwidth is never slower, and ends what less ends", function()
  for _, mib in ipairs { { 0, 0, 0 }, { 16, 32, 64 }, { 64, 64, 64 }, { 20, 40, 64 }, { 100, 180, 300 } } do
    for _, policy in ipairs { "low", "virsh", "deadline" } do
      local last
      for i = 0, 40 do
        local r = ask(guest(mib, { bandwidth = 10e6 * 1.15 ^ i }), policy)
        if last and last.converges then
          local what = ("%s, first window %d MiB, step %d: "):format(policy, mib[1], i)
          equal(r.converges, true, what .. "converges")
          -- the guest is slowed down pass by pass, and with more of them a little later
          local most = (r.throttle > 0 or last.throttle > 0) and 1.25 or 1
          equal(r.total_ms <= last.total_ms * most, true, what .. r.total_ms .. " after " .. last.total_ms)
        end
        last = r
      end
    end
  end
end)

test("what is not known", function()
  local r, missing = ask(guest({ 1 }, { bandwidth = 0 }), "low")
  equal(r, nil)
  equal(missing, "bandwidth")
  equal(select(2, ask(guest({ 1 }, { memory = 0 }), "low")), "memory")
  r = ask(guest(nil), "low")
  equal(r.converges, nil, "without windows nobody knows")
  near(r.total_ms, SENDING_MS + 40, 0.0001, "but what it takes at least")
  local q = guest { 0 }
  q.used, q.overhead_ms = nil, nil
  near(ask(q, "low").total_ms, 16000 + 40 + model.OVERHEAD_MS, 0.001, "all memory may be in use")
end)

local uuid, dest = "6695eb01-f6a4-8304-79aa-97f2502e193f", "far"
local function foretold(total, outage, probe, bytes)
  return { probe = probe, policies = { { policy = "low", total_ms = total, outage_ms = outage, bytes = bytes,
    converges = true },
    { policy = "virsh", converges = false } } }
end

test("what is expected: the newest forecast, else the last run, with the error known", function()
  local expected = require "forecast.expected"
  equal(expected.of(uuid, "plans"), nil)
  equal(expected.text(nil), "nothing is known of its cost yet (--forecast measures it)")
  score.keep(uuid, "plans", foretold(1100, 40, nil, 1 << 20))
  local e = expected.of(uuid, "plans", "low")
  equal(e.from, "forecast")
  equal(e.total_ms, 1100)
  equal(e.error, nil)
  check.match(expected.text(e), "^1.10 s in all, outage 40.00 ms, 1.0 MiB sent %(from the forecast of %d.* %d+:%d+, "
    .. "error not known yet%)$")
  equal(expected.of(uuid, "plans", "gentle"), nil, "of another policy")
  score.score(uuid, "plans", { source = "near", total_ms = 1000, downtime_ms = 50, bytes = 2 << 20, bandwidth = 50e6,
    policy = { name = "low" } })
  e = expected.of(uuid, "plans", "gentle")
  equal(e.from, "run")
  equal(e.total_ms, 1000)
  equal(e.outage_ms, 50)
  equal(e.bytes, 2 << 20)
  check.match(expected.text(e), "%(from the run of .*, error 10 %%%)$")
  check.match(expected.text { converges = false, from = "forecast", at = 1764380000 }, "^it does not come to its end")
end)

test("a forecast is scored once, by the policy that was taken", function()
  equal(score.of(uuid, dest), nil)
  equal(score.score(uuid, dest, { total_ms = 1000 }), nil, "none was made")
  score.keep(uuid, dest, foretold(1100, 40))
  local run = score.score(uuid, dest, { total_ms = 1000, downtime_ms = 80, policy = { name = "low" } })
  near(run.total, 0.1, 1e-9, "total")
  near(run.outage, -0.5, 1e-9, "outage")
  equal(score.score(uuid, dest, { total_ms = 1000, policy = { name = "low" } }), nil, "only once")
  score.keep(uuid, dest, foretold(1300, 40))
  score.score(uuid, dest, { total_ms = 1000, budget = { gap_ms = 50 }, downtime_ms = 500, policy = { name = "low" } })
  local off = score.of(uuid, dest)
  equal(off.runs, 2)
  equal(off.wrong, 0)
  near(off.total, 0.2, 1e-9, "median of two")
  near(off.outage, 0.35, 1e-9, "of outages, what the events say before what libvirt says")
  equal(score.of(uuid, "elsewhere"), nil, "of another way")
end)

test("what was not to converge and did is told", function()
  score.keep(uuid, "wrong", foretold(1000, 40))
  local run = score.score(uuid, "wrong", { total_ms = 1000 })
  equal(run.wrong, true, "virsh's way is what is taken without a policy")
  equal(run.total, nil)
  local off = score.of(uuid, "wrong")
  equal(off.wrong, 1)
  equal(off.total, nil)
end)

test("twenty runs are kept", function()
  for i = 1, 25 do
    score.keep(uuid, "many", foretold(i <= 5 and 9000 or 1500, 40))
    score.score(uuid, "many", { total_ms = 1000, policy = { name = "low" } })
  end
  local off = score.of(uuid, "many")
  equal(off.runs, 20)
  near(off.total, 0.5, 1e-9, "the first ones are forgotten")
end)

test("the last migration tells what the way takes", function()
  local result = { source = "near", total_ms = 3000, bytes = 100e6, passes = { { bandwidth = 40e6 },
    { bandwidth = 50e6 } } }
  score.score(uuid, "way", result)
  local last = score.last(uuid, "way", "near")
  near(last.bandwidth, 50e6, 1e-9, "bandwidth")
  near(last.overhead_ms, 1000 - model.STOP_MS, 1e-9, "libvirt's part")
  for _, total_ms in ipairs { 3400, 9000 } do
    score.score(uuid, "way", { source = "near", total_ms = total_ms, bytes = 100e6, bandwidth = 50e6 })
  end
  near(score.last(uuid, "way", "near").overhead_ms, 1400 - model.STOP_MS, 1e-9, "the median of three")
  equal(last.ceiling, nil, "nothing was measured that would tell QEMU's")
  equal(score.last(uuid, "way", "third"), nil, "from elsewhere")
  score.keep(uuid, "way", foretold(1000, 40, 100e6))
  score.score(uuid, "way", result)
  near(score.last(uuid, "way", "near").ceiling, 50e6, 1e-9, "the link carried twice as much")
  score.keep(uuid, "way", foretold(1000, 40, 52e6))
  score.score(uuid, "way", result)
  equal(score.last(uuid, "way", "near").ceiling, nil, "the link was full")
  score.score(uuid, "way", { source = "near", total_ms = 9000, postcopy = true, bytes = 1, passes = result.passes })
  near(score.last(uuid, "way", "near").bandwidth, 50e6, 1e-9, "a post-copy tells nothing")
  local f = foretold(1000, 40)
  f.resident, f.used, f.policies[1].bytes = 120e6, 120e6, 130e6
  score.keep(uuid, "way", f)
  result.policy = { name = "low" }
  equal(score.last(uuid, "way", "near").density, nil)
  score.score(uuid, "way", result)
  near(score.last(uuid, "way", "near").density, 0.75, 1e-9, "30 MB less were sent than was foretold")
  score.score(uuid, "way", {})
  near(score.last(uuid, "way", "near").bandwidth, 50e6, 1e-9, "no figures, nothing learnt")
end)
