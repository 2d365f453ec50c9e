-- SPDX-License-Identifier: GPL-3.0-or-later
-- The text of "help lua", from the rows of api.lua.
local api = ...
local out = {}

local function add(text, indent)
  for line in (text .. "\n"):gmatch "(.-)\n" do
    out[#out + 1] = line == "" and "" or indent .. line
  end
end

add(api.intro, "  ")
for _, group in ipairs(api.groups) do
  add("\n" .. group.title, "  ")
  for _, row in ipairs(group.rows) do
    add("\n" .. row.form, "    ")
    add(row.text, "        ")
    if row.example then
      add(row.example, "          ")
    end
  end
end
return table.concat(out, "\n") .. "\n"
