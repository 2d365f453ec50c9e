-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tools: scripts for sh that recipes run on nodes, a file tools/NAME.sh each, found beside the recipes as modules are.
-- What may be run as root is read as recipes are: from places that others cannot write. Comments do not travel. Three
-- are the copy engine's own (core/copy/copy.h), which knows alone what it leaves.
local core, errors, dirs = ...
local known = {} -- name -> text

local function without_comments(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do
    lines[#lines + 1] = not line:find "^%s*#" and line or nil
  end
  return table.concat(lines, "\n") .. "\n"
end

local function find(name)
  if type(name) ~= "string" or not name:find "^%l[%l%d_]*$" then
    errors.raise("usage", "a tool's name has lower case letters, digits and underscores, and '%s' is none",
      tostring(name))
  end
  local own = core.copy_script(name)
  if own then
    return own
  end
  for _, dir in ipairs(dirs) do
    local text = core.read_trusted(("%s/tools/%s.sh"):format(dir, name), true)
    if text then
      return without_comments(text)
    end
  end
  errors.raise("not-found", "no directory of recipes has a tool tools/%s.sh", name)
end

return function(name)
  known[name] = known[name] or find(name)
  return known[name]
end
