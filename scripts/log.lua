-- SPDX-License-Identifier: GPL-3.0-or-later
-- The migrations that were made, out of the journals (record/runs.lua).
local report = require "migsh.report"
local runs = require "record.runs"

local WIDTH = 40 -- characters of a cell; report tells the rest

local shown = { ms = report.ms, bytes = report.bytes, count = function(value)
  return type(value) == "number" and ("%g"):format(value) or "-"
end }

-- A cell's words, which may be foreign.
local function cell_of(value)
  local text = mig.line(value)
  local cut = utf8.len(text) > WIDTH and utf8.offset(text, WIDTH)
  return cut and text:sub(1, cut - 1) .. "…" or text
end

-- Rows of cells, a column each as wide as its widest cell; the first row is the head.
local function columns(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      row[i] = cell_of(cell)
      widths[i] = math.max(widths[i] or 0, utf8.len(row[i]))
    end
  end
  for n, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = cell .. (" "):rep(widths[i] - utf8.len(cell))
    end
    lines[#lines + 1] = " " .. table.concat(cells, "  "):gsub(" +$", "")
    if n == 1 then
      local whole = 1
      for _, width in ipairs(widths) do
        whole = whole + width + 2
      end
      lines[2] = ("-"):rep(whole - 1)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function outage_text(run)
  local outage = run.outage
  return not outage and "-" or outage.max_ms == 0 and "none" or report.ms(outage.max_ms)
end

-- What --json has of a run: report tells the rest.
local function brief(run)
  local out = { recorded = run.recorded, ok = run.ok }
  for _, key in ipairs { "id", "command", "time", "seconds", "state", "verdict", "domain", "uuid", "source",
    "destination", "total_ms", "outage", "bytes", "policy" } do
    out[key] = run[key]
  end
  return out
end

local function percentile_text(title, p)
  return ("%s of %d runs: p50 %s, p95 %s, max %s\n"):format(title, p.n, report.ms(p.p50), report.ms(p.p95),
    report.ms(p.max))
end

local function list_text(list, percentiles, unreadable)
  if #list == 0 and unreadable == 0 then
    return "no such migration: migrate, live-migrate, cold-migrate and import-domain are kept here\n"
  end
  local rows = { { "Id", "When", "Command", "Domain", "From -> to", "Verdict", "Outage", "Total", "Sent", "Policy" } }
  for _, run in ipairs(list) do
    rows[#rows + 1] = { run.id, os.date("%Y-%m-%d %H:%M", math.floor(run.seconds)), run.command, run.domain,
      ("%s -> %s"):format(run.source or "?", run.destination or "?"), run.verdict,
      outage_text(run), report.ms(run.total_ms), report.bytes(run.bytes), run.policy or "-" }
  end
  local text = columns(rows)
  for _, one in ipairs { { "outage", percentiles.outage_ms }, { "total time", percentiles.total_ms } } do
    text = text .. (one[2] and percentile_text(one[1], one[2]) or "")
  end
  return text .. (unreadable > 0 and ("%d journals cannot be read: journal-list tells which\n"):format(unreadable)
    or "")
end

local function compare(a)
  if not a.a or not a.b then
    mig.fail("usage", "log compare ID ID", "two runs are wanted")
  end
  local x, y = runs.get(a.a), runs.get(a.b)
  local figures, rows = runs.compare(x, y), { { "", x.id, y.id, "Ratio" } }
  for _, key in ipairs { "command", "domain", "source", "destination", "verdict", "policy" } do
    rows[#rows + 1] = { key, x[key] or "-", y[key] or "-", "" }
  end
  for _, figure in ipairs(figures) do
    rows[#rows + 1] = { figure.title, shown[figure.kind](figure.a), shown[figure.kind](figure.b),
      figure.ratio ~= mig.null and ("%.2f"):format(figure.ratio) or "-" }
  end
  return { a = brief(x), b = brief(y), figures = figures }, columns(rows)
end

-- "7d", or a day with or without a time: epoch seconds.
local function since(text)
  local year, month, day, rest = text:match "^(%d%d%d%d)-(%d%d)-(%d%d)(.*)$"
  local hour, min, sec = (rest or ""):match "^[ T](%d%d):(%d%d):?(%d*)$"
  local sane = year and tonumber(month) <= 12 and tonumber(day) <= 31
  if sane and (rest == "" or hour) then
    return os.time { year = year, month = month, day = day, hour = hour or 0, min = min or 0,
      sec = tonumber(sec) or 0 }
  end
  local ms = not year and mig.try(mig.ms, text)
  if not ms then
    mig.fail("usage", "for instance --since 7d, or --since 2026-11-29", "--since: '%s' is neither a duration nor a "
      .. "date", text)
  end
  return os.time() - ms / 1000
end

local function run(a)
  if a.action == "compare" then
    return compare(a)
  elseif a.limit < 1 then
    mig.fail("usage", nil, "--limit has to be 1 or more")
  end
  local list, unreadable = runs.list { domain = a.domain, node = a.node, since = a.since and since(a.since),
    failed = a.failed, limit = a.limit }
  local percentiles, briefs = runs.percentiles(list), mig.array {}
  for i, one in ipairs(list) do
    briefs[i] = brief(one)
  end
  return { runs = briefs, percentiles = percentiles, unreadable = unreadable }, list_text(list, percentiles, unreadable)
end

return {
  description = "list the migrations that were made, with what they cost",
  group = "Migration",
  help = [[
The newest first, out of the journals on this machine: how each ended, how long its users waited at the most (the outage
on the wire), how long it took in all, and what was sent. Below, percentiles over the runs shown, where three or more
have the figure. Older journals have fewer figures. log compare shows two runs beside each other, with the ratio of the
second to the first. report ID tells all of one.]],
  example = "log --domain share --since 7d\nlog --failed --limit 5\n"
    .. "log compare 20261121-041914.120-live-migrate-3fa9c1 20261122-091500.007-live-migrate-0b77e2",
  args = {
    { name = "action", type = "enum", choices = { "compare" }, positional = true,
      help = "two runs beside each other" },
    { name = "a", type = "any-journal", positional = true, help = "the first run, by its id" },
    { name = "b", type = "any-journal", positional = true, help = "the second one" },
    { name = "domain", type = "domain", help = "those of a domain alone: its name or uuid" },
    { name = "node", help = "those from or to a node alone" },
    { name = "since", help = "those begun since then: a duration such as 7d, or a date" },
    { name = "failed", type = "bool", help = "those alone that did not end as they should" },
    { name = "limit", type = "int", default = 20, help = "how many at the most" },
  },
  run = run,
}
