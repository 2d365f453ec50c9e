-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a preflight found, as text.
local judge = require "preflight.judge"
local text = {}

local words <const> = { fail = "[fail]", warn = "[warn]", info = "[info]", skip = "[skip]", pass = "[pass]" }

local function plural(n, one, many)
  return ("%d %s"):format(n, n == 1 and one or many)
end

-- One finding: a line, and what follows from it.
local function add_finding(out, f, verbose)
  local where = f.node and f.level ~= "pass" and f.level ~= "skip" and (" (%s)"):format(f.node) or ""
  out(("  %s %-17s %s%s"):format(words[f.level], f.id, mig.line(f.seen or f.title), where))
  local function more(label, value)
    if value then
      out(("         %-17s %s %s"):format("", label, mig.line(value)))
    end
  end
  if f.level == "fail" or f.level == "warn" or verbose and f.level ~= "pass" then
    more("wanted:", f.wanted)
    more("why:", f.why)
    more("libvirt:", f.libvirt)
    more("remedy:", f.remedy)
  elseif f.level == "info" and f.why then
    more("why:", f.why)
  end
  if f.ignored then
    more("ignored:", "it would be a " .. f.ignored)
  end
end

local function advice(r)
  local n = r.counts
  if n.fail > 0 then
    local fixable = 0
    for _, f in ipairs(r.findings) do
      fixable = fixable + (f.level == "fail" and f.fixable and 1 or 0)
    end
    return fixable == n.fail and "do not move it yet: preflight --fix mends all that fails"
      or "do not move it yet: mend what fails, or ignore it by --ignore if you know better"
  elseif n.warn > 0 then
    return "it can be moved; read the warnings first"
  end
  return "it can be moved"
end

-- The result of one guest and destination (preflight/case.lua).
function text.result(r, verbose)
  local lines = {}
  local function out(line)
    lines[#lines + 1] = line
  end
  out(mig.line(("%s: %s -> %s, %s"):format(r.domain, r.source, r.dest, judge.modes[r.mode])))
  local area
  for _, f in ipairs(r.findings) do
    local is_shown = f.level == "fail" or f.level == "warn" or verbose or f.level == "info" and not f.quiet
    if is_shown then
      if f.area ~= area then
        area = f.area
        out(" " .. area)
      end
      add_finding(out, f, verbose)
    end
  end
  local n = r.counts
  out((" %s, %s, %s, %s"):format(plural(n.pass, "check passed", "checks passed"), plural(n.fail, "failed", "failed"),
    plural(n.warn, "warning", "warnings"), plural(#r.not_checked, "not checked", "not checked")))
  if #r.not_checked > 0 then
    local list, seen = {}, {}
    for _, item in ipairs(r.not_checked) do
      local line = ("%s (%s)"):format(item.id, item.why)
      list[#list + 1] = not seen[line] and line or nil
      seen[line] = true
    end
    out(mig.line(" not checked: " .. table.concat(list, "; ")))
  end
  out((" %s"):format(advice(r)))
  return table.concat(lines, "\n") .. "\n"
end

-- What changed since the last preflight (case.since_last), or nil.
function text.change(change)
  if not change then
    return " since the last time: this is the first\n"
  end
  local lines = { (" since %s:%s"):format(os.date("%Y-%m-%d %H:%M:%S", change.at), #change.new + #change.gone == 0
    and " nothing has changed" or "") }
  for _, part in ipairs { { "+", change.new }, { "-", change.gone } } do
    for _, line in ipairs(part[2]) do
      lines[#lines + 1] = mig.line(("  %s %s"):format(part[1], line))
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The first line of it that refuses a move: for recipes that stop.
function text.refusal(r)
  for _, f in ipairs(r.findings) do
    if f.level == "fail" then
      return ("%s: %s%s"):format(f.id, f.seen, r.counts.fail > 1 and (", and %s"):format(plural(r.counts.fail - 1,
        "other check fails", "other checks fail")) or "")
    end
  end
end

return text
