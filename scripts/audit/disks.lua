-- SPDX-License-Identifier: GPL-3.0-or-later
-- Disks that two guests use, and files that only a snapshot's record still has. What two nodes call by one name is one
-- file only if that is proved (node.is_shared()).
local given = require("lib.value").given
local line = require "lib.line"
local lists = require "lib.list"
local node = require "lib.node"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local disks = {}

-- Who writes to what, as {path, row, file, inode} in the order of the paths. What a migration left behind does not run,
-- and what several may use at once is nobody's own.
local function uses_of(rows)
  local uses = {}
  for _, row in ipairs(rows) do
    for _, file in ipairs(not (xml.is_moved(row.mark) and not whereabouts.is_active(row)) and row.files or {}) do
      local path = file.kind == "disk" and file.path ~= mig.null and file.path
      if path and not users.are_common(file) and not file.shareable and file.exists ~= false then
        uses[#uses + 1] = { path = path, row = row, file = file, inode = given(file.inode), at = #uses }
      end
    end
  end
  table.sort(uses, function(a, b)
    return a.path < b.path or a.path == b.path and a.at < b.at
  end)
  return uses
end

-- Groups of uses that may be of one file: what has one path, and what has one number in its file system under several
-- (a link, a second mount; clients of NFS have the server's number). `each` is called for every pair, once.
local function pairs_of(uses, each)
  local groups, order, done = {}, {}, {}
  local function add(key, use)
    if not groups[key] then
      groups[key], order[#order + 1] = {}, key
    end
    table.insert(groups[key], use)
  end
  for _, use in ipairs(uses) do
    add(use.path, use)
    if use.inode then
      add(use.inode:match ":(%d+)$", use)
    end
  end
  for _, key in ipairs(order) do
    local group = groups[key]
    for i, a in ipairs(group) do
      for j = i + 1, #group do
        local b = group[j]
        done[a] = done[a] or {}
        if not done[a][b] then
          done[a][b] = true
          each(a, b)
        end
      end
    end
  end
end

local function use_text(use)
  return ("%s (%s on %s)"):format(use.row.name, use.row.state, use.row.node)
end

local function add_pair(out, a, b)
  local both = whereabouts.is_active(a.row) and whereabouts.is_active(b.row)
  local by = a.path ~= b.path and ", by the name " .. b.path or ""
  out:add { id = "disk-twice", level = both and "fail" or "warn", node = b.row.node, subject = a.path,
    seen = ("used by %s and %s%s"):format(use_text(a), use_text(b), by),
    why = both and "both write to it, which ruins what it holds" or "if both run, they ruin what it holds",
    remedy = a.row.uuid == b.row.uuid and line.of("cleanup", a.row.uuid) or "shut one of them down and give it a disk "
      .. "of its own; if they are made to share it, mark it as <shareable/> in both" }
end

-- Is it worth asking? On one node two guests; on two nodes two guests, or one that runs on both.
local function may_clash(a, b)
  if a.row.node == b.row.node or a.row.uuid ~= b.row.uuid then
    return a.row.uuid ~= b.row.uuid
  end
  return whereabouts.is_active(a.row) and whereabouts.is_active(b.row)
end

-- Is it one file? nil: nobody can tell.
local function is_one(out, a, b)
  local here, there = a.row.node, b.row.node
  if here == there then
    return a.path == b.path or a.inode == b.inode
  elseif a.path ~= b.path and (a.file.type == "block" or b.file.type == "block") then
    return false -- the numbers of /dev say nothing of a device
  elseif a.file.type == "block" or a.path:find "^/dev/" then
    out:skip(there, ("whether %s is the same device as on %s"):format(b.path, here), "each node has its own /dev")
    return nil
  end
  local shared, err = mig.try(node.is_shared, here, a.path, there, b.path)
  if err and err.code == "cancelled" then
    error(err, 0)
  elseif err and err.code ~= "not-found" then
    out:skip(there, ("whether %s is the same file as %son %s"):format(b.path, a.path ~= b.path and a.path .. " " or "",
      here), err.msg)
  end
  return shared
end

function disks.twice(facts, out)
  local proved = {}
  pairs_of(uses_of(facts.rows), function(a, b)
    if may_clash(a, b) then
      local key = ("%s %s\0%s %s"):format(a.row.node, a.path, b.row.node, b.path)
      if proved[key] == nil then
        proved[key] = is_one(out, a, b) or false
      end
      if proved[key] then
        add_pair(out, a, b)
      end
    end
  end)
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
