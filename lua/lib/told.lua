-- SPDX-License-Identifier: GPL-3.0-or-later
-- The lines that a workflow leaves in systemd journals: here (core/journal/tell.h), and on the nodes that it has locked
-- and so is logged in to. Nothing fails by them, and nobody waits long for one.
local mig = ...
local told = {}

local LIMIT = 2000 -- ms

-- journald's own fields where it is there and logger can hand them over, or the message alone.
local SCRIPT <const> = [[
[ -S /run/systemd/journal/socket ] && input | logger --journald 2>/dev/null ||
    logger -t migsh -- "$1" 2>/dev/null || :]]

-- As logger takes them: a line each.
local function lines_of(fields)
  local lines = {}
  for name, value in pairs(fields) do
    lines[#lines + 1] = ("%s=%s\n"):format(name, mig.line(value))
  end
  return table.concat(lines)
end

local function tell(journal, nodes, ends)
  local fields = journal:tell(ends)
  if not fields then
    return
  end
  local text, message, calls = lines_of(fields), mig.line(fields.MESSAGE), {}
  for i, name in ipairs(nodes) do
    calls[i] = function()
      mig.try(function()
        mig.node(name):run(SCRIPT, message, { input = text })
      end)
    end
  end
  mig.timeout(LIMIT, mig.all, calls)
end

function told.begin(journal, nodes)
  mig.try(tell, journal, nodes)
end

-- What became of it, which no Ctrl-C keeps from being raised.
function told.ended(journal, nodes)
  pcall(tell, journal, nodes, true)
end

return told
