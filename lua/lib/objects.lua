-- SPDX-License-Identifier: GPL-3.0-or-later
-- Nodes, domains and watches as objects: thin names over commands.
local core, errors, sched, verbs, mig = ...

local function named(what, name)
  if type(name) ~= "string" or name == "" then
    errors.raise("usage", "%s: a name is wanted", what)
  end
  return name
end

-- mig.node"source": what the inventory knows of it.
local Node = { __name = "node" }
Node.__index = Node

function Node:__tostring()
  return self.name
end

-- A command on it: text for its shell, or a list of words; options of exec as a second table.
function Node:exec(command, options)
  local args = { self.name, command = type(command) == "table" and command or { command } }
  for key, value in pairs(options or {}) do
    args[key] = value
  end
  return mig.exec(args)[1]
end

-- {input =, timeout =} at the end of a list of arguments.
local function split(...)
  local args = table.pack(...)
  local options = args.n > 0 and type(args[args.n]) == "table" and args[args.n] or nil
  for i = 1, args.n - (options and 1 or 0) do
    if type(args[i]) ~= "string" and type(args[i]) ~= "number" then
      errors.raise("usage", "node:run: argument %d is a %s, and a text is wanted", i, type(args[i]))
    end
  end
  args[options and args.n or args.n + 1] = nil
  for key in pairs(options or {}) do
    if key ~= "input" and key ~= "timeout" then
      errors.raise("usage", "node:run takes the options input and timeout, and not '%s'", tostring(key))
    end
  end
  return args, options or {}
end

local function run(node, script, args, options)
  local timeout = options.timeout and mig.ms(options.timeout) or 0
  local r = sched.await("node:run", core.node_run, node.name, script, args, options.input, timeout)
  if r.status ~= 0 then
    local said = r.stderr:gsub("%s+$", ""):gsub("^migsh: ", "")
    errors.raise("failed", "%s: %s", node.name, said ~= "" and said or "exit status " .. r.status)
  end
  return r.stdout
end

-- As root: a script for sh with its arguments $1 …, or a list of words that are one command. What it prints.
function Node:run(what, ...)
  local args, options = split(...)
  if type(what) == "table" then
    what, args = options.input and 'input | "$@"' or '"$@"', what
  end
  return run(self, what, args, options)
end

-- The same with a tool.
function Node:tool(name, ...)
  return run(self, mig.tool(name), split(...))
end

function Node:domain(name)
  return mig.domain(name .. "@" .. self.name)
end

function mig.node(name)
  return setmetatable(mig.node_show { named("mig.node", name) }, Node)
end

function mig.nodes()
  local list = mig.node_list()
  for _, node in ipairs(list) do
    setmetatable(node, Node)
  end
  return list
end

-- mig.watch_start{"192.0.2.1", "tcp:guest:22", "http://guest/", interval = "5ms"}: probes until it is stopped.
local Watch = { __name = "watch" }
Watch.__index = Watch
local watch_keys = { "interval", "timeout", "late_min", "duration", "count", "expect" }

local function watch_options(args)
  local options, known = {}, {}
  for _, key in ipairs(watch_keys) do
    known[key] = true
  end
  for key, value in pairs(args) do
    if type(key) == "string" and not known[key] then
      local near = core.nearest(key, watch_keys)
      mig.error { code = "usage", msg = "mig.watch_start has no option " .. key, hint = near and "did you mean " .. near
        .. "?" }
    elseif key == "interval" or key == "timeout" or key == "late_min" or key == "duration" then
      options[key .. "_ms"] = mig.ms(value)
    elseif type(key) == "string" then
      options[key] = value
    end
  end
  return options
end

function mig.watch_start(args)
  args = type(args) == "string" and { args } or args
  local targets = {}
  for i, target in ipairs(args) do
    targets[i] = tostring(target)
  end
  local raw = core.watch_new(targets, watch_options(args))
  sched.await("mig.watch_start", core.watch_start, raw)
  return setmetatable({ raw = raw, targets = targets }, Watch)
end

-- An instant to be named in the result.
function Watch:mark(name)
  self.raw:mark(name)
end

function Watch:snapshot()
  return self.raw:snapshot()
end

-- Until its count or duration are over.
function Watch:wait()
  sched.await("watch:wait", core.watch_wait, self.raw)
end

-- Ends the probing; the result, as often as it is asked for.
function Watch:stop()
  self.result = self.result or sched.await("watch:stop", core.watch_stop, self.raw)
  return self.result
end

function Watch:timeline(i, from, to, buckets)
  return self.raw:timeline(i, from, to, buckets)
end

function Watch:close()
  self.raw:close()
end

Watch.__close = Watch.close

function Watch:__view()
  return "watch of " .. table.concat(self.targets, ", ")
end

Watch.__tostring = Watch.__view

-- mig.events{"source", "dest", kinds = {"lifecycle"}, domain = UUID}: what libvirt tells from now on, in a queue.
local Events = { __name = "events" }
Events.__index = Events

function mig.events(args)
  local nodes = {}
  for i, node in ipairs(args) do
    nodes[i] = tostring(node)
  end
  local raw = core.events_new(nodes, args.kinds or { "lifecycle" }, args.domain)
  sched.await("mig.events", core.events_begin, raw)
  return setmetatable({ raw = raw }, Events)
end

-- The next one, or nil if none comes within `wait` (a duration; nil: however long that takes).
function Events:next(wait)
  return sched.await("events:next", core.events_next, self.raw, wait and mig.ms(wait) or -1)
end

function Events:close()
  self.raw:close()
end

Events.__close = Events.close

-- mig.domain"share@source". A method is the command of that name (or dom…) with the domain as its first argument.
local Domain = { __name = "domain" }
local shorthand = {
  info = "dominfo",
  state = "domstate",
  id = "domid",
  uuid = "domuuid",
  xml = "dumpxml",
  stats = "domstats",
  blocks = "domblklist",
  interfaces = "domiflist",
  addresses = "domifaddr",
  job = "domjobinfo",
  abort = "domjobabort",
}

function Domain:__tostring()
  return rawget(self, "name")
end

function Domain.__index(_, method)
  local verb = verbs.find(shorthand[method] or method)
  if not verb then
    return nil
  end
  return function(self, args)
    local all = { self.name }
    if type(args) == "table" and not (getmetatable(args) or {}).__tostring then
      for key, value in pairs(args) do
        all[math.type(key) == "integer" and key + 1 or key] = value
      end
    elseif args ~= nil then
      all[2] = args
    end
    return verb(all)
  end
end

function mig.domain(name)
  return setmetatable({ name = named("mig.domain", name) }, Domain)
end
