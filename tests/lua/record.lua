-- SPDX-License-Identifier: GPL-3.0-or-later
-- What runs leave in their journals.
local folder = arg[0]:match "^(.*)/"
local check = dofile(folder .. "/check.lua")
local results = dofile(folder .. "/record/results.lua")
local test, equal = check.test, check.equal
local keep = require "record.keep"

local function kept_by(result)
  return function(tx)
    keep.run(tx, result)
  end
end

local about = { domain = "share", uuid = "0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01", source = "source", dest = "dest" }

-- Keeping -------------------------------------------------------------------------------------------------------------

test("a result of a usual size is kept as it is", function()
  local full = results.full()
  local value = keep.value(full)
  equal(value.version, 1)
  equal(mig.json_encode(value.result), mig.json_encode(full))
end)

test("of a huge one 64 KiB are kept, with the first, the last and the extremes", function()
  local value = keep.value(results.huge())
  local size = keep.size(value)
  if size > 64 << 10 or size < 16 << 10 then
    error(("%d bytes"):format(size))
  end
  local passes = value.result.passes
  equal(passes[1].pass, 1)
  equal(passes[#passes].pass, 5000)
  local found = {}
  for i, row in ipairs(passes) do
    found[row.remaining], found[row.bandwidth] = true, true
    equal(i == 1 or passes[i - 1].pass < row.pass, true, "order")
  end
  equal(found[3 << 30] and found[17], true, "extremes")
  local longest = 0
  for _, rtt in ipairs(value.result.targets[1].timeline.rtt_max_ms) do
    longest = math.max(longest, rtt ~= mig.null and rtt or 0)
  end
  equal(longest, 987.5)
  equal(utf8.len(value.result.checks[1].detail) ~= nil, true, "whole characters")
end)

test("what cannot be thinned enough leaves the figures", function()
  local all = results.full()
  for i = 1, 3000 do
    all["key" .. i] = { text = ("x"):rep(200) }
  end
  local value = keep.value(all)
  equal(keep.size(value) <= 64 << 10, true)
  equal(value.result.outage.max_ms, 101.25)
  equal(value.result.total_ms, 3498.2)
end)

test("rows keep their extremes, a timeline its longest and all that was lost", function()
  local rows = {}
  for i = 1, 1000 do
    rows[i] = { n = i, v = i == 500 and 99 or i == 501 and -99 or 0 }
  end
  local out = keep.rows(rows, 10)
  equal(#out, 10)
  equal(out[1].n, 1)
  equal(out[10].n, 1000)
  equal(keep.rows(out, 10), out)
  local seen = {}
  for _, row in ipairs(out) do
    seen[row.v] = true
  end
  equal(seen[99] and seen[-99], true)
  local t = keep.timeline({ from = 7, bucket_ms = 10, rtt_max_ms = { 1, 5, mig.null, mig.null, 2 },
    lost = { 0, 1, 2, 0, 4 } }, 3)
  equal(mig.json_encode(t), mig.json_encode { from = 7, bucket_ms = 20, rtt_max_ms = { 5, mig.null, 2 },
    lost = { 1, 2, 4 } })
end)

test("nothing but plain data is kept", function()
  local loop = { a = 1 }
  loop.self = loop
  local value = keep.value { f = print, nan = 0 / 0, inf = math.huge, loop = loop, empty = mig.array {},
    null = mig.null, bool = false, [5] = 6 }
  equal(mig.json_encode(value.result), mig.json_encode { loop = { a = 1 }, empty = mig.array {}, null = mig.null,
    bool = false })
end)

test("a run is kept in its journal, which stays ended, and journal-show has it", function()
  local id = results.journal("live-migrate", about, "done", kept_by { ok = true, verdict = "ok", bytes = 5 })
  local shown = mig.journal_show { id }
  equal(shown.state, "done")
  equal(shown.count, 2)
  equal(mig.json_encode(shown.kept), mig.json_encode { version = 1, result = { ok = true, verdict = "ok", bytes = 5,
    domain = "share", uuid = about.uuid, source = "source", destination = "dest" } })
  equal(shown.steps[1].begun <= shown.steps[2].ended, true)
end)

test("one that failed keeps why; a failure that is not a run's does not", function()
  local id = results.journal("cold-migrate", about, "failed", function(tx)
    keep.failure(tx)
    equal(tx.kept, nil)
    tx.failure = { code = "io", msg = "step copy: cut off" }
    keep.failure(tx)
    equal(tx.kept, true)
  end)
  local shown = mig.journal_show { id }
  equal(shown.kept.result.verdict, "step copy: cut off")
  equal(shown.kept.result.ok, false)
  equal(shown.state, "failed")
end)

test("one that cannot be kept does not fail the run", function()
  local id = results.journal("live-migrate", about, "done", function(tx)
    keep.run({ about = about, id = tx.id, journal = { state = "done", finish = function()
      mig.error { code = "io", msg = "no space" }
    end } }, { ok = true })
  end)
  equal(mig.journal_show { id }.kept, nil)
end)
