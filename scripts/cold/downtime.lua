-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the guest's users feel of a cold migration: watches from before the shutdown until it answers again. They live
-- as long as the console: a migration that another one goes on with has no measured downtime.
local watches = require "outage.watches"

local downtime = {}
local POLL_MS, BUCKETS = 200, 240

-- Begins to measure; targets that do not answer now will tell nothing.
function downtime.start(tx)
  local about = tx.about
  if not about.running or #about.options.target == 0 or about.options.no_watch then
    return
  end
  tx.watches = watches.open(about.options)
  mig.sleep(1000)
  tx.answered, tx.received = {}, {}
  for i, t in ipairs(tx.watches:snapshot()) do
    tx.answered[i] = t.received > 0
    if t.received == 0 then
      mig.warn(("%s does not answer now, so it cannot tell when the guest is back"):format(t.target))
    end
  end
end

-- Answers from now on are those of the guest on the destination.
function downtime.before_start(tx)
  if tx.watches then
    tx.watches:mark "start"
    for i, t in ipairs(tx.watches:snapshot()) do
      tx.received[i] = t.received
    end
  end
end

-- Until every target answers (of a watch that was there before: those that did then); the ones that do not.
function downtime.wait_for_answer(tx)
  local o = tx.about.options
  local own <close> = not tx.watches and watches.open(o) or nil
  local asked = tx.watches or own
  local waited = 0
  local silent
  repeat
    mig.sleep(POLL_MS)
    waited, silent = waited + POLL_MS, {}
    for i, t in ipairs(asked:snapshot()) do
      local back = t.received > (own and 0 or tx.received[i] or 0) and t.silent_ms ~= mig.null and t.silent_ms < 2000
      if not back and (own or tx.answered[i]) then
        silent[#silent + 1] = t.target
      end
    end
  until #silent == 0 or waited >= o.answer_timeout
  return silent
end

-- {min_ms, max_ms, target}: from the last answer before to the first one after; nil where nothing was measured. And
-- what each watch says, or nil.
function downtime.stop(tx)
  local targets = tx.watches and tx.watches:stop(function(watch, results)
    for i, t in ipairs(results) do
      t.timeline = watch:timeline(i, tx.journal.time, os.time(), BUCKETS)
    end
  end)
  local worst = targets and watches.longest(targets) or {}
  return worst.target and { min_ms = worst.min_ms, max_ms = worst.max_ms, target = worst.target } or nil, targets
end

return downtime
