-- SPDX-License-Identifier: GPL-3.0-or-later
-- A run as Markdown, for a ticket or a wiki. Pure. Foreign words are escaped: they are text there, and no markup.
local given = require("lib.value").given
local report = require "migsh.report"
local runs = require "record.runs"
local markdown = {}

local shown = { ms = report.ms, bytes = report.bytes, count = function(value)
  return ("%g"):format(value)
end }

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

-- Any text as a piece of one line of Markdown, behind something of ours. No link is made of an address in it.
function markdown.escape(text)
  return (mig.line(text):gsub("[&<>]", entities):gsub("[\\`*_{}%[%]|~]", "\\%0"):gsub("://", "&#58;//"))
end

local escape = markdown.escape

function markdown.page(run)
  local lines = {}
  local function out(format, ...)
    lines[#lines + 1] = format:format(...)
  end
  out("# %s: %s → %s", escape(run.domain), escape(run.source or "?"), escape(run.destination or "?"))
  out("\n**%s**\n", escape(run.verdict))
  out("%s, begun %s, %s, journal %s", escape(run.command), escape(run.time), escape(run.state), escape(run.id))
  out("\n| figure | value |\n|---|---|")
  for _, figure in ipairs(runs.figures) do
    local _, title, kind, of = table.unpack(figure)
    local value = of(run)
    if value then
      out("| %s | %s |", title, shown[kind](value))
    end
  end
  if run.policy then
    out("| policy | %s |", escape(run.policy))
  end
  for i, check in ipairs(run.result.checks or {}) do
    if i == 1 then
      out "\n## Checks\n"
    end
    local detail = not check.ok and given(check.detail)
    out("- [%s] %s%s", check.ok and "x" or check.unknown and "?" or " ", escape(check.title), detail and detail ~= ""
      and ": " .. escape(detail) or "")
  end
  for i, row in ipairs(run.result.care or {}) do
    if i == 1 then
      out "\n## Afterwards\n\n| node | what | state | |\n|---|---|---|---|"
    end
    out("| %s | %s | %s | %s |", escape(given(row.node) or "-"), escape(given(row.id) or "-"),
      escape(given(row.state) or "-"), escape(given(row.said) or ""))
  end
  for i, step in ipairs(run.steps) do
    if i == 1 then
      out "\n## What was done, and where\n\n| node | step | state |\n|---|---|---|"
    end
    out("| %s | %s | %s |", escape(given(step.node) or "-"), escape(("%s: %s"):format(step.name, given(step.title)
      or step.name)), escape(step.state .. (given(step.error) and ": " .. step.error or "")))
  end
  return table.concat(lines, "\n") .. "\n"
end

return markdown
