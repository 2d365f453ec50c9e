-- SPDX-License-Identifier: GPL-3.0-or-later
-- How a live migration would go, from how fast the guest changes its memory and what the link carries: QEMU's passes
-- over memory, walked through one after the other. Pure. After A. Gudkov (qemu-devel, 2023): the shape of "dirtied
-- within t" decides, and not a rate. Bytes and seconds, but for what is called ms.
local model = {}

local PAGE <const>, HEADER <const>, ZERO_PAGE <const> = 4096, 8, 9 -- what a page is on the wire
local COST <const> = (PAGE + HEADER) / PAGE
local SLICE_MS <const> = 50 -- QEMU looks so often whether the rest fits: it finds it half of that below the limit
local PASS_MS <const> = 10 -- to look for dirty pages
model.STOP_MS = 30 -- of an outage, beside the rest of memory: devices, libvirt's round trips
model.BUFFERED = 3 << 20 -- bytes that the kernel has taken from QEMU and not sent yet when the guest stops
model.OVERHEAD_MS = 1000 -- of the total, beside QEMU's: libvirt's preparations, mostly QEMU's start over there
local PATIENCE <const> = 3600 -- a migration that takes longer does not converge
local MOST_PASSES <const> = 2000
local SHARPEST <const> = 4 -- a working set is taken to fill up in no less than that part of the first window
local MOST_LIMIT_MS <const> = 2000000 -- QEMU's own
local GROWTH <const>, SPARE <const> = 1.25, 1 -- before a deadline: times the rest, and seconds more

-- What a policy does, in as far as the forecast needs it: `limit` in ms holds at first, and goes up to `most` by
-- `growth` with each pass that shrinks the rest by less than a tenth; auto_converge slows the guest; a deadline
-- (seconds) has the limit at its most when half of it is over, and stops the guest where no pass more is in time.
function model.policies(q)
  q = q or {}
  local function low(deadline)
    return { limit = 10, most = 300, growth = 1.6, auto_converge = true, deadline = deadline }
  end
  return { low = low(), virsh = { limit = q.limit or 300 }, deadline = low(q.deadline or 600) }
end

-- x with x / (e^x - 1) = share: how bent a curve is whose slope at the first window is that share of the mean one.
local function bend_of(share)
  local low, high = 1e-9, SHARPEST
  for _ = 1, 60 do
    local x = (low + high) / 2
    if x / (math.exp(x) - 1) > share then
      low = x
    else
      high = x
    end
  end
  return low
end

-- Measured windows {{seconds =, bytes =}…} as a curve that grows, and no faster than in proportion: what is measured
-- by samples has noise. Below the first window it is that of a working set that fills up, beyond the last one a power
-- of the time; both have the slope that is next to them, so that a plain writer gives a line.
function model.curve(windows)
  local list = {}
  for i, w in ipairs(windows) do
    list[i] = { seconds = w.seconds, bytes = w.bytes }
  end
  table.sort(list, function(a, b)
    return a.seconds < b.seconds
  end)
  local first, slope = list[1], 0
  list.power = 1
  for i = 2, #list do
    local w, last = list[i], list[i - 1]
    w.bytes = math.min(math.max(w.bytes, last.bytes), last.bytes * w.seconds / last.seconds)
    slope = math.max(slope, (w.bytes - first.bytes) / (w.seconds - first.seconds))
    list.power = w.bytes > 0 and (w.bytes - last.bytes) / (w.seconds - last.seconds) * w.seconds / w.bytes or 0
  end
  local share = #list > 1 and first.bytes > 0 and slope * first.seconds / first.bytes or 1
  list.bend = share < 0.999 and bend_of(share) or nil
  return list
end

local function between(curve, t)
  local a = curve[1]
  for i = 2, #curve do
    local b = curve[i]
    if t <= b.seconds then
      return a.bytes + (b.bytes - a.bytes) * (t - a.seconds) / (b.seconds - a.seconds)
    end
    a = b
  end
  return a.bytes * (t / a.seconds) ^ curve.power
end

-- Bytes of memory that the guest has changed `t` seconds after all of it was clean; no more than is in use.
function model.dirtied(curve, t, used)
  local first, bytes = curve[1]
  if t > first.seconds then
    bytes = between(curve, t)
  elseif curve.bend then
    bytes = first.bytes * (1 - math.exp(-curve.bend * t / first.seconds)) / (1 - math.exp(-curve.bend))
  else
    bytes = first.bytes * t / first.seconds
  end
  return math.min(bytes, used)
end

-- QEMU's auto-converge: where in a second or more over half of what was sent was changed again, and that twice, the
-- guest loses 20 % of its time, then 10 more each time.
local function throttle(run, seconds, sent, changed)
  local p = run.period
  p.seconds, p.sent, p.changed = p.seconds + seconds, p.sent + sent, p.changed + changed
  if p.seconds < 1 then
    return
  end
  if p.changed > p.sent / 2 then
    run.high = run.high + 1
    if run.high == 2 then
      run.high, run.throttle = 0, run.throttle == 0 and 20 or math.min(99, run.throttle + 10)
    end
  end
  run.period = { seconds = 0, sent = 0, changed = 0 }
end

local function raise_limit(run, policy, before_pass, rest)
  if policy.deadline and run.seconds >= policy.deadline / 2 then
    run.limit = math.max(run.limit, policy.most)
  elseif policy.growth and run.passes >= 2 and rest > 0.9 * before_pass then
    run.limit = math.max(run.limit, math.min(policy.most, run.limit * policy.growth))
  end
end

-- No pass more is in time before the deadline.
local function is_last_chance(run, policy)
  local whole = run.rest / run.bandwidth
  return policy.deadline and run.seconds + whole + whole * GROWTH + SPARE > policy.deadline
end

-- Nothing more will change: a pass finds what the one before found, and a policy can do no more.
local function is_stuck(run, policy, changed)
  local at_end = (not policy.growth or run.limit >= policy.most) and (not policy.auto_converge or run.throttle == 99)
  run.same = at_end and math.abs(changed - run.changed) <= 0.001 * changed and run.same + 1 or 0
  run.changed = changed
  return run.same >= 3
end

-- Pages that are left of a pass, or were changed during it. Later passes send what was changed before, so what is left
-- of them is likely to be changed again: both are parts of all that the guest has changed so far.
local function union(q, run, left, changed)
  local all = run.passes == 1 and q.used or math.max(left, changed, model.dirtied(q.curve, run.seconds, q.used))
  left, changed = math.min(left, all), math.min(changed, all)
  return all > 0 and all - (all - left) * (all - changed) / all or 0
end

-- The whole migration. Of what is left of the first pass many pages may be zero: `counted` is the rest as QEMU compares
-- it with the limit, `rest` what of it has to be sent.
local function walk(q, policy)
  local bandwidth = q.bandwidth / COST -- of pages
  local run = { seconds = 0, bytes = 0, passes = 0, limit = policy.limit, throttle = 0, high = 0, same = 0, changed = 0,
    period = { seconds = 0, sent = 0, changed = 0 }, counted = q.memory,
    rest = q.used, bandwidth = bandwidth }
  while run.passes < MOST_PASSES and run.seconds < (policy.patience or PATIENCE) do
    local left = math.min(run.counted, bandwidth * math.max(0, run.limit - SLICE_MS / 2) / 1000)
    local left_rest = left * run.rest / run.counted
    local sent = run.rest - left_rest
    local seconds = sent / bandwidth + PASS_MS / 1000
    local changed = model.dirtied(q.curve, seconds * (1 - run.throttle / 100), q.used)
    local was = run.rest
    run.seconds, run.bytes, run.passes = run.seconds + seconds, run.bytes + sent, run.passes + 1
    local rest = union(q, run, left_rest, changed)
    local counted = left - left_rest + rest
    if counted <= bandwidth * run.limit / 1000 then
      run.converges, run.rest = true, rest
      return run
    end
    if policy.auto_converge then
      throttle(run, seconds, sent, changed)
    end
    local stuck = is_stuck(run, policy, changed)
    run.counted, run.rest = counted, rest
    if stuck then
      break
    end
    raise_limit(run, policy, was, rest)
    if is_last_chance(run, policy) then
      run.converges = rest <= bandwidth * policy.most / 1000
      break
    end
  end
  return run
end

-- The smallest limit with which it does end, in ms; nil: with none.
local function least_limit(q, policy)
  local function ends(limit)
    return walk(q, { limit = limit, auto_converge = policy.auto_converge, patience = policy.deadline }).converges
  end
  local low, high = policy.limit, policy.limit
  while not ends(high) do
    low, high = high, high * 2
    if high > MOST_LIMIT_MS then
      return nil
    end
  end
  while high > low * 1.02 do
    local middle = (low + high) / 2
    if ends(middle) then
      high = middle
    else
      low = middle
    end
  end
  return high
end

-- What is changed within less than the first window nobody has seen. A curve that bends there is the cautious guess; if
-- it alone keeps the migration from ending, nobody knows.
local function cautious_walk(q, policy)
  local run, bend = walk(q, policy), q.curve.bend
  if run.converges or not bend then
    return run, run.converges == true
  end
  q.curve.bend = nil
  local line = walk(q, policy)
  q.curve.bend = bend
  if line.converges then
    return line, nil
  end
  return run, false
end

-- q: {memory =, used = bytes of it that are not zero (nil: all), windows = {{seconds =, bytes =}…}, bandwidth = bytes
-- a second, overhead_ms = of all beside QEMU (nil: OVERHEAD_MS)}; policy: one of model.policies().
-- Returns {total_ms, outage_ms, bytes, passes (as QEMU counts them), converges, limit_ms, throttle}. limit_ms is the
-- downtime limit that ends it, or, if it does not converge, would; total_ms and the like are nil then. converges is nil
-- where nobody knows: without windows, and where it depends on what is changed within less than the first of them; the
-- figures are the least then. Without memory or bandwidth nothing can be told: nil, and what is missing.
function model.predict(q, policy)
  for _, name in ipairs { "memory", "bandwidth" } do
    if not (math.type(q[name]) and q[name] > 0) then
      return nil, name
    end
  end
  local known = q.windows and #q.windows > 0
  local used = math.max(0, math.min(q.used or q.memory, q.memory))
  local facts = { memory = q.memory, used = used, bandwidth = q.bandwidth,
    curve = model.curve(known and q.windows or { { seconds = 1, bytes = 0 } }) }
  local run, converges = cautious_walk(facts, policy)
  local r = { throttle = run.throttle, limit_ms = run.limit }
  if known then
    r.converges = converges
    r.limit_ms = converges and run.limit or least_limit(facts, policy)
  end
  if not run.converges then
    return r
  end
  local rest_ms = run.rest / run.bandwidth * 1000
  local zeros = (q.memory - used) / PAGE * ZERO_PAGE
  r.outage_ms = rest_ms + model.STOP_MS + model.BUFFERED / q.bandwidth * 1000
  r.total_ms = (q.overhead_ms or model.OVERHEAD_MS) + (run.seconds + zeros / q.bandwidth) * 1000 + rest_ms
    + model.STOP_MS
  r.bytes = math.floor((run.bytes + run.rest) * COST + zeros)
  r.passes = run.passes + 2 -- QEMU counts its first look and its last
  return r
end

return model
