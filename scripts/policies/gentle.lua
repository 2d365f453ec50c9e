-- SPDX-License-Identifier: GPL-3.0-or-later
-- The least that the guest can feel, for as long as it takes; migsh's own. Nothing slows, stops or splits it: no
-- auto-converge, no suspension, no post-copy. It leaves the guest half of the link, and takes all of it when passes
-- stall, or shortly before the switch: QEMU judges by the speed of the last 100 ms, and a limit on it would make the
-- outage longer. After 20 passes that gain nothing it gives up, and the guest stays.
local FAIR <const> = 1 -- seconds after which the bandwidth is believed
local NEAR <const> = 4 -- times what the limit allows for: the switch is near

local function leave_room(state, memory)
  if not memory.link and state.speed == 0 and state.pass == 1 and state.bandwidth and state.elapsed >= FAIR then
    memory.link, memory.slow = state.bandwidth, true
    return { speed = math.max(1, memory.link / 2 // (1 << 20)), why = "the guest keeps half of the link" }
  elseif memory.slow and state.pass and state.pass >= 2 and state.remaining
    and state.remaining / memory.link * 1000 <= NEAR * state.limit then
    memory.slow = false
    return { speed = 0, why = "the switch is near" }
  end
end

return {
  title = "least effect on the guest: never slowed, half of the link left to it, gives up after 20 stalled passes",
  start = { limit = 10, auto_converge = false },
  on_tick = leave_room,
  on_pass = function(state, memory)
    if state.stalled >= 20 then
      return { abort = ("%d passes gained nothing"):format(state.stalled) }
    elseif state.pass < 3 or (state.shrunk or 0) >= 0.1 then
      return leave_room(state, memory)
    end
    local why = ("pass %d did not shrink the rest by a tenth"):format(state.pass)
    if memory.slow then
      memory.slow = false
      return { speed = 0, why = why }
    end
    return { limit_times = 1.6, why = why }
  end,
}
