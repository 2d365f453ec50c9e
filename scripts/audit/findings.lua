-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an audit has found, and what it could not look at: kept, sorted, and made a text or a value of. No node is
-- asked.
local Findings = {}
Findings.__index = Findings

local LEVELS <const> = { "fail", "warn", "info" }

local function new()
  return setmetatable({ list = mig.array {}, skipped = mig.array {} }, Findings)
end

-- One finding: {id, level, node (nil: of no single one), subject, seen, why, remedy}.
function Findings:add(finding)
  finding.node = finding.node or mig.null
  self.list[#self.list + 1] = finding
end

-- Something of a node that could not be looked at; said once.
function Findings:skip(node, what, why)
  for _, skipped in ipairs(self.skipped) do
    if skipped.node == node and skipped.what == what then
      return
    end
  end
  self.skipped[#self.skipped + 1] = { node = node, what = what, why = why }
end

function Findings:count(level)
  local n = 0
  for _, finding in ipairs(self.list) do
    n = n + (finding.level == level and 1 or 0)
  end
  return n
end

-- The worst that there is: "fail", "warn", or "ok".
function Findings:verdict()
  return self:count "fail" > 0 and "fail" or self:count "warn" > 0 and "warn" or "ok"
end

local function rank(finding)
  for i, level in ipairs(LEVELS) do
    if level == finding.level then
      return i
    end
  end
end

local function key(finding)
  return ("%d %s %s %s %s"):format(rank(finding), finding.id, finding.node == mig.null and "" or finding.node,
    finding.subject, finding.seen)
end

-- In an order that does not depend on which node answered first.
function Findings:sort()
  table.sort(self.list, function(a, b)
    return key(a) < key(b)
  end)
  table.sort(self.skipped, function(a, b)
    return a.node .. " " .. a.what < b.node .. " " .. b.what
  end)
end

function Findings:summary()
  return ("%d fail, %d warn, %d info"):format(self:count "fail", self:count "warn", self:count "info")
end

function Findings:text()
  local lines, level = {}, nil
  for _, f in ipairs(self.list) do
    if f.level ~= level then
      level = f.level
      lines[#lines + 1] = level
    end
    local where = f.node ~= mig.null and f.node .. ": " or ""
    lines[#lines + 1] = mig.line(("  %s  %s%s: %s: %s"):format(f.id, where, f.subject, f.seen, f.why))
    lines[#lines + 1] = f.remedy and mig.line("      " .. f.remedy)
  end
  local skipped = {}
  for i, s in ipairs(self.skipped) do
    skipped[i] = ("%s: %s (%s)"):format(s.node, s.what, s.why)
  end
  lines[#lines + 1] = skipped[1] and mig.line("not checked: " .. table.concat(skipped, "; "))
  lines[#lines + 1] = self:summary()
  return table.concat(lines, "\n") .. "\n"
end

function Findings:value()
  return { verdict = self:verdict(), findings = self.list, not_checked = self.skipped }
end

return { new = new }
