-- SPDX-License-Identifier: GPL-3.0-or-later
-- Files on a node, for cold-migrate and its like: every path is an argument of a fixed script, never part of one. By
-- sudo where the login is not root's. An answer that cannot be read is an error, never "it is not there".
local node = {}

local AS_ROOT = [[
if [ "$(id -u)" = 0 ]; then exec sh -c "$@"; fi
exec sudo -n sh -c "$@"]]

local function output(name, r)
  if r.status ~= 0 then
    local said = r.stderr:gsub("%s+$", ""):gsub("^migsh: ", "")
    mig.error { code = "failed", msg = ("%s: %s"):format(name, said ~= "" and said or "exit status " .. r.status) }
  end
  return r.stdout
end

-- What the script prints; its arguments are $1, $2 … An exit status but 0 is raised, with what it said.
function node.sh(name, script, ...)
  return output(name, mig.node(name):exec { "sh", "-c", AS_ROOT, "migsh", script, "migsh", ... })
end

-- The same, with `input` for its standard input: what may not be seen in a list of processes, and is of any length.
function node.sh_with(name, input, script, ...)
  local file <close> = mig.text_file(input)
  return output(name, mig.node(name):exec({ "sh", "-c", AS_ROOT, "migsh", script, "migsh", ... }, { stdin = file }))
end

-- {size, mtime, inode, device, kind = "file", "block", "directory" or "other"}, or nil: nothing has that name. The
-- time of a device node tells nothing: of a device `mtime` is "BOOT:N", N the sectors written and discarded since the
-- node was booted, and `inode` its numbers.
function node.stat(name, path)
  local out = node.sh(name, [[
if [ ! -e "$1" ] && [ ! -L "$1" ]; then echo none; exit; fi
size=$(stat -Lc %s -- "$1") || exit
kind=other
if [ -f "$1" ]; then kind=file; elif [ -d "$1" ]; then kind=directory
elif [ -b "$1" ]; then
  n=$(stat -Lc '%t %T' -- "$1") && size=$(blockdev --getsize64 "$1") || exit
  n="$((0x${n% *})):$((0x${n#* }))"
  echo "$size $(cat /proc/sys/kernel/random/boot_id):$(awk '{print $7 "+" $14}' "/sys/dev/block/$n/stat") $n 0 block"
  exit
fi
echo "$size $(stat -Lc '%.9Y %i %d' -- "$1") $kind"]], path)
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

function node.directory(path)
  local dir = path:match "^(.*)/[^/]*$"
  return dir == "" and "/" or dir
end

-- Bytes free where a file of that name would be, and the mount; nil when the directory is not there.
function node.free(name, path)
  local out = node.sh(name, [[
if [ ! -d "$1" ]; then echo none; exit; fi
df -P -B1 -- "$1" | tail -n 1]], node.directory(path))
  if out == "none\n" then
    return nil
  end
  local free, mount = out:match "^.*%s(%d+)%s+%d+%%%s+(/.*)\n$"
  return math.tointeger(free), mount
end

function node.exists(name, path)
  return node.sh(name, '[ -e "$1" ] && echo yes || echo no', path) == "yes\n"
end

-- How many names it has; 0: it is not there.
function node.links(name, path)
  return math.tointeger(tonumber(node.sh(name, '[ ! -e "$1" ] && echo 0 || stat -Lc %h -- "$1"', path)))
end

function node.sha256(name, path)
  local sum = node.sh(name, 'sha256sum < "$1"', path):match "^(%x+)"
  return sum or mig.error { code = "failed", msg = ("%s: %s: no checksum"):format(name, path) }
end

-- What stat tells of a file of ours, for scripts: the same as node.same() compares.
local IDENTITY <const> = "%s %.9Y %i"

-- Gives a complete file its name, unless something has it. What it was like then is kept beside the first name in a
-- file .own, by which it is known again; where the file system can, the first name stays, too.
function node.publish(name, from, to)
  node.sh(name, [[
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 is there already" >&2; exit 1; fi
rm -f -- "$1.own" && set -C && stat -Lc "$3" -- "$1" >"$1.own" && sync -- "$1.own" || exit
if ! ln -T -- "$1" "$2" 2>/dev/null; then
  mv -nT -- "$1" "$2" && [ ! -e "$1" ] || { echo "$2 cannot be made, or is there already" >&2; exit 1; }
fi
sync "$(dirname -- "$2")"]], from, to, IDENTITY)
end

-- What node.publish() was given under that first name: {size, mtime, inode}, or nil. Of a file that it has not named
-- yet there is only the inode.
function node.published(name, from)
  local out = node.sh(name, [[
if [ -e "$1.own" ]; then cat -- "$1.own"; elif [ -e "$1" ]; then stat -Lc '- - %i' -- "$1"; fi]], from)
  local size, mtime, inode = out:match "^(%S+) (%S+) (%d+)\n$"
  return inode and { size = math.tointeger(tonumber(size)), mtime = mtime, inode = inode } or nil
end

-- Removes it if it is as it was when `made` was seen, in one go with the look. True: it is gone.
function node.remove_if(name, path, made)
  return node.sh(name, [[
if [ -L "$1" ] || [ "$(stat -c "$3" -- "$1")" != "$2" ]; then echo differs
elif [ -d "$1" ]; then rm -rf -- "$1" && echo removed
else rm -f -- "$1" && echo removed; fi]], path, ("%s %s %s"):format(made.size or "-", made.mtime, made.inode),
    IDENTITY) == "removed\n"
end

-- Gives it another name, unless something has that.
function node.rename(name, from, to)
  node.sh(name, [[
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 is there already" >&2; exit 1; fi
mv -nT -- "$1" "$2" && test ! -e "$1"]], from, to)
end

function node.remove(name, path)
  node.sh(name, 'rm -f -- "$1"', path)
end

return node
