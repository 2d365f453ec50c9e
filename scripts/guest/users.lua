-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who needs a file or device: the definitions that name it, what they lie on, and the processes that have it open; and
-- who needs what libvirt has there.
local lists = require "lib.list"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local users = {}

-- The paths of the disks that a definition names, as a set; row: the domain's, with its state.
function users.disks_of(where, uuid, row)
  local set = {}
  for _, block in ipairs(mig.domblklist { uuid .. "@" .. where, inactive = not whereabouts.is_active(row) }) do
    local pool = block.pool ~= mig.null and block.pool
    local source = pool and mig.try(mig.vol_path, { block.source, pool = pool, node = where }) or block.source
    if source and source ~= mig.null and source:sub(1, 1) == "/" then
      set[source] = true
    end
  end
  return set
end

-- And what these lie on. A node that has no login is asked by libvirt alone, unless that is where the file is.
local function chains_of(where, row, must)
  local set = {}
  local files, err = mig.try(mig.domfiles, { row.uuid .. "@" .. where })
  if err and err.code == "not-found" then
    return set -- it ended meanwhile
  elseif err and (must or err.code == "cancelled") then
    error(err, 0)
  elseif err then
    return users.disks_of(where, row.uuid, row)
  end
  for _, file in ipairs(files) do
    set[file.path ~= mig.null and file.path or ""] = true
  end
  set[""] = nil
  return set
end

-- The disks of all domains of a node: names and paths, one domain aside. chains: with what they lie on.
local function list_disks(where, uuid, chains, must)
  local names, paths = {}, {}
  for _, row in ipairs(mig.list { all = true, node = where }) do
    local disks = row.uuid == uuid and {} or chains and chains_of(where, row, must)
    for source in pairs(disks or users.disks_of(where, row.uuid, row)) do
      names[#names + 1], paths[#paths + 1] = row.name, source
    end
  end
  return names, paths
end

-- Another node that libvirt reaches and ssh does not is asked by libvirt alone: the same path may be the same file
-- there.
local function users_by_path(path, names, paths)
  local list = {}
  for i, other in ipairs(paths) do
    list[#list + 1] = other == path and names[i] or nil
  end
  return list
end

local function users_on(name, where, path, inode, fstype, o)
  local names, paths = list_disks(name, (o.node == nil or o.node == name) and o.uuid or nil, o.chains, name == where)
  local other = o.other and o.other.node == name and o.other.path or ""
  local out, err = mig.try(function()
    return mig.node(name):tool("file_users", path, inode, name == where and "here" or "there", fstype, other,
      o.running and o.uuid or "", table.unpack(paths))
  end)
  if err and (name == where or err.code == "cancelled") then
    error(err, 0)
  elseif err then
    return users_by_path(path, names, paths)
  end
  local list, seen = {}, {}
  local function add(text)
    list[#list + 1] = not seen[text] and text or nil
    seen[text] = true
  end
  for line in out:gmatch "[^\n]+" do
    local i, pid, command = line:match "^disk (%d+)$", line:match "^open (%d+) ?(.*)$"
    if i then
      add(names[math.tointeger(i)])
    elseif pid then
      add(("%s (process %s)"):format(command ~= "" and command or "a program", pid))
    elseif line == "locked" then
      add "an image lock of QEMU"
    end
  end
  return list
end

-- Who needs the file or device that `where` knows as `path`, on any node, as texts "web on source"; `inode` as
-- node.stat() tells it. o.uuid, o.node: a definition that does not count (without a node: on none); o.running: nor does
-- what that guest has open; o.chains: it may be what other disks lie on, which takes longer to find out; o.other:
-- {node, path} of a file that is known to be another one; o.nodes: who is asked, if not all hypervisors. Raises when
-- one of these does not answer.
function users.of(where, path, inode, o)
  o = o or {}
  local names, all = o.nodes or whereabouts.hypervisors(), {}
  local work, found = {}, {}
  local fstype = mig.node(where):tool("file_fstype", path):match "%S*"
  for i, name in ipairs(names) do
    work[i] = function()
      found[i] = users_on(name, where, path, inode, fstype, o)
    end
  end
  mig.all(work)
  for i, name in ipairs(names) do
    for _, user in ipairs(found[i]) do
      all[#all + 1] = ("%s on %s"):format(user, name)
    end
  end
  return all
end

-- Whose definitions on one node name it, by whatever name; the domain with that uuid aside.
function users.defined_on(where, path, uuid)
  return users_on(where, where, path, "-", "", { node = where, uuid = uuid })
end

-- Other guests may read a base image or a CD-ROM's image meanwhile, on both nodes. file: a row of `domfiles`.
function users.are_common(file)
  return file.readonly or file.kind == "backing"
end

-- Raises where a guest of the node, as it runs or as it is defined, names what is about to be taken away from it:
-- `name` of a kind that xml.needs() knows. but: the uuid of a guest that may, or nil.
function users.assert_none(where, kind, name, but)
  for _, row in ipairs(mig.list { all = true, node = where }) do
    for _, inactive in ipairs(row.uuid ~= but and { false, true } or {}) do
      if lists.has(xml.needs(mig.dumpxml { row.uuid .. "@" .. where, inactive = inactive })[kind], name) then
        mig.fail("state", "move that guest away first, or leave it as it is: rollback ID --forget closes the journal",
          "%s of %s is used by %s: it is not taken back", name, where, row.name)
      end
    end
  end
end

return users
