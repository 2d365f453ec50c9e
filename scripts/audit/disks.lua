-- SPDX-License-Identifier: GPL-3.0-or-later
-- Disks that two guests use, and files that only a snapshot's record still has. What two nodes call by one name is one
-- file only if that is proved (node.is_shared()).
local line = require "lib.line"
local lists = require "lib.list"
local node = require "lib.node"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local disks = {}

-- Who writes to what: {[path] = {{row, file}, …}}, and the paths in order. What a migration left behind does not run,
-- and what several may use at once is nobody's own.
local function by_path(rows)
  local map, paths = {}, {}
  for _, row in ipairs(rows) do
    for _, file in ipairs(not (xml.is_moved(row.mark) and not whereabouts.is_active(row)) and row.files or {}) do
      local path = file.kind == "disk" and file.path ~= mig.null and file.path
      if path and not users.are_common(file) and not file.shareable and file.exists ~= false then
        if not map[path] then
          map[path], paths[#paths + 1] = {}, path
        end
        table.insert(map[path], { row = row, file = file })
      end
    end
  end
  table.sort(paths)
  return map, paths
end

local function use_text(use)
  return ("%s (%s on %s)"):format(use.row.name, use.row.state, use.row.node)
end

local function add_pair(out, path, a, b)
  local both = whereabouts.is_active(a.row) and whereabouts.is_active(b.row)
  out:add { id = "disk-twice", level = both and "fail" or "warn", node = b.row.node, subject = path, seen = ("used by "
    .. "%s and %s"):format(use_text(a), use_text(b)), why = both and "both write to it, which ruins what it holds"
      or "if both run, they ruin what it holds", remedy = a.row.uuid == b.row.uuid and line.of("cleanup",
      a.row.uuid) or "shut one of them down and give it a disk of its own; if they are made to share it, mark it as "
      .. "<shareable/> in both" }
end

-- Is it worth asking? On one node two guests that name one path; on two nodes two guests, or one that runs on both.
local function may_clash(a, b)
  if a.row.node == b.row.node or a.row.uuid ~= b.row.uuid then
    return a.row.uuid ~= b.row.uuid
  end
  return whereabouts.is_active(a.row) and whereabouts.is_active(b.row)
end

-- Do both nodes see one file under that name? nil: nobody can tell.
local function is_one(out, path, a, b)
  local here, there = a.row.node, b.row.node
  if here == there then
    return true
  elseif a.file.type == "block" or path:find "^/dev/" then
    out:skip(there, ("whether %s is the same device as on %s"):format(path, here), "each node has its own /dev")
    return nil
  end
  local shared, err = mig.try(node.is_shared, here, path, there, path)
  if err and err.code == "cancelled" then
    error(err, 0)
  elseif err and err.code ~= "not-found" then
    out:skip(there, ("whether %s is the same file as on %s"):format(path, here), err.msg)
  end
  return shared
end

function disks.twice(facts, out)
  local map, paths = by_path(facts.rows)
  for _, path in ipairs(paths) do
    local uses, proved = map[path], {}
    for i, a in ipairs(uses) do
      for j = i + 1, #uses do
        local b = uses[j]
        local key = a.row.node .. " " .. b.row.node
        if may_clash(a, b) then
          if proved[key] == nil then
            proved[key] = is_one(out, path, a, b) or false
          end
          if proved[key] then
            add_pair(out, path, a, b)
          end
        end
      end
    end
  end
end

-- The snapshots of a domain that name a file.
local function naming(row, path)
  local names, on = {}, row.uuid .. "@" .. row.node
  for _, snapshot in ipairs(mig.snapshot_list { on }) do
    local doc <close> = mig.xml(mig.snapshot_dumpxml { on, snapshot.name })
    local paths = {}
    for _, attribute in ipairs(doc:each "//source/@file|//source/@dev|/domainsnapshot/memory/@file") do
      paths[#paths + 1] = attribute:get "."
    end
    names[#names + 1] = lists.has(paths, path) and snapshot.name or nil
  end
  return names
end

local function add_missing(out, row, path)
  local names, err = mig.try(naming, row, path)
  if err and err.code == "cancelled" then
    error(err, 0)
  end
  for _, name in ipairs(names or { "?" }) do
    out:add { id = "snapshot-files", level = "warn", node = row.node, subject = ("%s, snapshot %s"):format(row.name,
      name), seen = path .. " is not there", why = "it cannot be reverted to", remedy = names and line.of(
      "snapshot-delete", row.name .. "@" .. row.node, name, "--metadata") or ("snapshot-list %s names its snapshots, "
      .. "snapshot-delete --metadata forgets one"):format(line.word(row.name .. "@" .. row.node)) }
  end
end

function disks.snapshots(facts, out)
  for _, row in ipairs(facts.rows) do
    for _, file in ipairs(row.files) do
      if file.kind == "snapshot" and file.exists == false then
        add_missing(out, row, file.path ~= mig.null and file.path or file.volume)
      end
    end
  end
end

return disks
