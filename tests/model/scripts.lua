-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the recipes run on a node as root, one row for each tool (scripts/tools, and those of the copy engine), by its
-- name, and for each command, by its first word; and what it does to the world. run(world, node, args) returns what it
-- prints, or nil and what it says when it fails. Of a command the args are the words behind "--". `changes`: the
-- console can be killed before and after it. node = nil: on the admin's machine (lib/admin.lua).
local World = require "world"
local scripts = { tools = {}, commands = {} }

local function row(r)
  scripts.tools[r.tool or ""], scripts.commands[r.command or ""] = r.tool and r, r.command and r
  r.name = r.tool or r.command
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

-- scripts/lib/node.lua ------------------------------------------------------------------------------------------------

-- A guest that runs writes: no two looks at its disk say the same.
row { tool = "file_stat", run = function(w, node, args)
  local file = w:get(node, args[1])
  if file then
    if w:is_written(file) then
      World.touch(w, file)
    end
    return ("%d %s %d %d file\n"):format(file.size, time_of(file.mtime), file.inode, file.device)
  end
  return w:has_dir(node, args[1]) and ("4096 1.000000000 2 %d directory\n"):format(node.root.number) or "none\n"
end }

row { tool = "file_free", run = function(w, node, args)
  if not w:has_dir(node, args[1]) then
    return "none\n"
  end
  local mount = w:fs_of(node, args[1]) == node.root and "/" or "/srv/nfs"
  return ("fs 1000000000000 1 999999999999 1%% %s\n"):format(mount)
end }

row { tool = "file_exists", run = function(w, node, args)
  return exists(w, node, args[1]) and "yes\n" or "no\n"
end }

local function sum(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  return w:digest(file) .. "  -\n"
end

row { tool = "file_digest", run = sum }

-- As `stat -c "%s %.9Y %i"` tells.
local function identity(file)
  return ("%d %s %d"):format(file.size, time_of(file.mtime), file.inode)
end

row { tool = "file_links", run = function(w, node, args)
  local file = w:get(node, args[1])
  return (file and file.names or w:has_dir(node, args[1]) and 2 or 0) .. "\n"
end }

-- With what it was like then beside it, in a file .own.
row { tool = "stage_publish", changes = true, run = function(w, node, args, console)
  if exists(w, node, args[2]) then
    return nil, args[2] .. " already exists"
  end
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  w:create(node, args[3], { text = identity(file) .. "\n", size = 40 })
  console.point("in the middle of publish of " .. args[2])
  w:link(node, args[1], args[2])
  return ""
end }

row { tool = "stage_published", run = function(w, node, args)
  local own, file = w:get(node, args[2]), w:get(node, args[1])
  return own and own.content.text or file and ("- - %d\n"):format(file.inode) or ""
end }

row { tool = "file_remove_if", changes = true, run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file or identity(file) ~= args[2] then
    return "differs\n"
  end
  w:unlink(node, args[1])
  return "removed\n"
end }

row { tool = "file_rename", changes = true, run = function(w, node, args)
  if exists(w, node, args[2]) then
    return nil, args[2] .. " already exists"
  elseif not w:rename(node, args[1], args[2]) then
    return nil, "mv: cannot stat " .. args[1]
  end
  return ""
end }

row { command = "rm", changes = true, run = function(w, node, args)
  for _, path in ipairs(args) do
    remove_all(w, node, path)
  end
  return ""
end }

row { tool = "stage_drop", changes = true,
  run = function(w, node, args)
    if w:get(node, args[2]) then
      remove_all(w, node, args[1])
    end
    return ""
  end }

-- scripts/cold/copy.lua -----------------------------------------------------------------------------------------------

-- Nothing of a copy outlives its console here: it ends in the middle, at once.
row { tool = "copy_end", run = function()
  return ""
end }

row { tool = "stage_unpublish", changes = true, run = function(w, node, args)
  if exists(w, node, args[1]) then
    remove_all(w, node, args[2])
  else
    w:rename(node, args[2], args[1])
  end
  w:unlink(node, args[3])
  return ""
end }

row { tool = "stage_aside", changes = true,
  run = function(w, node, args)
    if not exists(w, node, args[2]) then
      w:rename(node, args[1], args[2])
    end
    return ""
  end }

row { tool = "stage_back", changes = true,
  run = function(w, node, args)
    if exists(w, node, args[1]) then
      w:rename(node, args[1], args[2])
    end
    return ""
  end }

row { command = "cp", changes = true, run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  w:create(node, args[2], World.copy_of(file.content))
  return ""
end }

-- scripts/cold/check.lua, steps.lua -----------------------------------------------------------------------------------

row { tool = "file_fstype", run = function(w, node, args)
  return w:fs_of(node, args[1]) == node.root and "ext2/ext3\n" or "nfs\n"
end }

-- scripts/guest/users.lua: the numbers of the disks that are that file, or have its name and its number elsewhere;
-- then who has it open, unless there is no number.
row { tool = "file_users", run = function(w, node, args)
  local path, inode, out = args[1], args[2], {}
  local it, first = w:get(node, path), 7
  if args[3] ~= "here" and it and tostring(it.inode) ~= inode then
    it = nil -- another one of that name
  end
  local local_there = args[3] ~= "here" and args[4] == "ext2/ext3"
  local other = w:get(node, args[5]) -- known to be another one
  local function is_it(file, name)
    local two = local_there and w:fs_of(node, name) == node.root -- a local file system on both nodes
    return file and not two and file ~= other and (file == it or tostring(file.inode) == inode
      and name:match "[^/]*$" == path:match "[^/]*$")
  end
  for i = first, #args do
    out[#out + 1] = is_it(w:get(node, args[i]), args[i]) and ("disk %d\n"):format(i - first + 1) or nil
  end
  for _, d in ipairs(tonumber(inode) and World.sorted(node.doms) or {}) do
    for _, o in ipairs(d.active and d.active.disks or {}) do
      local open = is_it(o.file, o.path) or o.base and o.base == it
      out[#out + 1] = open and d.uuid ~= args[6] and "open 4711 qemu-system-x86\n" or nil
    end
  end
  return table.concat(out)
end }

local function make_directory(w, node, args)
  w:mkdir(node, args[1])
  return ""
end

row { tool = "dir_make", changes = true, run = make_directory }
row { command = "mkdir", changes = true, run = make_directory }

row { tool = "dir_remove", changes = true, run = function(w, node, args)
  w:rmdir(node, args[1])
  return ""
end }

-- scripts/care --------------------------------------------------------------------------------------------------------

-- As if the host had no perl, and its bridge knew the guest's tap.
row { tool = "announce", run = function()
  return "perl\n"
end }

row { tool = "bridge_look", run = function()
  return "tap vnet0 fe:54:00:00:00:01 br0 bridge\nfdb 52:54:00:00:00:01 vnet0 br0\n"
end }

row { tool = "conntrack_look", run = function()
  return "off\n"
end }

row { command = "date", run = function(w)
  return ("%.9f\n"):format(w.clock)
end }

-- scripts/lib ---------------------------------------------------------------------------------------------------------

row { tool = "dir_holds", run = function(w, node, args)
  local holds = not w:has_dir(node, args[1]) and "" or "nothing"
  for path in pairs(w:fs_of(node, args[1]).files) do
    if World.parent(path) == args[1] and path:find "%.qcow2$" then
      holds = "images"
    end
  end
  return ("%s %s\nx"):format(holds, args[1])
end }

row { command = "qemu-img", run = function(w, node, args)
  local file = w:get(node, args[1])
  if not file then
    return nil, args[1] .. ": No such file or directory"
  end
  local text = "qemu-img info " .. args[1]
  w.json[text] = { filename = args[1], format = "qcow2", ["backing-filename"] = file.content.backing }
  return text
end }

-- scripts/lib/staging.lua ---------------------------------------------------------------------------------------------

local function names_in(w, node, dir)
  local names = {}
  for path in pairs(w:fs_of(node, dir).files) do
    names[#names + 1] = World.parent(path) == dir and path:match "[^/]*$" or nil
  end
  table.sort(names)
  return names
end

row { tool = "stage_list", run = function(w, node, args)
  local out = {}
  for _, name in ipairs(names_in(w, node, args[1])) do
    local meant = name:sub(1, #args[2]) == args[2] and name:find(args[3] or "", #args[2] + 1, true)
    out[#out + 1] = meant and name .. "\n" or nil
  end
  return table.concat(out)
end }

-- The copy engine's ---------------------------------------------------------------------------------------------------

-- As core/copy/tools/copy_path.sh calls it.
function scripts.part_of(path)
  return (path:gsub("/([^/]*)$", "/.%1.migsh-part"))
end

row { tool = "copy_parts", run = function(w, node, args)
  local out = {}
  for _, file in ipairs(names_in(w, node, args[1])) do
    local name = file:match "^%.(.*)%.migsh%-part$"
    out[#out + 1] = name and name:sub(1, #args[2]) == args[2] and ("%s\n%s\n"):format(name, file) or nil
  end
  return table.concat(out)
end }

row { tool = "copy_forget", changes = true, run = function(w, node, args)
  w:unlink(node, scripts.part_of(args[1]))
  return ""
end }

-- On the admin's machine (lib/admin.lua) ------------------------------------------------------------------------------

row { command = "realpath", run = function(_, _, args)
  return args[1] .. "\n"
end }

row { tool = "file_size", run = function(w, _, args)
  local file = w.admin_files[args[1]]
  return file and file.size .. "\n" or "none\n"
end }

row { command = "chmod", run = function()
  return ""
end }

row { command = "sync", run = function()
  return ""
end }

return scripts
