-- SPDX-License-Identifier: GPL-3.0-or-later
-- Completion of a Lua expression at the prompt: names along "a.b.c" and "a.b:c", read without calling anything of the
-- user's (no __index), but the table mig, which also knows the commands, and the options of their functions within
-- mig.NAME{…}. `prompt` holds the globals of the lines.
local verbs, prompt = ...

local function names_of(value)
  local names = {}
  if type(value) == "string" then
    value = string
  end
  for _, source in ipairs { value, getmetatable(value) } do
    local t = source
    if t ~= value then
      t = type(source) == "table" and rawget(source, "__index")
    end
    if type(t) == "table" then
      for name in next, t do
        names[#names + 1] = name
      end
    end
  end
  if value == prompt.mig or value == prompt.mig.start then
    table.move(verbs.names(), 1, #verbs.names(), #names + 1, names)
  end
  return names
end

local function member(value, name)
  if type(value) ~= "table" then
    return nil
  end
  local direct = rawget(value, name)
  local index = type(getmetatable(value)) == "table" and rawget(getmetatable(value), "__index")
  if direct == nil and type(index) == "table" then
    return rawget(index, name)
  end
  return direct
end

local function value_of(path)
  local value = prompt
  for name in path:gmatch "[%w_]+" do
    value = member(value, name)
  end
  return value
end

-- Where the innermost brace, bracket or parenthesis of the text is open; nil: none is, or a string or comment is.
local function innermost(text)
  local open, at = {}, 1
  while true do
    local from, to, what = text:find("([%[%](){}\"'%-])", at)
    if not from then
      return open[#open]
    elseif what:find "[%[({]" then
      open[#open + 1] = from
    elseif what:find "[%])}]" then
      open[#open] = nil
    elseif what == "-" then
      to = text:sub(from, from + 1) == "--" and text:find("\n", from, true) or text:sub(from, from + 1) ~= "--" and to
    else
      local i = from + 1
      while i <= #text and text:sub(i, i) ~= what do
        i = i + (text:sub(i, i) == "\\" and 2 or 1)
      end
      to = i <= #text and i
    end
    if not to then
      return nil
    end
    at = to + 1
  end
end

-- The options of a command that can be named where the text ends, behind "mig.NAME{" or a comma there.
local function options_at(text)
  local brace = innermost(text)
  if not brace or text:sub(brace, brace) ~= "{" or not text:find "[{,;]%s*$" then
    return {}
  end
  local path, name = text:sub(1, brace - 1):match "([%w_%.]-)%.([%w_]+)%s*%(?%s*$"
  local value, names = path and value_of(path), {}
  local row = value ~= nil and (value == prompt.mig or value == prompt.mig.start) and verbs.row(name)
  for i, opt in ipairs(row and row.scriptable and row.opts or {}) do
    names[i] = opt.name:gsub("-", "_")
  end
  return names, text:sub(brace)
end

return function(text)
  local path, prefix = text:match "([%w_%.:]-)([%w_]*)$"
  local names, given = {}, nil
  if path == "" then
    names, given = options_at(text:sub(1, #text - #prefix))
  end
  for i = #names, 1, -1 do
    if given:find("%f[%w_]" .. names[i] .. "%s*=") then
      table.remove(names, i)
    end
  end
  local value = value_of(path)
  if value ~= nil and (#names == 0 or prefix ~= "") then
    local more = names_of(value)
    table.move(more, 1, #more, #names + 1, names)
  end
  local out, seen = {}, {}
  for _, name in ipairs(names) do
    if type(name) == "string" and name:find "^[%a_][%w_]*$" and name:sub(1, #prefix) == prefix and not seen[name]
      and (prefix ~= "" or name:sub(1, 2) ~= "__") then
      seen[name] = true
      out[#out + 1] = path .. name
    end
  end
  table.sort(out)
  return out
end
