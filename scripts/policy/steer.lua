-- SPDX-License-Identifier: GPL-3.0-or-later
-- Steers a live migration beside libvirt's call: hears of its passes and of the moments at which the guest stops and
-- runs again, asks the policy (policy/engine.lua), does what that says, and keeps what was seen. It never decides by
-- itself, and a failure of its own costs the migration nothing but its steering.
local keep = require "record.keep"
local steer = {}

local TICK_MS, SETTLE_MS = 400, 1000
local NO_LIMIT <const> = 8796093022207 -- MiB/s, libvirt's word for it
local MAX_SAMPLES <const> = 400 -- of the passes: more are thinned, as in a record

-- A policy by its name among the policies of the recipes' directories, or by its file (a name with a slash or ".lua").
function steer.load(name)
  if name:find "/" or name:find "%.lua$" then
    return dofile(name)
  end
  for _, known in ipairs(mig.modules "policies") do
    if known == "policies." .. name then
      return require(known)
    end
  end
  mig.fail("not-found", "policies are files policies/NAME.lua beside recipes: " .. table.concat(steer.names(), ", ")
    .. "; a file of your own is named with its path", "no policy '%s'", mig.line(name))
end

-- Does it decide between passes, too?
function steer.wants_ticks(policy)
  for _, row in ipairs(policy.rows or {}) do
    if not row.pass and not row.stalled then
      return true
    end
  end
  return policy.on_tick ~= nil
end

function steer.names()
  local names = {}
  for _, known in ipairs(mig.modules "policies") do
    names[#names + 1] = known:match "%.([^.]+)$"
  end
  table.sort(names)
  return names
end

local acts = {
  limit = function(run, value)
    mig.migrate_setmaxdowntime { run.domain, ("%dms"):format(value) }
  end,
  speed = function(run, value)
    mig.migrate_setspeed { run.domain, value > 0 and value or NO_LIMIT }
  end,
  postcopy = function(run)
    mig.migrate_postcopy { run.domain }
  end,
  suspend = function(run)
    mig.suspend { run.domain }
  end,
  abort = function(run)
    mig.domjobabort { run.domain }
  end,
}

local function note(run, what, value, why)
  run.decisions[#run.decisions + 1] = { at = run.now, what = what, value = value, why = why }
end

local asks = { limit = "migrate_getmaxdowntime", speed = "migrate_getspeed" }

-- What somebody else has set meanwhile holds, and is told. The speed that holds at first is libvirt's.
local function look_for_hands(run)
  for what, verb in pairs(asks) do
    local now = mig.try(mig[verb], { run.domain })
    if now and run[what] and now ~= run[what] then
      note(run, what, now, "set by hand")
      run.by_hand[what] = now
    end
    run[what] = now or run[what]
  end
end

local function act(run, action)
  local _, err = mig.try(acts[action.what], run, action.value)
  if err then
    if err.code == "cancelled" then
      error(err, 0)
    end
    run.engine:failed(action) -- too early or too late: the next pass asks again
    note(run, action.what, action.value, ("%s; failed: %s"):format(action.why or "", err.msg))
    return
  end
  if asks[action.what] then
    run[action.what] = nil -- as libvirt has it: the next pass asks
  end
  if action.what ~= "limit" then
    local value = action.what == "speed" and (action.value == 0 and " no limit" or (" %d MiB/s"):format(action.value))
    mig.notice(mig.line(("%s: %s%s: %s"):format(run.name, action.what, value or "", action.why or "")))
  end
  run.aborted = action.what == "abort" and action.why or run.aborted
  note(run, action.what, action.value, action.why)
end

local function sample(run, event, pass)
  if run.suspended then
    return -- whoever asks now makes the guest wait
  end
  local stats = mig.try(mig.domjobinfo, { run.domain })
  if not stats then
    return -- over, or not begun
  end
  if event == "pass" then
    look_for_hands(run)
  end
  local seen = { event = event, at = run.now, pass = pass, stats = stats, in_postcopy = run.in_postcopy,
    limit = run.by_hand.limit, speed = run.by_hand.speed }
  run.by_hand = {}
  local state = run.engine:sample(seen)
  run.passes[#run.passes + 1] = { at = run.now, pass = state.pass, remaining = state.remaining, total = state.total,
    sent = state.sent, bandwidth = state.bandwidth, dirty_rate = state.dirty_rate, limit = state.limit,
    throttle = state.throttle }
  if #run.passes > 2 * MAX_SAMPLES then
    run.passes = keep.rows(run.passes, MAX_SAMPLES)
  end
  if run.shadow then
    run.shadow:sample(seen)
  end
  for _, action in ipairs(run.engine:decide(state)) do
    act(run, action)
  end
end

-- The guest stops on the source and runs on the destination.
local function lifecycle(run, event)
  if event.node == run.source and event.type == "Suspended" then
    run.suspended = run.suspended or event.time
  elseif event.node == run.dest and event.type == "Resumed" then
    run.resumed = run.resumed or event.time
  end
  run.in_postcopy = run.in_postcopy or event.detail == "Post-copy"
  run.events[#run.events + 1] = { time = event.time, node = event.node, name = event.type, detail = event.detail }
end

-- Until it is cancelled: what came while something else was asked is taken all the same.
local function loop(run, events)
  while true do
    local event = events:next(run.tick_ms)
    run.now = (mig.clock() - run.began) / 1000
    if not event then
      sample(run, "tick", nil)
    elseif event.event == "migration-iteration" then
      sample(run, "pass", event.iteration)
    elseif event.event == "lifecycle" then
      lifecycle(run, event)
    end
  end
end

local function runs_still(q)
  local info = mig.try(mig.dominfo, { q.domain })
  return info and info.state == "running"
end

-- Runs `move`, a function that migrates and returns what it came to, with a policy beside it.
-- q: {domain = NAME@SOURCE, name, uuid, source, dest, engine, ticks = does its policy want samples between passes,
-- limit = ms that holds now, shadow = engine's shadow or nil}
-- Returns what `move` returned, and the run: {engine, passes, decisions, events, suspended, resumed (epoch seconds)}.
-- What `move` raises goes on; "timeout", with what would have helped, where the policy has given it up.
function steer.along(q, move)
  local run = { domain = q.domain, name = q.name, source = q.source, dest = q.dest, engine = q.engine,
    shadow = q.shadow, by_hand = {}, passes = mig.array {}, decisions = mig.array {},
    events = mig.array {}, limit = q.limit, now = 0, began = mig.clock(),
    tick_ms = (q.ticks or q.shadow) and TICK_MS or nil }
  local events <close> = mig.events { q.source, q.dest, kinds = { "lifecycle", "migration-iteration" },
    domain = q.uuid }
  local beside <close> = mig.spawn(function()
    local ok, err = pcall(loop, run, events)
    if not ok and not (type(err) == "table" and err.code == "cancelled") then
      mig.warn(("%s: it is not steered any more: %s"):format(q.name, type(err) == "table" and err.msg or tostring(err)))
    end
  end)
  local ok, moved = pcall(move)
  for _ = 1, ok and SETTLE_MS / 50 or 0 do
    if run.resumed then
      break
    end
    mig.sleep(50)
  end
  beside:cancel()
  mig.try(beside.wait, beside)
  if ok then
    return moved, run
  elseif run.aborted and type(moved) == "table" and runs_still(q) then -- libvirt may tell of what the end broke
    local means = run.engine:failed_means()
    mig.fail("timeout", #means > 0 and "what would have ended it: " .. table.concat(means, "; ") or nil,
      "%s was given up and stays on %s: %s", q.name, q.source, run.aborted)
  end
  error(moved, 0)
end

return steer
