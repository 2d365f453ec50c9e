-- SPDX-License-Identifier: GPL-3.0-or-later
-- Prints the names of the steps that cold-migrate really has, for a domain with all there is; asks no node.
-- `cases.py --steps` compares them with the fault tests' table.
local recipe = require "cold-migrate"

local about = { domain = "guest", uuid = "6d696773-6800-4c41-8000-000000000000", source = "a", dest = "b",
  running = true, autostart = true, files = {}, options = { undefine_source = true, remove_disks = true, clone = true,
    carry_save = true, target = {}, map = {} } }
for _, kind in ipairs { "disk", "backing", "snapshot", "nvram", "tpm", "save" } do
  about.files[#about.files + 1] = { kind = kind, path = "/a/" .. kind, to = "/b/" .. kind, size = 0, allocation = 0 }
end
local seen = {}
for _, step in ipairs(recipe.workflow(about).steps) do
  if not seen[step.name] then
    print(step.name)
  end
  seen[step.name] = true
end
