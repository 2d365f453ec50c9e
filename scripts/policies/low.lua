-- SPDX-License-Identifier: GPL-3.0-or-later
-- The shortest outage, and an end; migsh's own. QEMU uses up its downtime limit, by default 300 ms, also where 10 would
-- do. So it begins at 10, which is near what QEMU and libvirt need anyway, and goes up by 1.6 with each pass that gains
-- nothing: ends at 300 after eight such passes, and in most runs far below. Unknown gains count as none.
return {
  title = "the shortest outage: a limit of 10 ms, raised only when passes stall",
  start = { limit = 10, auto_converge = true },
  on_pass = function(state)
    if state.pass < 3 or (state.shrunk or 0) >= 0.1 then
      return nil
    elseif state.limit < state.cap then
      return { limit_times = 1.6, why = ("pass %d did not shrink the rest by a tenth"):format(state.pass) }
    elseif state.stalled >= 4 then
      return { postcopy = true, why = ("stalled for %d passes at the largest limit"):format(state.stalled) }
    end
  end,
}
