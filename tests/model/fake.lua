-- SPDX-License-Identifier: GPL-3.0-or-later
-- A fake `mig`: the commands that the recipes use, on a world (world.lua), as one console of one admin sees it. The
-- recipes and lua/lib/transaction.lua are the real ones, loaded from the tree as they are, and what reads and changes
-- XML is the binary's. Whatever changes something, and each record of a journal, is a point at which the console can be
-- killed: its coroutine is then left for good, so that nothing of it runs any more. A command, option or script that is
-- not known here is an error of the model, told by its name, and never a result.
local World = require "world"
local scripts = require "scripts"
local fake = {}

local real = mig
local null = real.null
local mig = { null = null, json_encode = real.json_encode }
local console -- the one that runs now
fake.mig = mig

-- What is read here is well-formed, and so is each map: where one of these raises, what it was given is wrong.
for _, name in ipairs { "xml", "xml_host", "xml_map", "xml_map_entries", "xml_map_path", "xml_mark", "xml_marked",
  "xml_unmarked" } do
  mig[name] = function(...)
    local result = table.pack(pcall(real[name], ...))
    if not result[1] then
      console.world:broken("%s: %s", debug.traceback("mig." .. name, 2), tostring(result[2]))
      error(result[2], 0)
    end
    return table.unpack(result, 2, result.n)
  end
end

-- The console's end --------------------------------------------------------------------------------------------------

local KILLED <const> = {}
fake.KILLED = KILLED

-- What happens to the console there: it is killed, or by kill.how an error comes ("cancelled", "io"), as after a
-- Ctrl-C or when a line is cut or a disk is full, or kill.node falls silent.
local function strike(kill, label)
  if kill.how == "silent" then
    console.world.silent[kill.node] = true
    console.struck = ("%s fell silent %s"):format(kill.node, label)
  elseif kill.how then
    console.struck = ("%s %s"):format(kill.how, label)
    mig.fail(kill.how, nil, "%s %s", kill.how, label)
  else
    console.killed = label
    coroutine.yield(KILLED)
  end
end

-- kill: {at = N: the Nth point, how =, node =} or {step =, when = "intent" or "outcome", stored = boolean (default:
-- intent yes, outcome no), nth =}
local function point(label, record)
  console.points = console.points + 1
  local kill = console.kill
  if not kill then
    return
  end
  local hit = kill.at == console.points
  if not hit and kill.step and record and record.name == kill.step and record.kind == kill.when
    and record.stored == (kill.stored or kill.stored == nil and kill.when == "intent") then
    console.nth = (console.nth or 0) + 1
    hit = console.nth == (kill.nth or 1)
  end
  if hit then
    strike(kill, label)
  end
end

local function changing(label, fn, ...)
  point("before " .. label)
  local a, b = fn(...)
  point("after " .. label)
  return a, b
end

-- Errors --------------------------------------------------------------------------------------------------------------

local error_meta = { __tostring = function(e)
  return tostring(e.msg)
end }

-- A text that is raised is a mistake in a recipe or in the model: the recipes raise tables.
local function normalise(e)
  if type(e) == "table" then
    return getmetatable(e) == nil and setmetatable(e, error_meta) or e
  end
  console.world:broken("%s", debug.traceback(tostring(e), 2))
  return setmetatable({ code = "failed", msg = tostring(e) }, error_meta)
end

function mig.error(fields)
  fields.code = fields.code or "failed"
  error(setmetatable(fields, error_meta), 0)
end

function mig.fail(code, hint, format, ...)
  mig.error { code = code, msg = format:format(...), hint = hint }
end

local fail = mig.fail

-- A Ctrl-C is for the whole recipe.
local function try_result(ok, ...)
  if not ok and (...).code == "cancelled" then
    error((...), 0)
  elseif not ok then
    return nil, (...)
  elseif (...) == nil then
    return true
  end
  return ...
end

function mig.try(fn, ...)
  return try_result(xpcall(fn, normalise, ...))
end

local function broken(format, ...)
  console.world:broken(format, ...)
  fail("failed", nil, "the model: " .. format, ...)
end

-- Nodes ---------------------------------------------------------------------------------------------------------------

local function knows(name)
  return console.admin.inventory[name] == true
end

local function node_of(name)
  if not knows(name) then
    fail("not-found", nil, "no node '%s' in the inventory", tostring(name))
  elseif console.world.silent[name] then
    fail("unreachable", nil, "node %s: no answer", name)
  end
  return console.world.nodes[name]
end

-- "UUID@NODE" or "NAME@NODE", as cmd/engine/resolve.c: what is no node's name is a part of the domain's, which all are
-- asked for.
local function find(text)
  local name, at = text:match "^(.+)@([^@]+)$"
  if not (name and knows(at)) then
    name = text
    for _, other in ipairs(console.world.order) do
      if knows(other) and console.world.silent[other] then
        fail("unreachable", nil, "domain '%s' was not found; no answer from %s", text, other)
      end
    end
    local found
    for _, other in ipairs(console.world.order) do
      for _, d in pairs(knows(other) and console.world.nodes[other].doms or {}) do
        if d.name == name or d.uuid == name then
          if found then
            fail("usage", nil, "domain '%s' is on several nodes", name)
          end
          found = { console.world.nodes[other], d }
        end
      end
    end
    if found then
      return found[1], found[2]
    end
    fail("not-found", nil, "no node has a domain '%s'", text)
  end
  local node = node_of(at)
  for _, d in pairs(node.doms) do
    if d.name == name or d.uuid == name then
      return node, d
    end
  end
  fail("not-found", nil, "node %s: Domain not found: %s", at, name)
end

local Node = {}
Node.__index = Node
Node.__tostring = function(n)
  return n.name
end

local function run(name, row, args)
  local node = node_of(name)
  local function call()
    return row.run(console.world, node, args, console)
  end
  local out, err
  if row.changes then
    out, err = changing(("%s on %s: %s"):format(row.name, name, table.concat(args, " ")), call)
  else
    out, err = call()
  end
  return not err and (out or "") or fail("failed", nil, "%s: %s", name, err)
end

function Node:tool(name, ...)
  local row = scripts.tools[name] or broken("a tool that the model does not know; add a row to scripts.lua: %s", name)
  return run(self.name, row, { ... })
end

-- What is one command: its words behind "--".
function fake.operands(words)
  for i, word in ipairs(words) do
    if word == "--" then
      return table.move(words, i + 1, #words, 1, {})
    end
  end
  broken("a command without --: %s", table.concat(words, " "))
end

function Node:run(words)
  local row = type(words) == "table" and scripts.commands[words[1]]
  return run(self.name, row or broken("a command that the model does not know; add a row to scripts.lua: %s",
    type(words) == "table" and table.concat(words, " ") or words), fake.operands(words))
end

function mig.tool(name)
  return "tool " .. name
end

function mig.node_show(args)
  local name = args[1]
  if not knows(name) then
    fail("not-found", nil, "no node '%s' in the inventory", tostring(name))
  end
  return { name = name, hypervisor = true }
end

function mig.current()
  return console.current and { node = console.current }
end

function mig.node(name)
  return setmetatable(mig.node_show { name }, Node)
end

function mig.nodes()
  local list = {}
  for _, name in ipairs(console.world.order) do
    list[#list + 1] = knows(name) and mig.node(name) or nil
  end
  return list
end

mig.node_list = mig.nodes

-- Domains -------------------------------------------------------------------------------------------------------------

local function row_of(d)
  return { id = d.active and 1 or null, name = d.name, uuid = d.uuid, state = d.active and d.active.state or "shut off",
    reason = d.active and d.active.reason or d.off_reason, persistent = d.xml ~= nil, autostart = d.autostart,
    managed_save = d.saved == true }
end

function mig.timeout(_, fn, ...)
  return fn(...)
end

-- It has run before anybody can wait for it.
function mig.spawn(fn, ...)
  local results = table.pack(fn(...))
  local task = {}
  function task.wait()
    return table.unpack(results, 1, results.n)
  end
  function task.done()
    return true
  end
  function task.cancel() end
  return setmetatable(task, { __close = function() end })
end

function mig.clock()
  return 0
end

function mig.list(args)
  local rows = {}
  for _, d in ipairs(World.sorted(node_of(args.node).doms)) do
    rows[#rows + 1] = row_of(d)
  end
  return rows
end

function mig.dominfo(args)
  local _, d = find(args[1])
  return row_of(d)
end

function mig.domstate(args)
  return { state = mig.dominfo(type(args) == "string" and { args } or args).state }
end

function mig.dumpxml(args)
  local _, d = find(args[1])
  return args.inactive and d.xml or d.active and d.active.xml or d.xml
end

function mig.domblklist(args)
  local rows = {}
  for i, disk in ipairs(World.disks(mig.dumpxml(args))) do
    rows[i] = { target = disk.target, source = disk.path, type = "file", device = "disk", pool = null }
  end
  return rows
end

function mig.domfiles(args)
  local node, d = find(args[1])
  local w, rows, seen = console.world, {}, {}
  local function add(kind, path, target)
    local file = w:get(node, path)
    local c = file and file.content or {}
    if c.backing and kind ~= "save" then
      add("backing", c.backing, target)
    end
    if not seen[path] then
      seen[path] = true
      rows[#rows + 1] = { kind = kind, type = "file", path = path, target = target, device = target and "disk" or null,
        exists = file ~= nil, in_use = file ~= nil and next(file.users) ~= nil, size = file and file.size or null,
        allocation = file and file.size or null, readonly = kind == "backing", owner = "root", group = "root",
        mode = "600", format = target and "qcow2" or null, virtual_size = 64 << 20, backing = c.backing or null,
        backing_format = c.backing and "qcow2" or null, relative = false, pool = null, volume = null }
    end
  end
  for _, text in ipairs { d.xml or d.active.xml, d.active and d.active.xml } do
    for _, disk in ipairs(World.disks(text)) do
      add("disk", disk.path, disk.target)
    end
  end
  if d.saved then
    add("save", World.save_path(d))
  end
  return rows
end

function mig.define(args)
  local node, text = node_of(args.node), fake.read_admin(tostring(args[1]))
  return changing("define on " .. args.node, function()
    local d, err = console.world:define(node, text)
    return d and row_of(d) or fail("exists", nil, "%s", err)
  end)
end

function mig.undefine(args)
  local node, d = find(args[1])
  changing("undefine on " .. node.name, function()
    local ok, err = console.world:undefine(node, d, args.managed_save)
    return ok or fail("state", nil, "%s", err)
  end)
end

function mig.autostart(args)
  local node, d = find(args[1])
  if not d.xml then
    fail("state", nil, "cannot set autostart for transient domain")
  end
  changing(("autostart %s on %s"):format(args.disable and "off" or "on", node.name), function()
    d.autostart = not args.disable
  end)
end

-- As shell/core/guest/copies.c asks.
local function refuse_start(node, d, force)
  for _, name in ipairs(console.world.order) do
    local other = knows(name) and name ~= node.name and console.world.nodes[name]
    if other and console.world.silent[name] then
      if not force then
        fail("unreachable", nil, "not started: whether '%s' runs on %s is not known", d.name, name)
      end
      console.said[#console.said + 1] = ("whether '%s' runs on %s is not known"):format(d.name, name)
    elseif other and World.is_active(other.doms[d.uuid]) then
      fail("state", nil, "not started: domain '%s' is %s on %s: a guest must never run twice", d.name,
        other.doms[d.uuid].active.state, name)
    end
  end
  if not force and World.is_moved(d) then
    fail("state", nil, "not started: '%s' was moved away from %s", d.name, node.name)
  end
end

local function start(args)
  local node, d = find(args[1])
  if d.active then
    fail("state", nil, "domain '%s' is already active", d.name)
  end
  refuse_start(node, d, args.force)
  changing("start on " .. node.name, function()
    local ok, err = console.world:start(node, d)
    return ok or fail("failed", nil, "failed to start domain '%s': %s", d.name, err)
  end)
end

mig.start = start

local function need_active(d)
  return d.active or fail("state", nil, "domain is not running")
end

function mig.shutdown(args)
  local node, d = find(args[1])
  need_active(d)
  changing("shutdown on " .. node.name, function()
    if not console.world.guests[d.uuid].deaf then
      console.world:guest_writes(d)
      console.world:stop(node, d, "shutdown")
    end
  end)
end

function mig.destroy(args)
  local node, d = find(args[1])
  need_active(d)
  changing("destroy on " .. node.name, function()
    console.world:stop(node, d, "destroyed")
  end)
end

-- Of the facts those that the model has: who has which guest, and in what state.
function mig.preflight_facts(args)
  local dest = node_of(args.dest)
  if args.xml then
    local xml = fake.read_admin(tostring(args.xml))
    local doc = mig.xml(xml)
    return { guests = { { name = doc:get "name", uuid = doc:get "uuid", state = "shut off",
      persistent = true, xml = xml, inactive = xml, missing = {} } }, hosts = { [dest.name] = { node = dest.name,
        domains = mig.list { node = dest.name }, missing = {} } }, pairs = {} }
  end
  local node, d = find(args.domain)
  local guest = row_of(d)
  guest.node, guest.missing = node.name, {}
  guest.inactive, guest.xml = d.xml or null, d.active and d.active.xml or d.xml
  local hosts = {}
  for _, host in ipairs { node, dest } do
    hosts[host.name] = { node = host.name, domains = mig.list { node = host.name }, missing = {} }
  end
  return { guests = { guest }, hosts = hosts, pairs = { { guest = d.uuid, dest = dest.name, missing = {} } } }
end

function mig.modules(folder)
  return folder == "policies" and { "policies.low", "policies.virsh" } or {}
end

local migrate_options = { live = 1, verbose = 1, persistent = 1, undefinesource = 1, copy_storage_all = 1, unsafe = 1,
  auto_converge = 1, part_of = 1 }

-- Nobody tells of events here: what would steer the migration ends at once.
function mig.events()
  return setmetatable({ next = function()
    fail("cancelled", nil, "cancelled")
  end }, { __close = function() end })
end

function mig.migrate_getmaxdowntime(args)
  local _, d = find(args[1])
  need_active(d)
  return d.active.limit or 300
end

function mig.migrate_getspeed(args)
  local _, d = find(args[1])
  need_active(d)
  return 0
end

function mig.migrate_setmaxdowntime(args)
  local node, d = find(args[1])
  need_active(d)
  changing("migrate-setmaxdowntime on " .. node.name, function()
    d.active.limit = tonumber((args[2]:match "%d+"))
  end)
end

function mig.migrate(args)
  for key, value in pairs(args) do
    if type(key) == "string" and value and not migrate_options[key] then
      broken("migrate --%s", key)
    end
  end
  local from, d = find(args[1])
  local to = node_of(args[2])
  need_active(d)
  if d.active.state ~= "running" then
    fail("state", nil, "%s is %s", d.name, d.active.state)
  end
  local label, how = ("migrate %s to %s"):format(from.name, to.name), { copy = args.copy_storage_all,
    persistent = args.persistent, undefine_source = args.undefinesource }
  point("before " .. label)
  local arrive, err = console.world:migrate_begin(from, d, to, how)
  if not arrive then
    fail("failed", nil, "%s", err)
  end
  -- The source holds still and waits to be told; who dies now tells nobody.
  point("while all of it was sent, of " .. label)
  arrive()
  point("while it ran there and the source had not been told, of " .. label)
  console.world:migrate_end(from, d, how)
  point("after " .. label)
  return { transport = "ssh", total_ms = 100, downtime_ms = 10, setup_ms = 1, iterations = 2, bytes = 1 << 20,
    postcopy = false }
end

function mig.managedsave_remove(args)
  local node, d = find(args[1])
  changing("managedsave-remove on " .. node.name, function()
    if d.saved then
      console.world:unlink(node, World.save_path(d))
      d.saved = nil
    end
  end)
end

local function none()
  return {}
end

mig.snapshot_list, mig.checkpoint_list, mig.pool_list, mig.domifaddr = none, none, none, none

function mig.pool_info(args)
  fail("not-found", nil, "no pool %s", args[1])
end

mig.pool_dumpxml = mig.pool_info

-- The rest ------------------------------------------------------------------------------------------------------------

function mig.all(list)
  local results = {}
  for i, fn in ipairs(list) do
    results[i] = fn()
  end
  return results
end

function mig.sleep(ms)
  console.world:tick(ms / 1000)
end

function mig.notice(text)
  console.said[#console.said + 1] = text
end

mig.warn = mig.notice

function mig.ask()
  fail("auth", nil, "nobody can be asked")
end

function mig.undo()
  broken "mig.undo"
end

function mig.capabilities()
  return ""
end

setmetatable(mig, { __index = function(_, name)
  if fake.recipes and fake.recipes[name] then
    return function(args)
      return fake.recipes[name].run(args)
    end
  end
  broken("a command or function that the model does not know: mig.%s", tostring(name))
end })

-- The console at work.
function fake.enter(c)
  console = c
  c.point = point
end

function fake.console()
  return console
end

fake.point, fake.normalise, fake.node_of, fake.changing = point, normalise, node_of, changing
fake.find, fake.need_active = find, need_active

fake.broken = broken
require "agent" (fake)
require "texts" (fake)
require "disks" (fake)

return fake
