-- SPDX-License-Identifier: GPL-3.0-or-later
-- The recipes and lua/lib/transaction.lua, as they are in the tree, on the fake `mig`; and consoles that run them.
-- Each runs in a coroutine, which is left where the console is killed. io and os are the model's: what the recipes
-- keep on the admin's machine for a moment is kept in memory.
local fake = require "fake"
local journals = require "journals"
local scripts = require "scripts"
local load_real = {}

-- Another tree may be tried: what did an old one do?
local root = os.getenv "MODEL_ROOT" or (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/../.."

-- io and os -----------------------------------------------------------------------------------------------------------

local function files()
  return fake.console().world.admin_files
end

local File = {}
File.__index = File

function File:read()
  return files()[self.path].content.text
end

function File:write(text)
  local old = self.mode == "w" and "" or files()[self.path].content.text
  files()[self.path] = { content = { text = old .. text }, size = #old + #text, users = {} }
  self.mode = "a"
  return self
end

function File:flush()
  return self
end

function File:close()
  return self ~= nil
end

File.__close = function() end

local io_fake, os_fake = {}, { time = function()
  return math.floor(fake.console().world.clock)
end, date = os.date }

function io_fake.open(path, mode)
  if mode == "w" then
    files()[path] = { content = { text = "" }, size = 0, users = {} }
  elseif not files()[path] then
    return nil, path .. ": No such file or directory"
  end
  return setmetatable({ path = path, mode = mode }, File)
end

-- 'WORD' …, or 'sh' '-c' 'TOOL' 'migsh' 'ARG' …: as scripts/lib/admin.lua quotes it.
function io_fake.popen(command)
  local words, at = {}, 1
  while at <= #command do
    local word = ""
    while at <= #command and command:sub(at, at) ~= " " do
      if command:sub(at, at) == "'" then
        local close = command:find("'", at + 1, true)
        word, at = word .. command:sub(at + 1, close - 1), close + 1
      elseif command:sub(at, at) == "\\" then
        word, at = word .. command:sub(at + 1, at + 1), at + 2
      else
        word, at = word .. command:sub(at, at), at + 1
      end
    end
    words[#words + 1], at = word, at + 1
  end
  words[#words] = words[#words] ~= "2>&1" and words[#words] or nil
  local tool = words[1] == "sh" and words[3]:match "^tool (.*)$"
  local row, args
  if tool then
    row, args = scripts.tools[tool], table.move(words, 5, #words, 1, {})
  else
    row, args = scripts.commands[words[1]], fake.operands(words)
  end
  local out, err
  if row then
    out, err = row.run(fake.console().world, nil, args, fake.console())
  else
    fake.console().world:broken("a command that the model does not know; add a row to scripts.lua:\n%s", command)
  end
  return setmetatable({}, { __index = { read = function()
    return out or err or ""
  end, close = function()
    return out ~= nil
  end }, __close = function() end })
end

function os_fake.tmpname()
  local w = fake.console().world
  w.n_tmp = (w.n_tmp or 0) + 1
  return "/tmp/lua_" .. w.n_tmp
end

function os_fake.remove(path)
  files()[path] = nil
  return true
end

function fake.read_admin(path)
  return files()[path].content.text
end

-- Loading -------------------------------------------------------------------------------------------------------------

local modules = {}
local env = setmetatable({ mig = fake.mig, io = io_fake, os = os_fake }, { __index = _G })

local function load_file(path, ...)
  return assert(loadfile(root .. "/" .. path, "t", env))(...)
end

function env.require(name)
  if not modules[name] then
    if name == "migsh.report" then
      modules[name] = load_file("lua/lib/report.lua", { null = fake.mig.null, bytes = tostring,
        duration_text = tostring, utf8 = function()
          return true
        end })
    else
      modules[name] = load_file("scripts/" .. name:gsub("%.", "/") .. ".lua")
    end
  end
  return modules[name]
end

local names = { "cold-migrate", "live-migrate", "import-domain", "cleanup", "rollback", "journal-resume" }
local recipes = {}

-- The consoles of the model come one after another, so the locks on nodes are never in each other's way.
local locks = { is_unreadable = function()
  return false
end }

function locks.take()
  return setmetatable({ check = function() end, nodes = {} }, { __close = function() end })
end

journals.install(fake)
load_file("lua/lib/transaction.lua", { raise = function(code, format, ...)
  fake.mig.fail(code, nil, format, ...)
end, handler = fake.normalise, normalise = fake.normalise }, fake.mig, { workflow = function(name)
  return recipes[name].workflow
end }, locks, { begin = function() end, ended = function() end })
for _, name in ipairs(names) do
  recipes[name] = load_file("scripts/" .. name .. ".lua")
end

-- Consoles ------------------------------------------------------------------------------------------------------------

local function arguments(recipe, given)
  local args, own = { passed = recipe.passes and {} }, {}
  for _, a in ipairs(recipe.args) do
    local name = a.name:gsub("-", "_")
    local value = given[name]
    if value == nil and a.multi then
      value = {}
    elseif value == nil and a.default then
      value = a.type == "duration" and a.default * 1000 or a.default
    end
    args[name] = value
    own[name] = true
  end
  for name, value in pairs(recipe.passes and given or {}) do
    if not own[name] then
      args.passed[name] = value
    end
  end
  return args
end

-- Runs fn as a console of that admin. Returns {ok, value or error, text, said = {lines}, killed = where, points}.
function load_real.run(world, admin, kill, fn)
  local console = { world = world, admin = admin, kill = kill, points = 0, said = {}, open = {} }
  fake.enter(console)
  local co = coroutine.create(function()
    return xpcall(fn, fake.normalise)
  end)
  local went, ok, value, text = coroutine.resume(co)
  if not went then
    world:broken("%s", debug.traceback(co, tostring(ok)))
  end
  journals.console_ended(console)
  local result = { said = console.said, killed = console.killed, struck = console.struck, points = console.points }
  if ok == fake.KILLED then
    return result
  end
  result.ok, result.value, result.text = ok == true, value, text
  return result
end

-- A recipe, by its name.
function load_real.recipe(world, admin, kill, name, args)
  return load_real.run(world, admin, kill, function()
    return recipes[name].run(arguments(recipes[name], args))
  end)
end

-- A command, as at the prompt.
function load_real.command(world, admin, name, args)
  return load_real.run(world, admin, nil, function()
    return fake.mig[name](args)
  end)
end

return load_real
