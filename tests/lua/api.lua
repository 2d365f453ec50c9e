-- SPDX-License-Identifier: GPL-3.0-or-later
-- The help and the functions themselves name the same things.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, match = check.test, check.match
local api = require "migsh.api"

local documented = {}
for _, group in ipairs(api.groups) do
  for _, row in ipairs(group.rows) do
    for _, name in ipairs(row.names) do
      documented[name] = row
    end
  end
end

test("every function of mig is documented", function()
  for name in next, mig do
    if not documented[name] and not pcall(mig.help, name:gsub("_", "-")) then
      error("mig." .. name .. " is not in lua/lib/api.lua")
    end
  end
end)

test("everything documented is there", function()
  for name in pairs(documented) do
    if rawget(mig, name) == nil then
      error("mig." .. name .. " is in lua/lib/api.lua only")
    end
  end
end)

test("every row has a form and a text; every example compiles", function()
  for _, group in ipairs(api.groups) do
    for _, row in ipairs(group.rows) do
      match(row.form, "%S")
      match(row.text, "%S")
      if row.example then
        assert(load(row.example, "=" .. row.form))
      end
    end
  end
end)

test("the example of a recipe is one", function()
  local recipe = assert(load(api.example))()
  match(recipe.description, "%S")
  assert(#recipe.args == 3 and type(recipe.run) == "function")
end)

test("help lua prints it", function()
  local text = mig.help "lua"
  for name in pairs(documented) do
    if not text:find("mig." .. name, 1, true) then
      error("help lua does not name mig." .. name)
    end
  end
end)
