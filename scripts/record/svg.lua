-- SPDX-License-Identifier: GPL-3.0-or-later
-- Charts for record/html.lua. Pure. The drawing is SVG that is stretched to the width of the page; what is to be read
-- stands over it as HTML, which keeps its size. A chart has a horizontal axis in seconds, series of {x, y} points,
-- bands and vertical lines; classes name the colours.
local svg = {}

local WIDTH, HEIGHT = 1000, 200
local MARKS_APART = 0.05 -- of the width: lines nearer to each other have one label
local LABEL, LETTER, ROW = 30, 0.023, 15 -- letters of one at the most, their share of a narrow width, pixels of a row

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Any text as HTML, also within an attribute; nothing in it is markup or moves the text around it.
function svg.escape(text)
  return (mig.line(text):gsub("[&<>\"']", entities))
end

-- 1, 2 or 5 times a power of ten, so that about n of them make up the range.
local function step_of(range, n)
  local raw = range / n
  local power = 10 ^ math.floor(math.log(raw, 10))
  for _, factor in ipairs { 1, 2, 5 } do
    if raw <= factor * power then
      return factor * power
    end
  end
  return 10 * power
end

-- What places values on an axis, {low, high, at(value) -> 0…1, ticks = {…}}.
local function linear(low, high, n, binary)
  if high <= low then
    high = low + 1
  end
  local scale = binary and 1024 ^ math.max(math.floor(math.log(high - low, 1024)), 0) or 1
  local step, ticks = step_of((high - low) / scale, n) * scale, {}
  for i = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    ticks[#ticks + 1] = i * step
  end
  return { low = low, high = high, ticks = ticks, at = function(value)
    return (math.min(math.max(value, low), high) - low) / (high - low)
  end }
end

local function logarithmic(low, high, binary)
  local base = not binary and 10.0 or high / low > 32 ^ 4 and 1024.0 or high / low > 4 ^ 4 and 32.0 or 4.0
  local first, last = math.floor(math.log(low, base)), math.ceil(math.log(high, base))
  last = math.max(last, first + 1)
  local ticks = {}
  for i = first, last do
    ticks[#ticks + 1] = base ^ i
  end
  low, high = base ^ first, base ^ last
  return { low = low, high = high, ticks = ticks, at = function(value)
    return (math.log(math.min(math.max(value, low), high)) - math.log(low)) / (math.log(high) - math.log(low))
  end }
end

local function number(value)
  return (("%.1f"):format(value):gsub("%.0$", ""))
end

local function percent(part)
  return number(part * 100) .. "%"
end

local function path_of(points, x, y, stepped)
  local out, last = {}, nil
  for _, p in ipairs(points) do
    if not p[2] then
      last = nil
    else
      local px, py = x.at(p[1]) * WIDTH, (1 - y.at(p[2])) * HEIGHT
      out[#out + 1] = not last and ("M%s %s"):format(number(px), number(py))
        or stepped and ("H%sV%s"):format(number(px), number(py)) or ("L%s %s"):format(number(px), number(py))
      last = p
    end
  end
  return table.concat(out)
end

-- A dot is a line of no length with round ends: it stays round however the drawing is stretched.
local function dots_of(points, x, y)
  local out = {}
  for _, p in ipairs(points) do
    out[#out + 1] = p[2] and ("M%s %sh0"):format(number(x.at(p[1]) * WIDTH), number((1 - y.at(p[2])) * HEIGHT)) or nil
  end
  return table.concat(out)
end

local function draw(chart, x, y)
  local out = {}
  local function add(format, ...)
    out[#out + 1] = format:format(...)
  end
  for _, tick in ipairs(y.ticks) do
    add('<path class="grid" d="M0 %sH%d"/>', number((1 - y.at(tick)) * HEIGHT), WIDTH)
  end
  for _, band in ipairs(chart.bands or {}) do
    local from, to = x.at(band.from) * WIDTH, x.at(band.to) * WIDTH
    add('<rect class="%s" x="%s" y="0" width="%s" height="%d"/>', band.class, number(from),
      number(math.max(to - from, 1)), HEIGHT)
  end
  for _, mark in ipairs(chart.marks or {}) do
    add('<path class="mark" d="M%s 0V%d"/>', number(x.at(mark.x) * WIDTH), HEIGHT)
  end
  for _, series in ipairs(chart.series) do
    if series.dots then
      add('<path class="dots %s" d="%s"/>', series.class, dots_of(series.points, x, y))
    end
    if not series.dots or series.line then
      add('<path class="line %s" d="%s"/>', series.class, path_of(series.points, x, y, series.stepped))
    end
  end
  return ('<svg viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s">%s</svg>'):format(WIDTH,
    HEIGHT, svg.escape(chart.title), table.concat(out))
end

local function clipped(text)
  local at = utf8.len(text) > LABEL and utf8.offset(text, LABEL)
  return at and text:sub(1, at - 1) .. "…" or text
end

-- The vertical lines as groups {at, text} of those that are close together.
local function grouped(marks, x)
  local sorted, groups = table.move(marks, 1, #marks, 1, {}), {}
  table.sort(sorted, function(a, b)
    return a.x < b.x
  end)
  for _, mark in ipairs(sorted) do
    local at, group = x.at(mark.x), groups[#groups]
    if not group or at - group.at >= MARKS_APART then
      groups[#groups + 1] = { at = at, text = mark.text, has = { [mark.text] = true } }
    elseif not group.has[mark.text] then
      group.text, group.has[mark.text] = group.text .. ", " .. mark.text, true
    end
  end
  return groups
end

-- Their labels in rows above the drawing, so that none is over another on a narrow page; and how many rows.
local function mark_labels(marks, x)
  local out, ends = {}, {}
  for i, group in ipairs(grouped(marks, x)) do
    local text = clipped(mig.line(group.text))
    local width, left = utf8.len(text) * LETTER, group.at <= 0.5
    local from, row = left and group.at or group.at - width, 1
    while ends[row] and ends[row] > from do
      row = row + 1
    end
    ends[row] = left and group.at + width or group.at
    out[i] = ('<span class="m" style="%s:%s;bottom:%dpx">%s</span>'):format(left and "left" or "right",
      percent(left and group.at or 1 - group.at), (row - 1) * ROW, svg.escape(text))
  end
  return table.concat(out), #ends
end

local function bounds(chart)
  local low, high, least, most
  for _, series in ipairs(chart.series) do
    for _, p in ipairs(series.points) do
      low, high = math.min(low or p[1], p[1]), math.max(high or p[1], p[1])
      local y = p[2]
      if y and (not chart.log or y > 0) then
        least, most = math.min(least or y, y), math.max(most or y, y)
      end
    end
  end
  for _, mark in ipairs(chart.marks or {}) do
    low, high = math.min(low or mark.x, mark.x), math.max(high or mark.x, mark.x)
  end
  return low, high, least, most
end

-- chart: {title, series = {{points, class, name, stepped, dots, line}}, bands = {{from, to, class, name}}, marks = {{x,
-- text}}, log, binary (of the vertical axis), unit(value) -> text}. nil where there is nothing to draw.
function svg.chart(chart)
  local low, high, least, most = bounds(chart)
  if not least then
    return nil
  end
  local x = linear(low, high, 5)
  local y = chart.log and logarithmic(least, most, chart.binary) or linear(0, most * 1.05, 4, chart.binary)
  local out, legend = {}, {}
  for _, tick in ipairs(y.ticks) do
    out[#out + 1] = ('<span class="y" style="bottom:%s">%s</span>'):format(percent(y.at(tick)),
      svg.escape(chart.unit(tick)))
  end
  for _, tick in ipairs(x.ticks) do
    out[#out + 1] = ('<span class="x" style="left:%s">%s</span>'):format(percent(x.at(tick)),
      svg.escape(("%g s"):format(tick)))
  end
  for _, list in ipairs { chart.series, chart.bands or {} } do
    for _, one in ipairs(list) do
      legend[#legend + 1] = one.name and ('<span><i class="key %s"></i>%s</span>'):format(one.class,
        svg.escape(one.name)) or nil
    end
  end
  local marks, rows = mark_labels(chart.marks or {}, x)
  return ('<figure><figcaption><b>%s</b> %s</figcaption><div class="marks" style="height:%dpx">%s</div>'
    .. '<div class="plot">%s%s</div></figure>\n'):format(svg.escape(chart.title), table.concat(legend, " "),
    math.max(rows, 0.5) * ROW // 1, marks, draw(chart, x, y), table.concat(out))
end

-- A bar of parts {{value, class, name, text}}, with its legend. nil where nothing is more than 0.
function svg.bar(title, parts)
  local sum, at, out, legend = 0, 0, {}, {}
  for _, part in ipairs(parts) do
    sum = sum + part.value
  end
  if sum <= 0 then
    return nil
  end
  for _, part in ipairs(parts) do
    local width = part.value / sum * WIDTH
    out[#out + 1] = ('<rect class="%s" x="%s" y="0" width="%s" height="20"/>'):format(part.class, number(at),
      number(width))
    legend[#legend + 1] = ('<span><i class="key %s"></i>%s <b>%s</b></span>'):format(part.class, svg.escape(part.name),
      svg.escape(part.text))
    at = at + width
  end
  return ('<figure><figcaption><b>%s</b></figcaption><svg class="bar" viewBox="0 0 %d 20" preserveAspectRatio="none" '
    .. 'role="img" aria-label="%s">%s</svg><div class="legend">%s</div></figure>\n'):format(svg.escape(title), WIDTH,
    svg.escape(title), table.concat(out), table.concat(legend, " "))
end

return svg
