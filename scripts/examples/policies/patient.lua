-- SPDX-License-Identifier: GPL-3.0-or-later
-- A policy of one's own, for a guest that may take its time but must not be slowed: five minutes for a short outage,
-- then a longer one by and by, at last post-copy if that is allowed. A quiet moment of the guest is used at any time.
-- scripts/policy/engine.lua tells what a policy may say and see.
return {
  title = "patient: 20 ms for five minutes, then more by and by, given up after a long while",
  start = { limit = 20 },
  rows = {
    { after = 300, stalled = 2, every = true, action = { limit_times = 1.5 } },
    { after = 300, after_per_gib = 300, stalled = 6, action = { postcopy = true } },
    { after = 600, after_per_gib = 600, action = { abort = "it had its time" } },
  },
  -- A rest of less than half the usual one gets the limit that it needs.
  on_pass = function(state, memory)
    local usual, rest, needs = memory.usual, state.rest, state.estimate
    if state.pass == 1 or not rest then -- the first has all of the memory
      return nil
    end
    memory.usual = usual and 0.7 * usual + 0.3 * rest or rest
    if usual and rest < usual / 2 and needs and needs > state.limit and needs < state.cap then
      return { limit = needs + 1, why = "a quiet moment" }
    end
  end,
}
