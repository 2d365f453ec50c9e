-- SPDX-License-Identifier: GPL-3.0-or-later
-- The preflight of a recipe that is about to move a guest: it refuses what fails, and says what is only a warning.
local case = require "preflight.case"
local text = require "preflight.text"
local gate = {}

-- Of one guest and one destination (q as case.gather has it): the result, and the case.
function gate.look(q)
  local results, cases = case.run(q)
  return results[1], cases[1]
end

-- Raises for what keeps it from moving.
function gate.heed(found)
  for _, f in ipairs(found.findings) do
    if f.level == "warn" then
      mig.warn(mig.line(("%s: %s"):format(f.id, f.seen)))
    elseif f.ignored == "fail" then
      mig.warn(mig.line(("%s is ignored: %s"):format(f.id, f.seen)))
    end
  end
  if found.verdict == "fail" then
    mig.error { code = "verdict", msg = mig.line(("%s is not moved to %s: %s"):format(found.domain, found.dest,
      text.refusal(found))), value = found, text = text.result(found),
      hint = "mend it, or pass --ignore ID of what you know to be no obstacle" }
  end
end

return gate
