-- SPDX-License-Identifier: GPL-3.0-or-later
-- The watches of a guest that is moved, as one, and what they tell. Pages are watched apart, as they are asked for less
-- often.
local watches = {}
local Watches = {}
Watches.__index = Watches

-- Where the nodes are: names and addresses of the inventory, and what the guest's own node says, if it can be asked.
-- own: what it has said ({{address =}…}), or nil.
function watches.addresses_of_nodes(domain, own)
  local list = {}
  for _, node in ipairs(mig.nodes()) do
    list[#list + 1] = node.address ~= mig.null and node.address or nil
  end
  for _, told in ipairs(own or {}) do
    list[#list + 1] = told.address
  end
  if own and own[1] then
    return list
  end
  local at = domain:match "@([^@]+)$"
  local said = mig.try(mig.timeout, "10s", mig.exec, { at, command = { "ip", "-o", "addr" } })
  for address in (said and said[1].stdout or ""):gmatch "inet6? ([%x.:]+)" do
    list[#list + 1] = address
  end
  return list
end

-- An address by which others reach the guest "NAME@NODE", or nil. Who says so may be the guest itself: it does not
-- choose whom this machine contacts. own: as above.
function watches.address(domain, own)
  local rows, nodes, refused = mig.try(mig.domifaddr, { domain }) or {}, nil, nil
  for _, family in ipairs { "ipv4", "ipv6" } do
    for _, row in ipairs(rows) do
      if row.protocol == family and row.address ~= mig.null then
        nodes = nodes or watches.addresses_of_nodes(domain, own)
        local ok, why = mig.guest_address(row.address, nodes)
        if ok then
          return row.address
        end
        refused = refused or not why:find "loopback" and not why:find "one link" and why or nil
      end
    end
  end
  if refused then
    mig.warn(("%s: not watched: %s"):format(domain, refused))
  end
end

-- "HOST:PORT" as the watch spells it.
local function spelled(text)
  if text:find "^[^:/]+:%d+$" or text:find "^%[.+%]:%d+$" then
    return "tcp:" .. text
  end
  return text
end

-- What waits for the guest in the destination's tap is answered at once when it runs: within 100 ms, where it stood
-- still for less. So an answer counts as late long before that, unless the round trip takes as long.
local LATE_MIN_MS <const> = 10

-- {target = {ADDRESS, HOST:PORT or URL, …}, interval =, expect = (of pages)}
function watches.open(options)
  local hosts = { interval = options.interval, late_min = LATE_MIN_MS }
  local pages = { interval = options.interval, late_min = LATE_MIN_MS, expect = options.expect }
  for _, text in ipairs(options.target) do
    local list = text:find "^https?://" and pages or hosts
    list[#list + 1] = spelled(text)
  end
  local opened <const> = setmetatable({}, Watches)
  local ok, err = pcall(function()
    for _, targets in ipairs { hosts, pages } do
      opened[#opened + 1] = #targets > 0 and mig.watch_start(targets) or nil
    end
  end)
  if not ok then
    opened:close()
    error(err, 0)
  end
  return opened
end

function Watches:mark(name)
  for _, watch in ipairs(self) do
    watch:mark(name)
  end
end

function Watches:snapshot()
  local all = {}
  for _, watch in ipairs(self) do
    table.move(watch:snapshot(), 1, #watch.targets, #all + 1, all)
  end
  return all
end

-- Ends them: every target's result. about(watch, results), if given, adds to those of one watch.
function Watches:stop(about)
  local all = mig.array {}
  for _, watch in ipairs(self) do
    local results = watch:stop()
    if about then
      about(watch, results)
    end
    table.move(results, 1, #results, #all + 1, all)
  end
  return all
end

function Watches:close()
  for _, watch in ipairs(self) do
    watch:close()
  end
end

Watches.__close = Watches.close

local CALIBRATE_MS <const>, AFTER_MS <const>, RETURN_MS <const>, POLL_MS <const> = 1200, 1500, 15000, 100

-- Raises an error if nothing answers: an outage cannot be told from a target that was never there.
function Watches:check_answers()
  mig.sleep(CALIBRATE_MS)
  local silent, answering = {}, 0
  for _, t in ipairs(self:snapshot()) do
    if t.received > 0 then
      answering = answering + 1
    else
      silent[#silent + 1] = t.target
    end
  end
  if answering == 0 then
    mig.fail("unreachable", "name another with --target, or measure nothing with --no-watch", "%s: no answer",
      table.concat(silent, ", "))
  end
  for _, target in ipairs(silent) do
    mig.warn(("%s does not answer, so it cannot tell the outage"):format(target))
  end
end

-- Until every target that answered before answers again.
function Watches:wait_for_return()
  local waited = 0
  repeat
    local silent = false
    for _, t in ipairs(self:snapshot()) do
      silent = silent or t.received > 0 and t.silent_ms ~= mig.null and t.silent_ms > 2 * POLL_MS
    end
    mig.sleep(POLL_MS)
    waited = waited + POLL_MS
  until not silent or waited >= RETURN_MS
  self.returned = mig.clock()
end

-- Calls fn(…), a migration, between the marks "migrate-start" and "migrate-end"; then until they answer again.
function Watches:during(fn, ...)
  self:mark "migrate-start"
  local ok, value = pcall(fn, ...)
  self:mark "migrate-end" -- it may have moved all the same
  if not ok then
    error(value, 0)
  end
  self:wait_for_return()
  return value
end

-- Ends them, a little later than they returned, for the round trips after it: every target's result, with its timeline
-- about the migration, and when this began and ended. A Ctrl-C ends the waiting alone.
function Watches:stop_migration()
  if self.returned then -- else a Ctrl-C came before
    pcall(mig.sleep, math.max(0, self.returned + AFTER_MS - mig.clock()))
  end
  local started, ended
  local all = self:stop(function(watch, results)
    local at = {}
    for _, mark in ipairs(results[1].marks) do
      at[mark.name] = mark.at
    end
    for i, t in ipairs(results) do
      t.timeline = watch:timeline(i, at["migrate-start"] - 1, at["migrate-end"] + AFTER_MS / 1e3, 60)
    end
    started, ended = started or at["migrate-start"], ended or at["migrate-end"]
  end)
  return all, started, ended
end

-- The longest outage of any target, or of those that end after the instant `since`: {min_ms, max_ms, target (nil: there
-- was none), silent = the target that has not answered again}. One target may tell better how long it was at the least,
-- another how long at the most.
function watches.longest(results, since)
  local worst = { min_ms = 0, max_ms = 0 }
  for _, t in ipairs(results) do
    for _, outage in ipairs(t.received > 0 and t.outages or {}) do
      if not since or outage.start + outage.max_ms / 1e3 >= since then
        worst.min_ms = math.max(worst.min_ms, outage.min_ms)
        worst.silent = worst.silent or outage.to_end and t.target
        if outage.max_ms > worst.max_ms then
          worst.max_ms, worst.target = outage.max_ms, t.target
        end
      end
    end
  end
  return worst
end

-- What is wrong with what longest() says, or nil. limit: ms that were allowed, or nil.
function watches.problem(outage, limit)
  if outage.silent then
    return ("%s did not answer again"):format(outage.silent)
  elseif limit and outage.min_ms > limit then
    return ("the outage of %.1f to %.1f ms is longer than %g ms"):format(outage.min_ms, outage.max_ms, limit)
  elseif limit and outage.max_ms > limit then
    return ("the outage of %.1f to %.1f ms may be longer than %g ms"):format(outage.min_ms, outage.max_ms, limit)
  end
end

-- Of the guest's stop, what was QEMU's (the rest of memory and the devices) and what libvirt's; ms. libvirt counts from
-- QEMU's own words; what reaches this console is the gap between them and the destination's, a little later or sooner.
function watches.stop(moved, run)
  if not (run.suspended and run.resumed) then
    return nil
  end
  local gap = (run.resumed - run.suspended) * 1e3
  local stop = math.max(gap, moved.downtime_ms or 0)
  local qemu = math.min(stop, moved.stats and moved.stats.downtime_net or moved.downtime_ms or stop)
  return { suspended_at = run.suspended, resumed_at = run.resumed, gap_ms = gap, stop_ms = stop, qemu_ms = qemu,
    libvirt_ms = stop - qemu }
end

-- Of a result with a budget of the guest's stop (suspended_at, resumed_at: epoch seconds): wire_ms, from the moment at
-- which it ran again to the first answer, and lost and late, the probes of the target that tells the outage. Late ones
-- waited for the guest and were answered; lost ones never were.
function watches.budget(result)
  local budget, target = result.budget, result.outage and result.outage.target
  if not budget or not target then
    return
  end
  for _, t in ipairs(result.targets) do
    for _, outage in ipairs(t.target == target and t.outages or {}) do
      local back = outage.start + (outage.min_ms + outage.max_ms) / 2000
      if back >= budget.suspended_at and outage.start <= budget.resumed_at + 0.02 then
        budget.wire_ms = math.max(budget.wire_ms or 0, (back - budget.resumed_at) * 1e3)
        budget.lost, budget.late = (budget.lost or 0) + outage.lost, (budget.late or 0) + outage.late + outage.waited
      end
    end
  end
end

return watches
