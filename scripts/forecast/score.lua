-- SPDX-License-Identifier: GPL-3.0-or-later
-- What became of forecasts: keep() remembers one until its migration has ended, score() compares the two. The last runs
-- of each guest and destination are kept, so that the next forecast says how good the ones before were, and knows what
-- the last migration made of the way.
local model = require "forecast.model"
local score = {}

local KEPT <const> = 20
local LEAST <const> = 0.2 -- of what is resident, that is taken to be no zeros
local FULL <const> = 0.8 -- of what the way carries: below that it was QEMU that could not send more

local function name_of(uuid, dest)
  return ("forecast/%s-%s"):format(uuid, mig.sha256(dest):sub(1, 16))
end

local function read(uuid, dest)
  return mig.memo(name_of(uuid, dest)) or { runs = {} }
end

-- forecast: what the recipe returns, of which the policies' figures and the bandwidth are kept.
function score.keep(uuid, dest, forecast)
  local memo = read(uuid, dest)
  local rows = {}
  for _, row in ipairs(forecast.policies) do
    rows[row.policy] = { total_ms = row.total_ms, outage_ms = row.outage_ms, bytes = row.bytes,
      converges = row.converges }
  end
  memo.pending = { at = os.time(), rows = rows, probe = forecast.probe, used = forecast.used,
    resident = forecast.resident }
  mig.memo(name_of(uuid, dest), memo)
end

local function outage_of(result)
  return result.budget and result.budget.gap_ms or result.downtime_ms
end

local function relative(foretold, was)
  if math.type(foretold) and math.type(was) and was > 0 then
    return foretold / was - 1
  end
end

-- What a run tells of the way, and how much of what is resident was really sent; nothing where the figures are missing,
-- or were those of a post-copy.
local function add_way(run, result, pending, row)
  local passes = result.passes or {}
  local bandwidth = result.bandwidth or #passes > 0 and passes[#passes].bandwidth
  if result.postcopy or not (math.type(bandwidth) and bandwidth > 0 and math.type(result.bytes)
    and math.type(result.total_ms)) then
    return
  end
  run.source, run.bandwidth = result.source, bandwidth
  run.total_ms, run.bytes, run.outage_ms = result.total_ms, result.bytes, outage_of(result)
  run.overhead_ms = math.max(0, result.total_ms - result.bytes / bandwidth * 1000 - model.STOP_MS)
  if pending and pending.probe and bandwidth < FULL * pending.probe then
    run.ceiling = bandwidth
  end
  if row and row.bytes and pending.resident then
    run.density = math.max(LEAST, math.min(1, (pending.used + result.bytes - row.bytes) / pending.resident))
  end
end

-- result: live-migrate's, {source, total_ms, bytes, downtime_ms, budget = {gap_ms}, policy = {name}, passes or
-- bandwidth = bytes a second of the whole} of one that has ended. Returns {total =, outage =, wrong = it was not to
-- converge}, of which the former are relative errors of the forecast (0.1: a tenth too long; nil: not known); or nil
-- where there was no forecast for that policy.
function score.score(uuid, dest, result)
  local memo = read(uuid, dest)
  local pending = memo.pending
  local row = pending and pending.rows[result.policy and result.policy.name or "virsh"]
  local run = { at = os.time() }
  add_way(run, result, pending, row)
  if row then
    run.wrong = row.converges == false
    run.total = relative(row.total_ms, result.total_ms)
    run.outage = relative(row.outage_ms, outage_of(result))
  end
  memo.pending = nil
  memo.runs[#memo.runs + 1] = (row or run.overhead_ms) and run or nil
  if #memo.runs > KEPT then
    table.remove(memo.runs, 1)
  end
  mig.memo(name_of(uuid, dest), memo)
  return row and run or nil
end

-- The forecast that waits for its migration, for that policy, or else the last run with its figures:
-- {total_ms, outage_ms, bytes, converges, from = "forecast" or "run", at}; nil: neither is there.
function score.newest(uuid, dest, policy)
  local memo = read(uuid, dest)
  local pending = memo.pending
  local found, at, from = pending and pending.rows[policy], pending and pending.at, "forecast"
  for i = #memo.runs, 1, -1 do
    if not found and memo.runs[i].total_ms then
      found, at, from = memo.runs[i], memo.runs[i].at, "run"
    end
  end
  return found and { total_ms = found.total_ms, outage_ms = found.outage_ms, bytes = found.bytes,
    converges = found.converges, from = from, at = at }
end

local function median(list)
  table.sort(list)
  local n = #list
  return n > 0 and (list[(n + 1) // 2] + list[n // 2 + 1]) / 2 or nil
end

-- {runs =, total =, outage =, wrong = how many were not to converge}: the median errors of the forecasts so far; nil:
-- there are none.
function score.of(uuid, dest)
  local runs, wrong, total, outage = 0, 0, {}, {}
  for _, run in ipairs(read(uuid, dest).runs) do
    runs, wrong = runs + (run.wrong ~= nil and 1 or 0), wrong + (run.wrong and 1 or 0)
    total[#total + 1] = run.total and math.abs(run.total)
    outage[#outage + 1] = run.outage and math.abs(run.outage)
  end
  return runs > 0 and { runs = runs, total = median(total), outage = median(outage), wrong = wrong } or nil
end

-- What the migrations from there made of the way: {bandwidth = of the last one, ceiling = what QEMU could send then,
-- where the way carried more, and the medians overhead_ms, and density = of resident memory, what was sent}, or nil.
function score.last(uuid, dest, source)
  local last, overhead, density = nil, {}, {}
  for _, run in ipairs(read(uuid, dest).runs) do
    if run.overhead_ms and run.source == source then
      last, overhead[#overhead + 1], density[#density + 1] = run, run.overhead_ms, run.density
    end
  end
  return last and { bandwidth = last.bandwidth, ceiling = last.ceiling, overhead_ms = median(overhead),
    density = median(density) }
end

return score
