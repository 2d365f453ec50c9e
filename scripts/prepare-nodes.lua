-- SPDX-License-Identifier: GPL-3.0-or-later
-- Makes two bare nodes a migration pair: ssh keys, names, an NFS share or a pool on it; and takes all of it back.
--
-- Each step is a command that has a plan of its own. Before one acts, the recipe's journal says which journal it will
-- keep, so whatever a killed console began is found again. The pool (prepare/pool.lua) is made in steps of the recipe's
-- own journal.
local pool = require "prepare.pool"

local TITLE = "prepare-nodes"

local fail = mig.fail

-- "/a//b/" as "/a/b".
local function clean_path(what, text)
  if text:sub(1, 1) ~= "/" or text:find "%c" or text:find "/%.%.?/" or text:find "/%.%.?$" then
    fail("usage", nil, "%s: '%s' is not an absolute path without . and ..", what, text)
  end
  local path = text:gsub("/+", "/"):gsub("(.)/$", "%1")
  return path
end

-- What is asked for: {source, dest, nodes, pair, server (a node's name or nil), host, dir, share, at, pool}.
local function read_wish(a)
  local w = { source = a.source, dest = a.dest, nodes = { a.source, a.dest }, pair = { a.source, a.dest },
    pool = a.pool }
  if a.source == a.dest then
    fail("usage", nil, "%s cannot be a pair with itself", a.source)
  end
  if a.nfs then
    local server, dir = a.nfs:match "^([^:/]+):(/.*)$"
    if not server then
      fail("usage", nil, "--nfs: '%s' is not NODE:/DIR", a.nfs)
    end
    w.dir, w.at, w.host = clean_path("--nfs", dir), clean_path("--at", a.at), server
    w.share = server .. ":" .. w.dir
    local node, err = mig.try(mig.node_show, { server })
    if node then
      w.server, w.host = server, node.address
      if server ~= a.source and server ~= a.dest then
        w.nodes[3] = server
      end
    elseif err.code ~= "not-found" then
      error(err, 0)
    else
      mig.notice(("%s is no node of the inventory: it has to export %s by itself"):format(server, w.dir))
    end
  end
  return w
end

-- Steps ---------------------------------------------------------------------------------------------------------------

-- Each: {name = as it is shown, verb, args} or {name, run}.
local function make_steps(w, a)
  local steps = {}
  local function add(verb, words, args)
    steps[#steps + 1] = { name = verb .. " " .. words, verb = verb, args = args }
  end
  local nodes = table.concat(w.nodes, " ")
  add("key-exchange", nodes, { nodes = w.nodes, user = a.user, accept_new = a.accept_new })
  for _, node in ipairs(a.hostname and w.nodes or {}) do
    add("node-hostname", node, { node, node })
  end
  add("hosts-sync", nodes, { nodes = w.nodes, admin = true, fix_conflicts = a.fix_conflicts })
  if w.server then
    add("nfs-export", w.share, { w.server, w.dir, to = #a.to > 0 and a.to or w.pair, options = a.export_options })
  end
  if w.pool then
    local share = w.host .. ":" .. w.dir
    steps[#steps + 1] = { name = "pool " .. w.pool, run = pool.run, story = ("pool-define %s: netfs, %s at %s\n"
      .. "pool-build, pool-start, pool-autostart\n"):format(w.pool, share, w.at) }
  elseif w.share then
    add("nfs-mount", ("%s at %s"):format(w.share, w.at), { nodes = w.pair, source = w.share, dir = w.at,
      persist = true })
  end
  return steps
end

-- A step's command in one of its modes. value (perhaps nil), error
local function call(step, w, mode, journal)
  if step.run then
    return step.run(w, mode, journal)
  end
  local args = { [mode] = true, journal = journal }
  for key, value in pairs(step.args) do
    args[key] = value
  end
  local value, err = mig.try(mig[step.verb], args)
  if err and not value and type(err.value) == "table" then
    value = err.value
  end
  return value, err
end

-- A step of the result.
local function told(step, state, value, err)
  value = value or {}
  local t = { name = step.name, state = state, changed = value.changed or 0, planned = value.planned or 0,
    journal = value.journal, items = value.items or mig.array {} }
  t.error = err and { code = err.code, msg = err.msg, hint = err.hint } or nil
  return t
end

local function new_result(w, mode)
  return { mode = mode, source = w.source, dest = w.dest, changed = 0, planned = 0, steps = mig.array {} }
end

local function add(result, t)
  result.changed, result.planned = result.changed + t.changed, result.planned + t.planned
  result.steps[#result.steps + 1] = t
end

-- Text ----------------------------------------------------------------------------------------------------------------

local function amount(t, raised)
  if t.error then
    return t.error.msg ~= raised and t.error.msg:gsub("\n", "\n      ") or ""
  elseif t.note then
    return t.note
  elseif t.state == "planned" then
    return t.planned == 1 and "1 change" or ("%d changes"):format(t.planned)
  elseif t.changed > 0 then
    return t.changed == 1 and "1 change" or ("%d changes"):format(t.changed)
  end
  return ""
end

-- One line a step; the message that is `raised` anyway is left out.
local function summary(result, raised)
  local lines, width = {}, 0
  for _, t in ipairs(result.steps) do
    width = math.max(width, utf8.len(t.name) or #t.name)
  end
  for _, t in ipairs(result.steps) do
    local pad = (" "):rep(width - (utf8.len(t.name) or #t.name))
    lines[#lines + 1] = (("  %s%s  %-10s %s"):format(t.name, pad, t.state, amount(t, raised)):gsub("%s+$", ""))
  end
  for _, t in ipairs(result.steps) do
    for _, item in ipairs(t.error and t.items or {}) do
      if item.error and item.diff then
        lines[#lines + 1] = ("%s: %s\n%s"):format(item.node, item.what, (item.diff:gsub("\n$", "")))
      end
    end
  end
  for _, check in ipairs(result.checks or {}) do
    lines[#lines + 1] = ("  %s %s"):format(check.ok and "[ok]    " or "[FAILED]", check.title)
    if not check.ok then
      lines[#lines + 1] = "           " .. check.detail:gsub("\n", "\n           ")
    end
  end
  if result.mode == "plan" and result.planned == 0 or result.mode == "apply" and result.changed == 0 then
    lines[#lines + 1] = "  0 changes"
  elseif #result.steps == 0 then
    lines[#lines + 1] = "  nothing to take back"
  end
  return ("%s %s %s: %s\n%s\n"):format(TITLE, result.source, result.dest, result.mode, table.concat(lines, "\n"))
end

local function raise(result, text, err, msg, hint)
  mig.error { code = err.code, msg = msg, hint = hint, value = result, text = text }
end

-- Modes ---------------------------------------------------------------------------------------------------------------

-- The value to be shown: a script that an earlier step has shown is not shown again.
local function without_seen(value, seen)
  local items, now = mig.array {}, {}
  for i, item in ipairs(value.items or {}) do
    local copy = {}
    for key, field in pairs(item) do
      copy[key] = field
    end
    copy.words = item.words and mig.array {}
    for k, words in ipairs(item.words or {}) do
      local script, rest = words:match "^(.*' 'migsh' )('.*)$"
      now[#now + 1] = script
      copy.words[k] = seen[script or words] and "the same script as above with " .. rest or words
    end
    items[i] = copy
  end
  for _, script in ipairs(now) do
    seen[script] = true
  end
  return { mode = "plan", items = items }
end

-- Every step's own plan.
local function plan(w, steps)
  local result, texts, seen, first = new_result(w, "plan"), {}, {}, nil
  for i, step in ipairs(steps) do
    local t, text
    if step.run and result.steps[1].planned > 0 then
      -- libvirt on a node is asked through ssh itself, which needs the keys and writes into known_hosts.
      t = told(step, "planned")
      t.planned, t.note = 1, "depends on " .. steps[1].name
      text = t.note .. "; then, where it is not so yet, on each node:\n" .. step.story
    else
      local value, err = call(step, w, "plan")
      t = told(step, err and "failed" or value.planned > 0 and "planned" or "unchanged", value, err)
      first = first or err
      text = value and mig.render(step.verb or "journal-revert", without_seen(value, seen)) or ""
    end
    texts[#texts + 1] = ("== %d. %s\n%s\n"):format(i, step.name, text)
    add(result, t)
  end
  return result, table.concat(texts, "\n") .. "\n" .. summary(result, first and first.msg), first
end

-- Does the pair work? Each check: {id, title, ok, detail}.
local function check_pair(w, a)
  local checks = mig.array {}
  local function check(id, title, verb, args)
    local _, err = mig.try(mig[verb], args)
    checks[#checks + 1] = { id = id, title = title, ok = not err, detail = err and (err.text or "") .. err.msg or nil }
  end
  local nodes = table.concat(w.nodes, ", ")
  check("logins", ("every login between %s works"):format(nodes), "key_verify", { nodes = w.nodes, user = a.user })
  check("names", ("%s and this machine resolve all names"):format(nodes), "hosts_sync", { nodes = w.nodes,
    admin = true, verify = true })
  if w.at then
    check("share", ("%s is shared by %s and %s"):format(w.at, w.source, w.dest), "nfs_test", { nodes = w.pair,
      dir = w.at })
  end
  return checks
end

local function judge_checks(w, a, result)
  result.checks = check_pair(w, a)
  local bad = {}
  for _, check in ipairs(result.checks) do
    if not check.ok then
      bad[#bad + 1] = "check failed: " .. check.title
    end
  end
  if #bad > 0 then
    mig.error { code = "verdict", msg = table.concat(bad, "; "), value = result, text = summary(result) }
  end
end

-- One command with a journal of its own, which the recipe's knows before it begins.
local function do_command(step, w, journal)
  local own = mig.journal_begin(step.verb, { recipe = journal.id })
  own:release() -- the command opens it by itself
  local entry = journal:intent("command", { name = step.name, verb = step.verb, journal = own.id })
  local value, err = call(step, w, "apply", own.id)
  journal:outcome(entry, err and "failed" or value.changed > 0 and "done" or "unchanged", err and { msg = err.msg })
  local left = mig.try(mig.journal_open, own.id)
  if left then
    left:close() -- goes if nothing was begun
  end
  return value, err
end

local function apply(w, steps, a)
  local result = new_result(w, "apply")
  local journal <close> = mig.journal_begin(TITLE, { source = w.source, dest = w.dest, share = w.share, at = w.at,
    pool = w.pool })
  local way_back = ("%s %s %s --revert takes back what was done; --apply goes on"):format(TITLE, w.source, w.dest)
  local _ <close> = setmetatable({}, { __close = function(_, err)
    mig.progress({ job = TITLE, text = "" }, true)
    if journal.state == "running" and #journal:steps() > 0 then
      mig.warn((err and err.code == "cancelled" and "interrupted: " or "") .. way_back)
    end
  end })
  for i, step in ipairs(steps) do
    mig.progress({ job = TITLE, text = ("step %d of %d: %s"):format(i, #steps, step.name) }, false)
    local value, err = call(step, w, "plan") -- what has nothing to do is not begun
    if not err and (value.planned or 0) > 0 then
      if step.run then
        value, err = step.run(w, "apply", journal)
      else
        value, err = do_command(step, w, journal)
      end
    end
    add(result, told(step, err and "failed" or value.changed > 0 and "changed" or "unchanged", value, err))
    if err then
      for k = i + 1, #steps do
        add(result, told(steps[k], "skipped"))
      end
      if #journal:steps() > 0 then
        result.journal = journal.id
        journal:finish "failed"
      end
      raise(result, summary(result, err.msg), err, ("step %d, %s: %s"):format(i, step.name, err.msg), way_back)
    end
  end
  if #journal:steps() > 0 then
    result.journal = journal.id
    journal:finish "done"
  end
  judge_checks(w, a, result)
  return result, summary(result)
end

local function verify(w, steps, a)
  local result, first = new_result(w, "verify"), nil
  for _, step in ipairs(steps) do
    local value, err = call(step, w, "verify")
    add(result, told(step, err and "failed" or "verified", value, err))
    first = first or err
  end
  if first then
    raise(result, summary(result, first.msg), first, first.msg, first.hint)
  end
  judge_checks(w, a, result)
  return result, summary(result)
end

local function undo_command(step)
  local value, err = mig.try(mig.journal_revert, { step.about.journal })
  if err and err.code == "not-found" then -- it went, as nothing was done
    return { changed = 0, items = mig.array {} }
  end
  return value or err.value, err
end

-- Takes back what one journal says, the last first. A failure ends it: what was done before may be needed.
local function revert_journal(id, result)
  local journal <close> = mig.journal_open(id)
  local steps = journal:steps()
  for i = #steps, 1, -1 do
    local step = steps[i]
    if step.state ~= "unchanged" and step.state ~= "undone" then
      journal:outcome(step, "undoing")
      local value, err
      if step.name == "command" then
        value, err = undo_command(step)
      else
        value, err = mig.try(pool.undo, step)
      end
      journal:outcome(step, err and "undo-failed" or "undone", err and { msg = err.msg })
      local name = step.about.name or ("%s %s on %s"):format(step.name, step.about.pool, step.about.node)
      local state = err and "failed" or value.changed > 0 and "reverted" or "unchanged"
      add(result, told({ name = name }, state, value, err))
      if err then
        journal:finish "failed"
        return err
      end
    end
  end
  if #steps > 0 then
    journal:finish "reverted"
  end
end

local function revert(w)
  local result, list = new_result(w, "revert"), mig.journals(TITLE)
  for i = #list, 1, -1 do
    local j = list[i]
    if j.state == "unreadable" then
      mig.warn(j.error)
    elseif j.state ~= "reverted" and j.about.source == w.source and j.about.dest == w.dest then
      local err = revert_journal(j.id, result)
      if err then
        raise(result, summary(result, err.msg), err, ("%s: %s"):format(result.steps[#result.steps].name, err.msg),
          err.hint or "--revert again goes on")
      end
    end
  end
  return result, summary(result)
end

-- Shows the plan, and does it if the operator says so.
local function ask(w, steps, a)
  local result, text, err = plan(w, steps)
  if err or result.planned == 0 then
    return result, text, err
  end
  mig.notice(text)
  local yes, why = mig.try(mig.ask, "Make these changes? (yes/no) ")
  if why and why.code == "auth" then
    raise(result, nil, { code = "usage" }, TITLE .. ": nobody can be asked here, so nothing was done",
      "--apply does it, --plan only shows it")
  elseif why then
    error(why, 0)
  elseif not yes then
    fail("cancelled", nil, "%s: nothing was done", TITLE)
  end
  return apply(w, steps, a)
end

local function run(a)
  local mode = a.plan and "plan" or a.apply and "apply" or a.verify and "verify" or a.revert and "revert" or "ask"
  if mode == "revert" then
    return revert { source = a.source, dest = a.dest }
  end
  local w = read_wish(a)
  local result, text, err = ({ plan = plan, apply = apply, verify = verify, ask = ask })[mode](w, make_steps(w, a), a)
  if err then
    raise(result, text, err, err.msg, err.hint)
  end
  return result, text
end

return {
  description = "make two bare nodes a migration pair, or take that back",
  group = "Preparation",
  help = [[
The steps: ssh keys between the nodes (key-exchange), host names (with --hostname), the nodes' names in /etc/hosts of
all and of this machine (hosts-sync), the export (nfs-export), and either the share mounted on both nodes for good
(nfs-mount --persist) or, with --pool, a netfs pool on both: defined, built, started, autostarted. Then every login,
every name and the share are tested.
Without --plan, --apply, --verify or --revert it shows the plan and asks. What is so already is left alone: a second
--apply changes nothing. Each step is journaled before it acts: --revert takes back everything that was done for this
pair, last first, to the byte; also days later, or after this console was killed, when --apply goes on as well.
NODE of --nfs may be a server that is no node of the inventory: then it has to export the directory by itself.]],
  example = "prepare-nodes source dest --nfs nfs:/home/image --at /mnt --plan\n"
    .. "prepare-nodes test1 test2 --nfs nfs:/nfs --pool nfspool --at /mykvm/nfspool --hostname --apply\n"
    .. "prepare-nodes source dest --revert",
  args = {
    { name = "source", type = "node", required = true, positional = true, help = "a node with guests" },
    { name = "dest", type = "node", required = true, positional = true, help = "the node they will move to" },
    { name = "nfs", needs = "at", help = "share for their disks: NODE:/DIR" },
    { name = "at", needs = "nfs", help = "directory where both nodes will have the share" },
    { name = "pool", needs = "nfs", help = "make it a netfs pool of this name instead of a mount" },
    { name = "to", multi = true, needs = "nfs",
      help = "who may mount it, as for nfs-export (default: the two nodes)" },
    { name = "export-options", needs = "nfs", help = "options of the export, as for nfs-export" },
    { name = "hostname", type = "bool", help = "also give the nodes their inventory names as host names" },
    { name = "fix-conflicts", type = "bool", help = "take the names out of other lines of /etc/hosts" },
    { name = "user", help = "the account on every node for the keys, if not the one migsh logs in as" },
    { name = "accept-new", type = "bool", help = "take host keys that are not known yet without a question" },
    { name = "plan", type = "bool", excludes = "apply|verify|revert",
      help = "show what would be done, and do nothing" },
    { name = "apply", type = "bool", excludes = "verify|revert", help = "do it without a question" },
    { name = "verify", type = "bool", excludes = "revert", help = "only test whether it is done and works" },
    { name = "revert", type = "bool", help = "take back what was done for this pair" },
  },
  run = run,
}
