-- SPDX-License-Identifier: GPL-3.0-or-later
-- Completion of a Lua expression at the prompt: names along "a.b.c" and "a.b:c", read without calling anything of the
-- user's (no __index), but the table mig, which also knows the commands. `prompt` holds the globals of the lines.
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

return function(text)
  local path, prefix = text:match "([%w_%.:]-)([%w_]*)$"
  local value = prompt
  for name in path:gmatch "[%w_]+" do
    value = member(value, name)
  end
  local out, seen = {}, {}
  for _, name in ipairs(value ~= nil and names_of(value) or {}) do
    if type(name) == "string" and name:find "^[%a_][%w_]*$" and name:sub(1, #prefix) == prefix and not seen[name]
      and (prefix ~= "" or name:sub(1, 2) ~= "__") then
      seen[name] = true
      out[#out + 1] = path .. name
    end
  end
  table.sort(out)
  return out
end
