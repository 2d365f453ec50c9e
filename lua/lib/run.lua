-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the console asks for: a chunk typed at the prompt, a script file, a recipe.
local core, errors, sched, sandbox, recipe, prompt = ...
local entry = {}

-- Values as people read them, a string as it is.
local function shown(n, ...)
  local list = { ... }
  for i = 1, n do
    list[i] = list[i] == nil and "nil" or core.show(list[i])
  end
  local text = table.concat(list, n > 1 and not table.concat(list):find("\n", 1, true) and "\t" or "\n")
  return text == "" and n == 0 and "" or text .. "\n"
end

local function present_text(...)
  local n = select("#", ...)
  if n > 1 then
    return core.array { ... }, shown(n, ...)
  end
  return (...), shown(n, ...)
end

local function present_file(...)
  if (...) == nil then
    return nil, ""
  end
  return (...), shown(1, (...))
end

local function present_recipe(value, text)
  return value, text ~= nil and tostring(text) or nil
end

-- An expression, or else a statement, as lua.c reads a line. nil and the error. `prompt`: the environment of all lines.
local function compile(text, expression)
  local fn, err = load("return " .. text, "=lua", "t", prompt)
  if fn or expression then
    return fn, err
  end
  return load(text, "=lua", "t", prompt)
end

function entry.run_text(handle, text, expression)
  local fn, err = compile(text, expression)
  if not fn then
    errors.raise("usage", "%s", err)
  end
  sched.start(handle, "lua", present_text, true, fn)
end

function entry.incomplete(text, expression)
  local fn, err = compile(text, expression)
  return not fn and err:find("<eof>", -5, true) ~= nil
end

function entry.run_file(handle, path, words)
  local env = sandbox.environment()
  local fn, err = sandbox.load(path, env)
  if not fn then
    errors.raise("usage", "%s", err)
  end
  env.arg = words
  env.arg[0] = path
  sched.start(handle, path, present_file, false, fn, table.unpack(words))
end

function entry.run_recipe(handle, name, args)
  sched.start(handle, name, present_recipe, false, recipe.run_function(name), recipe.arguments(name, args))
end

return entry
