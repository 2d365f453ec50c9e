-- SPDX-License-Identifier: GPL-3.0-or-later
-- A domain out of a directory that export-domain made, onto a node. The directory may come from anywhere: its manifest
-- is judged first (image/manifest.lua), everything is compared with it before anything is defined, nothing that is on
-- the node is overwritten, and whatever was made is taken back if a step fails.
local disk = require "image.disk"
local manifest = require "image.manifest"
local node = require "cold.node"
local report = require "migsh.report"

local RESERVE = 64 << 20 -- bytes that stay free

local fail = mig.fail

local function given(value)
  return value ~= mig.null and value or nil
end

local function unescape(text)
  return (text:gsub("&(%w+);", { lt = "<", gt = ">", quot = '"', apos = "'", amp = "&" }))
end

-- The manifest, and the texts of the descriptions in its `text`s; everything in the directory is as it says, but for
-- the checksums of what is large, which are compared on the node.
local function read(dir)
  local m = manifest.check(mig.json_decode(disk.read(dir .. "/" .. manifest.NAME)))
  for _, d in ipairs(m.descriptions) do
    d.text = disk.read(dir .. "/" .. d.name)
    if #d.text ~= d.size or mig.sha256(d.text) ~= d.sha256 then
      fail("verdict", nil, "%s is not what was exported", d.name)
    end
  end
  for _, file in ipairs(m.files) do
    local size = disk.size(dir .. "/" .. file.name)
    if not size then
      fail("not-found", nil, "%s is not in the directory", file.name)
    elseif size ~= file.size then
      fail("verdict", nil, "%s has %d bytes, and %d were exported", file.name, size, file.size)
    end
  end
  return m
end

-- {name, uuid} of the definition itself: what will be defined is this, whatever the manifest says.
local function check_identity(m)
  for _, d in ipairs(m.descriptions) do
    if d.what == "domain" then
      local name, uuid = d.text:match "<name>([^<]*)</name>", d.text:match "<uuid>%s*([%x-]+)%s*</uuid>"
      if not name or unescape(name) ~= m.domain.name or uuid ~= m.domain.uuid then
        fail("unsafe", nil, "the manifest is of %s (%s), the definition of another domain", m.domain.name,
          m.domain.uuid)
      end
    end
  end
end

local function pool_target(pool, where)
  local text, err = mig.try(mig.pool_dumpxml, { pool, node = where })
  if err then
    if err.code == "not-found" then
      err.hint = ("--map pool=%s:OTHER, or pool-clone it"):format(pool)
    end
    error(err, 0)
  end
  return (unescape(text:match "<path>([^<]*)</path>" or ""):gsub("(.)/$", "%1"))
end

-- Where each file goes, as file.to; the pools to be looked at afterwards.
local function place_files(m, dest, map)
  local pools, seen = {}, {}
  for _, file in ipairs(m.files) do
    if given(file.pool) and given(file.volume) then
      local mapped = mig.xml_map(("<source pool='%s'/>"):format(file.pool:gsub("[&<>']", { ["&"] = "&amp;",
        ["<"] = "&lt;", [">"] = "&gt;", ["'"] = "&apos;" })), map)
      local pool = unescape(mapped:match "pool=[\"']([^\"']*)" or file.pool)
      file.to = pool_target(pool, dest) .. "/" .. file.volume
      pools[pool] = true
    else
      file.to = mig.xml_map_path(file.path, map) or file.path
    end
    manifest.check_path(file.to)
    if seen[file.to] then
      fail("usage", nil, "%s and %s would both become %s", seen[file.to], file.name, file.to)
    end
    seen[file.to] = file.name
  end
  return pools
end

-- The descriptions as they will be; entries of the map that fit nowhere are told.
local function adapt(m, map)
  local misses, diff = {}, ""
  for _, d in ipairs(m.descriptions) do
    local text, changed, _, unused = mig.xml_map(d.text, map)
    for _, entry in ipairs(unused) do
      local key = entry.kind .. " " .. entry.from
      misses[key] = (misses[key] or 0) + 1
    end
    d.adapted = text
    diff = d.what == "domain" and changed or diff
  end
  for key, n in pairs(misses) do
    if n == #m.descriptions then
      mig.warn(("--map: no %s in what was exported"):format(key))
    end
  end
  return diff
end

-- Nothing is in the way; what is there already and the same is used as it is, if nobody writes to it.
local function check_node(m, dest)
  for _, row in ipairs(mig.list { all = true, node = dest }) do
    if row.name == m.domain.name or row.uuid == m.domain.uuid then
      fail("exists", ("if nobody needs it: undefine %s@%s"):format(row.name, dest), "%s has a domain %s already (%s)",
        dest, row.name, row.state)
    end
  end
  local mounts = {}
  for _, file in ipairs(m.files) do
    local there = node.stat(dest, file.to)
    local free, mount = node.free(dest, file.to)
    if there and (file.readonly or file.kind == "backing") and there.kind == "file" and there.size == file.size
      and node.sha256(dest, file.to) == file.sha256 then
      file.there = true
    elseif there then
      fail("exists", "remove it if nobody needs it, or use --map path=A:B", "%s has a file %s already", dest, file.to)
    elseif not free and file.kind ~= "nvram" and file.kind ~= "tpm" then
      fail("not-found", "make it, or use --map path=A:B", "%s has no directory %s", dest, node.directory(file.to))
    elseif free then
      local wanted = mounts[mount] and mounts[mount].wanted or 0
      mounts[mount] = { free = free, wanted = wanted + (given(file.allocation) or file.size) }
    end
  end
  for mount, room in pairs(mounts) do
    if room.wanted + RESERVE > room.free then
      fail("io", "make room, or use --map path=A:B", "%s: %s has %s free, and %s are needed", dest, mount,
        report.bytes(room.free), report.bytes(room.wanted + RESERVE))
    end
  end
end

local function make_parent(dest, path, undo)
  local dir = node.directory(path)
  if not node.exists(dest, dir) then
    node.sh(dest, 'mkdir -p -- "$1"', dir)
    undo:add("removed " .. dir .. " on " .. dest, function()
      node.sh(dest, 'rmdir -- "$1"', dir)
    end)
  end
end

-- Only files and directories come out of the archive, below the new directory, readable by their owner alone.
local function import_tpm(dir, file, dest, undo)
  local text = disk.read(dir .. "/" .. file.name)
  if mig.sha256(text) ~= file.sha256 then
    fail("verdict", nil, "%s is not what was exported", file.name)
  end
  local function add(part)
    node.sh(dest, 'printf %s "$2" >>"$1.base64"', file.to, part)
  end
  node.sh(dest, 'mkdir -m 711 -- "$1" && umask 077 && : >"$1.base64"', file.to)
  undo:add("removed " .. file.to .. " on " .. dest, function()
    node.sh(dest, 'rm -rf -- "$1" "$1.base64"', file.to)
  end)
  local CHUNK <const> = 96 * 1024 -- of one argument; the kernel takes 128 KiB
  for at = 1, #text, CHUNK do
    add(text:sub(at, at + CHUNK - 1))
  end
  node.sh(dest, [[
umask 077; f=$1.base64
if base64 -d <"$f" | tar -tvf - | grep -qv '^[-d]'; then
    echo 'the archive of the TPM holds more than files' >&2; exit 1
fi
base64 -d <"$f" | tar --no-same-permissions --same-owner --no-overwrite-dir -C "$1" -xf - && rm -f -- "$f" &&
chmod 711 -- "$1"]], file.to) -- 711: the user of swtpm has to get through
end

local function import_file(dir, file, dest, a, undo)
  make_parent(dest, file.to, undo)
  if file.kind == "tpm" then
    import_tpm(dir, file, dest, undo)
    return file.size
  end
  undo:add("removed " .. file.to .. " on " .. dest, function()
    node.sh(dest, 'd=${1%/*}; rm -f -- "$d/.${1##*/}.migsh-part"', file.to)
    node.remove(dest, file.to)
  end)
  local made = mig.disk_copy { dir .. "/" .. file.name, dest .. ":" .. file.to, owner = "root:root", mode = file.mode,
    bwlimit = a.bwlimit, compress = a.compress }
  if node.sha256(dest, file.to) ~= file.sha256 then
    fail("verdict", nil, "%s is not what was exported: its checksum is another one", file.name)
  end
  return made.sent
end

-- Overlays whose base has another place now name that one.
local function rebase(m, dest)
  local to = {}
  for _, file in ipairs(m.files) do
    to[file.path] = file.to
  end
  for _, file in ipairs(m.files) do
    local backing = given(file.backing)
    local base = backing and to[backing]
    if base and not file.there and (file.to ~= file.path or base ~= backing) then
      if not given(file.backing_format) then
        fail("unsupported", nil, "%s does not say of which format %s is", file.path, backing)
      end
      mig.disk_rebase { file.to, base, format = file.backing_format, node = dest }
    end
  end
end

local function define(m, dest, undo)
  local at = m.domain.uuid .. "@" .. dest
  local current
  for _, d in ipairs(m.descriptions) do
    disk.with_text(d.adapted, function(path)
      if d.what == "domain" then
        mig.define { path, node = dest }
        undo:add("undefined " .. m.domain.name .. " on " .. dest, function()
          mig.undefine { at, keep_nvram = d.text:find("<nvram", 1, true) ~= nil or nil,
            keep_tpm = d.text:find("<tpm ", 1, true) ~= nil or nil, snapshots_metadata = true,
            checkpoints_metadata = true }
        end)
      elseif d.what == "snapshot" then
        mig.snapshot_create { at, path, redefine = true }
        current = d.current and d.id or current
      else
        mig.checkpoint_create { at, path, redefine = true }
      end
    end)
  end
  if current then
    mig.snapshot_current { at, current }
  end
end

local function plan_text(m, dest, diff)
  local lines = { ("%s to %s: plan"):format(m.domain.name, dest) }
  for _, file in ipairs(m.files) do
    lines[#lines + 1] = ("  %-8s %s -> %s, %s%s"):format(file.kind, file.name, file.to, report.bytes(file.size),
      file.there and ", is there already" or "")
  end
  lines[#lines + 1] = ("  define %s, with %d snapshots and checkpoints"):format(m.domain.name, #m.descriptions - 1)
  return table.concat(lines, "\n") .. "\n" .. diff
end

local function run(a)
  local dir = disk.sh('realpath -m -- "$1"; echo x', a.dir):match "^(.*)\nx\n$"
  local m = read(dir)
  check_identity(m)
  local map = a.map or {}
  local pools = place_files(m, a.dest, map)
  local diff = adapt(m, map)
  check_node(m, a.dest)
  local value = { domain = m.domain.name, uuid = m.domain.uuid, node = a.dest, directory = dir, files = mig.array {},
    descriptions = #m.descriptions, sent = 0, diff = diff }
  for i, file in ipairs(m.files) do
    value.files[i] = { kind = file.kind, name = file.name, path = file.to, size = file.size,
      existed = file.there == true }
  end
  if a.plan then
    return value, plan_text(m, a.dest, diff)
  end
  local undo <close> = mig.undo()
  for i, file in ipairs(m.files) do
    mig.progress({ job = "import-domain", text = ("import-domain %s: %s"):format(m.domain.name, file.to),
      percent = 100 * (i - 1) / #m.files }, false)
    value.sent = value.sent + (file.there and 0 or import_file(dir, file, a.dest, a, undo))
  end
  mig.progress({ job = "import-domain", text = "import-domain " .. m.domain.name .. ": done" }, true)
  rebase(m, a.dest)
  for pool in pairs(pools) do
    mig.pool_refresh { pool, node = a.dest }
  end
  define(m, a.dest, undo)
  if a.autostart and m.domain.autostart then
    mig.autostart { m.domain.uuid .. "@" .. a.dest }
  end
  undo:commit()
  return value, ("%s%s imported to %s: %d files, %s sent"):format(diff, m.domain.name, a.dest, #m.files,
    report.bytes(value.sent)) .. "\n"
end

return {
  description = "define a domain from a directory of export-domain",
  group = "Migration",
  help = [[
The other half of export-domain. The manifest is judged and everything is compared with it, by sizes and checksums,
before anything is defined. Files go where they were, or where --map path=A:B says; a file or domain that is there
already is refused (a read-only or backing image that is the same is used). The domain is not started, and marked as
autostarted only with --autostart: the one that was exported may be running. If a step fails, or Ctrl-C is pressed, what
was made is removed. A directory that somebody else made is a guest that somebody else made: --plan shows what it would
bring.]],
  example = "import-domain /backup/share dest\n"
    .. "import-domain ./share dest --map bridge=br0:br1,path=/images:/srv/images --plan",
  args = {
    { name = "dir", type = "path", required = true, positional = true, help = "the directory, on the admin's machine" },
    { name = "dest", type = "node", required = true, positional = true, help = "the node that is to have the domain" },
    { name = "plan", type = "bool", help = "show what would be done, and touch nothing" },
    { name = "map", multi = true,
      help = "what is called otherwise there: pool=A:B,bridge=A:B,network=A:B,path=/A:/B,machine=A:B,emulator=A:B" },
    { name = "autostart", type = "bool", help = "autostart it, if it was autostarted" },
    { name = "bwlimit", type = "size", help = "bytes a second at most" },
    { name = "compress", type = "bool", help = "compress on the way" },
  },
  run = run,
}
