-- SPDX-License-Identifier: GPL-3.0-or-later
-- Prints what the text of migsh-lua(7) or migsh-recipes(5) (arg[1]), the file arg[2], lacks of lua/lib/api.lua.
local file <close> = assert(io.open(arg[2]))
local page = file:read "a"
local api = dofile "lua/lib/api.lua"

local function want(text)
  if not page:find(text, 1, true) then
    print("migsh-" .. arg[1] .. " lacks: " .. text)
  end
end

for _, group in ipairs(api.groups) do
  for _, row in ipairs((group.page or "lua") == arg[1] and group.rows or {}) do
    for _, text in ipairs { row.form, row.text, row.example } do
      want(text)
    end
  end
end
if arg[1] == "recipes" then
  want(api.example)
end
