-- SPDX-License-Identifier: GPL-3.0-or-later
-- What --fix can do: each act is one step of a workflow (mig.transaction), with its way back. A finding names it:
-- fix = {name = …, and what it needs}. An act is safe: nothing that a guest uses is changed or removed by it.
local clones = require "lib.clones"
local media = require "preflight.media"
local networks = require "lib.networks"
local node = require "lib.node"
local sysctl = require "lib.sysctl"
local users = require "guest.users"
local fix = {}

-- Each act: is_so(f), is it so already (then it is none of ours, and stays); run(f), undo(f); uses, its kind among what
-- a guest needs (guest/xml.lua): while a guest of the node does, it is not taken back. One that clones has list(f)
-- instead of is_so(f): what the destination lacks for it.
local acts = {}

local function pool_of(f)
  local info, err = mig.try(mig.pool_info, { f.pool, node = f.node })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return info and info[1]
end

-- f[field] is its name.
local function clone_of(kind, field)
  local rows = clones[kind]
  return { title = rows.noun .. " %s on %s", words = { field, "node" }, uses = kind,
    list = function(f)
      return mig.array(rows.missing(f.from, f.node, f[field]))
    end, run = function(f, list)
      for _, name in ipairs(list) do
        if #rows.missing(f.from, f.node, name) > 0 then -- an attempt before may have made it
          rows.make(f.from, f.node, name)
        end
      end
    end, undo = function(f, _, list)
      list = list or { f[field] }
      for i = #list, 1, -1 do
        rows.remove(f.node, list[i])
      end
    end }
end

acts["pool-clone"] = clone_of("pools", "pool")
acts["network-clone"] = clone_of("networks", "network")
acts["nwfilter-clone"] = clone_of("nwfilters", "filter")
acts["secret-clone"] = clone_of("secrets", "secret")

acts["pool-start"] = { title = "start pool %s on %s", words = { "pool", "node" }, uses = "pools", is_so = function(f)
  return (pool_of(f) or {}).active
end, run = function(f)
  mig.pool_start { f.pool, node = f.node }
end, undo = function(f)
  if (pool_of(f) or {}).active then
    mig.pool_destroy { f.pool, node = f.node }
  end
end }

acts["network-start"] = { title = "start network %s on %s", words = { "network", "node" }, uses = "networks",
  is_so = function(f)
    return (networks.info(f.node, f.network) or {}).active
  end, run = function(f)
    mig.net_start { f.network, node = f.node }
  end, undo = function(f)
    networks.stop(f.node, f.network)
  end }

acts["link-up"] = { title = "%s up on %s", words = { "link", "node" }, uses = "bridges",
  is_so = function(f)
    return mig.node(f.node):run { "ip", "link", "show", "dev", f.link, "up" } ~= ""
  end, run = function(f)
    mig.node(f.node):run { "ip", "link", "set", "dev", f.link, "up" }
  end, undo = function(f)
    mig.node(f.node):run { "ip", "link", "set", "dev", f.link, "down" }
  end }

acts["eject"] = { title = "eject %s of %s", words = { "target", "domain" }, run = media.eject, undo = media.put_back }

-- The kernel keeps one that is in use.
acts["module"] = { title = "module %s on %s", words = { "module", "node" }, is_so = function(f)
  return node.exists(f.node, "/sys/module/" .. f.module)
end, run = function(f)
  mig.node(f.node):run { "modprobe", "--", f.module }
end, undo = function(f)
  mig.node(f.node):run { "modprobe", "-r", "--", f.module }
end }

acts["sysctl"] = { title = "%s on %s", words = { "key", "node" }, is_so = function(f)
  return sysctl.get(f.node, f.key) == f.value
end, run = function(f)
  local before = sysctl.get(f.node, f.key)
  local state, why = sysctl.swap(f.node, f.key, before, f.value)
  if state ~= "swapped" then
    mig.fail("failed", nil, "%s: %s is not set: %s", f.node, f.key, why)
  end
  return { before = before }
end, undo = function(f, outcome)
  if outcome and outcome.before then -- what somebody else has set since stays
    sysctl.swap(f.node, f.key, f.value, outcome.before)
  end
end }

-- It closes by itself, on the node, whoever is gone by then; before its time by the command's own journal. One that did
-- not help is closed at once.
acts["firewall-open"] = { title = "open %s for %s", words = { "node", "from" }, run = function(f)
  local done, err = mig.try(mig.firewall_open, { f.node, from = f.from, ["for"] = f.hold or "1h", apply = true })
  local journal = (done or err.value or {}).journal
  if err then
    if journal then
      mig.journal_revert { journal }
    end
    error(err, 0)
  end
  return { journal = journal }
end, undo = function(_, outcome)
  if outcome and outcome.journal then
    mig.journal_revert { outcome.journal }
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

-- Runs remedies of what was found as one workflow, for one guest's sake; its journal's id.
local function run_all(results, list, hold)
  local seen, nodes = {}, mig.array {}
  for _, f in ipairs(list) do
    f.hold = f.name == "firewall-open" and hold or nil
    if not seen[f.node] then
      seen[f.node], nodes[#nodes + 1] = true, f.node
    end
  end
  local done = mig.transaction("preflight", { domain = results[1].domain, nodes = nodes, fixes = list })
  mig.notice(("mended; rollback %s takes it back"):format(done.journal))
  return done.journal
end

-- Runs the safe remedies of what was found; the journal's id, or nil where there are none. hold: for how long a
-- firewall is open at most.
function fix.mend(results, hold)
  local list = fix.of(results)
  if #list == 0 then
    mig.notice "nothing that was found can be mended by --fix"
    return nil
  end
  return run_all(results, list, hold)
end

-- Only what gives the destination what it lacks.
local function clone(found)
  local list = mig.array {}
  for _, f in ipairs(fix.of { found }) do
    list[#list + 1] = acts[f.name].list and f or nil
  end
  return #list > 0 and run_all({ found }, list) or nil
end

-- Closes what a run of fix.mend() has opened.
local function close(id)
  local opened = {}
  do
    local journal <close> = mig.journal_open(id)
    for _, step in ipairs(journal:steps()) do
      opened[#opened + 1] = step.name == "firewall-open" and step.outcome and step.outcome.journal or nil
    end
  end
  for _, own in ipairs(opened) do
    local _, err = mig.try(mig.journal_revert, { own })
    if err then
      mig.warn(mig.line(("%s: the node closes it by itself (journal-revert %s)"):format(err.msg, own)))
    end
  end
end

-- Puts the media back that it has taken out.
local function put_back(list)
  for _, f in ipairs(list) do
    local _, err
    if f.name == "eject" then
      _, err = mig.try(media.put_back, f)
    end
    if err then
      mig.warn(mig.line(("%s: %s of %s stays empty"):format(err.msg, f.target, f.domain)))
    end
  end
end

-- The same before a migration with --fix or --clone: what closes, when it ends, the ports that were opened for it, and
-- puts media back where they are; the rest stays. Should this console be gone by then, the node closes the ports after
-- six hours. nil where nothing was mended.
function fix.for_a_move(a, found)
  local id
  if found.verdict == "fail" then
    id = a.fix and fix.mend({ found }, "6h") or not a.fix and a.clone and clone(found)
  end
  return id and setmetatable({}, { __close = function()
    close(id)
    put_back(a.fix and fix.of { found } or {})
  end })
end

-- Its steps, of what the journal's head says.
function fix.steps(list)
  local steps = {}
  for i, f in ipairs(list) do
    local act = acts[f.name] or mig.fail("unsupported", nil, "there is no fix '%s'", tostring(f.name))
    steps[i] = { name = f.name, key = tostring(i), title = fix.title(f), about = function(_, _, last)
      if last then
        return { node = f.node, was = last.about.was, list = last.about.list }
      end
      local missing = act.list and act.list(f)
      return { node = f.node, list = missing, was = missing and #missing == 0 or act.is_so and act.is_so(f) or false }
    end, run = function(_, _, record)
      if record.about.was then
        return nil, true
      end
      return act.run(f, record.about.list)
    end, undo = function(_, _, record)
      if not record.about.was then
        if act.uses then
          for _, name in ipairs(record.about.list or { f[act.words[1]] }) do
            users.assert_none(f.node, act.uses, name)
          end
        end
        act.undo(f, record.outcome, record.about.list)
      end
    end }
  end
  return steps
end

return fix
