-- SPDX-License-Identifier: GPL-3.0-or-later
-- KubeVirt's stall detector (VEP 248): pkg/virt-launcher/virtwrap/stall-detector.go and live-migration-source.go, with
-- the constants of pkg/virt-config/virt-config.go, commit d923fdb815. A run has stalled if the rest is not 4 % below
-- the smallest of 40 s ago; from then it waits for a pass whose rest is next to the best of all, and makes do with the
-- best one since after 40, 20, 10 … s. Its "workload disruption" is allowed here by allowing post-copy or a suspension;
-- it is a limit of 2000 s, which the engine bounds.
local MARGIN <const>, WINDOW <const> = 0.04, 40 -- share, seconds
local DECAY <const> = 0.5 -- of the patience
local SWITCHOVER <const> = 60 -- seconds for the switch once it was told to
local POSSIBLE <const> = 1.5 -- times the limit, at which one more try is made
local LIMIT <const>, FIRST <const>, ANY <const> = 900, 300, 2000000 -- ms
local PER_GB <const>, FACTOR <const> = 150, 2 -- seconds; times as many for the whole

local function acceptable(state)
  return state.memory and PER_GB * math.ceil(state.memory / 1e9) or 0
end

local function estimate(state)
  return state.bandwidth and (state.rest or 0) / state.bandwidth -- seconds
end

-- Against a switch while the network is down.
local function in_time(state)
  local left = acceptable(state) * FACTOR - state.elapsed // 1
  return state.bandwidth and state.bandwidth > 0 and estimate(state) <= left
end

-- The smallest rest of the passes that began at that time or before.
local function smallest(memory, at)
  local least
  for _, pass in ipairs(memory.passes) do
    least = pass.at <= at and math.min(pass.rest, least or pass.rest) or least
  end
  return least
end

local function take_smallest(list)
  table.sort(list)
  return table.remove(list, 1)
end

-- Whether it has stalled, and memory.best, the rest that is waited for.
local function stalled(state, memory)
  memory.passes = memory.passes or {}
  table.insert(memory.passes, { at = state.elapsed, rest = state.rest })
  if memory.best then
    table.insert(memory.since, state.rest)
    if state.elapsed >= memory.patient_until then
      memory.best, memory.patience = take_smallest(memory.since), memory.patience * DECAY
      memory.patient_until = state.elapsed + memory.patience
    end
    return true
  end
  local before = smallest(memory, state.elapsed - WINDOW)
  if before and state.rest >= before * (1 - MARGIN) // 1 then
    memory.best, memory.since, memory.patience = smallest(memory, state.elapsed), {}, WINDOW
    memory.patient_until = state.elapsed + WINDOW
  end
  return memory.best ~= nil
end

local function switch(state, memory, action)
  memory.switched, memory.deadline = true, state.elapsed // 1 + SWITCHOVER
  return action
end

local function too_late(state, memory)
  local deadline = memory.deadline or acceptable(state)
  if acceptable(state) == 0 or state.elapsed // 1 <= deadline then
    return nil
  end
  local why = ("not completed after %d s"):format(deadline)
  if not memory.switched and in_time(state) then
    if state.postcopy then
      return switch(state, memory, { postcopy = true, why = why })
    elseif state.suspend then
      return switch(state, memory, { limit = ANY, why = why })
    end
  end
  return { abort = why }
end

local function on_pass(state, memory)
  if memory.switched or not state.rest or not state.bandwidth or state.bandwidth == 0
    or not stalled(state, memory) or state.rest > memory.best * (1 + MARGIN) // 1 or not in_time(state) then
    return too_late(state, memory)
  end
  local ms = estimate(state) * 1000 // 1
  local why = ("stalled; the rest of %d ms is as small as it gets"):format(ms)
  if state.postcopy then
    return switch(state, memory, { postcopy = true, why = why })
  elseif state.suspend then
    return switch(state, memory, { limit = ANY, why = why })
  elseif ms <= LIMIT * POSSIBLE then
    return switch(state, memory, { limit = LIMIT, why = why })
  end
  return { abort = ("stalled; the rest needs %d ms, %d are allowed"):format(ms, LIMIT) }
end

return {
  title = "KubeVirt's stall detector: switches at the smallest rest once passes stall, else gives up",
  start = { limit = FIRST },
  on_pass = on_pass,
  on_tick = too_late,
}
