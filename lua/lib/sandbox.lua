-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a script may use of Lua's own library. migsh runs as root on people's hosts, so code is loaded only from places
-- that others cannot write, never as bytecode, never relative to the working directory; and nothing may end the process
-- or take the hooks away behind the scheduler's back. io and os otherwise stay: a script is the operator's own program.
--
-- Each recipe, each script and the prompt has an environment of its own: globals, copies of the library's tables, and
-- the modules that it has required. So nothing that one of them sets or replaces is seen by another, or by this
-- library; what is to be shared is in files, on nodes or in journals.
local core, errors, sched, recipe_dirs = ...
local sandbox = {}

local raw_load, raw_loadlib, raw_print_write, dump = load, package.loadlib, core.print, string.dump

local function absolute(path)
  local kept = {}
  for entry in path:gmatch("[^;]+") do
    if entry:sub(1, 1) == "/" then
      kept[#kept + 1] = entry
    end
  end
  return kept
end

local paths = absolute(package.path)
for i, dir in ipairs(recipe_dirs) do
  table.insert(paths, i, dir .. "/?.lua")
end
local lua_path, c_path = table.concat(paths, ";"), table.concat(absolute(package.cpath), ";")
package.path, package.cpath = lua_path, c_path

local function compile(text, path, env)
  if text:sub(1, 1) == "#" then -- of a script
    text = text:gsub("^[^\n]*", "", 1)
  end
  return raw_load(text, "@" .. path, "t", env)
end

-- Text of a file, compiled.
function sandbox.load(path, env)
  return compile(core.read_trusted(path), path, env)
end

-- The first file of that module which is there, and what fn(file, true) says of it; or nil and what was tried.
local function find(name, templates, fn)
  local tried = {}
  for template in templates:gmatch("[^;]+") do
    local path = template:gsub("%?", (name:gsub("%.", "/"):gsub("%%", "%%%%")))
    local found = fn(path, true)
    if found then
      return path, found
    end
    tried[#tried + 1] = "\n\tno file '" .. path .. "'"
  end
  return nil, table.concat(tried)
end

-- Many recipes require the same modules, each an instance of its own; a file is read and compiled once.
local compiled = {} -- path -> bytecode, which never leaves this table

local function load_once(path, text, env)
  if compiled[path] then
    return raw_load(compiled[path], "@" .. path, "b", env)
  end
  local fn, err = compile(text, path, env)
  compiled[path] = fn and dump(fn)
  return fn, err
end

local function searchers(env)
  local package = env.package
  local function preloaded(name)
    return package.preload[name] or ("\n\tno field package.preload['%s']"):format(name), ":preload:"
  end
  local function in_lua(name)
    local path, text = find(name, package.path, function(path)
      return compiled[path] and true or core.read_trusted(path, true)
    end)
    if not path then
      return text
    end
    local fn, err = load_once(path, text, env)
    if not fn then
      error(err, 0)
    end
    return fn, path
  end
  local function in_c(name)
    local path, tried = find(name, package.cpath, core.check_trusted) -- before it is opened: that already runs code
    if not path then
      return tried
    end
    local fn, err = raw_loadlib(path, "luaopen_" .. name:gsub("^[^-]*%-", ""):gsub("%.", "_"))
    return fn or error(err, 0), path
  end
  return { preloaded, in_lua, in_c }
end

local function load_module(package, name)
  local tried = {}
  for _, search in ipairs(package.searchers) do
    local loader, from = search(name)
    if type(loader) == "function" then
      local ok, value = sched.without_waiting(pcall, loader, name, from)
      if not ok then
        error(value, 0)
      end
      if value ~= nil then
        package.loaded[name] = value
      elseif package.loaded[name] == nil then
        package.loaded[name] = true
      end
      return package.loaded[name], from
    end
    tried[#tried + 1] = loader
  end
  errors.raise("not-found", "module '%s' not found:%s", name, table.concat(tried))
end

-- Tables in there are copied too, each once.
local function copy(value, seen)
  if type(value) ~= "table" then
    return value
  end
  if not seen[value] then
    local t = {}
    seen[value] = t
    for key, item in next, value do
      t[key] = copy(item, seen)
    end
    setmetatable(t, getmetatable(value))
  end
  return seen[value]
end

local function add_loaders(env)
  function env.load(chunk, name, _, ...)
    return raw_load(chunk, name, "t", select("#", ...) > 0 and (...) or env)
  end
  function env.loadfile(path, _, ...)
    if path == nil then
      errors.raise("usage", "loadfile: a file is wanted: standard input belongs to the console")
    end
    return sandbox.load(path, select("#", ...) > 0 and (...) or env)
  end
  function env.dofile(path)
    local fn, err = env.loadfile(path)
    if not fn then
      error(err, 0)
    end
    return fn()
  end
  function env.require(name)
    local value = env.package.loaded[name]
    if value then
      return value
    end
    return load_module(env.package, name)
  end
end

function sandbox.environment()
  local env, library = {}, package
  local seen = { [_G] = env, [library] = {}, [library.loaded] = {} }
  for name, value in next, _G do
    env[name] = copy(value, seen)
  end
  env.package = seen[library]
  for name, value in next, { path = lua_path, cpath = c_path, config = library.config, searchpath = library.searchpath,
    preload = copy(library.preload, {}), loaded = seen[library.loaded] } do
    env.package[name] = value
  end
  for name in next, library.loaded do
    env.package.loaded[name] = env[name]
  end
  env.package.searchers = searchers(env)
  add_loaders(env)
  return env
end

package.loadlib = nil
getmetatable("").__metatable = false -- s:format() is the library's for all

function os.exit()
  errors.raise("usage", "os.exit would skip every clean-up: return from the script, or raise an error")
end

os.setlocale = nil -- numbers in JSON and XML are written with a dot
debug = { traceback = debug.traceback, getinfo = debug.getinfo }
coroutine.resume, coroutine.wrap = sched.resume, sched.wrap

-- print and io.write go the way of all output, so that they neither tear the prompt nor a line of JSON.
local function texts(...)
  local list = table.pack(...)
  for i = 1, list.n do
    list[i] = tostring(list[i])
  end
  return list
end

function _G.print(...)
  raw_print_write(table.concat(texts(...), "\t") .. "\n")
end

local raw_output, stdout = io.output, io.stdout
function io.write(...)
  if raw_output() ~= stdout then
    return raw_output():write(...)
  end
  raw_print_write(table.concat(texts(...)))
  return stdout
end

return sandbox
