-- SPDX-License-Identifier: GPL-3.0-or-later
-- The lines that a workflow leaves in systemd journals: here (core/journal/tell.h), and on the nodes that it has locked
-- and so is logged in to. Nothing fails by them, and nobody waits long for one.
local mig = ...
local told = {}

local LIMIT = 2000 -- ms

-- As logger takes them: a line each.
local function lines_of(fields)
  local lines = {}
  for name, value in pairs(fields) do
    lines[#lines + 1] = ("%s=%s\n"):format(name, mig.line(value))
  end
  return table.concat(lines)
end

-- fields: what journal:tell() returns.
local function tell_nodes(fields, nodes)
  local text, message, calls = lines_of(fields), mig.line(fields.MESSAGE), {}
  for i, name in ipairs(nodes) do
    calls[i] = function()
      mig.try(function()
        mig.node(name):tool("journal_entry", message, { input = text })
      end)
    end
  end
  mig.timeout(LIMIT, mig.all, calls)
end

local function tell_begin(journal, nodes)
  local fields = journal:tell(false)
  return fields and mig.spawn(pcall, tell_nodes, fields, nodes) or false
end

-- The nodes are told beside what follows. Returns that task, for ended(), or false or nil: nobody is told.
function told.begin(journal, nodes)
  return (mig.try(tell_begin, journal, nodes))
end

local function tell_end(journal, nodes, begun)
  local fields = journal:tell(true)
  begun:wait()
  tell_nodes(fields, nodes)
end

-- What became of it, which no Ctrl-C keeps from being raised.
function told.ended(journal, nodes, begun)
  pcall(tell_end, journal, nodes, begun)
end

return told
