-- SPDX-License-Identifier: GPL-3.0-or-later
-- Pre-copy of a simulated guest beside an engine of policies, as QEMU does it: passes over what was dirtied, the switch
-- once the rest fits bandwidth times limit, auto-converge. For tests/lua/policy.lua.
local STEP <const>, SHORT <const>, POLL <const> = 0.05, 0.01, 0.4 -- seconds
local MiB <const> = 1 << 20

local known <const> = { "memory_total", "data_total", "data_remaining", "data_processed", "memory_bps",
  "memory_iteration", "memory_dirty_rate", "memory_page_size", "auto_converge_throttle" }

local run = {}
run.__index = run

function run:bandwidth()
  return self.speed > 0 and math.min(self.guest.link, self.speed * MiB) or self.guest.link
end

function run:dirty_rate()
  local guest = self.guest
  if self.result.suspended or guest.quiet and self.at % (3 * guest.quiet) < guest.quiet then
    return 0
  end
  return guest.dirty * (1 - self.throttle / 100)
end

-- libvirt's statistics; some of them are forgotten now and then.
function run:stats()
  local guest = self.guest
  local noise = 1 + (guest.noise or 0) * (math.random() - 0.5)
  local stats = { memory_total = guest.memory, data_total = guest.memory, data_remaining = self.rest // 1,
    data_processed = self.sent // 1, memory_bps = self:bandwidth() * noise // 1, memory_iteration = self.pass,
    memory_dirty_rate = self:dirty_rate() // 4096, memory_page_size = 4096, auto_converge_throttle = self.throttle }
  for _, name in ipairs(guest.forget and known or {}) do
    stats[name] = math.random() >= guest.forget and stats[name] or nil
  end
  return stats
end

-- What the engine says is done, and must be in bounds.
function run:ask(event)
  local e, r = self.engine, self.result
  local sample = { event = event, at = self.at, pass = event == "pass" and self.pass or nil, stats = self:stats() }
  for _, shadow in ipairs(self.guest.shadows or {}) do
    shadow:sample(sample)
  end
  local state = e:sample(sample)
  assert(state.limit == self.limit and state.limit <= state.cap, "a limit above the cap")
  for _, action in ipairs(e:decide(state)) do
    assert(not r.how and action.value ~= action.before and action.why ~= "", action.what)
    self.said[#self.said + 1] = action.what .. (action.value ~= true and " " .. action.value or "")
    if action.what == "limit" then
      assert(math.type(action.value) == "integer" and action.value >= 1 and action.value <= state.cap, action.value)
      self.limit, r.largest = action.value, math.max(r.largest, action.value)
    elseif action.what == "speed" then
      self.speed = action.value
    elseif action.what == "suspend" then
      assert(e.options.suspend and not r.suspended, "a suspension")
      r.suspended = self.at
    elseif action.what == "postcopy" then
      assert(e.options.postcopy, "post-copy")
      r.how, r.at = "postcopy", self.at
      self.at = self.at + (self.rest + self.new) / self:bandwidth()
    else
      r.how, r.why = "aborted", action.why
    end
  end
end

function run:auto_converge()
  local dirtied, sent = self.new, self.sent - self.sent_before
  self.sent_before = self.sent
  self.hot = self.hot + (dirtied > sent / 2 and 1 or 0)
  if self.hot >= 2 and self.converge then
    self.throttle, self.hot = math.min(99, self.throttle == 0 and 20 or self.throttle + 10), 0
  end
end

-- QEMU looks what was dirtied: the end, or another pass.
function run:sync()
  local r = self.result
  self:auto_converge()
  self.rest, self.new = self.rest + self.new, 0
  if self.rest > self:bandwidth() * self.limit / 1000 then
    self.pass = self.pass + 1
    return self:ask "pass"
  end
  local last = self.rest / self:bandwidth()
  self.at = self.at + last
  r.how = r.suspended and "suspended" or "converged"
  r.outage = (r.suspended and self.at - r.suspended or last) * 1000
end

-- guest: {memory =, link =, dirty =, working = bytes (a second); stubborn: auto-converge does not help; quiet = seconds
-- of three times as many in which it rests; noise, forget: shares; shadows}. -> {how = "converged", "postcopy",
-- "suspended", "aborted" or "none", outage = ms, total = seconds, largest = limit, throttle =, said = text, why =}
return function(engine, guest, most)
  local begin = engine:start()
  local self = setmetatable({ engine = engine, guest = guest, at = 0, pass = 1, rest = guest.memory, new = 0, sent = 0,
    sent_before = 0, hot = 0, throttle = 0, converge = begin.auto_converge and not guest.stubborn, said = {},
    speed = begin.speed or 0, limit = begin.limit or engine.options.old_limit or 300, result = {} }, run)
  local r, poll = self.result, POLL
  r.largest = self.limit
  self:ask "pass"
  while not r.how and self.at < most do
    local bandwidth = self:bandwidth()
    local near = self.rest / bandwidth - self.limit / 1000 -- seconds until QEMU looks
    local step = math.max(SHORT, math.min(STEP, near))
    self.at = self.at + step
    local sent = math.min(self.rest, bandwidth * step)
    self.rest, self.sent = self.rest - sent, self.sent + sent
    self.new = math.min(guest.working, self.new + self:dirty_rate() * step)
    if near <= step then
      self:sync()
    end
    if not r.how and self.at >= poll then
      poll = self.at + POLL
      self:ask "tick"
    end
  end
  r.how, r.total, r.throttle, r.said = r.how or "none", self.at, self.throttle, table.concat(self.said, " ")
  return r
end
