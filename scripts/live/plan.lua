-- SPDX-License-Identifier: GPL-3.0-or-later
-- What `live-migrate --plan` shows.
local expected = require "forecast.expected"
local preflight_text = require "preflight.text"

-- job: live-migrate's; found: preflight's; steps: the workflow's; eng, policy: what would steer it; call: the arguments
-- of migrate; anew: the forecast is measured now.
return function(job, found, steps, eng, policy, call, anew)
  call.plan = true
  local flags, list, lines = mig.migrate(call), mig.array {}, {}
  for i, step in ipairs(steps) do
    list[i] = { name = step.name, title = step.title }
    lines[i] = ("  %-10s %s"):format(step.name, step.title)
  end
  local limit = ("downtime limit %s ms%s, at most %d"):format(job.limit or job.old_limit or "-", job.limit
    and (" (was %d)"):format(job.old_limit) or "", eng.cap)
  local cost = anew and expected.anew(job.on_source, job.uuid, job.dest, job.policy)
    or expected.of(job.uuid, job.dest, job.policy)
  local text = ("%s\nsteps\n%s\npolicy %s: %s\n  %s\nexpected\n  %s\n%s\n"):format(preflight_text.result(found),
    table.concat(lines, "\n"), mig.line(job.policy), policy.title, limit, expected.text(cost), flags.summary)
  return { domain = job.name, source = job.source, dest = job.dest, preflight = found, steps = list,
    flags = flags.flags, params = flags.params, policy = { name = job.policy, limit_ms = job.limit or job.old_limit,
      cap_ms = eng.cap }, expected = cost or mig.null }, text
end
