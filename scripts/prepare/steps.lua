-- SPDX-License-Identifier: GPL-3.0-or-later
-- The parts of prepare-nodes, from what is wished for, and the steps of its workflow, which are made of them. A part is
-- a command with a plan of its own, or the pool (prepare/pool.lua). What a command does is in a journal of its own,
-- whose id is in the intent of its step: so what a killed console began is found again, gone on with and taken back.
--
-- How each part went is told in tx.own, for whoever began it: tx.own[name of the part] = {changed, planned, items,
-- journal, error}; what was taken back in its list: {name, changed, items, journal, error}.
local pool = require "prepare.pool"
local steps = {}

local function without(list, name)
  local others = {}
  for _, other in ipairs(list) do
    others[#others + 1] = other ~= name and other or nil
  end
  return others
end

local function add_opening(add, node, from, ports)
  local words = ("%s for %s: %s"):format(node, table.concat(from, ","), ports)
  add("firewall-open", words, { node, from = from, ports = ports, keep = true }, words)
end

-- Before the keys, as their logins are tried.
local function add_ssh_and_migration(w, add)
  for _, node in ipairs(w.firewall and w.nodes or {}) do
    local other, third = without(w.pair, node), without(w.nodes, node)
    if #other == 1 then
      add_opening(add, node, other, "ssh,migration" .. (w.listen and ",16514" or ""))
      third = without(third, other[1])
    end
    if #third > 0 then
      add_opening(add, node, third, "ssh")
    end
  end
end

-- Certificates are for names that lead to a node, so behind those of /etc/hosts.
local function add_trust(w, add)
  if w.tls then
    add("tls-setup", table.concat(w.pair, " "), { nodes = w.pair, listen = w.listen, restart = w.listen })
  end
  for _, user in ipairs(w.access or {}) do
    for _, node in ipairs(w.pair) do
      add("access-grant", ("%s on %s"):format(user, node), { node, user }, ("%s %s"):format(node, user))
    end
  end
end

-- What is done for the wish w, in order: {name = as shown, words, key, verb, args}, or {name, words, pool = true}.
function steps.parts(w)
  local parts = {}
  local function add(verb, words, args, key)
    parts[#parts + 1] = { name = verb .. " " .. words, words = words, verb = verb, args = args, key = key }
  end
  local nodes = table.concat(w.nodes, " ")
  add_ssh_and_migration(w, add)
  add("key-exchange", nodes, { nodes = w.nodes, user = w.user, accept_new = w.accept_new })
  for _, node in ipairs(w.hostname and w.nodes or {}) do
    add("node-hostname", node, { node, node }, node)
  end
  add("hosts-sync", nodes, { nodes = w.nodes, admin = true, fix_conflicts = w.fix_conflicts })
  for _, node in ipairs(w.bridge and w.pair or {}) do -- a login made anew keeps them, so behind the keys
    add("bridge-ensure", ("%s on %s"):format(w.bridge, node), { node, w.bridge, port = w.ports[node],
      move_address = w.move_address }, node)
  end
  add_trust(w, add)
  if w.server then
    add("nfs-export", w.share, { w.server, w.dir, to = #w.to > 0 and w.to or w.pair, options = w.export_options })
  end
  if w.server and w.firewall then -- which ports an NFS server's helpers have is known when it runs
    add_opening(add, w.server, without(w.pair, w.server), "nfs")
  end
  if w.pool then
    parts[#parts + 1] = { name = "pool " .. w.pool, words = w.pool, pool = true }
  elseif w.share then
    add("nfs-mount", ("%s at %s"):format(w.share, w.at), { nodes = w.pair, source = w.share, dir = w.at,
      persist = true })
  end
  return parts
end

-- The part's command in one of its modes.
function steps.args(part, mode)
  local args = { [mode] = true }
  for key, value in pairs(part.args) do
    args[key] = value
  end
  return args
end

-- A part in one of its modes that do nothing, plan and verify. value (perhaps nil), error
function steps.look(part, w, mode)
  if part.pool then
    return pool.look(w, mode)
  end
  local value, err = mig.try(mig[part.verb], steps.args(part, mode))
  if err and not value and type(err.value) == "table" then
    value = err.value
  end
  return value, err
end

-- Adds what became of a step to its part.
local function tell(tx, part, value, err)
  local t = tx.own[part.name] or { changed = 0, planned = 0, items = mig.array {} }
  if type(value) == "table" and value.items then
    t.changed, t.planned, t.journal = t.changed + value.changed, t.planned + value.planned, value.journal
    table.move(value.items, 1, #value.items, #t.items + 1, t.items)
  end
  t.error, tx.own[part.name] = err, t
end

-- fn(…) takes something back.
local function told_undo(tx, name, fn, ...)
  local value, err = mig.try(fn, ...)
  local t = value or type(err.value) == "table" and err.value or {}
  tx.own[#tx.own + 1] = { name = name, changed = t.changed, items = t.items, journal = t.journal, error = err }
  if err then
    error(err, 0)
  end
end

-- The command's journal, which it opens by itself: that of an attempt before this one, if it did anything, else a new
-- one.
local function own_journal(tx, part, last)
  local journal, err
  if last then
    journal, err = mig.try(mig.journal_open, last.about.journal)
    if err and err.code ~= "not-found" then
      error(err, 0)
    end
  end
  journal = journal or mig.journal_begin(part.verb, { recipe = tx.id })
  journal:release()
  return journal.id
end

-- Has the command begun anything? Its journal goes if it has not.
local function has_begun(id)
  local journal <close> = mig.try(mig.journal_open, id)
  return not journal or #journal:steps() > 0
end

local function run_command(tx, part, id)
  local args = steps.args(part, "apply")
  args.journal = id
  local ok, value = pcall(mig[part.verb], args) -- also after a Ctrl-C its journal is looked at
  local begun = has_begun(id)
  if not ok then
    error(value, 0)
  end
  tell(tx, part, value)
  return nil, not begun
end

local function undo_command(id)
  local value, err = mig.try(mig.journal_revert, { id })
  if err and err.code == "not-found" then -- it went, as nothing was done
    return { changed = 0, items = mig.array {} }
  end
  return value or error(err, 0)
end

local function command_step(part)
  return { name = part.verb, key = part.key, title = part.words,
    about = function(tx, _, last)
      return { journal = own_journal(tx, part, last) }
    end,
    run = function(tx, _, record)
      return run_command(tx, part, record.about.journal)
    end,
    undo = function(tx, _, record)
      told_undo(tx, part.name, undo_command, record.about.journal)
    end }
end

local function pool_step(part, w, act, node)
  return { name = act.name, key = node, title = ("%s on %s"):format(part.words, node),
    about = function(_, _, last)
      return pool.about(w, act, node, last)
    end,
    run = function(tx, _, record)
      local value = pool.run(act, record.about)
      tell(tx, part, value)
      return nil, value.changed == 0
    end,
    undo = function(tx, step, record)
      told_undo(tx, step.name .. " " .. step.title, pool.undo, act, record.about)
    end }
end

-- fn of a step, with the progress before it; its failure is the part's.
local function told(fn, part, i, n)
  return function(tx, ...)
    mig.progress({ job = "prepare-nodes", text = ("step %d of %d: %s"):format(i, n, part.name) }, false)
    local ok, value, unchanged = pcall(fn, tx, ...)
    if not ok then
      tell(tx, part, value.value, value)
      error(value, 0)
    end
    return value, unchanged
  end
end

function steps.of(w)
  local list, parts = {}, steps.parts(w)
  for i, part in ipairs(parts) do
    local made = { not part.pool and command_step(part) or nil }
    for _, act in ipairs(part.pool and pool.acts or {}) do
      for _, node in ipairs(w.pair) do
        made[#made + 1] = pool_step(part, w, act, node)
      end
    end
    for _, step in ipairs(made) do
      step.about, step.run = told(step.about, part, i, #parts), told(step.run, part, i, #parts)
      list[#list + 1] = step
    end
  end
  return list
end

return steps
