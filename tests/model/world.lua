-- SPDX-License-Identifier: GPL-3.0-or-later
-- The world of the model: nodes, their files and their libvirt, all in memory. It knows what libvirt and a file
-- system do (a rename keeps the inode, a migration brings the definition along, a host that boots starts what is
-- autostarted, a managed save is restored once) and nothing of migsh. What goes wrong here and now is said by
-- world:blame(): a file that a guest has open is unlinked, a saved state meets other disks than its own. The rest is
-- judged by judge.lua.
local World = {}
World.__index = World

local SAVE_DIR <const> = "/var/lib/libvirt/qemu/save"

-- Files ---------------------------------------------------------------------------------------------------------------

local function new_fs(w, name)
  w.n_fs = w.n_fs + 1
  return { name = name, number = w.n_fs, files = {}, dirs = { ["/"] = true }, n_inodes = w.twins and 1000
    or 1000 * w.n_fs, free = {} }
end

function World:tick(seconds)
  self.clock = self.clock + (seconds or 0.001)
  return self.clock
end

local function parent(path)
  local dir = path:match "^(.*)/[^/]*$"
  return dir == "" and "/" or dir
end

World.parent = parent

-- The file system in which a path of a node lies.
function World.fs_of(_, node, path)
  for _, mount in ipairs(node.mounts) do
    if path == mount.dir or path:sub(1, #mount.dir + 1) == mount.dir .. "/" then
      return mount.fs
    end
  end
  return node.root
end

function World:get(node, path)
  return self:fs_of(node, path).files[path]
end

function World:has_dir(node, path)
  return self:fs_of(node, path).dirs[path] == true
end

function World:mkdir(node, path)
  local fs = self:fs_of(node, path)
  while path and path ~= "" and not fs.dirs[path] do
    fs.dirs[path] = true
    path = parent(path)
  end
end

-- A directory without files in it goes.
function World:rmdir(node, path)
  local fs = self:fs_of(node, path)
  for name in pairs(fs.files) do
    if parent(name) == path then
      return false
    end
  end
  fs.dirs[path] = nil
  return true
end

local function touch(w, file)
  file.mtime = w:tick()
  file.ctime = file.mtime
end

World.touch = touch

-- A new file; what had the name loses it. content: {ver =, backing =, base =, save =, text =, part =}
function World:create(node, path, content)
  local fs = self:fs_of(node, path)
  self:unlink(node, path)
  local inode = table.remove(fs.free) -- a number is used again, as file systems do
  if not inode then
    fs.n_inodes = fs.n_inodes + 1
    inode = fs.n_inodes
  end
  local file = { inode = inode, device = fs.number, size = content.size or 64 << 20, names = 1, users = {},
    content = content, fs = fs }
  touch(self, file)
  fs.files[path] = file
  fs.dirs[parent(path)] = true
  return file
end

local function in_use(file)
  return next(file.users) ~= nil
end

function World:unlink(node, path)
  local fs = self:fs_of(node, path)
  local file = fs.files[path]
  if not file then
    return false
  end
  fs.files[path] = nil
  file.names = file.names - 1
  file.ctime = self:tick()
  if in_use(file) and file.names == 0 then
    self:blame("open-unlinked", "%s: %s was removed while %s has it open", node.name, path, next(file.users))
  elseif file.names == 0 then
    fs.free[#fs.free + 1] = file.inode
  end
  return true
end

-- As `mv -nT`: not onto anything.
function World:rename(node, from, to)
  local fs = self:fs_of(node, from)
  local file = fs.files[from]
  if not file or fs.files[to] or self:fs_of(node, to) ~= fs then
    return false
  end
  fs.files[from], fs.files[to] = nil, file
  file.ctime = self:tick()
  if in_use(file) then
    self:blame("open-unlinked", "%s: %s was renamed to %s while %s has it open", node.name, from, to, next(file.users))
  end
  return true
end

function World:link(node, from, to)
  local fs = self:fs_of(node, from)
  local file = fs.files[from]
  if not file or fs.files[to] then
    return false
  end
  fs.files[to] = file
  file.names = file.names + 1
  file.ctime = self:tick()
  return true
end

function World.copy_of(content)
  local copy = {}
  for key, value in pairs(content) do
    copy[key] = value
  end
  return copy
end

-- The bytes of `content` into a file that is there.
function World:overwrite(node, path, content)
  local file = self:get(node, path)
  if in_use(file) then
    self:blame("open-replaced", "%s: %s was written over while %s has it open", node.name, path, next(file.users))
  end
  file.content = World.copy_of(content)
  file.size = content.size or file.size
  touch(self, file)
end

-- What a checksum tells.
function World:digest(file)
  local c = file.content
  local key = c.part and "part" .. c.part or c.text and "text" .. c.text or c.ver and ("ver %d %s"):format(c.ver.id,
    c.backing or "") or "save"
  self.digests[key] = self.digests[key] or #self.digests + 1
  if not self.digests[self.digests[key]] then
    self.digests[#self.digests + 1] = key
  end
  return ("%064x"):format(self.digests[key])
end

-- What guests write ---------------------------------------------------------------------------------------------------

-- A version of a disk: what was there before, and one write more. `disk` is "UUID vda".
function World:version(disk, from)
  self.n_versions = self.n_versions + 1
  return { id = self.n_versions, from = from, disk = disk }
end

-- The newest versions of a disk: more than one once two copies were written to.
function World:heads(disk)
  self.newest[disk] = self.newest[disk] or {}
  return self.newest[disk]
end

-- What has been written is owed to the operator from then on.
function World:write(file, disk)
  self.guests[disk:match "^%S+"].owed = true
  local v = self:version(disk, file.content.ver)
  local heads = self:heads(disk)
  local from = v.from
  while from do
    heads[from] = nil
    from = from.from
  end
  heads[v] = true
  local content = World.copy_of(file.content)
  content.ver = v
  file.content = content
  touch(self, file)
end

-- Is that version still in some file?
function World:is_somewhere(v)
  for _, fs in ipairs(self.all_fs) do
    for _, file in pairs(fs.files) do
      if file.content.ver == v then
        return true
      end
    end
  end
  return false
end

-- Domains -------------------------------------------------------------------------------------------------------------

local known = setmetatable({}, { __mode = "v" }) -- the same few definitions are read again and again

-- {name, uuid, mark, disks = {{target, path}}} of a definition.
local function read(text)
  if not known[text] then
    local ok, doc = pcall(mig.xml, text)
    if not ok then
      error("the model: no definition: " .. text) -- as a text: a mistake, and no result
    end
    local d = { name = doc:get "name", uuid = doc:get "uuid", mark = mig.xml_mark(text), disks = {} }
    for i, disk in ipairs(doc:each "devices/disk") do
      d.disks[i] = { path = disk:get "source/@file", target = disk:get "target/@dev" }
    end
    known[text] = d
  end
  return known[text]
end

function World.disks(text)
  return read(text).disks
end

-- Was its definition left behind by a migration?
function World.is_moved(d)
  local mark = d.xml and read(d.xml).mark
  return mark ~= nil and mark.role == "moved"
end

function World.xml(name, uuid, disks)
  local lines = { "<domain type='qemu'>", "  <name>" .. name .. "</name>", "  <uuid>" .. uuid .. "</uuid>",
    "  <memory unit='KiB'>32768</memory>", "  <os>", "    <type arch='x86_64'>hvm</type>", "  </os>", "  <devices>" }
  for _, disk in ipairs(disks) do
    table.move({ "    <disk type='file' device='disk'>", "      <driver name='qemu' type='qcow2'/>",
      ("      <source file='%s'/>"):format(disk.path), ("      <target dev='%s' bus='virtio'/>"):format(disk.target),
      "    </disk>" }, 1, 5, #lines + 1, lines)
  end
  table.move({ "    <interface type='bridge'>", "      <mac address='52:54:00:00:00:01'/>",
    "      <source bridge='br0'/>", "    </interface>", "    <channel type='unix'>",
    "      <target type='virtio' name='org.qemu.guest_agent.0'/>",
    "    </channel>" }, 1, 7, #lines + 1, lines)
  lines[#lines + 1] = "  </devices>\n</domain>\n"
  return table.concat(lines, "\n")
end

function World.save_path(d)
  return ("%s/%s.save"):format(SAVE_DIR, d.name)
end

function World.is_active(d)
  return d ~= nil and d.active ~= nil
end

-- Every place where a guest is: {node, d}.
function World:places(uuid)
  local list = {}
  for _, name in ipairs(self.order) do
    local d = self.nodes[name].doms[uuid]
    if d then
      list[#list + 1] = { node = self.nodes[name], d = d }
    end
  end
  return list
end

function World:active_places(uuid)
  local list = {}
  for _, p in ipairs(self:places(uuid)) do
    list[#list + 1] = p.d.active and p or nil
  end
  return list
end

local function prune(node, d)
  if not d.xml and not d.active then
    node.doms[d.uuid] = nil
  end
end

function World.define(_, node, text)
  local name, uuid = read(text).name, read(text).uuid
  for _, d in pairs(node.doms) do
    if d.name == name and d.uuid ~= uuid then
      return nil, ("domain '%s' already exists with uuid %s"):format(name, d.uuid)
    end
  end
  local d = node.doms[uuid] or { uuid = uuid, name = name, off_reason = "unknown", autostart = false }
  node.doms[uuid], d.xml, d.name = d, text, name
  return d
end

function World:undefine(node, d, managed_save)
  if not d.xml then
    return nil, "cannot undefine transient domain"
  elseif d.saved and not managed_save then
    return nil, "Refusing to undefine while domain managed save image exists"
  elseif d.saved then
    self:unlink(node, World.save_path(d))
  end
  d.xml, d.autostart, d.saved = nil, false, nil
  prune(node, d)
  return true
end

local function open_disks(w, node, d, text)
  local opened = {}
  for _, disk in ipairs(World.disks(text)) do
    local file = w:get(node, disk.path)
    if not file then
      return nil, ("Cannot access storage file '%s': No such file or directory"):format(disk.path)
    end
    local base = file.content.backing and w:get(node, file.content.backing)
    opened[#opened + 1] = { file = file, disk = d.uuid .. " " .. disk.target, path = disk.path, base = base }
  end
  for _, o in ipairs(opened) do
    o.file.users[("%s on %s"):format(d.name, node.name)] = "writes"
    if o.base then
      o.base.users[("%s on %s"):format(d.name, node.name)] = "reads"
    end
  end
  return opened
end

-- The state that was saved belongs to the disks of then.
local function restore(w, node, d, opened)
  local path = World.save_path(d)
  local save = w:get(node, path)
  if not save then
    return false
  end
  for _, o in ipairs(opened) do
    if save.content.save[o.disk] ~= o.file.content.ver then
      w:blame("stale-save", "%s: the saved state of %s was restored on a disk (%s) that had been written to since",
        node.name, d.name, o.path)
    end
  end
  w:unlink(node, path)
  d.saved = nil
  return true
end

function World:start(node, d)
  local opened, err = open_disks(self, node, d, d.xml)
  if not opened then
    d.off_reason = "failed"
    return nil, err
  end
  self:check_newest(node, d, opened)
  local restored = restore(self, node, d, opened)
  d.active = { state = "running", reason = restored and "restored" or "booted", xml = d.xml, disks = opened }
  self:ran(node, d)
  return true
end

-- A start on old bytes while newer ones are elsewhere: from then on there are two histories.
function World:check_newest(node, d, opened)
  for _, o in ipairs(opened) do
    for head in pairs(self:heads(o.disk)) do
      if o.file.content.ver ~= head and self:is_somewhere(head) then
        self:blame("stale-start", "%s: %s was started on a disk (%s) that is not the newest one", node.name, d.name,
          o.path)
      end
    end
  end
end

function World:ran(node, d)
  self.guests[d.uuid].last_on = node.name
end

local function close_disks(node, d)
  for _, o in ipairs(d.active.disks) do
    o.file.users[("%s on %s"):format(d.name, node.name)] = nil
    if o.base then
      o.base.users[("%s on %s"):format(d.name, node.name)] = nil
    end
  end
end

function World.stop(_, node, d, reason)
  close_disks(node, d)
  d.active, d.off_reason = nil, reason
  prune(node, d)
end

function World:guest_writes(d)
  for _, o in ipairs(d.active.disks) do
    self:write(o.file, o.disk)
  end
end

-- Does a running guest have it as a disk?
function World:is_written(file)
  for _, node in pairs(self.nodes) do
    for _, d in pairs(node.doms) do
      for _, o in ipairs(d.active and d.active.state == "running" and d.active.disks or {}) do
        if o.file == file then
          return true
        end
      end
    end
  end
  return false
end

function World:managed_save(node, d)
  local save = {}
  for _, o in ipairs(d.active.disks) do
    save[o.disk] = o.file.content.ver
  end
  self:stop(node, d, "saved")
  self:create(node, World.save_path(d), { save = save, size = 32 << 20 })
  d.saved = true
end

-- Live, as virDomainMigrate3 does it: what the destination gets is the source's definition of now (and its persistent
-- one), mark and all; the source keeps its own unless it is undefined. copy: the disks, too.
function World:migrate(from, d, to, how)
  local arrive, err = self:migrate_begin(from, d, to, how)
  if not arrive then
    return nil, err
  end
  arrive()
  self:migrate_end(from, d, how)
  return true
end

-- In three parts: all is sent, and the source is paused; it runs there; the source lets go. Returns the second.
function World:migrate_begin(from, d, to, how)
  local there = to.doms[d.uuid]
  if there and there.active then
    return nil, ("domain '%s' is already active on %s"):format(d.name, to.name)
  end
  for _, disk in ipairs(World.disks(d.active.xml)) do
    local mine = self:get(from, disk.path)
    if how.copy and self:fs_of(to, disk.path) ~= mine.fs then
      local whole = { ver = mine.content.ver } -- what backs it is copied into it
      if self:get(to, disk.path) then
        self:overwrite(to, disk.path, whole)
      elseif self:has_dir(to, parent(disk.path)) then
        self:create(to, disk.path, whole)
      else
        return nil, "no such directory: " .. disk.path
      end
    elseif not self:get(to, disk.path) then
      return nil, ("Cannot access storage file '%s'"):format(disk.path)
    end
  end
  local text, persistent = d.active.xml, d.xml
  d.active.state, d.active.reason = "paused", "migrating"
  return function()
    there = to.doms[d.uuid] or { uuid = d.uuid, name = d.name, off_reason = "unknown", autostart = false }
    to.doms[d.uuid] = there
    there.active = { state = "running", reason = "migrated", xml = text, disks = {} }
    if how.persistent then
      there.xml = persistent or text
    end
    there.active.disks = assert(open_disks(self, to, there, text))
    self:ran(to, there)
  end
end

function World:migrate_end(from, d, how)
  local persistent = d.xml
  self:stop(from, d, "migrated")
  if how.undefine_source and persistent then
    self:undefine(from, d, true)
  end
end

-- Hosts ---------------------------------------------------------------------------------------------------------------

-- The daemon forgets why what is off is off; it finds saved states anew.
function World:restart_libvirtd(node)
  for _, d in pairs(node.doms) do
    if not d.active then
      d.off_reason = "unknown"
      d.saved = self:get(node, World.save_path(d)) and true or nil
    end
  end
end

local function sorted(doms)
  local list = {}
  for _, d in pairs(doms) do
    list[#list + 1] = d
  end
  table.sort(list, function(a, b)
    return a.uuid < b.uuid
  end)
  return list
end

World.sorted = sorted

-- What ran is dead, what is autostarted starts.
function World:reboot(node)
  for _, d in ipairs(sorted(node.doms)) do
    if d.active then
      self:stop(node, d, "unknown")
    end
  end
  self:restart_libvirtd(node)
  for _, d in ipairs(sorted(node.doms)) do
    if d.autostart then
      self:start(node, d)
    end
  end
end

-- --------------------------------------------------------------------------------------------------------------------

-- blame: only what happens while migsh acts, or because of what it left (by_host), counts.
function World:blame(kind, format, ...)
  if self.actor ~= "operator" then
    self.wrongs[#self.wrongs + 1] = { kind = kind, text = format:format(...) }
  end
end

-- Something that the model itself cannot do: never to be taken for a result.
function World:broken(format, ...)
  self.fatal = self.fatal or format:format(...)
end

-- names: those of the nodes; share: which of them mount the shared directory; twins: file systems that give the same
-- numbers to their files.
function World.new(names, share, twins)
  local w = setmetatable({ clock = 1000, twins = twins, n_versions = 0, n_fs = 0, nodes = {}, order = names,
    all_fs = {}, digests = {}, newest = {}, guests = {}, wrongs = {}, actor = "operator", silent = {} }, World)
  local shared = new_fs(w, "the share")
  shared.dirs["/srv/nfs"] = true
  w.all_fs[1] = shared
  for _, name in ipairs(names) do
    local root = new_fs(w, name)
    root.dirs["/var/lib/libvirt/images"], root.dirs[SAVE_DIR] = true, true
    w.all_fs[#w.all_fs + 1] = root
    w.nodes[name] = { name = name, root = root, mounts = share[name] and { { dir = "/srv/nfs", fs = shared } } or {},
      doms = {} }
  end
  w.admin_files = {} -- of the admin's machine
  return w
end

return World
