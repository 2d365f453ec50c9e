-- SPDX-License-Identifier: GPL-3.0-or-later
-- Makes two bare nodes a migration pair: ssh keys, names, an NFS share or a pool on it, and where asked for bridges,
-- open ports, certificates, users; and takes all of it back.
--
-- A workflow (mig.transaction) of the steps in prepare/steps.lua, made from the wish, which is in its journal's head.
-- Here are the modes, and how it is told.
local steps = require "prepare.steps"

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

-- --port IFACE, or NODE:IFACE …, as {[NODE] = IFACE}.
local function read_ports(a)
  local ports = {}
  for _, text in ipairs(a.port) do
    local node, port = text:match "^([^:]*):(.*)$"
    if node and node ~= a.source and node ~= a.dest then
      fail("usage", nil, "--port: '%s' is neither of %s nor of %s", text, a.source, a.dest)
    end
    for _, name in ipairs(node and { node } or { a.source, a.dest }) do
      if ports[name] then
        fail("usage", nil, "--port: %s has two", name)
      end
      ports[name] = port or text
    end
  end
  for _, name in ipairs { a.source, a.dest } do
    if not ports[name] then
      fail("usage", ("for example --port %s:eth0"):format(name), "--port: there is none of %s", name)
    end
  end
  return ports
end

-- What is asked for: {source, dest, nodes, pair, server (a node's name or nil), host, dir, share, at, pool, options …}.
local function read_wish(a)
  local w = { source = a.source, dest = a.dest, nodes = { a.source, a.dest }, pair = { a.source, a.dest },
    pool = a.pool, to = a.to, export_options = a.export_options, hostname = a.hostname, user = a.user,
    fix_conflicts = a.fix_conflicts, accept_new = a.accept_new, bridge = a.bridge, move_address = a.move_address,
    firewall = a.firewall, tls = a.tls, listen = a.listen, access = #a.access > 0 and a.access or nil }
  if a.source == a.dest then
    fail("usage", nil, "%s cannot be a pair with itself", a.source)
  end
  w.ports = a.bridge and read_ports(a) or nil
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
      mig.notice(("%s is not a node of the inventory: it has to export %s by itself"):format(server, w.dir))
    end
  end
  return w
end

-- Results -------------------------------------------------------------------------------------------------------------

-- A part in the result.
local function told(part, state, value, err)
  value = value or {}
  local t = { name = part.name, state = state, changed = value.changed or 0, planned = value.planned or 0,
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

-- While this is open there may be progress; then it goes.
local function progress()
  return setmetatable({}, { __close = function()
    mig.progress({ job = TITLE, text = "" }, true)
  end })
end

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
  return { mode = "plan", items = items, ways = value.ways }
end

-- Every part's own plan: {{told, value, err} …}, with none of the others where the logins fail.
local function look_at_all(w, parts)
  local looks, keys, work = {}, nil, {}
  local function look(i)
    local part = parts[i]
    if part.pool and keys then
      -- libvirt on a node is asked through ssh itself, which needs the keys and writes into known_hosts.
      local t = told(part, "planned")
      t.planned, t.note = 1, "depends on " .. keys
      looks[i] = { told = t }
      return
    end
    local value, err = steps.look(part, w, "plan")
    local t = told(part, err and "failed" or value.planned > 0 and "planned" or "unchanged", value, err)
    keys = part.verb == "key-exchange" and t.planned > 0 and part.name or keys
    looks[i] = { told = t, value = value, err = err }
    return err
  end
  local _ <close> = progress()
  mig.progress({ job = TITLE, text = ("looks at %d nodes"):format(#w.nodes) }, false)
  local failed
  for i, part in ipairs(parts) do
    if part.verb == "key-exchange" then -- logs in to all, with --accept-new
      failed = look(i)
    else
      work[#work + 1] = function()
        look(i)
      end
    end
  end
  if not failed then
    mig.all(work)
  end
  for i, part in ipairs(parts) do
    looks[i] = looks[i] or { told = told(part, "skipped") }
  end
  return looks
end

-- A result of looks, and the first that failed.
local function sum_looks(w, mode, looks)
  local result, failed = new_result(w, mode), nil
  for i, look in ipairs(looks) do
    add(result, look.told)
    failed = failed or look.err and i
  end
  return result, failed
end

local function plan(w)
  local texts, seen, parts = {}, {}, steps.parts(w)
  local looks = look_at_all(w, parts)
  local result, failed = sum_looks(w, "plan", looks)
  for i, look in ipairs(looks) do
    local text = look.value and mig.render(parts[i].verb or "journal-revert", without_seen(look.value, seen))
      or look.told.note and ("%s; then, where it is not so yet, on each node:\npool-define %s: netfs, %s:%s at %s\n"
        .. "pool-build, pool-start, pool-autostart\n"):format(look.told.note, w.pool, w.host, w.dir, w.at) or ""
    texts[i] = ("== %d. %s\n%s\n"):format(i, parts[i].name, text)
  end
  local err = failed and looks[failed].err
  return result, table.concat(texts, "\n") .. "\n" .. summary(result, err and err.msg), err
end

-- Of what there may be beyond logins, names and the share.
local function check_more(w, check)
  for _, part in ipairs(steps.parts(w)) do
    local a = part.args
    if part.verb == "bridge-ensure" then
      check("bridge", ("%s has the bridge %s"):format(a[1], a[2]), part.verb, steps.args(part, "verify"))
    elseif part.verb == "firewall-open" then
      check("ports", ("%s is open for %s (%s)"):format(a[1], table.concat(a.from, ", "), a.ports), part.verb,
        steps.args(part, "verify"))
    elseif part.verb == "tls-setup" then
      check("certificates", "the certificates are good", "tls_check", { nodes = w.pair })
    elseif part.verb == "access-grant" then
      check("access", ("%s may use libvirt on %s"):format(a[2], a[1]), "access_check", { nodes = { a[1] },
        user = a[2] })
    end
  end
end

-- Does the pair work? Each check: {id, title, ok, detail}.
local function check_pair(w)
  local checks, work = mig.array {}, {}
  local function check(id, title, verb, args)
    local at = #work + 1
    checks[at] = { id = id, title = title, ok = true }
    work[at] = function()
      local _, err = mig.try(mig[verb], args)
      checks[at].ok, checks[at].detail = not err, err and (err.text or "") .. err.msg or nil
    end
  end
  local nodes = table.concat(w.nodes, ", ")
  check("logins", ("every login between %s works"):format(nodes), "key_verify", { nodes = w.nodes, user = w.user })
  check("names", ("%s and this machine resolve all names"):format(nodes), "hosts_sync", { nodes = w.nodes,
    admin = true, verify = true })
  if w.at then
    check("share", ("%s is shared by %s and %s"):format(w.at, w.source, w.dest), "nfs_test", { nodes = w.pair,
      dir = w.at })
  end
  check_more(w, check)
  mig.all(work)
  return checks
end

local function judge_checks(w, result)
  result.checks = check_pair(w)
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

local function way_back(w)
  return ("%s %s %s --revert takes back what was done; --apply goes on"):format(TITLE, w.source, w.dest)
end

local function raise_failed(result, i, err, hint)
  raise(result, summary(result, err.msg), err, ("step %d, %s: %s"):format(i, result.steps[i].name, err.msg), hint)
end

-- What cannot be done is refused before anything is. Where there is nothing to do, nothing is begun: the result then,
-- or nil.
local function look_first(w)
  local looks = look_at_all(w, steps.parts(w))
  local result, failed = sum_looks(w, "apply", looks)
  if failed then
    local err = looks[failed].err
    raise_failed(result, failed, err, (err.hint and err.hint .. "; " or "") .. "nothing was done")
  end
  return result.planned == 0 and result or nil
end

-- What a run came to, as it was told in `own` (prepare/steps.lua), up to what failed; and its error.
local function sum_up(w, own, journal)
  local result = new_result(w, "apply")
  result.journal = journal
  for _, part in ipairs(steps.parts(w)) do
    local t = own[part.name]
    if t then
      add(result, told(part, t.error and "failed" or t.changed > 0 and "changed" or "unchanged", t, t.error))
    end
    if t and t.error then
      return result, t.error
    end
  end
  return result
end

local function finish(tx)
  local w = tx.about.wish
  tx.own.ended = true
  local result = sum_up(w, tx.own, tx.id)
  judge_checks(w, result)
  return result, summary(result)
end

local function is_same(x, y)
  if type(x) ~= "table" or type(y) ~= "table" then
    return x == y
  end
  for key in pairs(y) do
    if x[key] == nil then
      return false
    end
  end
  for key, value in pairs(x) do
    if not is_same(value, y[key]) then
      return false
    end
  end
  return true
end

-- Was anything begun, and nothing taken back yet? (A journal of which nothing was begun goes.)
local function is_open(id)
  local journal <close> = mig.journal_open(id)
  for _, record in ipairs(journal:steps()) do
    if record.state:find "^und" then
      return false
    end
  end
  return #journal:steps() > 0
end

-- The newest journal of the same wish, if that was left in the middle.
local function find_unfinished(w)
  local list = mig.journals(TITLE)
  for i = #list, 1, -1 do
    local j = list[i]
    if j.about and is_same(w, j.about.wish) then
      local open = j.state == "failed" or j.state == "interrupted"
      return open and is_open(j.id) and j.id or nil
    end
  end
end

-- look: nobody knows yet whether there is anything to do.
local function apply(w, look)
  local _ <close> = progress()
  local id, own = find_unfinished(w), {}
  local result = not id and look and look_first(w)
  if result then
    judge_checks(w, result)
    return result, summary(result)
  end
  local ok, value, text
  if id then
    mig.notice(("goes on with journal %s"):format(id))
    ok, value, text = pcall(mig.transaction_resume, id, false, own)
  else
    ok, value, text = pcall(mig.transaction, TITLE, { source = w.source, dest = w.dest, wish = w }, own)
  end
  if ok then
    return value, text
  end
  local failed
  result, failed = sum_up(w, own, type(value.value) == "table" and value.value.journal)
  if failed then
    local i, parts = #result.steps, steps.parts(w)
    for k = i + 1, #parts do
      add(result, told(parts[k], "skipped"))
    end
    raise_failed(result, i, failed, way_back(w))
  elseif not own.ended then
    mig.warn((value.code == "cancelled" and "interrupted: " or "") .. way_back(w))
  end
  error(value, 0)
end

local function verify(w)
  local result, first = new_result(w, "verify"), nil
  for _, part in ipairs(steps.parts(w)) do
    local value, err = steps.look(part, w, "verify")
    add(result, told(part, err and "failed" or "verified", value, err))
    first = first or err
  end
  if first then
    raise(result, summary(result, first.msg), first, first.msg, first.hint)
  end
  judge_checks(w, result)
  return result, summary(result)
end

-- One undertaking; what was done before what cannot be taken back may be needed, so a failure ends it.
local function revert_one(id, result)
  local own = {}
  local _, err = mig.try(mig.transaction_rollback, id, false, own)
  for _, t in ipairs(own) do
    add(result, told(t, t.error and "failed" or t.changed > 0 and "reverted" or "unchanged", t, t.error))
  end
  local last = own[#own]
  if last and last.error then
    raise(result, summary(result, last.error.msg), last.error, ("%s: %s"):format(last.name, last.error.msg),
      last.error.hint or "--revert again goes on")
  elseif err then
    error(err, 0)
  end
end

local function revert(source, dest)
  local result, list = new_result({ source = source, dest = dest }, "revert"), mig.journals(TITLE)
  for i = #list, 1, -1 do
    local j = list[i]
    if j.state == "unreadable" then
      mig.warn(j.error)
    elseif j.state ~= "reverted" and j.about.source == source and j.about.dest == dest then
      revert_one(j.id, result)
    end
  end
  return result, summary(result)
end

-- Shows the plan, and does it if the operator says so.
local function ask(w)
  local result, text, err = plan(w)
  if err or result.planned == 0 then
    return result, text, err
  end
  mig.notice(text)
  local yes, why = mig.try(mig.ask, "Make these changes? (yes/no) ")
  if why and why.code == "auth" then
    raise(result, nil, { code = "usage" }, TITLE .. ": there is no terminal to ask on, so nothing was done",
      "--apply does it, --plan only shows it")
  elseif why then
    error(why, 0)
  elseif not yes then
    fail("cancelled", nil, "%s: nothing was done", TITLE)
  end
  return apply(w, false)
end

local function run(a)
  local mode = a.plan and "plan" or a.apply and "apply" or a.verify and "verify" or a.revert and "revert" or "ask"
  if mode == "revert" then
    return revert(a.source, a.dest)
  end
  local result, text, err = ({ plan = plan, apply = apply, verify = verify, ask = ask })[mode](read_wish(a), true)
  if err then
    raise(result, text, err, err.msg, err.hint)
  end
  return result, text
end

return {
  description = "make two bare nodes a migration pair, or take that back",
  group = "Nodes",
  help = [[
The steps: ssh keys between the nodes (key-exchange), host names (with --hostname), the nodes' names in /etc/hosts of
all and of this machine (hosts-sync), the export (nfs-export), and either the share mounted on both nodes for good
(nfs-mount --persist) or, with --pool, a netfs pool on both: defined, built, started, autostarted. Where asked for, also
--firewall (firewall-open --keep, for the other nodes' addresses alone), --bridge (bridge-ensure: the node takes it back
by itself if it is not reached any more), --tls (tls-setup) and --access (access-grant). Then every login, every name,
the share and all of this are tested. What cannot be done is refused before anything is.
Without --plan, --apply, --verify or --revert it shows the plan and asks. What is so already is left alone: a second
--apply changes nothing. Each step is journaled before it acts: --revert takes back everything that was done for this
pair, last first, to the byte; also days later, or after this console was killed, when --apply goes on as well. Each
run is a journal: resume ID goes on with one that was left in the middle, rollback ID takes back that one alone.
NODE of --nfs may be a server that is not a node of the inventory: then it has to export the directory by itself.]],
  example = "prepare-nodes source dest --nfs nfs:/home/image --at /mnt --plan\n"
    .. "prepare-nodes test1 test2 --nfs nfs:/nfs --pool nfspool --at /mykvm/nfspool --hostname --apply\n"
    .. "prepare-nodes source dest --bridge br0 --port eth0 --move-address --firewall --tls --access alice --plan\n"
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
    { name = "bridge", needs = "port", help = "a bridge of this name on both nodes" },
    { name = "port", multi = true, needs = "bridge",
      help = "its network interface: IFACE, or NODE:IFACE where they differ" },
    { name = "move-address", type = "bool", needs = "bridge",
      help = "the interface's own addresses and routes become the bridge's" },
    { name = "firewall", type = "bool", help = "open what they need of one another: ssh, migration, the share" },
    { name = "tls", type = "bool", help = "certificates for encrypted migrations and qemu+tls" },
    { name = "listen", type = "bool", needs = "tls",
      help = "let the daemons listen for qemu+tls, restarted now if need be; guests run on" },
    { name = "access", multi = true, help = "a user of both nodes, who may use libvirt there" },
    { name = "user", help = "the account on every node for the keys, if not the one migsh logs in as" },
    { name = "accept-new", type = "bool", help = "take host keys that are not known yet without a question" },
    { name = "plan", type = "bool", excludes = "apply|verify|revert",
      help = "show what would be done, and do nothing" },
    { name = "apply", type = "bool", excludes = "verify|revert", help = "do it without a question" },
    { name = "verify", type = "bool", excludes = "revert", help = "only test whether it is done and works" },
    { name = "revert", type = "bool", help = "take back what was done for this pair" },
  },
  run = run,
  workflow = function(about)
    return { steps = steps.of(about.wish), redo = true, undo_done = true, finish = finish }
  end,
}
