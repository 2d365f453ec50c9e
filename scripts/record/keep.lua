-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a run leaves of itself in its journal: the result that its report is made of, bounded, as what the journal's end
-- keeps (journal:finish). Samples are thinned so that the first, the last and the extremes stay. record/runs.lua reads
-- it.
local metrics = require "record.metrics"

local keep = { VERSION = 1, LIMIT = 64 << 10 }

local LISTS, TEXT = 400, 2000 -- rows of a list, bytes of a text; less where all of it is too long
local LEAST, LEAST_TEXT = 4, 100
local list_type <const> = getmetatable(mig.array {})

local function is_number(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

-- The places of the lowest and the highest of each figure in the rows, and of the first and the last row.
local function extremes(rows)
  local low, high, places = {}, {}, { [1] = true, [#rows] = true }
  for i, row in ipairs(rows) do
    for key, value in pairs(type(row) == "table" and row or { row }) do
      if is_number(value) then
        low[key] = (not low[key] or value < low[key].value) and { value = value, i = i } or low[key]
        high[key] = (not high[key] or value > high[key].value) and { value = value, i = i } or high[key]
      end
    end
  end
  for _, found in ipairs { low, high } do
    for _, one in pairs(found) do
      places[one.i] = true
    end
  end
  return places
end

-- At most about `limit` of the rows, in their order. More only where there are more extremes.
function keep.rows(rows, limit)
  if #rows <= limit then
    return rows
  end
  local places, n = extremes(rows), 0
  for _ in pairs(places) do
    n = n + 1
  end
  local others = math.max(limit - n, 0)
  for i = 1, others do
    places[1 + (i * (#rows - 1)) // (others + 1)] = true
  end
  local out = mig.array {}
  for i, row in ipairs(rows) do
    out[#out + 1] = places[i] and row or nil
  end
  return out
end

function keep.is_timeline(value)
  return type(value) == "table" and type(value.rtt_max_ms) == "table" and type(value.lost) == "table"
    and is_number(value.from) and is_number(value.bucket_ms)
end

-- A watch's timeline of fewer buckets: of those that become one the longest round trip, and all that was lost.
function keep.timeline(timeline, limit)
  local n = #timeline.rtt_max_ms
  local factor = math.ceil(n / limit)
  if factor <= 1 then
    return timeline
  end
  local out = { from = timeline.from, bucket_ms = timeline.bucket_ms * factor, rtt_max_ms = mig.array {},
    lost = mig.array {} }
  for i = 1, n do
    local at, rtt = (i - 1) // factor + 1, timeline.rtt_max_ms[i]
    local so_far = out.rtt_max_ms[at] or mig.null
    out.rtt_max_ms[at] = so_far == mig.null and rtt or rtt ~= mig.null and math.max(so_far, rtt) or so_far
    out.lost[at] = (out.lost[at] or 0) + (timeline.lost[i] or 0)
  end
  return out
end

local function shortened(text, limit)
  if #text <= limit then
    return text
  end
  local at = limit
  while at > 0 and (text:byte(at + 1) & 0xc0) == 0x80 do -- not within a character
    at = at - 1
  end
  return text:sub(1, at) .. " …"
end

-- Plain data of it alone, lists and texts no longer than told.
local function thinned(value, rows, text, seen)
  if type(value) == "string" then
    return shortened(value, text)
  elseif type(value) == "number" then
    return is_number(value) and value or nil
  elseif type(value) == "boolean" or value == mig.null then
    return value
  elseif type(value) ~= "table" or seen[value] then
    return nil
  end
  seen[value] = true
  if keep.is_timeline(value) then
    value = keep.timeline(value, rows)
  end
  local list = #value > 0 or list_type and getmetatable(value) == list_type
  local out = list and mig.array {} or {}
  if list then
    for i, item in ipairs(keep.rows(value, rows)) do
      out[i] = thinned(item, rows, text, seen)
      if out[i] == nil then
        out[i] = mig.null
      end
    end
  else
    for key, item in pairs(value) do
      if type(key) == "string" then
        out[key] = thinned(item, rows, text, seen)
      end
    end
  end
  seen[value] = nil
  return out
end

-- What it takes in the journal: there it is not indented.
function keep.size(value)
  return #mig.json_encode(value):gsub("\n *", "")
end

-- What is kept of a result: {version, result}, at most LIMIT bytes as JSON.
function keep.value(result)
  local rows, text = LISTS, TEXT
  while true do
    local value = { version = keep.VERSION, result = thinned(result, rows, text, {}) }
    if keep.size(value) <= keep.LIMIT then
      return value
    elseif rows <= LEAST then
      break
    end
    rows, text = rows // 2, math.max(text // 2, LEAST_TEXT)
  end
  local plain = {} -- many targets or checks with much to say: what is neither is kept all the same
  for key, item in pairs(result) do
    plain[key] = (type(item) ~= "table" or key == "outage" or key == "budget") and item or nil
  end
  return { version = keep.VERSION, result = thinned(plain, LEAST, LEAST_TEXT, {}) }
end

-- The domain and the nodes, of whatever workflow.
local function subject(about)
  return { domain = about.domain, uuid = about.uuid, source = about.source or about.exported_by,
    destination = about.dest }
end

-- Keeps the result of a workflow that has ended, well or not: tx.journal:finish() has been called. A run that was as it
-- should be does not fail because this cannot be written.
function keep.run(tx, result)
  local journal, all = tx.journal, subject(tx.about)
  for key, value in pairs(result) do
    all[key] = value
  end
  local _, err = mig.try(function()
    journal:finish(journal.state, keep.value(all))
    journal:finish(journal.state) -- a short end: whoever looks for unfinished ones reads the last bytes only
    return true
  end)
  if err then
    mig.warn(("%s: its figures are not kept: %s"):format(tx.about.domain or tx.id, err.msg))
  end
  metrics.ended(tx, result)
  tx.kept = true
end

-- A workflow's `ended`: of a run that failed before it could make a result, why it did.
function keep.failure(tx)
  if tx.failure and not tx.kept and tx.journal.state ~= "running" then
    keep.run(tx, { ok = false, verdict = tx.failure.msg, error = tx.failure })
  end
end

return keep
