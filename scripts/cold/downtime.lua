-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the guest's users feel of a cold migration: watches from before the shutdown until it answers again. They live
-- as long as the console: a migration that another one goes on with has no measured downtime.
local downtime = {}
local Watches = {}
Watches.__index = Watches

local POLL_MS = 200

local function watch_target(text)
  if text:find "^[^:/]+:%d+$" or text:find "^%[.+%]:%d+$" then
    return "tcp:" .. text
  end
  return text
end

local function open(options)
  local hosts, pages = { interval = options.interval }, { interval = options.interval }
  for _, text in ipairs(options.target) do
    local list = text:find "^https?://" and pages or hosts
    list[#list + 1] = watch_target(text)
  end
  local watches = setmetatable({}, Watches)
  for _, targets in ipairs { hosts, pages } do
    watches[#watches + 1] = #targets > 0 and mig.watch_start(targets) or nil
  end
  return watches
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

function Watches:close()
  for _, watch in ipairs(self) do
    watch:close()
  end
end

-- Begins to measure; targets that do not answer now will tell nothing.
function downtime.start(tx)
  local about = tx.about
  if not about.running or #about.options.target == 0 or about.options.no_watch then
    return
  end
  tx.watches = open(about.options)
  mig.sleep(1000)
  tx.answered, tx.received = {}, {}
  for i, t in ipairs(tx.watches:snapshot()) do
    tx.answered[i] = t.received > 0
    if t.received == 0 then
      mig.warn(("%s does not answer now, so it cannot tell when the guest is back"):format(t.target))
    end
  end
end

-- Answers from now on are those of the guest on the destination.
function downtime.before_start(tx)
  if tx.watches then
    tx.watches:mark "start"
    for i, t in ipairs(tx.watches:snapshot()) do
      tx.received[i] = t.received
    end
  end
end

-- Until every target answers (of a watch that was there before: those that did then); the ones that do not.
function downtime.wait_for_answer(tx)
  local o, own = tx.about.options, nil
  local watches = tx.watches
  if not watches then
    own = open(o)
    watches = own
  end
  local _ <close> = setmetatable({}, { __close = function()
    if own then
      own:close()
    end
  end })
  local waited = 0
  local silent
  repeat
    mig.sleep(POLL_MS)
    waited, silent = waited + POLL_MS, {}
    for i, t in ipairs(watches:snapshot()) do
      local back = t.received > (own and 0 or tx.received[i] or 0) and t.silent_ms ~= mig.null and t.silent_ms < 2000
      if not back and (own or tx.answered[i]) then
        silent[#silent + 1] = t.target
      end
    end
  until #silent == 0 or waited >= o.answer_timeout
  return silent
end

-- {min_ms, max_ms, target}: from the last answer before to the first one after; nil where nothing was measured.
function downtime.stop(tx)
  local worst
  for _, watch in ipairs(tx.watches or {}) do
    for _, t in ipairs(watch:stop()) do
      for _, outage in ipairs(t.received > 0 and t.outages or {}) do
        if not worst or outage.max_ms > worst.max_ms then
          worst = { min_ms = outage.min_ms, max_ms = outage.max_ms, target = t.target }
        end
      end
    end
  end
  return worst
end

return downtime
