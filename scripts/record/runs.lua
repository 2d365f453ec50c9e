-- SPDX-License-Identifier: GPL-3.0-or-later
-- Migrations that were made, out of their journals: what record/keep.lua left there, and of older journals without that
-- what else they tell. Nothing is changed, and one that another console is at work on can be read.
local given, table_of = require("lib.value").given, require("lib.value").table

local runs = {}

local function number_of(value)
  return type(value) == "number" and value or nil
end

-- A workflow about a domain is one, and a plain migrate.
local function is_run(about)
  return type(about) == "table" and (about.workflow == true or about.record == true) and type(about.domain) == "string"
end

-- Closed by rollback --forget: it did not come to its end.
local function is_given_up(journal)
  local last = journal.steps[#journal.steps]
  return journal.state == "done" and last ~= nil and last.name == "forget"
end

-- What it says of a run that kept nothing: why it failed, or how it was left.
local function verdict_of(journal)
  if is_given_up(journal) then
    return "given up"
  elseif journal.state == "done" then
    return "ok"
  end
  for i = #journal.steps, 1, -1 do
    local step = journal.steps[i]
    if given(step.error) then
      return step.error
    end
  end
  return journal.state
end

-- From the beginning to the last thing that was done, of a run that has ended. Of a live migration that is something
-- else than the time of the migration, which its record has.
local function total_of(journal)
  local last
  if journal.command == "live-migrate" or journal.command == "migrate" then
    return nil
  end
  for _, step in ipairs(journal.steps) do
    last = number_of(step.ended) and math.max(last or 0, step.ended) or last
  end
  return last and journal.state ~= "running" and (last - journal.seconds) * 1000 or nil
end

-- What keys of a result have to be, for all who show it; what is something else was not written by us, and is left out.
local kinds <const> = { total_ms = "number", downtime_ms = "number", setup_ms = "number", iterations = "number",
  bytes = "number", started = "number", ended = "number", max_outage_ms = "number", verdict = "string",
  transport = "string", kind = "string", postcopy = "boolean", ok = "boolean", domain = "string", uuid = "string",
  source = "string", destination = "string", error = "table", outage = "table", policy = "table", budget = "table",
  targets = "rows", checks = "rows", passes = "rows", decisions = "rows", events = "rows",
  care = "rows" }

local function is_kind(value, kind)
  if kind ~= "rows" then
    return kind == nil or type(value) == kind
  elseif type(value) ~= "table" then
    return false
  end
  for _, row in ipairs(value) do
    if type(row) ~= "table" then
      return false
    end
  end
  return true
end

local function sound(result)
  local out = {}
  for key, value in pairs(table_of(result)) do
    out[key] = value ~= mig.null and is_kind(value, kinds[key]) and value or nil
    if value == false and kinds[key] == "boolean" then
      out[key] = false
    end
  end
  local outage = out.outage
  out.outage = outage and number_of(outage.min_ms) and number_of(outage.max_ms) and outage or nil
  return out
end

-- A journal (as journal-show has it) as a run: {id, command, time, seconds, state, ok, verdict, domain, source,
-- destination, total_ms, outage, bytes, policy, result = what was kept or {}, recorded (boolean), steps}.
function runs.of(journal)
  local about, kept = table_of(given(journal.about)), given(journal.kept)
  local result, done = sound(table_of(kept).result), journal.state == "done" and not is_given_up(journal)
  if done and result.error then -- of an attempt before the one that came to its end
    kept, result = nil, {}
  end
  local ok = done and result.ok ~= false
  local verdict = (done or result.ok == false) and journal.state ~= "running" and result.verdict or verdict_of(journal)
  return { id = journal.id, command = journal.command, time = journal.time, seconds = journal.seconds,
    state = journal.state, ok = ok, verdict = verdict, domain = result.domain or about.domain,
    uuid = result.uuid or about.uuid, source = result.source or about.source or about.exported_by,
    destination = result.destination or about.dest, total_ms = result.total_ms or total_of(journal),
    outage = result.outage, bytes = result.bytes, policy = result.policy and given(result.policy.name),
    result = result, recorded = kept ~= nil, steps = journal.steps }
end

-- The run of a journal, or of the newest one for "last".
function runs.get(id)
  if id == "last" then
    local newest = runs.list({ limit = 1 })[1]
    return newest or mig.fail("not-found", "journal-list shows what else was done", "nothing was migrated yet")
  end
  local journal = mig.journal_show { id }
  if not is_run(journal.about) then
    mig.fail("state", ("journal-show %s shows it"):format(id), "%s is a journal of %s, which moves no domain", id,
      journal.command)
  end
  return runs.of(journal)
end

local function fits(head, want)
  local about = head.about
  return is_run(about) and (not want.domain or about.domain == want.domain or about.uuid == want.domain)
    and (not want.node or about.source == want.node or about.dest == want.node or about.exported_by == want.node)
    and (not want.since or head.time >= want.since)
end

-- The newest first, at most want.limit; want.domain, .node, .since (epoch seconds), .failed leave others out. And how
-- many journals could not be read.
function runs.list(want)
  local heads, found, unreadable = mig.journals(), mig.array {}, 0
  for i = #heads, 1, -1 do
    local head = heads[i]
    unreadable = unreadable + (head.state == "unreadable" and 1 or 0)
    if #found < want.limit and head.state ~= "unreadable" and fits(head, want) then
      local journal, err = mig.try(mig.journal_show, { head.id })
      local run = journal and runs.of(journal)
      if not journal and err.code ~= "not-found" then -- that one was dropped meanwhile
        error(err, 0)
      elseif run and not (want.failed and (run.ok or run.state == "running")) then
        found[#found + 1] = run
      end
    end
  end
  return found, unreadable
end

-- Figures -------------------------------------------------------------------------------------------------------------

-- The smallest value that at least that part of all is not above.
function runs.percentile(values, part)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  return sorted[math.max(1, math.ceil(part * #sorted))]
end

local function outage_ms(run)
  return run.outage and run.outage.max_ms
end

-- {outage_ms = {n, p50, p95, max}, total_ms = …} of those that have it, where 3 or more do.
function runs.percentiles(list)
  local out = {}
  for name, of in pairs { outage_ms = outage_ms, total_ms = function(run)
    return run.total_ms
  end } do
    local values = {}
    for _, run in ipairs(list) do
      values[#values + 1] = run.state ~= "running" and of(run) or nil
    end
    out[name] = #values >= 3 and { n = #values, p50 = runs.percentile(values, 0.5),
      p95 = runs.percentile(values, 0.95), max = runs.percentile(values, 1) } or nil
  end
  return out
end

local function rtt(phase)
  return function(run)
    local target = table_of(table_of(run.result.targets)[1])
    return number_of(table_of(target["rtt_" .. phase .. "_ms"]).p50)
  end
end

local function field(...)
  local path = { ... }
  return function(run)
    local value = run
    for _, key in ipairs(path) do
      value = table_of(value)[key]
    end
    return number_of(value)
  end
end

-- What two runs are compared by, and what a page shows of one: name, title, kind of figure, and where it is.
runs.figures = {
  { "outage_min_ms", "outage, at the least", "ms", field("outage", "min_ms") },
  { "outage_max_ms", "outage, at the most", "ms", field("outage", "max_ms") },
  { "total_ms", "total time", "ms", field("total_ms") },
  { "downtime_ms", "libvirt downtime", "ms", field("result", "downtime_ms") },
  { "setup_ms", "setup", "ms", field("result", "setup_ms") },
  { "gap_ms", "suspended to resumed", "ms", field("result", "budget", "gap_ms") },
  { "silent_ms", "silent", "ms", field("result", "budget", "silent_ms") },
  { "lost_ms", "lost", "ms", field("result", "budget", "lost_ms") },
  { "bytes", "sent", "bytes", field("bytes") },
  { "iterations", "memory passes", "count", field("result", "iterations") },
  { "rtt_before_ms", "round trip before (p50)", "ms", rtt "before" },
  { "rtt_during_ms", "round trip during (p50)", "ms", rtt "during" },
  { "rtt_after_ms", "round trip after (p50)", "ms", rtt "after" },
}

-- {name, title, kind, a, b, ratio (of b to a)} for each figure that one of them has.
function runs.compare(a, b)
  local rows = mig.array {}
  for _, figure in ipairs(runs.figures) do
    local name, title, kind, of = table.unpack(figure)
    local x, y = of(a), of(b)
    if x or y then
      rows[#rows + 1] = { name = name, title = title, kind = kind, a = x or mig.null, b = y or mig.null,
        ratio = x and y and x > 0 and y / x or mig.null }
    end
  end
  return rows
end

return runs
