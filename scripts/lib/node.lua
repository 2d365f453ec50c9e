-- SPDX-License-Identifier: GPL-3.0-or-later
-- Files on a node, for cold-migrate and its like: as root, by tools (tools/*.sh), whose arguments the paths are. An
-- answer that cannot be read is an error, never "it is not there".
local node = {}

-- {size, mtime, inode, device, kind = "file", "block", "directory" or "other"}, or nil: nothing has that name. The
-- time of a device node tells nothing: of a device `mtime` is "BOOT:N", N the sectors written and discarded since the
-- node was booted, and `inode` its numbers.
function node.stat(name, path)
  local out = mig.node(name):tool("file_stat", path)
  if out == "none\n" then
    return nil
  end
  local size, mtime, inode, device, kind = out:match "^(%d+) (%S+) ([%d:]+) (%d+) (%l+)\n$"
  if not size then
    mig.error { code = "failed", msg = ("%s: %s: stat said %q"):format(name, path, out) }
  end
  return { size = math.tointeger(size), mtime = mtime, inode = inode, device = device, kind = kind }
end

-- Two stats of one device: were they had under one run of the node's kernel?
function node.same_boot(a, b)
  return a.mtime:match "^[^:]*" == b.mtime:match "^[^:]*"
end

-- Two stats of one file: is it as it was?
function node.same(a, b)
  return a ~= nil and b ~= nil and a.size == b.size and a.mtime == b.mtime and a.inode == b.inode
end

-- The same as a format of stat(1), for tools that compare.
node.IDENTITY = "%s %.9Y %i"

function node.directory(path)
  local dir = path:match "^(.*)/[^/]*$"
  return dir == "" and "/" or dir
end

-- Bytes free where a file of that name would be, and the mount; nil when the directory is not there.
function node.free(name, path)
  local out = mig.node(name):tool("file_free", node.directory(path))
  if out == "none\n" then
    return nil
  end
  local free, mount = out:match "^.*%s(%d+)%s+%d+%%%s+(/.*)\n$"
  return math.tointeger(free), mount
end

function node.exists(name, path)
  return mig.node(name):tool("file_exists", path) == "yes\n"
end

-- How many names it has; 0: it is not there.
function node.links(name, path)
  return math.tointeger(tonumber(mig.node(name):tool("file_links", path)))
end

-- Of a file, of its first `size` bytes, or of all there is in a directory.
function node.sha256(name, path, size)
  local sum = mig.node(name):tool("file_digest", path, size or ""):match "^%x+"
  return sum or mig.error { code = "failed", msg = ("%s: %s: no checksum"):format(name, path) }
end

-- Removes it if it is as it was when `made` was seen, in one go with the look. True: it is gone.
function node.remove_if(name, path, made)
  return mig.node(name):tool("file_remove_if", path, ("%s %s %s"):format(made.size or "-", made.mtime, made.inode),
    node.IDENTITY) == "removed\n"
end

-- Gives it another name, unless something has that.
function node.rename(name, from, to)
  mig.node(name):tool("file_rename", from, to)
end

-- Is that one file, which both nodes see? Proved by a marker that is beside it for a moment; a device never is, as each
-- node has a /dev of its own.
function node.is_shared(name, path, other, to)
  local seen, err = mig.try(mig.disk_copy, { name .. ":" .. path, other .. ":" .. to, update = true, plan = true })
  if err and err.code ~= "state" and err.code ~= "exists" then -- in use there, or no file: then it is another one
    error(err, 0)
  end
  return seen ~= nil and seen.shared
end

function node.remove(name, path)
  mig.node(name):run { "rm", "-f", "--", path }
end

return node
