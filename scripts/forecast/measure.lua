-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a forecast has to know of a running guest and of the way to another node: how much of its memory it has changed
-- after so many seconds, how much of it is in use, what the way carries. Nothing is measured while a job runs on the
-- guest: the one disturbs the other.
local measure = {}

local fail = mig.fail
local MIB <const> = 1 << 20
local MEASURED <const> = 2 -- dirtyrate.calc_status: it has ended
local POLL_MS <const>, LATE_MS <const> = 100, 20000
local LISTEN_S <const>, CONNECT_S <const> = 12, 8 -- of the probe; a sudo or a slow login may take its time

function measure.refuse_busy(domain)
  local job = mig.domjobinfo { domain }
  if job.type ~= "none" then
    local what = job.operation and job.operation ~= mig.null and job.operation or "a job"
    fail("state", ("domjobinfo %s shows it; wait for its end"):format(domain), "%s: %s is running, and nothing is "
      .. "measured beside it", domain, what)
  end
end

local function dirtyrate(domain)
  local record = mig.domstats { domain, dirtyrate = true }[1]
  return record and record.stats or {}
end

-- Bytes that it has changed `seconds` after a first look.
local function window(domain, seconds)
  measure.refuse_busy(domain)
  mig.domdirtyrate_calc { domain, seconds = seconds }
  mig.sleep(seconds * 1000)
  local begun, stats = mig.clock(), dirtyrate(domain)
  while stats["dirtyrate.calc_status"] ~= MEASURED do
    if mig.clock() - begun > LATE_MS then
      fail("timeout", nil, "%s: its memory was to be looked at for %d s, and there is no result yet", domain, seconds)
    end
    mig.sleep(POLL_MS)
    stats = dirtyrate(domain)
  end
  measure.refuse_busy(domain)
  return { seconds = seconds, bytes = (stats["dirtyrate.megabytes_per_second"] or 0) * MIB * seconds }
end

local function progress(percent, text)
  mig.progress({ job = "forecast", percent = percent, text = text }, text == nil)
end

-- {{seconds =, bytes =}…}, one after the other: QEMU has one such measurement at a time.
function measure.windows(domain, list)
  local windows, all, done = mig.array {}, 0, 0
  for _, seconds in ipairs(list) do
    all = all + seconds
  end
  local _ <close> = setmetatable({}, { __close = function()
    progress(100)
  end })
  for i, seconds in ipairs(list) do
    progress(100 * done // all, ("%s: what it changes within %d s"):format(domain, seconds))
    windows[i] = window(domain, seconds)
    done = done + seconds
  end
  return windows
end

-- Bytes of its memory that it has ever used; the others are zero, and cost next to nothing. nil: nobody can tell.
function measure.used(node, uuid)
  local said = mig.try(function()
    return mig.node(node):tool("guest_resident", uuid)
  end)
  local kib = said and math.tointeger(tonumber(said:match "^(%d+)\n$"))
  return kib and kib > 0 and kib * 1024 or nil
end

-- Bytes a second from node to node by the way that a migration would take: preflight says to which address and port,
-- and whether that is reached. Noise for a second and a fifth; both ends close by themselves. nil, and why.
function measure.bandwidth(on_source, source, dest)
  local facts = mig.preflight_facts { on_source, dest }
  local pair = facts.pairs[1] or {}
  local ports = pair.ports
  if not ports then
    return nil, pair.missing and pair.missing.ports or "the way is not known"
  elseif not ports.reached then
    return nil, ("%s port %d: %s"):format(ports.address, ports.port, ports.error)
  end
  -- So that what a stranger sends there does not count.
  local token = mig.sha256(("%s %s %d"):format(on_source, mig.clock(), math.random(0)))
  local said, err = mig.try(mig.all, {
    function()
      return mig.node(dest):tool("stream_receive", ports.port, token, LISTEN_S)
    end,
    function()
      return mig.node(source):tool("stream_send", ports.address, ports.port, token, CONNECT_S)
    end,
  })
  if err and err.code == "cancelled" then
    error(err, 0)
  end
  local bytes, ms = (said and said[1] or ""):match "^(%d+) (%d+)\n$"
  if not bytes then
    return nil, err and err.msg or "nothing was heard of the stream"
  end
  return bytes * 1000 / ms
end

return measure
