-- SPDX-License-Identifier: GPL-3.0-or-later
-- A run as text: what the recipe printed when it ended (migsh.report), and what was done where. Pure. The result may be
-- of an older migsh and lack anything; its words may be foreign.
local keep = require "record.keep"
local report = require "migsh.report"
local text = {}

local WIDTH = 60 -- characters of the line of round trips

-- Each text as one line, but what a check found, which may have several.
local function clean(value, key)
  if type(value) == "string" then
    return key == "detail" and value:gsub("[^\n]+", mig.line) or mig.line(value)
  elseif type(value) ~= "table" then
    return value
  end
  local out = {}
  for name, item in pairs(value) do
    if item ~= mig.null or type(name) == "number" then
      out[name] = clean(item, name)
    end
  end
  return out
end

-- A target of which all is told that the report wants.
local function is_whole(t)
  for _, key in ipairs { "interval_ms", "sent", "lost", "late", "starved_ms" } do
    if type(t[key]) ~= "number" then
      return false
    end
  end
  return t.target ~= nil and type(t.longest_ms) == "table"
end

local function result_of(run)
  local value, whole = clean(run.result), {}
  value.domain, value.source, value.destination = mig.line(run.domain), mig.line(run.source or "?"),
    mig.line(run.destination or "?")
  value.total_ms, value.verdict = run.total_ms, mig.line(run.verdict)
  value.kind = value.kind or run.command ~= "live-migrate" and run.command or nil
  if value.outage then
    value.outage.target = value.outage.target or "?"
  end
  for _, t in ipairs(value.targets or {}) do
    if is_whole(t) then
      t.timeline = keep.is_timeline(t.timeline) and keep.timeline(t.timeline, WIDTH) or nil
      whole[#whole + 1] = t
    end
  end
  value.targets = whole
  return value
end

function text.page(run)
  local lines = { mig.line(("%s, begun %s, %s"):format(run.id, run.time, run.state)), report.migration(result_of(run)) }
  for _, step in ipairs(run.steps) do
    local title = step.title and step.title ~= mig.null and step.title or step.name
    lines[#lines + 1] = mig.line(("  %-11s %-10s %-9s %s%s"):format("[" .. step.state .. "]", step.node, step.name,
      title, step.error and step.error ~= mig.null and ": " .. step.error or ""))
  end
  return table.concat(lines, "\n") .. "\n"
end

return text
