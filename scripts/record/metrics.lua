-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a run has cost, as a file of metrics (OpenMetrics, which node_exporter's textfile collector reads, too). It is
-- written when the run begins, so that one that cannot be written keeps the guest where it is, and when it has ended,
-- well or not. A file that is no such file is left as it is.
local admin = require "lib.admin"
local table_of = require("lib.value").table

local metrics = {}
local fail = mig.fail
local PREFIX <const> = "migsh_migration_"
metrics.MARK = "# TYPE " .. PREFIX

local function seconds(value)
  return type(value) == "number" and value / 1000 or nil
end

-- Name (which ends with the unit), help, and what it is of a run: a number, or {{label, number}…}, or nil.
local rows <const> = {
  { "running", "1 while the migration runs, or was left in the middle.", function(run)
    return run.ok == nil and 1 or 0
  end },
  { "success", "1 if the guest has moved, and all that was promised is so.", function(run)
    return run.ok ~= nil and (run.ok and 1 or 0) or nil
  end },
  { "start_timestamp_seconds", "When it began, since the epoch.", function(run)
    return run.began
  end, "seconds" },
  { "timestamp_seconds", "When it ended, since the epoch.", function(run)
    return run.ended
  end, "seconds" },
  { "total_seconds", "How long it took in all.", function(run)
    return seconds(run.total_ms)
  end, "seconds" },
  { "downtime_seconds", "How long the guest stood still, as libvirt tells it.", function(run)
    return seconds(run.downtime_ms)
  end, "seconds" },
  { "setup_seconds", "How long libvirt prepared it.", function(run)
    return seconds(run.setup_ms)
  end, "seconds" },
  { "stop_seconds", "From the guest's stop on the source until it ran on the destination.", function(run)
    return seconds(table_of(run.budget).gap_ms)
  end, "seconds" },
  { "outage_seconds", "How long its users waited: the true time is between the bounds.", function(run)
    local outage = table_of(run.outage)
    return { { 'bound="min"', seconds(outage.min_ms) }, { 'bound="max"', seconds(outage.max_ms) } }
  end, "seconds" },
  { "transferred_bytes", "What was sent.", function(run)
    return run.bytes
  end, "bytes" },
  { "passes", "Passes over the guest's memory.", function(run)
    return run.iterations
  end },
  { "forecast_error_ratio", "By how much the forecast was wrong: 0.1 is a tenth too long.", function(run)
    local forecast = table_of(run.forecast)
    return { { 'of="total"', forecast.total_error }, { 'of="outage"', forecast.outage_error } }
  end, "ratio" },
}

local escapes <const> = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

-- A label's value: any text, but UTF-8.
local function quoted(value)
  local text = tostring(value or "")
  return '"' .. (utf8.len(text) and text or mig.line(text)):gsub('[\\"\n]', escapes) .. '"'
end

local function number(value)
  if math.type(value) == "integer" then
    return tostring(value)
  end
  return (("%.6f"):format(value):gsub("0+$", ""):gsub("%.$", ""))
end

local function is_number(value)
  return type(value) == "number" and value == value and math.abs(value) < 1e300
end

local function labels_of(run)
  return ("domain=%s,source=%s,destination=%s"):format(quoted(run.domain), quoted(run.source),
    quoted(run.destination))
end

-- The file's text. list: {domain, source, destination, began, ended, ok (nil while it runs), total_ms …} of each guest.
function metrics.text(list)
  local lines = {}
  for _, row in ipairs(rows) do
    local name, help, of, unit = PREFIX .. row[1], row[2], row[3], row[4]
    local samples = {}
    for _, run in ipairs(list) do
      local value = of(run)
      for _, one in ipairs(type(value) == "table" and value or { { nil, value } }) do
        samples[#samples + 1] = is_number(one[2]) and ("%s{%s%s} %s"):format(name, labels_of(run), one[1]
          and "," .. one[1] or "", number(one[2])) or nil
      end
    end
    if #samples > 0 then
      lines[#lines + 1] = ("# TYPE %s gauge"):format(name)
      lines[#lines + 1] = unit and ("# UNIT %s %s"):format(name, unit) or nil
      lines[#lines + 1] = ("# HELP %s %s"):format(name, help)
      table.move(samples, 1, #samples, #lines + 1, lines)
    end
  end
  lines[#lines + 1] = "# EOF\n"
  return table.concat(lines, "\n")
end

-- The guests of this console's command whose figures go into the file of that path, in the order of their beginning.
local known = {}

local function put(path, run)
  local list = known[path] or {}
  known[path] = list
  for i, other in ipairs(list) do
    if other.uuid == run.uuid then
      list[i] = run
      return mig.replace_file(path, metrics.text(list))
    end
  end
  list[#list + 1] = run
  mig.replace_file(path, metrics.text(list))
end

-- The file's whole path; it, or nothing, is there, and its directory. Forgets what was put there before.
function metrics.open(path)
  if not path then
    return nil
  end
  local dir, name = admin.realpath(path:match "^(.*)/[^/]*$" or "."), path:match "[^/]*$"
  local at = (dir == "/" and "" or dir) .. "/" .. name
  if name == "" or name == "." or name == ".." then
    fail("usage", nil, "--metrics: '%s' names no file", mig.line(path))
  elseif not pcall(admin.run, { "test", "-d", dir }) then
    fail("not-found", nil, "--metrics: %s is no directory", mig.line(dir))
  elseif admin.exists(at) and not admin.begins_with(at, metrics.MARK) then
    fail("exists", "name another file", "--metrics: %s is there, and is no file of these metrics", mig.line(path))
  end
  known[at] = nil
  return at
end

local function subject(about)
  return { domain = about.domain, uuid = about.uuid, source = about.source or about.exported_by,
    destination = about.dest, began = os.time() }
end

-- What ends before there is a journal has failed, too.
local Begun = {}
function Begun:__close()
  local about, list = self.about, known[self.about.metrics or ""] or {}
  for _, run in ipairs(list) do
    if run.uuid == about.uuid and run.ok == nil then
      local result = subject(about)
      result.began, result.ended, result.ok = run.began, os.time(), false
      mig.try(put, about.metrics, result)
    end
  end
end
Begun.__index = Begun

-- It begins: the file says so, or an error is raised. The journal's head names the file. To be kept as a <close>
-- variable. path: metrics.open()'s; nil: none is wanted.
function metrics.begin(about, path)
  about.metrics = path
  if path then
    put(path, subject(about))
  end
  return setmetatable({ about = about }, Begun)
end

-- It has ended. A run does not fail by this.
function metrics.ended(tx, result)
  local about = tx.about
  if not about.metrics then
    return
  end
  local run = subject(about)
  for key, value in pairs(result) do
    run[key] = value
  end
  run.began, run.ended, run.ok = math.floor(tx.journal.time), os.time(), result.ok == true
  if not run.total_ms and tx.journal.command ~= "live-migrate" then
    run.total_ms = (run.ended - run.began) * 1000
  end
  local _, err = mig.try(put, about.metrics, run)
  if err then
    mig.warn(("%s: its metrics are not written: %s"):format(about.domain or tx.id, err.msg))
  end
end

-- The option, for all recipes that have it.
metrics.option = { name = "metrics", type = "path", help = "write what it cost to this file, for node_exporter "
  .. "(NAME.prom in its textfile directory) or another reader of OpenMetrics" }

return metrics
