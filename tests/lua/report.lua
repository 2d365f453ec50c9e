-- SPDX-License-Identifier: GPL-3.0-or-later
-- The reports that recipes print.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match = check.test, check.equal, check.match
local report = require "migsh.report"

local timeline = { from = 100, bucket_ms = 100, rtt_max_ms = { 1, 1, 8, mig.null, mig.null, 1 },
  lost = { 0, 0, 0, 3, 0, 0 } }

test("the line of round trips: height, loss, nothing", function()
  local blocks, low, high = report.sparkline(timeline, true)
  equal(blocks, "▁▁█× ▁")
  equal(low, 1)
  equal(high, 8)
  equal((report.sparkline(timeline, false)), "__#x _")
  equal((report.sparkline({ rtt_max_ms = { mig.null }, lost = { 0 } }, true)), " ")
end)

local result = { domain = "d", source = "a", destination = "b", total_ms = 1500.5, downtime_ms = 40, iterations = 3,
  bytes = 5 * 1024 * 1024, max_outage_ms = 1000.0, started = 100.1, ended = 100.5, verdict = "ok",
  outage = { min_ms = 50.0, max_ms = 60.0, target = "192.0.2.1" },
  targets = { { target = "192.0.2.1", interval_ms = 5, sent = 10, received = 9, lost = 1, late = 0, starved_ms = 0,
    longest_ms = { min = 50.0, max = 60.0 }, outages = {}, rtt_before_ms = { p50 = 1.0, p99 = 2.0 },
    rtt_during_ms = mig.null, rtt_after_ms = mig.null, timeline = timeline } },
  checks = { { id = "x", ok = true, title = "good" }, { id = "y", ok = false, title = "bad", detail = "one\ntwo" } } }

test("the report of a migration tells it all", function()
  local text = report.migration(result, true)
  for _, want in ipairs { "d: a %-> b, live", "1.50 s", "40.00 ms",
    "wire  50.00 ms to 60.00 ms %(192.0.2.1%), limit 1.00 s",
    "passes +3", "5.0 MiB", "before 1.00 ms %(p99 2.00 ms%), during %-", "▁▁█× ▁", "%[ok%] +good",
    "%[FAILED%] bad\n +one\n +two", "verdict: ok\n$" } do
    match(text, want)
  end
  equal(report.migration(result, false):find "[\128-\255]", nil)
end)
