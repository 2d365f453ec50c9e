-- SPDX-License-Identifier: GPL-3.0-or-later
-- The shortest outage that the guest allows; migsh's own. QEMU uses up its downtime limit, by default 300 ms, also
-- where 10 would do. So it begins at 10, which is near what QEMU and libvirt need anyway, and goes up by 1.6 with each
-- pass that gains nothing, or of which nobody knows: 300 is reached after eight of them. Then post-copy has to end it
-- where that is allowed, else auto-converge, which goes on slowing the guest. When that, too, has gained nothing for
-- long, it is given up, and the guest stays.
local PASSES <const>, SECONDS <const> = 30, 60 -- without a gain, at the largest limit

return {
  title = "the shortest outage: a limit of 10 ms, raised only when passes stall; a minute without a gain ends it",
  start = { limit = 10, auto_converge = true },
  on_pass = function(state, memory)
    if state.stalled == 0 then
      memory.gained = state.elapsed
    end
    local idle = state.elapsed - (memory.gained or 0)
    if state.pass < 3 or (state.shrunk or 0) >= 0.1 then
      return nil
    elseif state.limit < state.cap then
      return { limit_times = 1.6, why = ("pass %d did not shrink the rest by a tenth"):format(state.pass) }
    elseif state.stalled >= PASSES and idle >= SECONDS then
      return { abort = ("%d passes, %d s and a downtime limit of %d ms gained nothing"):format(state.stalled, idle // 1,
        state.limit) }
    elseif state.stalled >= 4 then
      return { postcopy = true, why = ("stalled for %d passes at the largest limit"):format(state.stalled) }
    end
  end,
}
