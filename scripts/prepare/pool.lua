-- SPDX-License-Identifier: GPL-3.0-or-later
-- The pool of prepare-nodes: a netfs pool on both nodes, made through libvirt. Each thing that is done to it is a step
-- of the recipe's journal, so that taking back undoes exactly that. p is the pool on one node: {node, pool, host, dir,
-- at}.
local pools = require "lib.pools"
local pool = {}

local fail = mig.fail

-- Is the pool of that name the one that the wish describes?
local function is_wished(p)
  local there = pools.read(mig.pool_dumpxml { p.pool, node = p.node })
  return there.type == "netfs" and there.host == p.host and there.source == p.dir and there.dir == p.at
end

-- How many of the last parts of a path are not there on the node.
local function count_missing(node, path)
  local result = mig.node(node):exec { "sh", "-c", [[
p=$1 n=0
while [ -n "$p" ] && [ ! -e "$p" ]; do n=$((n + 1)) p=${p%/*}; done
echo "missing $n"]], "migsh", path }
  return tonumber(result.stdout:match "missing (%d+)\n$")
end

-- The path and its parents, `n` of them, the deepest first.
local function parents(path, n)
  local list = mig.array {}
  for i = 1, n do
    list[i], path = path, path:match "^(.*)/"
  end
  return list
end

local function find_pool(p)
  local list, err = mig.try(mig.pool_info, { p.pool, node = p.node })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return not err and list[1] or nil
end

-- What has to be done on a node, in order: names of pool_acts.
local function pool_needs(p)
  local info, needs = find_pool(p), {}
  if info and not is_wished(p) then
    fail("state", ("pool-dumpxml %s --node %s shows it; choose another name with --pool"):format(p.pool, p.node),
      "%s has another pool %s already", p.node, p.pool)
  end
  info = info or { active = false, autostart = false, persistent = false }
  needs[#needs + 1] = not info.persistent and "pool-define" or nil
  if not info.active then
    p.dirs = parents(p.at, count_missing(p.node, p.at))
    needs[#needs + 1] = #p.dirs > 0 and "pool-build" or nil
    needs[#needs + 1] = "pool-start"
  end
  needs[#needs + 1] = not info.autostart and "pool-autostart" or nil
  return needs
end

local pool_acts = {
  ["pool-define"] = function(p)
    mig.pool_define_as { p.pool, type = "netfs", source_host = p.host, source_path = p.dir, target = p.at,
      node = p.node }
  end,
  ["pool-build"] = function(p)
    mig.pool_build { p.pool, node = p.node }
  end,
  ["pool-start"] = function(p)
    mig.pool_start { p.pool, node = p.node }
  end,
  ["pool-autostart"] = function(p)
    mig.pool_autostart { p.pool, node = p.node }
  end,
}

-- Takes one back; p is what the journal knows. False: nothing was there to be taken back.
local pool_undos = {
  ["pool-define"] = function(p, info)
    if info.persistent then
      mig.pool_undefine { p.pool, node = p.node }
    end
    return info.persistent
  end,
  ["pool-build"] = function(p)
    -- What has been put there meanwhile stays, and so does what holds it.
    local result = mig.node(p.node):exec { "sh", "-c", [[
for d; do if [ -d "$d" ]; then rmdir "$d" 2>/dev/null || sudo -n rmdir "$d" || exit 0; fi; done]], "migsh",
      table.unpack(p.dirs) }
    if result.stderr ~= "" then
      mig.warn(("%s: left there: %s"):format(p.node, result.stderr))
    end
    return true
  end,
  ["pool-start"] = function(p, info)
    if info.active then
      mig.pool_destroy { p.pool, node = p.node }
    end
    return info.active
  end,
  ["pool-autostart"] = function(p, info)
    if info.autostart then
      mig.pool_autostart { p.pool, node = p.node, disable = true }
    end
    return info.autostart
  end,
}

-- Takes back one step of the journal, as a command's value.
function pool.undo(step)
  local p, none = step.about, { active = false, autostart = false, persistent = false }
  local info = find_pool(p)
  if info and not is_wished(p) then
    fail("state", ("pool-dumpxml %s --node %s shows it"):format(p.pool, p.node),
      "%s: the pool %s is not the one that was made any more: it is left alone", p.node, p.pool)
  end
  local acted = pool_undos[step.name](p, info or none)
  return { changed = acted and 1 or 0, items = mig.array { { node = p.node, what = step.name .. " " .. p.pool,
    state = acted and "reverted" or "unchanged" } } }
end

local function pool_item(p, name, state, err)
  return { node = p.node, what = ("%s %s"):format(name, p.pool), state = state, error = err and { code = err.code,
    msg = err.msg, hint = err.hint } or nil }
end

-- On one node; items are added to the list. An error is returned.
local function pool_on(p, mode, journal, items)
  local needs, err = mig.try(pool_needs, p)
  if not needs then
    items[#items + 1] = pool_item(p, "pool", err.code == "state" and "conflict" or "failed", err)
    return err
  end
  for _, name in ipairs(needs) do
    if mode ~= "apply" then
      items[#items + 1] = pool_item(p, name, mode == "plan" and "planned" or "failed")
    else
      local about = { node = p.node, pool = p.pool, host = p.host, dir = p.dir, at = p.at, dirs = p.dirs }
      local step = journal:intent(name, about)
      local _, why = mig.try(pool_acts[name], p)
      journal:outcome(step, why and "failed" or "done", why and { msg = why.msg })
      items[#items + 1] = pool_item(p, name, why and "failed" or "changed", why)
      if why then
        return why
      end
    end
  end
  if #needs == 0 then
    items[#items + 1] = pool_item(p, "pool", mode == "verify" and "verified" or "unchanged")
  elseif mode == "verify" then
    return { code = "verdict", msg = ("%s: the pool %s is not as it should be"):format(p.node, p.pool) }
  end
end

-- Both nodes at once, in the mode plan, apply or verify: {mode, items, changed, planned}, and an error.
function pool.run(w, mode, journal)
  local work, value = {}, { mode = mode, items = mig.array {}, changed = 0, planned = 0 }
  local first
  for i, node in ipairs(w.pair) do
    work[i] = function()
      local p = { node = node, pool = w.pool, host = w.host, dir = w.dir, at = w.at }
      local err = pool_on(p, mode, journal, value.items)
      first = first or err
    end
  end
  mig.all(work)
  for _, item in ipairs(value.items) do
    value.changed = value.changed + (item.state == "changed" and 1 or 0)
    value.planned = value.planned + (item.state == "planned" and 1 or 0)
  end
  return value, first
end

return pool
