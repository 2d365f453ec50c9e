-- SPDX-License-Identifier: GPL-3.0-or-later
-- Every command as a function: mig.verb{positional…, option = value…}. The command's row decides how a Lua value
-- becomes words, and the one parser judges them.
local core, errors, sched = ...
local verbs = {}

local function text_of(verb, key, value)
  if type(value) == "string" then
    return value
  end
  if math.type(value) == "integer" then
    return tostring(value)
  end
  if type(value) == "number" then
    return ("%.17g"):format(value)
  end
  if type(value) == "table" and (getmetatable(value) or {}).__tostring then
    return tostring(value) -- a node, a domain
  end
  errors.raise("usage", "%s: %s cannot be a %s", verb, key, type(value))
end

local function is_list(value)
  return type(value) == "table" and not (getmetatable(value) or {}).__tostring
end

local function add_option(words, verb, opt, value)
  if opt.kind == "bool" then
    if value ~= true then
      errors.raise("usage", "%s: %s is a switch: true or false", verb, opt.name)
    end
    words[#words + 1] = "--" .. opt.name
    return
  end
  if is_list(value) then
    if opt.kind == "list" then
      local names = {}
      for i, item in ipairs(value) do
        names[i] = text_of(verb, opt.name, item)
      end
      value = table.concat(names, ",")
    elseif not opt.multi then
      errors.raise("usage", "%s: %s takes one value, not a list", verb, opt.name)
    end
  end
  for _, item in ipairs(is_list(value) and value or { value }) do
    words[#words + 1] = ("--%s=%s"):format(opt.name, text_of(verb, opt.name, item))
  end
end

local function find_option(row, key)
  local dashed = key:gsub("_", "-")
  local names = {}
  for i, opt in ipairs(row.opts) do
    if opt.name == key or opt.name == dashed then
      return opt
    end
    names[i] = opt.name
  end
  local near = core.nearest(dashed, names)
  local hint = near and ("did you mean %s?"):format((near:gsub("-", "_")))
  error(errors.new {
    code = "usage",
    msg = ("%s has no option %s"):format(row.name, key),
    hint = hint or ("help %s lists its options"):format(row.name),
  }, 0)
end

local function absent(value)
  return value == nil or value == false or value == core.null
end

-- The words of a call, in an order that does not depend on the table's.
function verbs.words(row, args)
  if type(args) == "string" or type(args) == "number" or not is_list(args) and args ~= nil then
    args = { args }
  end
  local words, tail, keys = { row.name }, {}, {}
  for key, value in pairs(args or {}) do
    if type(key) == "string" then
      if not absent(value) then
        keys[#keys + 1] = key
      end
    elseif math.type(key) ~= "integer" then
      errors.raise("usage", "%s: a key is a %s", row.name, type(key))
    end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local opt = find_option(row, key)
    if opt.kind == "words" then
      for _, word in ipairs(is_list(args[key]) and args[key] or { args[key] }) do
        tail[#tail + 1] = text_of(row.name, key, word)
      end
    else
      add_option(words, row.name, opt, args[key])
    end
  end
  if #tail > 0 or args and args[1] ~= nil then
    words[#words + 1] = "--" -- what follows is data, whatever it begins with
  end
  for i, value in ipairs(args or {}) do
    words[#words + 1] = text_of(row.name, "argument " .. i, value)
  end
  table.move(tail, 1, #tail, #words + 1, words)
  for i, word in ipairs(words) do
    if word:find("\0", 1, true) then
      errors.raise("usage", "%s: word %d holds a NUL byte", row.name, i)
    end
  end
  return words
end

-- The row of a verb written as a Lua name or as a command, or nil.
function verbs.row(name)
  if type(name) ~= "string" then
    return nil
  end
  return core.row(name) or core.row((name:gsub("_", "-")))
end

-- The function of a verb, or nil if there is no such command.
function verbs.find(name)
  local row = verbs.row(name)
  if not row or not row.scriptable then
    return nil
  end
  return function(args)
    return sched.await("mig." .. row.name:gsub("-", "_"), core.command, verbs.words(row, args))
  end
end

function verbs.names()
  local names = core.rows()
  for i, name in ipairs(names) do
    names[i] = name:gsub("-", "_")
  end
  return names
end

return verbs
