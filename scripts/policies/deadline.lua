-- SPDX-License-Identifier: GPL-3.0-or-later
-- To be there by --deadline, by the cheapest means that is in time; migsh's own. The limit goes up as in low.lua, and
-- at half the time as far as it may. When there is no time for another pass and for the rest after it, post-copy begins
-- or the guest is suspended, where that is allowed; else it is given up when the time is over, and the guest stays.
local GROWTH <const> = 1.25 -- times the rest that a last means may take,
local SPARE <const> = 1 -- and seconds more

local function over(state)
  local rest = state.rest and ("; the rest of %d MiB"):format(state.rest // (1 << 20)) or ""
  if state.rest and (state.bandwidth or 0) > 0 then
    rest = rest .. (" needs about %d ms, %d are allowed"):format(state.rest / state.bandwidth * 1000 // 1, state.cap)
  end
  return { abort = ("not there after %g s%s"):format(state.deadline, rest) }
end

-- There is no time for another pass, but for the rest.
local function last_chance(state)
  if state.in_postcopy or state.suspended or (state.pass or 0) < 2 or not state.rest or not state.remaining
    or (state.bandwidth or 0) == 0 then
    return false
  end
  local left, whole = state.deadline - state.elapsed, state.rest / state.bandwidth
  return whole <= left and state.remaining / state.bandwidth + whole * GROWTH + SPARE > left
end

local function decide(state)
  if state.elapsed >= state.deadline then
    return over(state)
  elseif last_chance(state) then
    local why = ("%d s are left, too few for another pass"):format((state.deadline - state.elapsed) // 1)
    return { { limit = state.cap, why = why },
      state.postcopy and { postcopy = true, why = why } or { suspend = true, why = why } }
  elseif state.elapsed >= state.deadline / 2 then
    return { limit = state.cap, why = "half the time is over" }
  elseif state.event == "pass" and state.pass >= 3 and (state.shrunk or 0) < 0.1 then
    return { limit_times = 1.6, why = ("pass %d did not shrink the rest by a tenth"):format(state.pass) }
  end
end

return {
  title = "there by --deadline: first a larger limit, then post-copy or a suspension if allowed, else given up",
  needs_deadline = true,
  start = { limit = 10, auto_converge = true },
  on_pass = decide,
  on_tick = decide,
}
