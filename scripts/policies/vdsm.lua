-- SPDX-License-Identifier: GPL-3.0-or-later
-- oVirt's, as vdsm does it where the engine sends no schedule: lib/vdsm/virt/migration.py
-- (_legacy_convergence_schedule, exponential_downtime, MonitorThread), with migration_downtime, _downtime_steps,
-- _max_bandwidth and _monitor_interval of lib/vdsm/common/config.py.in, commit fd4b0df20b. "Stalling" counts passes,
-- whatever they brought; at most one step is taken at a poll, and only if there was a new pass.
local INTERVAL <const> = 10 -- seconds between polls

-- Of 500 ms in five steps: 100 + 400^(i/4), rounded down. {more passes than this, ms; nil: abort}
local schedule <const> = { { 1, 104 }, { 2, 120 }, { 3, 189 }, { 4, 500 }, { 42, 500 }, { -1 } }

local function poll(state, memory)
  if state.elapsed < (memory.next or INTERVAL) or not state.pass then
    return nil
  end
  memory.next = state.elapsed + INTERVAL
  memory.first = memory.first or state.pass
  if state.pass <= (memory.last or memory.first) then
    return nil
  end
  memory.last = state.pass
  local passes, step = state.pass - memory.first, schedule[memory.step or 1]
  if step and passes > step[1] then
    memory.step = (memory.step or 1) + 1
    local why = ("stalling for %d passes"):format(passes)
    return step[2] and { limit = step[2], why = why } or { abort = why }
  end
end

return {
  title = "oVirt's (vdsm): 101 to 500 ms by passes, at most 52 MiB/s, given up after pass 43",
  start = { limit = 101, speed = 52 },
  on_pass = poll,
  on_tick = poll,
}
