-- SPDX-License-Identifier: GPL-3.0-or-later
-- What recipes show of a measured migration, as text; and when two definitions are the same. Pure. It is here and not
-- in core/ because recipes alone make reports: a user can read and change how one looks without a compiler.
local core = ...
local report = {}

local function ms(value)
  return type(value) == "number" and core.duration_text(value) or "-"
end

report.ms = ms

function report.bytes(value)
  return type(value) == "number" and core.bytes(value) or "-"
end

local styles = {
  blocks = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█", lost = "×", none = " " },
  ascii = { "_", ".", ".", "-", "-", "=", "=", "#", lost = "x", none = " " },
}

-- One character a bucket: the height is the longest round trip, on a logarithmic scale from the shortest to the longest
-- one shown; a cross where a probe was lost. utf8 (boolean) chooses between blocks and ASCII.
function report.sparkline(timeline, utf8)
  local style = utf8 and styles.blocks or styles.ascii
  local low, high
  for _, value in ipairs(timeline.rtt_max_ms) do
    if value ~= core.null and value > 0 then
      low, high = math.min(low or value, value), math.max(high or value, value)
    end
  end
  local range = low and math.log(math.max(high / low, 8)) -- noise within a factor of 8 must not look like a mountain
  local cells = {}
  for i, value in ipairs(timeline.rtt_max_ms) do
    if (timeline.lost[i] or 0) > 0 then
      cells[i] = style.lost
    elseif value == core.null or value <= 0 then
      cells[i] = style.none
    else
      cells[i] = style[1 + math.min(7, math.floor(math.log(value / low) / range * 8))]
    end
  end
  return table.concat(cells), low, high
end

-- A line of spaces with a caret under the buckets that hold the given instants.
local function carets(timeline, instants)
  local cells, n = {}, #timeline.rtt_max_ms
  for i = 1, n do
    cells[i] = " "
  end
  for _, at in ipairs(instants) do
    local i = 1 + math.floor((at - timeline.from) * 1000 / timeline.bucket_ms)
    cells[math.max(1, math.min(n, i))] = "^"
  end
  return (table.concat(cells):gsub("%s+$", ""))
end

local function round_trips(t)
  local out = {}
  for _, phase in ipairs { "before", "during", "after" } do
    local rtt = t["rtt_" .. phase .. "_ms"]
    out[#out + 1] = ("%s %s"):format(phase, type(rtt) == "table" and ("%s (p99 %s)"):format(ms(rtt.p50), ms(rtt.p99))
      or "-")
  end
  return table.concat(out, ", ")
end

local function add_target(out, t, result, utf8)
  out("")
  out("  %s, every %s: %d sent, %d lost, %d late", t.target, ms(t.interval_ms), t.sent, t.lost, t.late)
  out("    round trip      %s", round_trips(t))
  local longest = t.longest_ms
  out("    longest outage  %s", longest.max > 0 and ("%s to %s"):format(ms(longest.min), ms(longest.max)) or "none")
  if t.starved_ms > 0 then
    out("    (this console was held up for %s meanwhile)", ms(t.starved_ms))
  end
  local line, low, high
  if t.timeline then
    line, low, high = report.sparkline(t.timeline, utf8)
  end
  if low and result.started then
    out("    %s  %s to %s", line, ms(low), ms(high))
    out("    %s  migration", carets(t.timeline, { result.started, result.ended }))
  end
end

local function add_figure(out, title, value)
  if value then
    out("  %-20s%s", title, value)
  end
end

-- What the guest's stop was made of, and whose each part is.
local function add_budget(out, result)
  local b = result.budget
  if b then
    local wire = b.wire_ms and (" | until it answered %s"):format(ms(b.wire_ms)) or ""
    add_figure(out, "of that", ("QEMU %s | libvirt %s%s"):format(ms(b.qemu_ms), ms(b.libvirt_ms), wire))
    add_figure(out, "probes meanwhile", b.lost and ("%d lost, %d answered late"):format(b.lost, b.late))
  end
  local p = result.policy
  if p then
    local last
    for _, d in ipairs(result.decisions or {}) do
      last = d.what == "limit" and d.value or last
    end
    add_figure(out, "policy", ("%s%s"):format(p.name, p.limit_ms and (", downtime limit %s%s"):format(ms(p.limit_ms),
      last and last ~= p.limit_ms and ", raised to " .. ms(last) or "") or ""))
    for _, d in ipairs(p.shadow and p.shadow.decisions or {}) do
      out("    %s would have: %s%s at %.1f s (%s)", p.shadow.name, d.what, d.value and (" %g"):format(d.value) or "",
        d.at, d.why or "")
    end
  end
end

-- Checks ({title, ok, detail, unknown}), a line for each, and what was found below those that are not ok. They may name
-- what is foreign.
function report.checks(checks)
  local lines = {}
  for _, check in ipairs(checks) do
    lines[#lines + 1] = ("  %s %s"):format(check.ok and "[ok]    " or check.unknown and "[?]     " or "[FAILED]",
      check.title)
    if not check.ok and check.detail and check.detail ~= "" then
      lines[#lines + 1] = "           " .. check.detail:gsub("\n", "\n           ")
    end
  end
  return table.concat(lines, "\n")
end

local care_marks <const> = { ok = "[ok]     ", skipped = "[skipped]", failed = "[FAILED] " }

-- What followed a move ({id, node, state, said}), a line for each.
function report.care(rows)
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %s %-10s %s: %s"):format(care_marks[row.state] or "[?]      ", row.id, row.node, row.said)
  end
  return table.concat(lines, "\n")
end

-- What TLS cost is the pace that was left: a core of each host does the work of one stream.
local function encryption_text(result)
  local e = result.encryption
  if not e then
    return nil
  elseif not e.tls then
    return "none: " .. e.why
  end
  local pace = type(result.bandwidth) == "number" and (" at %s/s"):format(report.bytes(math.floor(result.bandwidth)))
  return ("TLS%s; a core of each host encrypts a stream, --parallel has several"):format(pace or "")
end

-- The report of live-migrate: its value as text.
function report.migration(result, utf8)
  if utf8 == nil then
    utf8 = core.utf8()
  end
  local lines = {}
  local function out(format, ...)
    lines[#lines + 1] = format:format(...)
  end
  out("%s: %s -> %s, %s", result.domain, result.source, result.destination, result.kind
    or result.postcopy and "post-copy" or "live")
  add_figure(out, "total time", ms(result.total_ms))
  add_figure(out, "libvirt downtime", result.downtime_ms and ms(result.downtime_ms))
  if result.outage then
    local outage = result.outage
    add_figure(out, "outage on the wire", (outage.max_ms == 0 and "none" or ("%s to %s (%s)"):format(
      ms(outage.min_ms), ms(outage.max_ms), outage.target)) .. (result.max_outage_ms and ", limit "
      .. ms(result.max_outage_ms) or ""))
  end
  add_budget(out, result)
  local f = result.forecast
  add_figure(out, "forecast", f and type(f.total_error) == "number" and ("%+.0f %% of the total time%s"):format(
    f.total_error * 100, type(f.outage_error) == "number" and (", %+.0f %% of the stop"):format(f.outage_error * 100)
      or ""))
  add_figure(out, "memory passes", result.iterations)
  add_figure(out, "sent", result.bytes and report.bytes(result.bytes))
  add_figure(out, "encryption", encryption_text(result))
  for _, t in ipairs(result.targets or {}) do
    add_target(out, t, result, utf8)
  end
  if result.care and result.care[1] then
    out("\nafterwards\n%s", report.care(result.care))
  end
  out("\n%s\nverdict: %s", report.checks(result.checks or {}), result.verdict)
  return table.concat(lines, "\n") .. "\n"
end

-- The report of verify, likewise.
function report.verification(result)
  local where = result.node ~= core.null and " on " .. result.node or ""
  return ("%s%s%s\n\n%s\nverdict: %s\n"):format(result.domain, where, result.journal
    and (", against what it was before journal %s"):format(result.journal) or "", report.checks(result.checks),
    result.verdict)
end

return report
