-- SPDX-License-Identifier: GPL-3.0-or-later
-- What --fix can do: each act is one step of a workflow (mig.transaction), with its way back. A finding names it:
-- fix = {name = …, and what it needs}. An act is safe: nothing that a guest uses is changed or removed by it.
local networks = require "lib.networks"
local fix = {}

local SYSTEM <const> = "qemu:///system"

local function virsh(node, ...)
  return mig.node(node):run { "virsh", "-q", "-c", SYSTEM, ... }
end

local acts = {}

acts["pool-clone"] = { title = "pool %s on %s", words = { "pool", "node" }, run = function(f)
  mig.pool_clone { f.pool, f.node, node = f.from }
end, undo = function(f)
  local info = mig.try(mig.pool_info, { f.pool, node = f.node })
  if info and info[1] and info[1].active then
    mig.pool_destroy { f.pool, node = f.node }
  end
  if info then
    mig.pool_undefine { f.pool, node = f.node }
  end
end }

acts["pool-start"] = { title = "start pool %s on %s", words = { "pool", "node" }, run = function(f)
  local info = mig.pool_info({ f.pool, node = f.node })[1]
  if info and info.active then
    return nil, true
  end
  mig.pool_start { f.pool, node = f.node }
end, undo = function(f)
  mig.pool_destroy { f.pool, node = f.node }
end }

acts["network-clone"] = { title = "network %s on %s", words = { "network", "node" }, run = function(f)
  if networks.has(f.node, f.network) then
    return nil, true
  end
  networks.clone(f.from, f.node, f.network)
end, undo = function(f)
  networks.remove(f.node, f.network)
end }

acts["network-start"] = { title = "start network %s on %s", words = { "network", "node" }, run = function(f)
  virsh(f.node, "net-start", "--", f.network)
end, undo = function(f)
  virsh(f.node, "net-destroy", "--", f.network)
end }

acts["link-up"] = { title = "%s up on %s", words = { "link", "node" }, run = function(f)
  mig.node(f.node):run { "ip", "link", "set", "dev", f.link, "up" }
end, undo = function(f)
  mig.node(f.node):run { "ip", "link", "set", "dev", f.link, "down" }
end }

acts["eject"] = { title = "eject %s of %s", words = { "target", "domain" }, run = function(f)
  virsh(f.node, "change-media", "--eject", "--", f.domain, f.target)
end, undo = function(f)
  virsh(f.node, "change-media", "--insert", "--", f.domain, f.target, f.path)
end }

acts["sysctl"] = { title = "%s on %s", words = { "key", "node" }, run = function(f)
  local before = mig.node(f.node):run { "sysctl", "-n", f.key }:gsub("%s+$", "")
  mig.node(f.node):run { "sysctl", "-q", f.key .. "=" .. f.value }
  return { before = before }
end, undo = function(f, outcome)
  if outcome and outcome.before then
    mig.node(f.node):run { "sysctl", "-q", f.key .. "=" .. outcome.before }
  end
end }

-- The fixes of what failed or was warned of in the results, each once: a list as the journal keeps it.
function fix.of(results)
  local list, seen = mig.array {}, {}
  for _, r in ipairs(results) do
    for _, f in ipairs(r.findings) do
      local key = f.fix and mig.json_encode(f.fix)
      if key and (f.level == "fail" or f.level == "warn") and not seen[key] then
        seen[key], list[#list + 1] = true, f.fix
      end
    end
  end
  return list
end

function fix.title(f)
  local act = acts[f.name]
  return act.title:format(f[act.words[1]], f[act.words[2]])
end

-- Its steps, of what the journal's head says.
function fix.steps(list)
  local steps = {}
  for i, f in ipairs(list) do
    local act = acts[f.name] or mig.fail("unsupported", nil, "there is no fix '%s'", tostring(f.name))
    steps[i] = { name = f.name, key = tostring(i), title = fix.title(f), about = { node = f.node }, run = function()
      return act.run(f)
    end, undo = function(_, _, record)
      act.undo(f, record.outcome)
    end }
  end
  return steps
end

return fix
