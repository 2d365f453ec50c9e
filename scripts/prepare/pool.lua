-- SPDX-License-Identifier: GPL-3.0-or-later
-- The pool of prepare-nodes: a netfs pool on both nodes, made through libvirt. Each thing that is done to it is a step
-- of the recipe's workflow, so that taking back undoes exactly that. p is the pool on one node, as the step's intent
-- keeps it: {node, pool, host, dir, at, due = was it to be done, dirs = those that were not there, the deepest first}.
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
  return tonumber(mig.node(node):tool("dir_missing", path))
end

-- The path and its parents, `n` of them, the deepest first.
local function parents(path, n)
  local list = mig.array {}
  for i = 1, n do
    list[i], path = path, path:match "^(.*)/"
  end
  return list
end

-- What libvirt says of it; another one of that name is refused with that hint and message.
local function find_pool(p, hint, message)
  local list, err = mig.try(mig.pool_info, { p.pool, node = p.node })
  if err and err.code == "not-found" then
    return { active = false, autostart = false, persistent = false }
  elseif err then
    error(err, 0)
  elseif not is_wished(p) then
    fail("state", hint:format(p.pool, p.node), message, p.node, p.pool)
  end
  return list[1]
end

local function find_ours(p)
  return find_pool(p, "pool-dumpxml %s --node %s shows it; choose another name with --pool",
    "%s has another pool %s already")
end

-- What is done, in order. Each: {name, is_due(p, info), run(p), undo(p, info), which tells whether there was anything}.
pool.acts = {
  { name = "pool-define", is_due = function(_, info)
    return not info.persistent
  end, run = function(p)
    mig.pool_define_as { p.pool, type = "netfs", source_host = p.host, source_path = p.dir, target = p.at,
      node = p.node }
  end, undo = function(p, info)
    if info.persistent then
      mig.pool_undefine { p.pool, node = p.node }
    end
    return info.persistent
  end },
  { name = "pool-build", is_due = function(p, info)
    return not info.active and #p.dirs > 0
  end, run = function(p)
    mig.pool_build { p.pool, node = p.node }
  end, undo = function(p)
    -- What has been put there meanwhile stays, and so does what holds it.
    local left = mig.node(p.node):tool("dirs_remove", table.unpack(p.dirs))
    if left ~= "" then
      mig.warn(("%s: left there: %s"):format(p.node, left))
    end
    return true
  end },
  { name = "pool-start", is_due = function(_, info)
    return not info.active
  end, run = function(p)
    mig.pool_start { p.pool, node = p.node }
  end, undo = function(p, info)
    if info.active then
      mig.pool_destroy { p.pool, node = p.node }
    end
    return info.active
  end },
  { name = "pool-autostart", is_due = function(_, info)
    return not info.autostart
  end, run = function(p)
    mig.pool_autostart { p.pool, node = p.node }
  end, undo = function(p, info)
    if info.autostart then
      mig.pool_autostart { p.pool, node = p.node, disable = true }
    end
    return info.autostart
  end },
}

-- Where it is not active: an active one's directory is the share.
local function missing_dirs(p, info)
  return info.active and mig.array {} or parents(p.at, count_missing(p.node, p.at))
end

local function item(p, what, state, err)
  return { node = p.node, what = ("%s %s"):format(what, p.pool), state = state, error = err and { code = err.code,
    msg = err.msg, hint = err.hint } or nil }
end

local function value_of(mode, items)
  local value = { mode = mode, items = items, changed = 0, planned = 0 }
  for _, i in ipairs(items) do
    value.changed = value.changed + ((i.state == "changed" or i.state == "reverted") and 1 or 0)
    value.planned = value.planned + (i.state == "planned" and 1 or 0)
  end
  return value
end

local function on_node(w, node)
  return { node = node, pool = w.pool, host = w.host, dir = w.dir, at = w.at }
end

-- fn(…), whose error gets what it did to the pool as its value.
local function attempt(p, what, fn, ...)
  local ok, value = pcall(fn, ...)
  if ok then
    return value
  elseif type(value) == "table" then
    local state = value.code == "state" and "conflict" or "failed"
    value.value = value_of("apply", mig.array { item(p, what, state, value) })
  end
  error(value, 0)
end

-- What an act's intent keeps. last: that of an attempt before it, which may have done it.
function pool.about(w, act, node, last)
  local p = on_node(w, node)
  local info = attempt(p, "pool", find_ours, p)
  if act.name == "pool-build" then
    local before = last and last.about.dirs or {}
    p.dirs = missing_dirs(p, info)
    p.dirs = #before > #p.dirs and before or p.dirs
  end
  p.due = last and last.about.due or act.is_due(p, info)
  return p
end

-- One act, as a command's value.
function pool.run(act, p)
  local due = p.due and act.is_due(p, attempt(p, act.name, find_ours, p))
  if due then
    attempt(p, act.name, act.run, p)
  end
  return value_of("apply", mig.array { item(p, act.name, due and "changed" or "unchanged") })
end

-- Takes one back, as a command's value.
function pool.undo(act, p)
  local done = p.due and act.undo(p, find_pool(p, "pool-dumpxml %s --node %s shows it",
    "%s: the pool %s is not the one that was made any more: it is left alone"))
  return value_of("revert", mig.array { item(p, act.name, done and "reverted" or "unchanged") })
end

-- What is still to be done on one node: names of acts.
local function find_due(p)
  local info, due = find_ours(p), {}
  p.dirs = missing_dirs(p, info)
  for _, act in ipairs(pool.acts) do
    due[#due + 1] = act.is_due(p, info) and act.name or nil
  end
  return due
end

local function look_on(p, mode, items)
  local due, err = mig.try(find_due, p)
  if not due then
    items[#items + 1] = item(p, "pool", err.code == "state" and "conflict" or "failed", err)
    return err
  end
  for _, name in ipairs(due) do
    items[#items + 1] = item(p, name, mode == "plan" and "planned" or "failed")
  end
  if #due == 0 then
    items[#items + 1] = item(p, "pool", mode == "verify" and "verified" or "unchanged")
  elseif mode == "verify" then
    return { code = "verdict", msg = ("%s: the pool %s is not as wanted"):format(p.node, p.pool) }
  end
end

-- Both nodes at once, in the mode plan or verify, as a command's value; and an error.
function pool.look(w, mode)
  local work, items, first = {}, mig.array {}, nil
  for i, node in ipairs(w.pair) do
    work[i] = function()
      local err = look_on(on_node(w, node), mode, items)
      first = first or err
    end
  end
  mig.all(work)
  return value_of(mode, items), first
end

return pool
