-- SPDX-License-Identifier: GPL-3.0-or-later
-- A run as one page: no script, nothing fetched, light and dark, printable, at most LIMIT bytes. Pure. Whatever a
-- guest, a node or a file says passes svg.escape().
local keep = require "record.keep"
local report = require "migsh.report"
local runs = require "record.runs"
local svg = require "record.svg"
local html = { LIMIT = 80 << 10, MARK = "<!DOCTYPE html><!-- migsh report -->" }

local TARGETS = 3 -- charts of round trips
local escape = svg.escape

local STYLE = [[
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2330;--dim:#5d6878;--rule:#d9dee6;--card:#f5f7fa;--a:#1f6feb;
--b:#c2570c;--c:#7d8590;--ok:#1a7f37;--bad:#c62828;--band:#c6282826;--inner:#c6282852}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e3e8ef;--dim:#97a3b3;--rule:#313a46;--card:#1b2129;
--a:#6aa5ff;--b:#f0974a;--c:#8a94a1;--ok:#4fc26b;--bad:#ff7b72;--band:#ff7b7226;--inner:#ff7b7252}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.2rem 1rem 2rem;background:var(--bg);color:var(--fg);
font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:1.05rem;margin:1.8rem 0 .5rem}
.dim,figcaption,.legend{color:var(--dim)}figcaption b,.legend b{color:var(--fg)}
.ok{color:var(--ok)}.bad{color:var(--bad)}.verdict{font-weight:600}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.6rem,1fr));gap:.5rem;margin:1rem 0}
dl div{background:var(--card);border-radius:6px;padding:.5rem .7rem}
dt{color:var(--dim);font-size:.8rem}dd{margin:0;font-weight:600;font-size:.93rem}
figure{margin:0 0 1.6rem;break-inside:avoid}figcaption,.legend{font-size:.85rem}
figcaption span,.legend span{margin-right:.8rem;white-space:nowrap}
.key{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.35em;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.plot{position:relative;margin:2px 0 1.5rem 4.4rem}.plot svg{display:block;width:100%;height:190px;overflow:visible}
.marks{position:relative;margin-left:4.4rem;font-size:12px;line-height:15px}
.m,.x,.y{position:absolute;white-space:nowrap;color:var(--dim)}.x,.y{font-size:12px}
.y{right:100%;margin-right:.4rem;transform:translateY(50%)}.x{top:100%;margin-top:.15rem;transform:translateX(-50%)}
.grid,.mark,.line,.dots{fill:none;vector-effect:non-scaling-stroke}.grid{stroke:var(--rule)}
.mark{stroke:var(--dim);stroke-dasharray:3 3}.line{stroke-width:2;stroke-linejoin:round}
.dots{stroke-width:6;stroke-linecap:round}
.a{stroke:var(--a)}.b{stroke:var(--b)}.c{stroke:var(--c);stroke-dasharray:6 4}
i.a,rect.a{background:var(--a);fill:var(--a);stroke:none}i.b,rect.b{background:var(--b);fill:var(--b);stroke:none}
i.c,rect.c{background:var(--c);fill:var(--c);stroke:none}
.band{fill:var(--band);background:var(--band)}.inner{fill:var(--inner);background:var(--inner)}
.bar{display:block;width:100%;height:20px;margin:.4rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{min-width:5rem;text-align:left;vertical-align:top;
padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--rule)}
th{color:var(--dim);font-weight:500}td.n{width:5rem;white-space:nowrap;font-variant-numeric:tabular-nums}
ul{list-style:none;margin:0;padding:0}li{padding:.15rem 0 .15rem 1.5rem;text-indent:-1.5rem}
li pre{text-indent:0;margin:.1rem 0 .3rem;white-space:pre-wrap;font-size:.82rem;color:var(--dim)}
@media print{body{max-width:none;padding:0;font-size:11px}h2{break-after:avoid}}
]]

local function is_number(value)
  return type(value) == "number"
end

local function list_of(value)
  return type(value) == "table" and value or {}
end

local shown = { ms = report.ms, bytes = report.bytes, count = function(value)
  return ("%g"):format(value)
end }

-- On an axis.
local function bytes(value)
  return (report.bytes(math.floor(value)):gsub("%.0 ", " "))
end

local function rate(value)
  return bytes(value) .. "/s"
end

-- Head ----------------------------------------------------------------------------------------------------------------

local function outage_text(outage)
  return outage.max_ms == 0 and "none" or ("%s to %s"):format(report.ms(outage.min_ms), report.ms(outage.max_ms))
end

local function tiles(run)
  local out = {}
  local function add(title, text)
    out[#out + 1] = ("<div><dt>%s</dt><dd>%s</dd></div>"):format(escape(title), escape(text))
  end
  if run.outage then
    add("outage on the wire", outage_text(run.outage))
  end
  if run.result.max_outage_ms then
    add("outage allowed", report.ms(run.result.max_outage_ms))
  end
  for _, figure in ipairs(runs.figures) do
    local name, title, kind, of = table.unpack(figure)
    local value = of(run)
    if value and not name:find "^outage" then
      add(title, shown[kind](value))
    end
  end
  for _, key in ipairs { "policy", "transport" } do
    local text = key == "policy" and run.policy or run.result[key]
    if text then
      add(key, text)
    end
  end
  return #out > 0 and "<dl>" .. table.concat(out) .. "</dl>\n" or ""
end

local function head(run)
  return ('<h1>%s: %s → %s</h1>\n<p class="verdict %s">%s</p>\n<p class="dim">%s, begun %s, %s<br>%s</p>\n'):format(
    escape(run.domain), escape(run.source or "?"), escape(run.destination or "?"), run.ok and "ok" or "bad",
    escape(run.verdict), escape(run.command), escape(run.time), escape(run.state), escape(run.id))
end

-- Charts --------------------------------------------------------------------------------------------------------------

-- The instants of a run, in seconds from its start: what libvirt told, and where it did not, the budget's.
local function marks_of(run)
  local result, marks, seen = run.result, {}, {}
  local started = result.started or run.seconds
  local function add(time, name)
    if is_number(time) then
      marks[#marks + 1], seen[name] = { x = time - started, text = name }, true
    end
  end
  for _, event in ipairs(result.events or {}) do
    add(event.time, tostring(event.name):lower())
  end
  for _, name in ipairs { "suspended", "resumed" } do
    add(not seen[name] and list_of(result.budget)[name .. "_at"], name)
  end
  add(result.ended, "end")
  return marks, started
end

-- The longest outage of a target: as long as it was at the least, within as long as it was at the most. It began at
-- most one probe before the first one that was lost.
local function outage_bands(t, started)
  local longest
  for _, outage in ipairs(list_of(t.outages)) do
    if is_number(outage.start) and is_number(outage.max_ms) and (not longest or outage.max_ms > longest.max_ms) then
      longest = outage
    end
  end
  if not longest then
    return {}
  end
  local from = longest.start - started
  local before = (is_number(t.interval_ms) and t.interval_ms or 0) / 1e3
  return { { from = from - before, to = from - before + longest.max_ms / 1e3, class = "band",
    name = "outage, at the most" }, { from = from, to = from + (is_number(longest.min_ms) and longest.min_ms
    or 0) / 1e3, class = "inner", name = "at the least" } }
end

local function round_trips(run, limit)
  local marks, started = marks_of(run)
  local out = {}
  for i, t in ipairs(run.result.targets or {}) do
    local timeline = t.timeline
    if i <= TARGETS and keep.is_timeline(timeline) then
      timeline = keep.timeline(timeline, limit)
      local points, width = {}, timeline.bucket_ms / 1e3
      for k, rtt in ipairs(timeline.rtt_max_ms) do
        points[k] = { timeline.from - started + (k - 0.5) * width, is_number(rtt) and rtt > 0 and rtt or nil }
      end
      local first, last = points[1] and points[1][1] or 0, points[#points] and points[#points][1] or 0
      local inside = {}
      for _, mark in ipairs(marks) do
        inside[#inside + 1] = mark.x >= first and mark.x <= last and mark or nil
      end
      out[#out + 1] = svg.chart { title = ("Round trip to %s"):format(t.target), log = true, unit = report.ms,
        series = { { points = points, class = "a", name = "longest of each interval" } },
        bands = outage_bands(t, started), marks = inside }
    end
  end
  return table.concat(out)
end

local function column(rows, fn, limit)
  local points = {}
  for _, row in ipairs(rows) do
    local value = is_number(row.at) and fn(row)
    if value then
      points[#points + 1] = { row.at, value }
    end
  end
  return keep.rows(points, limit)
end

local function switch(run)
  for _, mark in ipairs(marks_of(run)) do
    if mark.text == "suspended" then
      return { { x = mark.x, text = "switch" } }
    end
  end
  return {}
end

local function passes(run, limit)
  local rows = run.result.passes or {}
  local function of(key)
    return function(row)
      return is_number(row[key]) and row[key] or nil
    end
  end
  return (svg.chart { title = "Memory that remains, by pass", log = true, binary = true, unit = bytes,
    marks = switch(run), series = {
    { points = column(rows, of "remaining", limit), class = "a", name = "remaining", dots = true, line = true },
    { points = column(rows, function(row)
      return is_number(row.limit) and is_number(row.bandwidth) and row.limit / 1e3 * row.bandwidth or nil
    end, limit), class = "c", name = "goes within the limit", stepped = true } } } or "")
    .. (svg.chart { title = "Bandwidth and dirty rate", binary = true, unit = rate, marks = switch(run), series = {
      { points = column(rows, of "bandwidth", limit), class = "a", name = "sent" },
      { points = column(rows, of "dirty_rate", limit), class = "b", name = "dirtied by the guest" } } } or "")
end

local function budget(run)
  local b = run.result.budget
  if not b then
    return ""
  end
  local parts = {}
  for _, one in ipairs { { "qemu_ms", "a", "QEMU" }, { "libvirt_ms", "b", "libvirt" },
    { "wire_ms", "c", "wire, after the resume" } } do
    local value = b[one[1]]
    parts[#parts + 1] = is_number(value) and { value = math.max(value, 0), class = one[2], name = one[3],
      text = report.ms(value) } or nil
  end
  return svg.bar("Where the outage went", parts) or ""
end

local function stop_text(b)
  local lost = is_number(b.lost) and is_number(b.late) and (" Of the probes meanwhile %d were lost, %d answered late.")
    :format(b.lost // 1, b.late // 1) or ""
  return is_number(b.gap_ms) and ('<p class="dim">The guest was suspended for %s.%s</p>\n'):format(
    escape(report.ms(b.gap_ms)), lost) or ""
end

-- Lists ---------------------------------------------------------------------------------------------------------------

local function section(title, body)
  return body ~= "" and ("<h2>%s</h2>\n%s\n"):format(title, body) or ""
end

local function table_html(heads, rows, limit)
  local out = {}
  for i, row in ipairs(rows) do
    if i <= limit then
      out[i] = "<tr>" .. table.concat(row) .. "</tr>"
    end
  end
  if #rows == 0 then
    return ""
  end
  local more = #rows > limit and ('<p class="dim">and %d more</p>'):format(#rows - limit) or ""
  return ('<div class="scroll"><table><tr><th>%s</th></tr>\n%s</table></div>%s'):format(
    table.concat(heads, "</th><th>"), table.concat(out, "\n"), more)
end

local function cell(text)
  return ("<td>%s</td>"):format(escape(text))
end

local function at_cell(seconds)
  return ('<td class="n">%s</td>'):format(is_number(seconds) and ("%.1f s"):format(seconds) or "-")
end

local function text_of(value)
  if value == nil or value == mig.null then
    return "-"
  end
  return is_number(value) and ("%g"):format(value) or tostring(value)
end

local function checks(run, limit)
  local out, all = {}, run.result.checks or {}
  for i, check in ipairs(all) do
    if i <= limit then
      local mark = check.ok and '<span class="ok">✓</span>' or check.unknown and "?" or '<span class="bad">✗</span>'
      local detail = not check.ok and type(check.detail) == "string" and check.detail or ""
      local lines = {}
      for line in detail:sub(1, 1000):gmatch "[^\n]+" do
        lines[#lines + 1] = escape(line)
      end
      out[i] = ("<li>%s %s%s</li>"):format(mark, escape(check.title), #lines > 0 and ("<pre>%s</pre>"):format(
        table.concat(lines, "\n")) or "")
    end
  end
  if #all > limit then
    out[#out + 1] = ("<li>and %d more</li>"):format(#all - limit)
  end
  return #out > 0 and "<ul>\n" .. table.concat(out, "\n") .. "\n</ul>" or ""
end

local function decisions(list, limit)
  local rows = {}
  for _, d in ipairs(list_of(list)) do
    rows[#rows + 1] = { at_cell(d.at), cell(text_of(d.what)), cell(text_of(d.value)), cell(text_of(d.why)) }
  end
  return table_html({ "At", "What", "Value", "Why" }, rows, limit)
end

local function care(run, limit)
  local rows = {}
  for _, row in ipairs(list_of(run.result.care)) do
    rows[#rows + 1] = { cell(text_of(row.node)), cell(text_of(row.id)), ('<td class="%s">%s</td>'):format(row.state
      == "failed" and "bad" or "", escape(text_of(row.state))), cell(text_of(row.said)) }
  end
  return table_html({ "Node", "What", "State", "Said" }, rows, limit)
end

local function steps(run, limit)
  local rows = {}
  for _, step in ipairs(run.steps) do
    local took = is_number(step.ended) and step.ended - step.begun
    local title = step.title and step.title ~= mig.null and step.title or step.name
    local wrong = step.error and step.error ~= mig.null and ": " .. step.error or ""
    rows[#rows + 1] = { at_cell(step.begun - run.seconds), cell(text_of(step.node)), cell(("%s: %s"):format(step.name,
      title)), ('<td class="%s">%s</td>'):format(wrong ~= "" and "bad" or "", escape(step.state .. wrong)),
      at_cell(took) }
  end
  return table_html({ "At", "Node", "Step", "State", "Took" }, rows, limit)
end

local function page(run, limit)
  local shadow = list_of(list_of(run.result.policy).shadow)
  local told = stop_text(list_of(run.result.budget))
  local body = head(run) .. tiles(run) .. section("What its users felt", round_trips(run, limit)
    .. budget(run) .. told) .. section("How it went", passes(run, limit))
    .. section("What the policy did", decisions(run.result.decisions, limit))
    .. section("What " .. escape(text_of(shadow.name)) .. " would have done", decisions(shadow.decisions, limit))
    .. section("Afterwards", care(run, limit))
    .. section("Checks", checks(run, limit)) .. section("What was done, and where", steps(run, limit))
  return html.MARK .. '\n<html lang="en"><head><meta charset="utf-8">\n'
    .. '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">\n'
    .. '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
    .. ("<title>%s: %s → %s</title>\n<style>\n%s</style></head><body>\n%s%s</body></html>\n"):format(escape(run.domain),
      escape(run.source or "?"), escape(run.destination or "?"), STYLE, body, run.recorded and ""
      or '<p class="dim">No figures were kept of it.</p>\n')
end

-- Long lists are shortened until all of it is small enough.
function html.page(run)
  for _, limit in ipairs { 240, 100, 40, 15, 5 } do
    local text = page(run, limit)
    if #text <= html.LIMIT then
      return text
    end
  end
  return page({ id = run.id, command = run.command, domain = run.domain, time = run.time, seconds = run.seconds,
    state = run.state, ok = run.ok, verdict = run.verdict, source = run.source, destination = run.destination,
    outage = run.outage, total_ms = run.total_ms, bytes = run.bytes, result = {}, steps = {}, recorded = true }, 0)
end

return html
