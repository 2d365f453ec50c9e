-- SPDX-License-Identifier: GPL-3.0-or-later
-- Are the nodes still as key-exchange and hosts-sync make them? The commands that verify these tell. names: of these
-- nodes, or nil for all (and this machine).
local line = require "lib.line"
local drift = {}

-- What a command found, even where its verdict is bad; nil: it could not be asked.
local function value_of(out, what, fn, args)
  local value, err = mig.try(fn, args)
  if err and err.code == "cancelled" then
    error(err, 0)
  end
  value = value or err.value
  if type(value) ~= "table" then
    out:skip("nodes", what, err.msg)
    return nil
  end
  return value
end

-- One finding for each that cannot log in somewhere.
function drift.keys(names, out)
  local failing, from = {}, {}
  for _, login in ipairs(value_of(out, "ssh keys", mig.key_verify, { table.unpack(names or {}) }) or {}) do
    if not login.ok then
      if not failing[login.from] then
        failing[login.from], from[#from + 1] = {}, login.from
      end
      table.insert(failing[login.from], ("%s (%s)"):format(login.to, login.error or "no reason was told"))
    end
  end
  local words = { "key-exchange", table.unpack(names or {}) }
  words[#words + 1] = "--apply"
  for _, name in ipairs(from) do
    out:add { id = "drift-keys", level = "warn", node = name, subject = "ssh keys", seen = "no login to "
      .. table.concat(failing[name], ", "), why = "disks that are copied from node to node need it",
      remedy = line.of(table.unpack(words)) }
  end
end

-- One finding for each whose names are not those of the inventory.
function drift.hosts(names, out)
  local list = names and table.concat(names, ",")
  local report, seen = value_of(out, "/etc/hosts", mig.hosts_sync, { list, verify = true }) or {}, {}
  for _, item in ipairs(report.items or {}) do
    if item.state ~= "verified" and item.state ~= "skipped" and not seen[item.node] then
      seen[item.node] = true
      out:add { id = "drift-hosts", level = "warn", node = item.node, subject = item.path or "/etc/hosts",
        seen = item.error and item.error.msg or item.state, why = "the names of nodes may lead elsewhere there",
        remedy = list and line.of("hosts-sync", list, "--apply") or "hosts-sync --apply" }
    end
  end
end

return drift
