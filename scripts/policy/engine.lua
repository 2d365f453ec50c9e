-- SPDX-License-Identifier: GPL-3.0-or-later
-- Policies of convergence, and the engine that runs one beside a live migration: what is to be done when the guest
-- changes its memory faster than it can be sent. Pure: samples of the job's statistics go in, decisions come out;
-- whoever talks to libvirt gathers the ones and carries out the others.
--
-- A policy is a table, the result of a file such as scripts/policies/low.lua:
--   title    one line for those who choose between them
--   start    {limit =, speed =, auto_converge =}: what holds before the migration begins; nil: as it is on the source
--   rows     a list of rows, below
--   on_pass  function(state, memory), asked when a pass over the guest's memory begins
--   on_tick  function(state, memory), asked at each sample in between; there may be none while passes are short
--   needs_deadline  true: it is of no use without --deadline
-- All but the title may be missing. A row fires once, when all that it names holds, or each time if it has `every`:
--   after          seconds since the start; with after_per_gib as many more for each GiB of the guest's memory
--   pass           this pass has begun
--   stalled        so many passes have not brought the rest down by 4 %
--   action         what is done then
-- Rows with pass or stalled are looked at when a pass begins, others at each sample. An action has one or more of
--   limit          QEMU's downtime limit in ms: the guest stops as soon as the rest can be sent in that time
--   limit_times    the limit of now times this
--   speed          MiB/s that the migration may take, 0: all there is
--   postcopy       true: the guest goes on at the destination, and what is missing follows
--   suspend        true: the guest stops until it has moved
--   abort          why it is given up
--   why            a few words for the record
-- A function returns nil, an action, or a list of them. `memory` is a table of its own that lasts as long as the run.
--
-- The state, in bytes and seconds if not said otherwise; all but event, elapsed, stalled, limit, speed and cap may be
-- nil, as not each QEMU tells everything:
--   event        "pass" or "tick"
--   elapsed      since the start
--   pass         the pass over memory, from 1
--   remaining    what is still to be sent
--   rest         what that was when this pass began: the figure to compare passes by
--   shrunk       share by which the last pass brought the rest down: 0.1 is a tenth, below 0 it grew
--   best         the smallest rest of all passes
--   stalled      passes since best last shrank by at least 4 %
--   total, sent  of the job; memory: the guest's
--   dirty_rate, bandwidth  bytes a second; bandwidth is smoothed
--   estimate     ms that the rest would take at that bandwidth
--   limit, speed of now: ms, MiB/s (0: no limit)
--   throttle     percent by which auto-converge slows the guest
--   max_outage   ms that were promised; cap: the largest limit that keeps this
--   deadline     seconds since the start
--   postcopy, suspend      whether they are allowed; in_postcopy, suspended: whether it is so
--
-- The engine bounds what a policy wants: no limit above the cap, post-copy and a suspension only where they are
-- allowed, a suspension only if the rest fits the outage that was promised, in post-copy nothing but the speed (an
-- abort would lose the guest), and nothing that changes nothing. What was wanted in vain is kept in `wanted`.
local lists = require "lib.list"
local engine = {}

local MOST_LIMIT <const> = 2000000 -- ms, QEMU's own
local DEFAULT_LIMIT <const> = 300 -- ms, QEMU's and libvirt's
local HANDSHAKE <const> = 100 -- ms of an outage for libvirt's round trips and the wire (KubeVirt's)
local SMOOTHING <const> = 0.4 -- of the bandwidth (KubeVirt's)
local SHRUNK <const> = 0.96 -- best has shrunk if it is below this share of what it was (KubeVirt's)
local SHORTEST <const> = 0.1 -- seconds between two samples from which a bandwidth is told

-- What a field of a policy has to be, and how that is said.
local function is_number(least)
  return function(v)
    return math.type(v) and v >= least and v < math.huge
  end
end

local function is(kind)
  return function(v)
    return type(v) == kind
  end
end

local function is_true(v)
  return v == true
end

local function is_text(v)
  return type(v) == "string" and v ~= "" and not v:find "%c"
end

local start_fields <const> = {
  limit = { "ms, at least 1", is_number(1) },
  speed = { "MiB/s, 0 for no limit", is_number(0) },
  auto_converge = { "true or false", is "boolean" },
}
local action_fields <const> = {
  limit = start_fields.limit, speed = start_fields.speed,
  limit_times = { "a factor above 0", is_number(1e-6) },
  postcopy = { "true", is_true },
  suspend = { "true", is_true },
  abort = { "a line that says why", is_text },
  why = { "a line of text", is_text },
}
local row_fields <const> = {
  after = { "seconds", is_number(0) },
  after_per_gib = { "seconds", is_number(0) },
  pass = { "a number of at least 1", is_number(1) },
  stalled = { "a number of at least 1", is_number(1) },
  every = { "true or false", is "boolean" },
  action = { "a table", is "table" },
}
local policy_fields <const> = {
  title = { "a line of text", is_text },
  start = { "a table", is "table" },
  rows = { "a list of rows", is "table" },
  on_pass = { "a function", is "function" },
  on_tick = { "a function", is "function" },
  needs_deadline = { "true or false", is "boolean" },
}
-- In the order in which they are carried out: no limit on the speed is lifted too late for a higher downtime limit.
local acts <const> = { "speed", "limit", "postcopy", "suspend", "abort" }
-- Where the engine keeps what they bring about.
local holds <const> = { speed = "speed", limit = "limit", postcopy = "in_postcopy", suspend = "suspended",
  abort = "aborted" }

local function refuse(name, where, format, ...)
  mig.fail("usage", "scripts/policy/engine.lua tells what a policy is", "policy '%s': %s%s", name,
    where ~= "" and where .. ": " or "", format:format(...))
end

local function check_fields(name, where, value, fields)
  if type(value) ~= "table" then
    refuse(name, where, "a table is expected, not %s", tostring(value))
  end
  for field, v in pairs(value) do
    local spec = fields[field]
    if not spec then
      refuse(name, where, "there is no '%s'; expected are %s", tostring(field), table.concat(lists.keys(fields), ", "))
    elseif not spec[2](v) then
      refuse(name, where, "%s: %s is expected, not '%s'", field, spec[1], tostring(v))
    end
  end
end

local function check_action(name, where, action)
  check_fields(name, where, action, action_fields)
  for _, what in ipairs(acts) do
    if action[what] ~= nil then
      return
    end
  end
  if not action.limit_times then
    refuse(name, where, "nothing to do; expected are %s", table.concat(lists.keys(action_fields), ", "))
  end
end

local function check_policy(policy, options)
  local name = options.name or type(policy) == "table" and is_text(policy.title) and policy.title or "?"
  check_fields(name, "", policy, policy_fields)
  if not policy.title then
    refuse(name, "title", "%s is expected", policy_fields.title[1])
  end
  check_fields(name, "start", policy.start or {}, start_fields)
  for i in pairs(policy.rows or {}) do
    if math.type(i) ~= "integer" or i < 1 or i > #policy.rows then
      refuse(name, "rows", "%s is expected, and '%s' is no place in it", policy_fields.rows[1], tostring(i))
    end
  end
  for i, row in ipairs(policy.rows or {}) do
    local where = ("row %d"):format(i)
    check_fields(name, where, row, row_fields)
    if not row.action then
      refuse(name, where, "an action is expected")
    end
    check_action(name, where .. ": action", row.action)
  end
  if policy.needs_deadline and not options.deadline then
    refuse(name, "", "a deadline is expected (--deadline)")
  end
  return name
end

-- The largest limit that keeps the promise. An outage is longer than QEMU's limit.
local function cap_of(options)
  if not options.max_outage_given then
    return DEFAULT_LIMIT
  end
  local most = options.max_outage or DEFAULT_LIMIT
  return math.max(1, math.min(MOST_LIMIT, math.floor(math.max(most - HANDSHAKE, most / 3))))
end

local function round(v)
  v = math.floor(v + 0.5)
  return math.tointeger(v) or v
end

-- As libvirt takes them: whole numbers, and a little is not 0, which is no limit.
local bounded <const> = {
  limit = function(v) return math.max(1, round(v)) end,
  speed = function(v) return v and v > 0 and math.max(1, round(v)) or v and 0 end,
}

local Engine = {}
Engine.__index = Engine

-- options: {max_outage = ms, max_outage_given =, deadline = seconds, postcopy = allowed, suspend = allowed,
-- old_limit = ms that the source had, speed = MiB/s and auto_converge = what the operator asked for, memory = bytes of
-- the guest, name = the policy's}.
function engine.new(policy, options)
  options = options or {}
  local self = setmetatable({ options = options, name = check_policy(policy, options), policy = policy, memory = {},
    wanted = {}, fired = {}, counted = 0, stalled = 0 }, Engine)
  local start, old = policy.start or {}, options.old_limit or DEFAULT_LIMIT
  self.cap = cap_of(options)
  self.begin = { auto_converge = (start.auto_converge or options.auto_converge) == true,
    limit = start.limit and math.min(self.cap, bounded.limit(start.limit)), speed = bounded.speed(start.speed) }
  if not start.limit and options.max_outage_given and old > self.cap then
    self.begin.limit = self.cap -- the promise binds a policy that does nothing, too
  end
  self.limit, self.speed = self.begin.limit or old, self.begin.speed or options.speed or 0
  return self
end

-- {limit = ms or nil, speed = MiB/s or nil, auto_converge =}: what holds before the migration begins.
function Engine:start()
  return self.begin
end

-- The first of these figures that is one. What JSON or an old libvirt left out is none.
local function figure(from, ...)
  for _, name in ipairs { ... } do
    local v = from[name]
    if math.type(v) and v >= 0 then
      return v
    end
  end
end

-- What goes over the wire, from libvirt's figure, else from what was sent since. When a pass begins QEMU has looked for
-- dirty pages instead of sending, so such a figure only stands in until there is another.
function Engine:measure(event, at, sent, bps)
  if event == "pass" and self.told then
    return
  end
  local last, now = self.sent, bps ~= 0 and bps or nil
  if sent and (not last or at - last.at >= SHORTEST) then
    now = now or last and sent >= last.bytes and (sent - last.bytes) / (at - last.at) or nil
    self.sent = { at = at, bytes = sent }
  end
  if now and (self.bandwidth or now > 0) then
    self.bandwidth = self.bandwidth and SMOOTHING * now + (1 - SMOOTHING) * self.bandwidth or now
    self.told = self.told or event == "tick"
  end
end

-- A pass begins with this rest.
function Engine:begin_pass(rest)
  self.shrunk = rest and self.rest and self.rest > 0 and 1 - rest / self.rest or nil
  self.rest = rest
  if not rest then
    return
  elseif not self.mark or rest <= SHRUNK * self.mark then
    self.mark, self.stalled = rest, 0
  else
    self.stalled = self.stalled + 1
  end
  if self.counted >= 2 then -- the first pass has all of the memory before it
    self.best_later = math.min(rest, self.best_later or rest)
  end
  self.best = math.min(rest, self.best or rest)
end

-- {event = "pass" or "tick", at = seconds since the start, pass = its number, stats = libvirt's statistics of the job;
-- limit =, speed =, in_postcopy =: what somebody else has brought about meanwhile, where this is known} -> state.
function Engine:sample(sample)
  local stats, options = sample.stats or {}, self.options
  local event, number = sample.event, figure(sample, "pass") or figure(stats, "memory_iteration")
  local total = figure(stats, "data_total", "memory_total")
  local remaining = figure(stats, "data_remaining", "memory_remaining")
  local sent = figure(stats, "data_processed", "memory_processed")
  if total == 0 then -- it has not begun
    total, remaining = nil, nil
  end
  self.limit, self.speed = figure(sample, "limit") or self.limit, figure(sample, "speed") or self.speed
  self.in_postcopy = self.in_postcopy or sample.in_postcopy
  self:measure(event, sample.at, sent, figure(stats, "memory_bps"))
  if event == "pass" then
    number = number or self.counted + 1
    if number > self.counted then
      self.counted = math.floor(number)
      self:begin_pass(remaining)
    else
      event = "tick" -- told twice
    end
  end
  local dirty = figure(stats, "memory_dirty_rate")
  self.pass = number and math.max(math.floor(number), self.pass or 0) or self.pass
  self.estimate = remaining and self.bandwidth and self.bandwidth > 0 and remaining / self.bandwidth * 1000 or nil
  self.at, self.dirty_rate = sample.at, dirty and dirty * (figure(stats, "memory_page_size") or 4096) or self.dirty_rate
  return { event = event, pass = self.pass, elapsed = sample.at, remaining = remaining, total = total, sent = sent,
    rest = self.rest, shrunk = self.shrunk, best = self.best, stalled = self.stalled,
    dirty_rate = self.dirty_rate, bandwidth = self.bandwidth, estimate = self.estimate,
    limit = self.limit, speed = self.speed, throttle = figure(stats, "auto_converge_throttle"),
    max_outage = options.max_outage or DEFAULT_LIMIT, cap = self.cap, deadline = options.deadline,
    postcopy = options.postcopy == true, in_postcopy = self.in_postcopy == true,
    suspend = options.suspend == true, suspended = self.suspended == true,
    memory = options.memory or figure(stats, "memory_total") }
end

local function due(row, state)
  if (row.pass or row.stalled) and state.event ~= "pass" or row.pass and state.pass < row.pass
    or row.stalled and state.stalled < row.stalled or row.after_per_gib and not state.memory then
    return false
  end
  return state.elapsed >= (row.after or 0) + (row.after_per_gib and row.after_per_gib * state.memory / 2 ^ 30 or 0)
end

-- Adds the action of each row that fires now.
function Engine:due_rows(state, add)
  for i, row in ipairs(self.policy.rows or {}) do
    if (row.every or not self.fired[i]) and due(row, state) then
      self.fired[i] = true
      local why = {}
      if row.after or row.after_per_gib then
        why[1] = ("%d s have passed"):format(state.elapsed // 1)
      end
      why[#why + 1] = row.pass and ("pass %d"):format(state.pass)
      why[#why + 1] = row.stalled and ("stalled for %d passes"):format(state.stalled)
      add(row.action, why[1] and table.concat(why, ", ") or ("row %d"):format(i), i)
    end
  end
end

-- Adds what the policy's function of that name says.
function Engine:ask(which, state, add)
  local fn = self.policy[which]
  if not fn then
    return
  end
  local ok, said = pcall(fn, state, self.memory)
  if not ok and type(said) == "table" then
    error(said, 0) -- a cancelled run, for one
  elseif not ok then
    refuse(self.name, which, "%s", said)
  elseif said == nil then
    return
  elseif type(said) ~= "table" then
    refuse(self.name, which, "an action, a list of them or nil is expected, not '%s'", tostring(said))
  end
  local list = (said[1] ~= nil or next(said) == nil) and said or { said }
  for i, action in pairs(list) do
    check_action(self.name, #list > 1 and ("%s: action %s"):format(which, i) or which, action)
  end
  for _, action in ipairs(list) do
    add(action, self.name)
  end
end

-- The limit that an action asks for, within bounds.
function Engine:limited(action)
  local asked = bounded.limit(action.limit or action.limit_times * self.limit)
  if not action.limit and action.limit_times > 1 then
    asked = math.max(asked, self.limit + 1)
  end
  if asked > self.cap then
    self.wanted.limit = math.max(asked, self.wanted.limit or 0)
    return self.limit >= self.cap and asked >= self.limit and self.limit or self.cap
  end
  return asked
end

function Engine:allowed(what, why, state)
  local options = self.options
  if self.aborted or self.in_postcopy then
    return not self.aborted and what == "speed"
  elseif what == "postcopy" then
    if not options.postcopy then
      self.wanted.postcopy = why
    end
    return options.postcopy and not self.suspended
  elseif what == "suspend" then
    local kept = not options.max_outage_given -- only when a pass begins is it known what the guest has dirtied
      or state.event == "pass" and state.estimate and state.estimate <= self.cap
    if not options.suspend or not kept then
      self.wanted.suspend = why
    end
    return options.suspend and kept
  end
  return true
end

-- A list of {what = "speed", "limit", "postcopy", "suspend" or "abort", value =, before = what it was, why =}, to be
-- carried out in this order; row: of a row, its number. The engine takes it that this is done; failed() says that it
-- was not.
function Engine:decide(state)
  local list = mig.array {}
  if self.aborted then
    return list
  end
  local function add(action, default, row)
    for _, what in ipairs(acts) do
      if action[what] ~= nil or what == "limit" and action.limit_times then
        local why, field = what == "abort" and action.abort or action.why or default, holds[what]
        local value, before = true, self[field] or false
        if what == "limit" then
          value = self:limited(action)
        elseif what == "speed" then
          value = bounded.speed(action.speed)
        end
        if value ~= before and self:allowed(what, why, state) then
          self[field] = value
          list[#list + 1] = { what = what, value = value, before = before, why = why, row = row }
        end
      end
    end
  end
  self:due_rows(state, add)
  self:ask(state.event == "pass" and "on_pass" or "on_tick", state, add)
  return list
end

-- A decision could not be carried out: what was before holds, and its row may fire again.
function Engine:failed(action)
  self[holds[action.what]] = action.before
  if action.row then
    self.fired[action.row] = nil
  end
end

local function seconds(ms)
  return ms < 1000 and ("%d ms"):format(round(ms)) or ("%.1f s"):format(ms / 1000)
end

-- A duration as an option takes it, a little longer than that.
local function generous(ms)
  local step = ms < 1000 and 50 or ms < 10000 and 500 or ms < 60000 and 1000 or 5000
  ms = math.ceil(ms / step) * step
  return ms < 1000 and ("%dms"):format(ms) or ("%gs"):format(ms / 1000)
end

-- What would have ended a run that did not: a list of texts, each an option first.
function Engine:failed_means()
  local means, options, bandwidth = mig.array {}, self.options, self.bandwidth
  if not options.postcopy then
    means[#means + 1] = "--postcopy"
  end
  local need = self.best_later and bandwidth and bandwidth > 0 and self.best_later / bandwidth * 1000
  if need and need > self.cap then
    means[#means + 1] = ("--max-outage %s: the rest needs about %s"):format(generous(need + HANDSHAKE), seconds(need))
  end
  if not self.begin.auto_converge then
    means[#means + 1] = "--auto-converge"
  end
  if need and options.deadline and self.stalled == 0 and self.dirty_rate and self.dirty_rate < bandwidth then
    local more = self.best_later / (bandwidth - self.dirty_rate)
    means[#means + 1] = ("--deadline %s: the rest was still shrinking"):format(generous((self.at + more) * 1100))
  end
  return means
end

local Shadow = {}
Shadow.__index = Shadow

-- What another policy would do beside a run that it has no hand in: fed with the same samples, its limit and speed
-- follow its own decisions. It is over when it has ended its own run, or is no good.
function engine.shadow(policy, options)
  local self = setmetatable({ engine = engine.new(policy, options), list = mig.array {} }, Shadow)
  local begin = self.engine:start()
  for _, what in ipairs { "speed", "limit" } do
    if begin[what] then
      self:note(0, { what = what, value = begin[what], why = "at the start" })
    end
  end
  return self
end

function Shadow:note(at, action)
  self.list[#self.list + 1] = { at = at, what = action.what, value = action.value, why = action.why }
  self.over = self.over or action.what ~= "limit" and action.what ~= "speed"
end

function Shadow:look(sample)
  local own = self.engine
  local state = own:sample { event = sample.event, at = sample.at, pass = sample.pass, stats = sample.stats }
  if state.event == "pass" and state.pass >= 2 and state.estimate and state.estimate <= state.limit then
    return self:note(sample.at, { what = "switch", value = round(state.estimate), why = "the rest fits the limit" })
  end
  for _, action in ipairs(own:decide(state)) do
    self:note(sample.at, action)
  end
end

function Shadow:sample(sample)
  if self.over or sample.in_postcopy then
    return
  end
  local ok, err = pcall(self.look, self, sample)
  if not ok and (type(err) ~= "table" or err.code ~= "usage") then
    error(err, 0)
  elseif not ok then -- is no reason to disturb the run beside it
    self:note(sample.at, { what = "error", why = err.msg })
  end
end

-- A list of {at = seconds, what =, value =, why =}. Beside what decide() has there is "switch": it would have stopped
-- the guest for value ms and been done; and "error": the policy failed.
function Shadow:decisions()
  return self.list
end

return engine
