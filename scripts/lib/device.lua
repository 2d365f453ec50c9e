-- SPDX-License-Identifier: GPL-3.0-or-later
-- Block devices as places of a copy: which one it will be, whether it may be written, and what becomes of it when that
-- is taken back. A device that is there is written in place, and only if it holds nothing that anybody knows, or the
-- operator named it; it is never removed. A volume of a logical pool that is not there is made, and that one is ours.
-- The source is file.path on about.source, or a file of this machine, file.from.
local admin = require "lib.admin"
local node = require "lib.node"
local pools = require "lib.pools"
local device = {}

-- What to do about a CD or floppy that cannot come along.
device.EJECT = "take it out there first: change-media NAME TARGET --eject"

local fail = mig.fail

-- Where a volume of that name is in a pool of devices; file.make tells how to make it.
function device.place_volume(file, pool, name, dest)
  file.to_block = true
  if pool.type == "logical" then
    file.to, file.make = pool.dir .. "/" .. file.volume, { pool = name, volume = file.volume }
    return
  end
  local path = mig.try(mig.vol_path, { file.volume, pool = name, node = dest })
  file.to = path or fail("unsupported", "make it there first, or use another pool with --map pool=A:B", "%s: pool %s "
    .. "has no volume %s, and in one of type %s none is made", dest, name, file.volume, pool.type)
end

-- The logical pool in which a device of that path would be a volume: one that the destination has, or will have.
local function find_maker(about, file)
  local dir, name = file.to:match "^(/dev/[^/]+)/([^/]+)$"
  if not dir then
    return nil
  end
  for _, pool in ipairs(pools.list(about.dest)) do
    if pool.type == "logical" and pool.dir == dir then
      return { pool = pool.name, volume = name }
    end
  end
  local cloned = about.options.clone and file.pool and file.to == file.path and pools.find(about.source, file.pool)
  return cloned and cloned.type == "logical" and { pool = file.pool, volume = name } or nil
end

-- Whether file.to, a path, is or will be a device.
function device.place_path(about, file)
  local there = node.stat(about.dest, file.to)
  if there then
    file.to_block = there.kind == "block"
    return
  end
  file.make = find_maker(about, file)
  file.to_block = file.make ~= nil
  if not file.make and (file.to:find "^/dev/" or file.block and file.to == file.path) then
    fail("not-found", ("--map path=%s:OTHER names a device there, or a file to be made"):format(file.path),
      "%s has no device %s", about.dest, file.to)
  end
end

-- What no device, or nothing but a device, can do.
function device.check_kind(about, file)
  if file.block and (file.device == "cdrom" or file.device == "floppy") then
    fail("unsupported", device.EJECT, "%s is a drive of %s", file.path, about.source)
  elseif file.to_block and file.kind ~= "disk" and file.kind ~= "backing" then
    fail("unsupported", "--map path=A:B with a file for B", "%s on %s is a device, and takes no %s", file.to,
      about.dest, file.kind)
  elseif file.device == "lun" and not file.to_block then
    fail("unsupported", "--map path=A:B with a device for B", "%s is passed through with its SCSI commands, which a "
      .. "file does not know", file.path)
  end
end

-- Bytes that the place of the copy needs. A file of an image that is written to grows, and a device does not.
function device.needed(file)
  if file.block or file.readonly or file.kind == "backing" or file.format == "raw" then
    return file.size
  end
  local full = file.virtual_size or file.size
  return math.max(file.size, full + full // 4096 + (1 << 20)) -- its tables take a 4096th and a little more
end

local function may_overwrite(about, file)
  for _, path in ipairs(about.options.overwrite or {}) do
    if path == file.to then
      return true
    end
  end
  return false
end

-- What is at both ends: sizes, what the device holds; refused if anybody uses it or it is too small.
local function look(about, file)
  local seen = mig.disk_copy { file.from or about.source .. ":" .. file.path, about.dest .. ":" .. file.to,
    update = true, plan = true }
  if seen.to_size == mig.null then
    fail("not-found", nil, "%s has no device %s any more", about.dest, file.to)
  elseif seen.to_size < device.needed(file) then
    fail("io", "a larger device, or --map path=A:B with a file for B", "%s on %s has %d bytes, and %s can grow to %d",
      file.to, about.dest, seen.to_size, file.path, device.needed(file))
  end
  return seen
end

local function refuse_content(about, file, holds)
  fail("exists", ("if nobody needs that: --overwrite %s; or another place with --map path=%s:OTHER"):format(file.to,
    file.path), "%s on %s holds %s", file.to, about.dest, holds == "data" and "data of an unknown kind" or holds)
end

-- Of a device that is there: "onto", and what it is. `users`: whose disk it is.
function device.judge(about, file, users)
  if #users > 0 then
    fail("state", "--map path=A:B with another place for B", "%s on %s is a disk of %s", file.to, about.dest,
      table.concat(users, ", "))
  end
  local seen = look(about, file)
  if seen.to_holds ~= mig.null and not may_overwrite(about, file) then
    refuse_content(about, file, seen.to_holds)
  end
  return "onto", { size = seen.to_size, holds = seen.to_holds ~= mig.null and seen.to_holds or nil,
    number = node.stat(about.dest, file.to).inode }
end

-- Of all files together: no two of them onto one device, and nothing to overwrite that is not among them.
function device.check_all(about, actions, there)
  local seen = {}
  for i, file in ipairs(about.files) do
    local number = actions[i] == "onto" and there[i].number
    if number and seen[number] then
      fail("usage", "--map path=A:B with another place for one of them", "%s and %s on %s are one device", seen[number],
        file.to, about.dest)
    elseif number then
      seen[number], seen[file.to] = file.to, true
    end
  end
  for _, path in ipairs(about.options.overwrite or {}) do
    if not seen[path] then
      fail("usage", "it takes a device of the destination, as the plan names it", "--overwrite %s: nothing is copied "
        .. "onto such a device", path)
    end
  end
end

-- Is what the device begins with ours: sector by sector the source's, or nothing yet? What names a backing file is
-- not compared, as it may have been changed already.
local function holds_our_part(about, file)
  local source = file.from and admin.tool("file_begin", file.from)
    or mig.node(about.source):tool("file_begin", file.path)
  local theirs = source:gmatch "[^\n]+"
  local i = 0
  for sector in mig.node(about.dest):tool("file_begin", file.to):gmatch "[^\n]+" do
    i = i + 1
    local wanted = theirs()
    if sector ~= wanted and sector:find "[^0 ]" and not (file.backing and i <= 128) then
      return false
    end
  end
  return true
end

-- Right before the step's intent is written down: the device is still what `check` saw, or it is we who have begun to
-- write it (`last`: the record of an attempt before this one).
function device.assert_free(about, file, action, last)
  local began = last and last.about.begun and not (type(last.outcome) == "table" and last.outcome.code == "exists")
  if action == "create" then
    if not began and node.exists(about.dest, file.to) then
      fail("exists", "remove or rename it if nobody needs it", "%s has a new volume %s that was not there before",
        about.dest, file.to)
    end
    return
  end
  local seen = look(about, file)
  if seen.to_holds ~= mig.null and not may_overwrite(about, file) and not (began and holds_our_part(about, file)) then
    refuse_content(about, file, seen.to_holds)
  end
end

-- There to be written: made if it is to be made, and not a name at which a copy would become a file.
function device.ready(about, file, action)
  if action == "create" and not node.exists(about.dest, file.to) then
    mig.vol_create_as { file.make.pool, file.make.volume, device.needed(file), node = about.dest }
  end
  if (node.stat(about.dest, file.to) or {}).kind ~= "block" then
    fail("not-found", nil, "%s has no device %s any more", about.dest, file.to)
  end
end

-- By which libvirt tells one volume from another of the same name.
function device.key(about, file)
  return mig.xml(mig.vol_dumpxml { file.make.volume, pool = file.make.pool, node = about.dest }):get "key" or ""
end

function device.undo(tx, file, action, record)
  local about = tx.about
  local made = record.outcome ~= mig.null and record.outcome or {}
  if action == "onto" then
    tx:say(("%s on %s %s: no device is wiped"):format(file.to, about.dest, made.action == "copied"
      and "holds the copy" or "may hold a part of the copy"))
    return "left as it is"
  elseif not node.exists(about.dest, file.to) then
    return "was not there"
  elseif made.code == "exists" or made.key and made.key ~= device.key(about, file) then
    tx:say(("%s on %s is not the volume that was made: it is left alone"):format(file.to, about.dest))
    return "left alone"
  end
  mig.vol_delete { file.make.volume, pool = file.make.pool, node = about.dest }
end

-- The source's own, at the very end: a volume of a logical pool is removed, if its copy is another thing for certain (a
-- device that was there before could be the same one, on storage that both nodes see). True: removed.
function device.remove(tx, file, action)
  local about = tx.about
  local pool = file.pool and file.volume and pools.find(about.source, file.pool)
  if pool and pool.type == "logical" and (action == "create" or not file.to_block) then
    mig.vol_delete { file.volume, pool = file.pool, node = about.source }
    return true
  end
  tx:say(("%s on %s stays, and what it holds: only files and volumes of pools are removed%s"):format(file.path,
    about.source, pool and ", and its copy is on a device that was there before" or ""))
  return false
end

return device
