-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the recipes run on a node's shell, one row for each script, and what it does to the world. A row is found by
-- its text: `is` is the whole script, `has` a part of it; the first that fits counts, so what is special comes first.
-- run(world, node, args) returns what the script prints, or nil and what it says when it fails. `changes`: the
-- console can be killed before and after it. node = nil: a script of the admin's machine (lib/admin.lua).
local World = require "world"
local scripts = { rows = {} }

local function row(r)
  scripts.rows[#scripts.rows + 1] = r
end

local known = {}

function scripts.find(script)
  local found = known[script]
  if found == nil then
    for _, r in ipairs(scripts.rows) do
      if r.is == script or r.has and script:find(r.has, 1, true) then
        found = r
        break
      end
    end
    known[script] = found or false
  end
  return found or nil
end

-- Everything below a path, too.
local function remove_all(w, node, path)
  local fs = w:fs_of(node, path)
  local list = {}
  for name in pairs(fs.files) do
    if name == path or name:sub(1, #path + 1) == path .. "/" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  for _, name in ipairs(list) do
    w:unlink(node, name)
  end
  if fs.dirs[path] then
    fs.dirs[path] = nil
  end
end

local function exists(w, node, path)
  return w:get(node, path) ~= nil or w:has_dir(node, path)
end

-- Nanoseconds, as the model's clock has them.
local function time_of(seconds)
  return ("%.9f"):format(seconds)
end

scripts.remove_all, scripts.exists, scripts.time_of = remove_all, exists, time_of

-- scripts/lib/node.lua -----------------------------------------------------------------------------------------------

row { name = "stat", has = [[echo "$size $(stat -Lc '%.9Y %i %d' -- "$1") $kind"]], run = function(w, node, args)
  local file = w:get(node, args[1])
  if file then
    return ("%d %s %d %d file\n"):format(file.size, time_of(file.mtime), file.inode, file.device)
  end
  return w:has_dir(node, args[1]) and ("4096 1.000000000 2 %d directory\n"):format(node.root.number) or "none\n"
end }

row { name = "df", has = "df -P -B1", run = function(w, node, args)
  if not w:has_dir(node, args[1]) then
    return "none\n"
  end
  local mount = w:fs_of(node, args[1]) == node.root and "/" or "/srv/nfs"
  return ("fs 1000000000000 1 999999999999 1%% %s\n"):format(mount)
end }

row { name = "exists", is = '[ -e "$1" ] && echo yes || echo no', run = function(w, node, args)
  return exists(w, node, args[1]) and "yes\n" or "no\n"
end }

local function sum(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  return w:digest(file) .. "  -\n"
end

row { name = "sha256sum", is = 'sha256sum < "$1"', run = sum }
row { name = "sha256sum", is = 'head -c "$2" -- "$1" | sha256sum', run = sum }
row { name = "sha256sum", has = "find . -type f -exec sha256sum", run = sum }

-- As `stat -c "%s %.9Y %i"` tells.
local function identity(file)
  return ("%d %s %d"):format(file.size, time_of(file.mtime), file.inode)
end

row { name = "links", is = '[ ! -e "$1" ] && echo 0 || stat -Lc %h -- "$1"', run = function(w, node, args)
  local file = w:get(node, args[1])
  return (file and file.names or w:has_dir(node, args[1]) and 2 or 0) .. "\n"
end }

-- With what it was like then beside it, in a file .own.
row { name = "publish", has = 'stat -Lc "$3" -- "$1" >"$1.own"', changes = true, run = function(w, node, args, console)
  if exists(w, node, args[2]) then
    return nil, args[2] .. " is there already"
  end
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  w:create(node, args[1] .. ".own", { text = identity(file) .. "\n", size = 40 })
  console.point("in the middle of publish of " .. args[2])
  w:link(node, args[1], args[2])
  return ""
end }

row { name = "published", has = [[elif [ -e "$1" ]; then stat -Lc '- - %i' -- "$1"; fi]], run = function(w, node, args)
  local own, file = w:get(node, args[1] .. ".own"), w:get(node, args[1])
  return own and own.content.text or file and ("- - %d\n"):format(file.inode) or ""
end }

row { name = "rm if it is as it was", has = "then echo differs", changes = true, run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file or identity(file) ~= args[2] then
    return "differs\n"
  end
  w:unlink(node, args[1])
  return "removed\n"
end }

row { name = "mv", has = 'mv -nT -- "$1" "$2" && test ! -e "$1"', changes = true, run = function(w, node, args)
  if exists(w, node, args[2]) then
    return nil, args[2] .. " is there already"
  elseif not w:rename(node, args[1], args[2]) then
    return nil, "mv: cannot stat " .. args[1]
  end
  return ""
end }

row { name = "publish", has = 'if ! ln -T -- "$1" "$2"', changes = true, run = function(w, node, args)
  if exists(w, node, args[2]) then
    return nil, args[2] .. " is there already"
  end
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  w:link(node, args[1], args[2])
  return ""
end }

row { name = "rm", is = 'rm -f -- "$1"', changes = true, run = function(w, node, args)
  w:unlink(node, args[1])
  return ""
end }

row { name = "forget what was set aside", is = 'if [ -e "$2" ]; then rm -rf -- "$1"; fi', changes = true,
  run = function(w, node, args)
    if w:get(node, args[2]) then
      remove_all(w, node, args[1])
    end
    return ""
  end }

row { name = "rm -rf", is = 'rm -rf -- "$1"', changes = true, run = function(w, node, args)
  remove_all(w, node, args[1])
  return ""
end }

-- scripts/cold/copy.lua -----------------------------------------------------------------------------------------------

row { name = "own inode", has = 'elif [ -e "$1.own" ]; then cat -- "$1.own"; fi', run = function(w, node, args)
  local file = w:get(node, args[1])
  return file and file.inode .. "\n" or ""
end }

-- Nothing of a copy outlives its console here: it ends in the middle, at once.
row { name = "end what is left of a copy", has = "grep -qaF write_ranges", run = function()
  return ""
end }

row { name = "unpublish", has = 'else mv -nT -- "$2" "$1"; fi; rm -f -- "$1.own"', changes = true,
  run = function(w, node, args)
    if exists(w, node, args[1]) then
      remove_all(w, node, args[2])
    else
      w:rename(node, args[2], args[1])
    end
    w:unlink(node, args[1] .. ".own")
    return ""
  end }

row { name = "unpublish", has = 'then rm -rf -- "$2"; else mv -nT -- "$2" "$1"; fi', changes = true,
  run = function(w, node, args)
    if exists(w, node, args[1]) then
      remove_all(w, node, args[2])
    else
      w:rename(node, args[2], args[1])
    end
    return ""
  end }

row { name = "forget the first names", is = 'rm -rf -- "$1" "$1.own" "$2"', changes = true,
  run = function(w, node, args)
    for _, path in ipairs { args[1], args[1] .. ".own", args[2] } do
      remove_all(w, node, path)
    end
    return ""
  end }

row { name = "set aside", is = 'if [ ! -e "$2" ]; then mv -nT -- "$1" "$2"; fi', changes = true,
  run = function(w, node, args)
    if not exists(w, node, args[2]) then
      w:rename(node, args[1], args[2])
    end
    return ""
  end }

row { name = "put back", is = 'if [ -e "$1" ]; then mv -nT -- "$1" "$2"; fi', changes = true,
  run = function(w, node, args)
    if exists(w, node, args[1]) then
      w:rename(node, args[1], args[2])
    end
    return ""
  end }

row { name = "cp", is = 'cp --sparse=always --reflink=auto -- "$1" "$2"', changes = true, run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  w:create(node, args[2], World.copy_of(file.content))
  return ""
end }

row { name = "forget the first names", has = 'rm -rf -- "$1" "$1.tar" "$1.own" "$2"', changes = true,
  run = function(w, node, args)
    for _, path in ipairs { args[1], args[1] .. ".tar", args[1] .. ".own", args[2] } do
      remove_all(w, node, path)
    end
    return ""
  end }

-- scripts/cold/check.lua, steps.lua -----------------------------------------------------------------------------------

row { name = "type of a file system", is = 'stat -f -c %T -- "$1" 2>/dev/null || :', run = function(w, node, args)
  return w:fs_of(node, args[1]) == node.root and "ext2/ext3\n" or "nfs\n"
end }

-- scripts/guest/users.lua: the numbers of the disks that are that file, or have its name and its number elsewhere;
-- then who has it open, unless there is no number.
row { name = "users of a file", has = 'echo "disk $n"', run = function(w, node, args, _, script)
  local path, inode, out = args[1], args[2], {}
  local first = (tonumber(script:match "shift (%d)") or 2) + 1
  local it = w:get(node, path)
  if first > 3 and args[3] ~= "here" and it and tostring(it.inode) ~= inode then
    it = nil -- another one of that name
  end
  local local_there = first >= 5 and args[3] ~= "here" and args[4] == "ext2/ext3"
  local other = first == 6 and w:get(node, args[5]) or nil -- known to be another one
  local function is_it(file, name)
    local two = local_there and w:fs_of(node, name) == node.root -- a local file system on both nodes
    return file and not two and file ~= other and (file == it or tostring(file.inode) == inode
      and name:match "[^/]*$" == path:match "[^/]*$")
  end
  for i = first, args.n do
    out[#out + 1] = is_it(w:get(node, args[i]), args[i]) and ("disk %d\n"):format(i - first + 1) or nil
  end
  for _, d in ipairs(tonumber(inode) and World.sorted(node.doms) or {}) do
    for _, o in ipairs(d.active and d.active.disks or {}) do
      out[#out + 1] = (is_it(o.file, o.path) or o.base and o.base == it) and "open 4711 qemu-system-x86\n" or nil
    end
  end
  return table.concat(out)
end }

local function make_directory(w, node, args)
  w:mkdir(node, args[1])
  return ""
end

row { name = "mkdir", is = 'umask 066 && mkdir -p -- "$1"', changes = true, run = make_directory }
row { name = "mkdir", is = 'mkdir -p -- "$1"', changes = true, run = make_directory }

row { name = "rmdir", is = 'rmdir -- "$1" 2>/dev/null; :', changes = true, run = function(w, node, args)
  w:rmdir(node, args[1])
  return ""
end }

-- scripts/lib ---------------------------------------------------------------------------------------------------------

row { name = "what a directory holds", has = [[printf '%s %s' "$holds" "$real"]], run = function(w, node, args)
  local holds = not w:has_dir(node, args[1]) and "" or "nothing"
  for path in pairs(w:fs_of(node, args[1]).files) do
    if World.parent(path) == args[1] and path:find "%.qcow2$" then
      holds = "images"
    end
  end
  return ("%s %s\nx"):format(holds, args[1])
end }

row { name = "qemu-img info", is = 'qemu-img info -U --output=json -- "$1"', run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  local text = "qemu-img info " .. args[1]
  w.json[text] = { filename = args[1], format = "qcow2", ["backing-filename"] = file.content.backing }
  return text
end }

-- scripts/cleanup.lua -------------------------------------------------------------------------------------------------

row { name = "find parts", has = "for f in .migsh-* ..migsh-*.migsh-part", run = function(w, node, args)
  local out = {}
  for path in pairs(w:fs_of(node, args[1]).files) do
    local name = World.parent(path) == args[1] and path:match "/(%.[^/]*)$"
    if name and (name:find "^%.migsh%-" or name:find "^%.%.migsh%-.*%.migsh%-part$") then
      out[#out + 1] = name
    end
  end
  table.sort(out)
  return #out > 0 and table.concat(out, "\n") .. "\n" or ""
end }

-- scripts/image/import.lua --------------------------------------------------------------------------------------------

local function forget_part(w, node, args)
  w:unlink(node, (args[1]:gsub("/([^/]*)$", "/.%1.migsh-part")))
  w:unlink(node, args[1] .. ".base64")
  return ""
end

row { name = "forget the part", is = 'd=${1%/*}; rm -f -- "$d/.${1##*/}.migsh-part"', changes = true,
  run = forget_part }
row { name = "forget the part", is = 'd=${1%/*}; rm -f -- "$d/.${1##*/}.migsh-part" "$1.base64"', changes = true,
  run = forget_part }

-- On the admin's machine (lib/admin.lua) -----------------------------------------------------------------------------

row { name = "realpath", is = 'realpath -m -- "$1"; echo x', run = function(_, _, args)
  return args[1] .. "\nx\n"
end }

row { name = "size", has = "then stat -c %s --", run = function(w, _, args)
  local file = w.admin_files[args[1]]
  return file and file.size .. "\n" or "none\n"
end }

row { name = "chmod", is = 'chmod 600 -- "$1" && sync -- "$1"', run = function()
  return ""
end }

return scripts
