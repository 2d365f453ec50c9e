-- SPDX-License-Identifier: GPL-3.0-or-later
-- The table `mig` that scripts see: the functions of api.lua, and every command by its name.
local core, errors, sched, verbs, tool, recipe_dirs = ...
local mig = { null = core.null, array = core.array }

-- A duration as scripts write it: "1.5s", "250ms", or a number of milliseconds.
local function to_ms(what, value)
  local ms = type(value) == "number" and value or type(value) == "string" and core.duration(value, "ms")
  if not ms or ms < 0 or ms ~= ms then
    errors.raise("usage", "%s: '%s' is not a duration such as 500, \"1.5s\" or \"2m\"", what, tostring(value))
  end
  return ms
end

mig.spawn = sched.spawn
mig.all = sched.all
mig.try = sched.try

function mig.sleep(duration)
  sched.sleep(to_ms("mig.sleep", duration))
end

function mig.timeout(duration, fn, ...)
  return sched.timeout(to_ms("mig.timeout", duration), fn, ...)
end

-- The text of a small http:// page; ten seconds unless told otherwise.
function mig.fetch(url, timeout)
  return sched.await("mig.fetch", core.fetch, url, to_ms("mig.fetch", timeout or 10000))
end

mig.current, mig.clock = core.current, core.clock

function mig.ms(value)
  return to_ms("mig.ms", value)
end

function mig.error(fields)
  if type(fields) ~= "table" then
    fields = { msg = tostring(fields) }
  end
  fields.code = fields.code or "failed"
  error(errors.new(fields), 0)
end

-- The same, its message made by string.format. `hint` may be nil.
function mig.fail(code, hint, format, ...)
  mig.error { code = code, msg = format:format(...), hint = hint }
end

function mig.line(text)
  return core.line(tostring(text))
end

function mig.notice(text)
  core.notice(tostring(text))
end

function mig.warn(text)
  core.notice(tostring(text), true)
end

-- A question with yes or no for an answer: true or false.
function mig.ask(question)
  return sched.await("mig.ask", core.ask, tostring(question)) == "yes"
end

function mig.progress(state, done)
  core.progress(state, done)
end

-- A document, to be asked by XPath.
mig.xml = core.xml

-- A description with other names and paths, by {pool = {A = "B"}, path = {["/old"] = "/new"}} or {"pool=A:B"}.
mig.xml_map = core.xml_map
mig.xml_map_path = core.xml_map_path
mig.xml_map_entries = core.xml_map_entries
mig.xml_host = core.xml_host

-- A text where a command wants a file: in memory only.
local TextFile = { __name = "text file" }
function TextFile:__tostring()
  return self.raw:path()
end
function TextFile:__close()
  self.raw:close()
end

function mig.text_file(text)
  return setmetatable({ raw = core.text_file(text) }, TextFile)
end

-- True, or false and why: may this, which a guest says is its address, be contacted?
function mig.guest_address(text, hosts)
  local ok, err = sched.try(sched.await, "mig.guest_address", core.guest_address, tostring(text), hosts or {})
  if ok then
    return true
  elseif err.code ~= "unsafe" then
    error(err, 0)
  end
  return false, err.msg
end

-- The mark that a migration leaves in a definition.
mig.xml_mark = core.xml_mark
mig.xml_marked = core.xml_marked
mig.xml_unmarked = core.xml_unmarked

-- The text of a tool that recipes run on nodes.
mig.tool = tool

-- What this user's consoles remember under a name; with a table, that is remembered instead.
function mig.memo(name, value)
  if type(name) ~= "string" or not name:find "^%l[%l%d-]*/[%w][%w_-]*$" or value ~= nil and type(value) ~= "table" then
    errors.raise("usage", "mig.memo: a name such as 'recipe/thing', and a table or nothing, are wanted")
  end
  local file = ("memo/%s.json"):format(name)
  if value == nil then
    return core.memo_read(file)
  end
  core.memo_write(file, value)
end

-- A text under its name at once: readers see the old one or the new.
function mig.replace_file(path, text)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" or path:find "\0" or type(text) ~= "string" then
    errors.raise("usage", "mig.replace_file: a path that begins with /, and a text, are wanted")
  end
  core.file_replace(path, text)
end

-- What `require` takes for the files of a folder, in all directories of recipes.
function mig.modules(folder)
  if type(folder) ~= "string" or not folder:find "^%l[%l%d_]*$" then
    errors.raise("usage", "a folder's name has lower case letters, digits and underscores, and '%s' is none",
      tostring(folder))
  end
  local names, seen = {}, {}
  for _, dir in ipairs(recipe_dirs) do
    for _, file in ipairs(core.list_dir(dir .. "/" .. folder)) do
      local name = ("%s.%s"):format(folder, file:match "^(.*)%.lua$")
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  return names
end

mig.json_encode = core.json_encode
mig.sha256 = core.sha256

function mig.json_decode(text)
  local value, err = core.json_decode(text)
  if err then
    errors.raise("usage", "%s", err)
  end
  return value
end

-- What a recipe takes: its options' names; nil: no recipe has that name.
function mig.recipe_options(name)
  local row, names = verbs.row(name), {}
  if not row or not row.recipe then
    return nil
  end
  for i, opt in ipairs(row.opts) do
    names[i] = opt.name
  end
  return names
end

-- What the prompt shows for a value of that command.
function mig.render(verb, value)
  local row = verbs.row(verb)
  if not row then
    errors.raise("usage", "mig.render: there is no command %s", tostring(verb))
  end
  return core.render(row.name, value)
end

-- Undo steps: `local undo <close> = mig.undo()`. Left without commit(), by an error or otherwise, it runs them, the
-- last one first; one that fails is told of and does not stop the others. A step that returns false had nothing to do.
local Undo = {}
Undo.__index = Undo

function Undo:add(what, fn)
  self[#self + 1] = { what = what, fn = fn }
end

function Undo:commit()
  for i = #self, 1, -1 do
    self[i] = nil
  end
end

function Undo:__close()
  for i = #self, 1, -1 do
    local step = self[i]
    self[i] = nil
    local ok, err = xpcall(step.fn, errors.handler)
    if ok and err ~= false then
      mig.notice("undone: " .. step.what)
    elseif not ok then
      mig.warn(("could not undo: %s: %s"):format(step.what, err.msg))
    end
  end
end

function mig.undo()
  return setmetatable({}, Undo)
end

-- A verb that goes on by itself.
function mig.job(verb, args)
  local fn = verbs.find(verb)
  if not fn then
    errors.raise("usage", "mig.job: there is no command %s", tostring(verb))
  end
  local task = sched.spawn(fn, args)
  task.name = verb
  return task
end

mig.start = setmetatable({}, {
  __call = function(_, args) -- virsh's start, which happens to have this name
    return verbs.find("start")(args)
  end,
  __index = function(_, verb)
    return function(args)
      return mig.job(verb, args)
    end
  end,
})

local function unknown(t, name)
  local names = verbs.names()
  for known in next, t do
    names[#names + 1] = known
  end
  local near = core.nearest(tostring(name), names)
  local hint = near and ("did you mean mig.%s?"):format(near)
  mig.error { code = "usage", msg = "mig has no " .. tostring(name), hint = hint or "help lua tells what there is" }
end

return setmetatable(mig, {
  __index = function(t, name)
    local fn = verbs.find(name) or unknown(t, name)
    rawset(t, name, fn)
    return fn
  end,
})
