-- SPDX-License-Identifier: GPL-3.0-or-later
-- What plans and preflights show of a migration's cost: the newest forecast of that guest and destination, or the last
-- run, with the error known so far. Who wants it measured anew has `forecast` measure it.
local report = require "migsh.report"
local score = require "forecast.score"

local expected = {}

-- {total_ms, outage_ms, bytes, converges, from = "forecast" or "run", at = epoch seconds, error = of the total time, a
-- share}, or nil where nothing is known. policy: its name (nil: low, the default).
function expected.of(uuid, dest, policy)
  local newest = score.newest(uuid, dest, policy or "low")
  if newest then
    local off = score.of(uuid, dest)
    newest.error = off and off.total
  end
  return newest
end

-- The same, after it was measured anew, which takes seconds and changes nothing. What cannot be measured is told, and
-- is no reason to know nothing.
function expected.anew(domain, uuid, dest, policy)
  local _, err = mig.try(mig.forecast, { domain, dest })
  if err then
    mig.warn(("no forecast of %s to %s: %s"):format(domain, dest, err.msg))
  end
  return expected.of(uuid, dest, policy)
end

-- A line.
function expected.text(e)
  if not e then
    return "nothing is known of its cost yet (--forecast measures it)"
  end
  local what = e.converges == false and "it does not come to its end by itself" or ("%s in all, outage %s, %s sent")
    :format(report.ms(e.total_ms), report.ms(e.outage_ms), report.bytes(e.bytes))
  return ("%s (from the %s of %s, error %s)"):format(what, e.from, os.date("%Y-%m-%d %H:%M", e.at // 1),
    e.error and ("%.0f %%"):format(e.error * 100) or "not known yet")
end

return expected
