-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a script may use of Lua's own library. migsh runs as root on people's hosts, so code is loaded only from places
-- that others cannot write, never as bytecode, never relative to the working directory; and nothing may end the process
-- or take the hooks away behind the scheduler's back. io and os otherwise stay: a script is the operator's own program.
local core, errors, sched, recipe_dirs = ...

local raw_load, raw_print_write = load, core.print

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
package.path = table.concat(paths, ";")
package.cpath = table.concat(absolute(package.cpath), ";")

-- Text of a file, compiled; the "#!" line of a script is left out.
local function load_trusted(path, env)
  local text = core.read_trusted(path)
  if text:sub(1, 1) == "#" then
    text = text:gsub("^[^\n]*", "", 1)
  end
  return raw_load(text, "@" .. path, "t", env)
end

local function search_lua(name)
  local path, tried = package.searchpath(name, package.path)
  if not path then
    return tried
  end
  local fn, err = load_trusted(path, _G)
  if not fn then
    error(err, 0)
  end
  return fn, path
end

local search_c = package.searchers[3]
local function search_trusted_c(name)
  local path, tried = package.searchpath(name, package.cpath)
  if not path then
    return tried
  end
  core.check_trusted(path) -- before it is opened: that already runs code
  return search_c(name)
end

package.searchers = { package.searchers[1], search_lua, search_trusted_c }
package.loadlib = nil

function _G.load(chunk, name, _, ...)
  return raw_load(chunk, name, "t", ...)
end

function _G.loadfile(path, _, ...)
  if path == nil then
    errors.raise("usage", "loadfile: a file is wanted: standard input belongs to the console")
  end
  return load_trusted(path, select("#", ...) > 0 and (...) or _G)
end

function _G.dofile(path)
  local fn, err = _G.loadfile(path)
  if not fn then
    error(err, 0)
  end
  return fn()
end

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

return load_trusted
