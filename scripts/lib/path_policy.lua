-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where on a node files of a guest may be written. A guest's definition comes from a source that may be compromised, or
-- out of a directory that anybody made, and what it calls a disk becomes a file of root's: so the place has to be one
-- for images by the destination's own word, or by the operator's. `judge` is pure; `check` asks the node.
local pools = require "lib.pools"
local policy = {}

-- Nothing of a guest's is there, and what is there is obeyed.
local OBEYED = { "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/efi", "/proc",
  "/sys", "/dev", "/run", "/var/run", "/var/lock", "/var/spool", "/var/cache", "/var/log", "/var/mail", "/var/www",
  "/var/backups", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/systemd" }
-- There may be images, but only somebody there knows that.
local PRIVATE = { "/root", "/home", "/opt", "/tmp", "/var", "/snap", "/nix" }
-- libvirt's own, for what it puts there by itself.
local LIBVIRT = { "/var/lib/libvirt/images", "/var/lib/libvirt/boot", "/var/lib/libvirt/qemu/nvram",
  "/var/lib/libvirt/qemu/save", "/var/lib/libvirt/qemu/snapshot", "/var/lib/libvirt/swtpm" }

-- Is it that directory or below it?
local function is_below(path, dir)
  return path == dir or path:sub(1, #dir + 1) == dir .. "/"
end

local function is_in(path, dirs)
  for _, dir in ipairs(dirs) do
    if is_below(path, dir) then
      return true
    end
  end
  return false
end

local function directory(path)
  local dir = path:match "^(.*)/[^/]*$"
  return dir == "" and "/" or dir
end

-- Why that cannot be the path of a guest's file anywhere, or nil.
function policy.bad_form(path)
  if path:sub(1, 1) ~= "/" or path:find "//" or path:find "/$" or path:find "%c" then
    return ("'%s' is not the absolute path of a file"):format(path)
  end
  for part in path:gmatch "[^/]+" do
    if part:sub(1, 1) == "." then
      return ("'%s' leads where a guest has no files"):format(path)
    end
  end
end

-- A device may be in /dev.
function policy.is_obeyed(path, is_device)
  return is_in(path, OBEYED) and not (is_device and is_below(path, "/dev"))
end

-- Does the operator's --allow-host-path cover it?
function policy.is_allowed(path, allowed)
  return not (path .. "/"):find "/%.%.?/" and not path:find "//" and is_in(path, allowed or {})
end

-- What --allow-host-path says has to be paths.
function policy.check_allowed(allowed)
  for _, path in ipairs(allowed or {}) do
    if path:sub(1, 1) ~= "/" or path == "/" or path:find "/$" or path:find "//" or (path .. "/"):find "/%.%.?/" then
      mig.fail("usage", nil, "--allow-host-path: '%s' is not the absolute path of a file or directory", path)
    end
  end
end

-- May the guest's file be written there? nil, or why not. `o`: {device = it is one, allowed = of --allow-host-path,
-- targets = directories that --map path= names, pools, cloned, users = {[DIRECTORY] = true}: of pools there, of pools
-- that --clone will make there, where other domains have disks, real = the directory behind all links, holds =
-- "images", "nothing", "else", or nil: it is not there}.
function policy.judge(path, o)
  if policy.is_allowed(path, o.allowed) then
    return nil
  end
  local wrong, dir = policy.bad_form(path), directory(path)
  if wrong then
    return wrong
  end
  local real = o.real or dir
  if policy.is_obeyed(path, o.device) or not o.device and policy.is_obeyed(real .. "/x") then
    return ("'%s' is a place of the system"):format(path)
  elseif o.device or is_in(path, o.targets) or is_in(dir, LIBVIRT) or o.pools[dir] or o.pools[real] or o.users[dir]
    or o.users[real] then
    return nil
  elseif is_in(path, PRIVATE) or is_in(real .. "/x", PRIVATE) or dir == "/" then
    return ("'%s' is in no directory of images"):format(path)
  elseif o.cloned[dir] or o.holds ~= "else" then
    return nil
  end
  return ("%s holds other things than images"):format(dir)
end

-- Asking --------------------------------------------------------------------------------------------------------------

local function pool_directories(where)
  local dirs = {}
  for _, pool in ipairs(pools.list(where, true)) do
    dirs[pool.dir] = pool.dir ~= "" or nil -- some kinds have none
  end
  return dirs
end

-- Where the disks of all domains of the node are, one aside: what that one names is what is judged.
local function disk_directories(where, uuid)
  local dirs = {}
  for _, row in ipairs(mig.list { all = true, node = where }) do
    for _, block in ipairs(row.uuid ~= uuid and mig.domblklist { row.uuid .. "@" .. where } or {}) do
      local source = block.source ~= mig.null and block.source or ""
      if source:sub(1, 1) == "/" then
        dirs[directory(source)] = true
      end
    end
  end
  return dirs
end

-- {real, holds} of a directory of the node.
local function look(where, dir)
  local holds, real = mig.node(where):tool("dir_holds", dir):match "^(%l*) (.*)\nx$"
  return { real = real, holds = holds ~= "" and holds or nil }
end

local function targets_of(map)
  local list = {}
  for _, to in pairs(mig.xml_map_entries(map or {}).path or {}) do
    to = to:gsub("/+$", "")
    list[#list + 1] = to ~= "" and to or nil
  end
  return list
end

-- Raises "unsafe" unless all of these may be written: files of about.files.
function policy.check(about, files)
  local o = about.options
  local known, seen = { allowed = o.allow_host_path, targets = targets_of(o.map), users = {}, cloned = {} }, {}
  policy.check_allowed(known.allowed)
  for _, file in ipairs(files) do
    local dir = directory(file.to)
    known.pools = known.pools or pool_directories(about.dest)
    known.device, known.real, known.holds = file.to_block, nil, nil
    if o.clone and file.pool then
      known.cloned[dir] = true
    end
    if not file.to_block and policy.bad_form(file.to) == nil then
      seen[dir] = seen[dir] or look(about.dest, dir)
      known.real, known.holds = seen[dir].real, seen[dir].holds
    end
    local why = policy.judge(file.to, known)
    if why and not next(known.users) then
      known.users = disk_directories(about.dest, about.uuid)
      why = policy.judge(file.to, known)
    end
    if why then
      mig.fail("unsafe", ("another place with --map path=%s:OTHER; or, if it is to be there, --allow-host-path %s")
        :format(file.path, file.to), "%s: %s, so nothing of %s is written there", about.dest, why, about.domain)
    end
  end
end

return policy
