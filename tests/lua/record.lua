-- SPDX-License-Identifier: GPL-3.0-or-later
-- What runs leave in their journals, and what log makes of it.
local folder = arg[0]:match "^(.*)/"
local check = dofile(folder .. "/check.lua")
local results = dofile(folder .. "/record/results.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises
local keep = require "record.keep"
local runs = require "record.runs"

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

-- Reading -------------------------------------------------------------------------------------------------------------

test("a run of an older journal is what is known", function()
  local run = runs.get(results.journal("live-migrate", about, "done"))
  equal(run.recorded, false)
  equal(run.ok, true)
  equal(run.verdict, "ok")
  equal(run.source, "source")
  equal(type(run.total_ms), "number")
  equal(run.outage, nil)
  local failed = runs.get(results.journal("import-domain", { domain = "x", dest = "dest", exported_by = "third" },
    "failed"))
  equal(failed.verdict, "cut off")
  equal(failed.ok, false)
  equal(failed.source, "third")
  equal(runs.get "last".id, failed.id)
end)

test("what was kept of an attempt that failed is not what came of it in the end", function()
  local journal = { id = "x", command = "cold-migrate", time = "t", seconds = 100, state = "done", about = about,
    steps = { { name = "a", state = "done", begun = 100.5, ended = 102 } }, kept = { version = 1, result = { ok = false,
      verdict = "cut off", error = { code = "io", msg = "cut off" } } } }
  local run = runs.of(journal)
  equal(run.ok, true)
  equal(run.verdict, "ok")
  equal(run.total_ms, 2000, "total")
  journal.state = "reverted"
  run = runs.of(journal)
  equal(run.ok, false)
  equal(run.verdict, "cut off")
  journal.state, journal.kept = "running", nil
  equal(runs.of(journal).verdict, "running")
  equal(runs.of(journal).total_ms, nil)
end)

test("percentiles, of three or more", function()
  local list = {}
  for i = 1, 20 do
    list[i] = { state = "done", total_ms = 21 - i, outage = i <= 2 and { max_ms = i } or nil }
  end
  local p = runs.percentiles(list)
  equal(p.total_ms.n, 20)
  equal(p.total_ms.p50, 10)
  equal(p.total_ms.p95, 19)
  equal(p.total_ms.max, 20)
  equal(p.outage_ms, nil)
  equal(runs.percentile({ 7 }, 0.95), 7)
end)

test("log: newest first, by domain, node, time and failure", function()
  results.journal("hosts-sync", { cluster = "c" }, "done")
  local bad = results.journal("live-migrate", { domain = "other", source = "third", dest = "dest" }, "failed")
  local good = results.journal("live-migrate", about, "done", kept_by(results.full()))
  local all = mig.log { limit = 2 }
  equal(#all.runs, 2)
  equal(all.runs[1].id, good)
  equal(all.runs[2].id, bad)
  equal(all.runs[1].policy, "low")
  equal(all.runs[1].outage.max_ms, 101.25)
  equal(all.runs[1].total_ms, 3498.2)
  equal(all.runs[1].result, nil, "brief")
  equal(mig.log { domain = "other" }.runs[1].id, bad)
  equal(#mig.log { domain = about.uuid, limit = 1 }.runs, 1)
  equal(#mig.log { node = "third", domain = "other" }.runs, 1)
  equal(#mig.log { node = "nowhere" }.runs, 0)
  equal(mig.log { failed = true, limit = 1 }.runs[1].id, bad)
  equal(#mig.log { since = "2099-01-01" }.runs, 0)
  equal(#mig.log { since = "1h", limit = 1 }.runs, 1)
  equal(#mig.log { since = os.date "%Y-%m-%d 00:00", limit = 1 }.runs <= 1, true)
  for _, wrong in ipairs { "soon", "2026-13-01", "2026-1-1", "2026-11-29x" } do
    raises("usage", "neither a duration nor a date", mig.log, { since = wrong })
  end
  raises("usage", "1 or more", mig.log, { limit = 0 })
  match(mig.log { limit = 30 }.percentiles.total_ms.n, "%d")
end)

test("log compare: a column each, and the ratio", function()
  local slow = results.full()
  slow.total_ms, slow.outage, slow.policy = 6996.4, { min_ms = 185.0, max_ms = 202.5, target = "t" }, nil
  local a = results.journal("live-migrate", about, "done", kept_by(results.full()))
  local b = results.journal("live-migrate", about, "done", kept_by(slow))
  local c = results.journal("live-migrate", about, "done")
  local by_name = {}
  for _, figure in ipairs(mig.log { "compare", a, b }.figures) do
    by_name[figure.name] = figure
  end
  equal(by_name.total_ms.ratio, 2.0)
  equal(by_name.outage_max_ms.ratio, 2.0)
  equal(by_name.bytes.ratio, 1.0)
  equal(by_name.rtt_during_ms.a, 0.52)
  for _, figure in ipairs(mig.log { "compare", a, c }.figures) do
    by_name[figure.name] = figure
  end
  equal(by_name.bytes.b, mig.null)
  equal(by_name.bytes.ratio, mig.null)
  raises("usage", "two runs", mig.log, { "compare", a })
  raises("not-found", "no journal", mig.log, { "compare", a, "20261121-041914.120-live-migrate-3fa9c1" })
end)
