-- SPDX-License-Identifier: GPL-3.0-or-later
-- Files that copies left on a node: parts of one that was cut off, and what a workflow has set aside for as long as it
-- might be taken back. What their names say, lib/staging.lua knows; here is whose they are and whether they are needed.
local node = require "lib.node"
local staging = require "lib.staging"
local leftovers = {}

-- The directories of these paths of a node, and of those that the journals were to bring there, each once.
function leftovers.directories(name, paths, journals)
  local list, seen = {}, {}
  local function add(path)
    local dir = path and path:sub(1, 1) == "/" and node.directory(path)
    if dir and not seen[dir] then
      seen[dir], list[#list + 1] = true, dir
    end
  end
  for _, path in ipairs(paths) do
    add(path)
  end
  for _, j in ipairs(journals) do
    for _, file in ipairs(j.about.dest == name and j.about.files or {}) do
      add(file.to)
    end
  end
  return list
end

-- What is in one directory: {node, path, aside = it was set aside, i = the number of its file, journal = the one that
-- made it, if `index` (guest/journals.lua) has it}. every: also parts that no workflow made, and what was kept.
function leftovers.find(name, dir, index, every)
  local list = {}
  for _, found in ipairs(staging.list(name, dir, every)) do
    list[#list + 1] = { node = name, path = found.path, aside = found.aside, kept = found.kept, i = found.i,
      id = found.id, journal = found.id and index[found.id] }
  end
  return list
end

-- Is what was set aside of no use any more? All steps of the journal have to be done (rollback --forget closes one as
-- it is), and what replaced it has to be there: else it may be the last one.
local function is_replaced(part)
  local j = part.journal
  local file = (j.about.files or {})[part.i]
  local journal <close> = j.state == "done" and mig.try(mig.journal_open, j.id) or nil
  if not journal then
    return false
  end
  local complete = file ~= nil
  for _, record in ipairs(journal:steps()) do
    complete = complete and record.name ~= "forget"
  end
  journal:release()
  return complete and node.exists(part.node, file.to)
end

-- One of a journal that we have, and nothing that may be needed: cleanup removes such.
function leftovers.is_useless(part)
  return part.journal ~= nil and not part.kept and (not part.aside or is_replaced(part))
end

return leftovers
