-- SPDX-License-Identifier: GPL-3.0-or-later
-- Prints what the text of migsh-lua(7), the file arg[1], lacks of the rows of lua/lib/api.lua.
local file <close> = assert(io.open(arg[1]))
local page = file:read "a"
for _, group in ipairs(dofile "lua/lib/api.lua".groups) do
  for _, row in ipairs(group.rows) do
    for _, text in ipairs { row.form, row.text, row.example } do
      if not page:find(text, 1, true) then
        print("migsh-lua(7) lacks: " .. text)
      end
    end
  end
end
