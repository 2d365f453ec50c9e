-- SPDX-License-Identifier: GPL-3.0-or-later
-- Recipes: files that return {description=, help=, example=, group=, args={…}, passes=, except={…},
-- run=function(args) … end}. Found in the recipe directories (the first one that has a name wins), checked, and run. A
-- broken one is told of once and left out.
local core, errors, sched, sandbox, dirs, api = ...
local recipe = {}
local known = {} -- name -> {run=, args=}
local told = {} -- path -> true

-- What the manual tells of is what is accepted: of a recipe, of an argument, as an argument's type.
local allowed = {}
for _, group in ipairs(api.groups) do
  if group.keys then
    allowed[group.keys] = {}
    for _, row in ipairs(group.rows) do
      for key in row.key:gmatch "[^|]+" do
        allowed[group.keys][key] = true
      end
    end
  end
end

local function want(ok, format, ...)
  if not ok then
    error(format:format(...), 0)
  end
end

local function want_text(value, what)
  want(type(value) == "string" and value ~= "", "%s has to be a text", what)
end

local function optional_text(value, what)
  want(value == nil or type(value) == "string", "%s has to be a text", what)
end

local function want_keys(t, what, kind)
  for key in pairs(t) do
    want(allowed[kind][key], "%s: unknown key '%s'", what, tostring(key))
  end
end

local function check_choices(a, what)
  want(a.type ~= "enum" or type(a.choices) == "table" and #a.choices > 0, "%s: an enum needs choices", what)
  want(a.choices == nil or a.type == "enum", "%s: only an enum has choices", what)
  for _, choice in ipairs(a.choices or {}) do
    want_text(choice, what .. ": a choice")
  end
end

local function check_arg(a, i, seen)
  want(type(a) == "table", "args[%d] has to be a table", i)
  want(type(a.name) == "string" and a.name:find "^%l[%l%d-]*$", "args[%d]: a name of lower case letters, digits and "
    .. "dashes is wanted", i)
  local what = "argument " .. a.name
  want_keys(a, what, "argument")
  want(not seen[a.name], "%s appears twice", what)
  seen[a.name] = true
  a.type = a.type or "string"
  want(allowed.type[a.type], "%s: unknown type '%s'", what, tostring(a.type))
  want_text(a.help, what .. ": help")
  if type(a.default) == "number" then
    a.default = tostring(a.default)
  end
  optional_text(a.default, what .. ": default")
  optional_text(a.unit, what .. ": unit")
  optional_text(a.excludes, what .. ": excludes")
  optional_text(a.needs, what .. ": needs")
  want(a.type ~= "bool" or not (a.required or a.positional or a.default), "%s: a switch is neither positional nor "
    .. "required, and has no default", what)
  check_choices(a, what)
end

-- Which other arguments an argument speaks of; with `passes` it may be one of the command's, which is not known here.
local function check_rules(r, seen)
  for _, a in ipairs(r.args) do
    for name in ((a.excludes or "") .. "|" .. (a.needs or "")):gmatch "[^|]+" do
      want(r.passes or seen[name], "argument %s: there is no argument %s", a.name, name)
    end
  end
end

local function check_passes(r, seen)
  optional_text(r.passes, "passes")
  want(r.except == nil or r.passes and type(r.except) == "table", "except has to be a list, beside passes")
  for _, name in ipairs(r.except or {}) do
    want_text(name, "except: an option's name")
  end
  want(not (r.passes and seen.passed), "args.passed is what is passed on: no argument can have that name")
end

local function check(r)
  want(type(r) == "table", "the file has to return a table")
  want_keys(r, "recipe", "recipe")
  want_text(r.description, "description")
  optional_text(r.example, "example")
  optional_text(r.help, "help")
  optional_text(r.group, "group")
  want(type(r.run) == "function", "run has to be a function")
  want(r.workflow == nil or type(r.workflow) == "function", "workflow has to be a function")
  want(r.args == nil or type(r.args) == "table", "args has to be a list")
  r.args = r.args or {}
  for key in pairs(r.args) do
    want(math.type(key) == "integer", "args has to be a list")
  end
  local seen, optional = {}, nil
  for i, a in ipairs(r.args) do
    check_arg(a, i, seen)
    want(not (a.positional and a.required and optional), "argument %s: required behind an optional positional", a.name)
    optional = optional or a.positional and not a.required
  end
  check_passes(r, seen)
  check_rules(r, seen)
end

local function load_one(path)
  local fn, err = sandbox.load(path, sandbox.environment())
  if not fn then
    error(err, 0)
  end
  local co = coroutine.create(fn)
  core.limit(co)
  local ok, r = sched.without_waiting(coroutine.resume, co)
  want(ok, "%s", tostring(r))
  check(r)
  return r
end

local function row(name, path, r)
  local out = { name = name, path = path, description = r.description, help = r.help, example = r.example,
    group = r.group, args = core.array {}, passes = r.passes,
    except = r.except and core.array { table.unpack(r.except) } }
  for i, a in ipairs(r.args) do
    out.args[i] = { name = a.name, type = a.type, help = a.help, default = a.default, unit = a.unit,
      choices = a.choices and core.array { table.unpack(a.choices) }, required = a.required and true or false,
      positional = a.positional and true or false, multi = a.multi and true or false, excludes = a.excludes,
      needs = a.needs }
  end
  return out
end

-- Every recipe as a row of plain values.
function recipe.list()
  local rows = core.array {}
  known = {}
  for _, dir in ipairs(dirs) do
    for _, file in ipairs(core.list_dir(dir)) do
      local name, path = file:sub(1, -5), dir .. "/" .. file
      if not known[name] then
        local ok, r = pcall(load_one, path)
        if ok and not name:find "^%l[%l%d-]*$" then
          ok, r = false, "its name is no command's: lower case letters, digits and dashes"
        end
        if ok then
          known[name] = r
          rows[#rows + 1] = row(name, path, r)
        elseif not told[path] then
          told[path] = true
          core.notice(("recipe %s is left out: %s"):format(path, tostring(r)), true)
        end
      end
    end
  end
  return rows
end

local function find(name)
  if not known[name] then
    errors.raise("not-found", "there is no recipe %s", name)
  end
  return known[name]
end

function recipe.run_function(name)
  return find(name).run
end

-- What makes the steps of its undertakings (transaction.lua).
function recipe.workflow(name)
  return find(name).workflow or errors.raise("state", "the recipe %s has no workflow", name)
end

-- Arguments as the recipe sees them: max-outage as args.max_outage; a list that was not given is empty. args.passed is
-- what it passes on, ready to be handed to that command.
function recipe.arguments(name, args)
  local out = {}
  for _, a in ipairs(find(name).args) do
    local value = args[a.name]
    if value == nil and a.multi then
      value = core.array {}
    end
    out[a.name:gsub("-", "_")] = value
  end
  if args.passed and find(name).passes then
    out.passed = {}
    for key, value in pairs(args.passed) do
      out.passed[key:gsub("-", "_")] = value
    end
  end
  return out
end

return recipe
