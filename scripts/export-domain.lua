-- SPDX-License-Identifier: GPL-3.0-or-later
-- A domain that is off into a directory of this machine: import-domain makes it again from there. The manifest comes
-- last, so that a directory with one is complete.
local admin = require "lib.admin"
local device = require "lib.device"
local given = require("lib.value").given
local manifest = require "image.manifest"
local node = require "lib.node"
local report = require "migsh.report"
local whereabouts = require "guest.whereabouts"

local fail = mig.fail

-- {name, uuid, node, autostart}: it is off.
local function find(text)
  local found = whereabouts.find(text, "define")
  local at = found.node
  local info = mig.dominfo { (found.uuid or found.name) .. "@" .. at }
  if info.state ~= "shut off" then
    fail("state", ("shutdown %s@%s"):format(info.name, at), "%s is %s on %s: only what is off can be exported",
      info.name, info.state, at)
  elseif info.managed_save == true then
    fail("state", "start it and shut it down, or managedsave-remove drops the state",
      "%s has a state saved by managedsave, which belongs to its host", info.name)
  end
  return { name = info.name, uuid = info.uuid, node = at, at = info.uuid .. "@" .. at,
    autostart = info.autostart == true }
end

-- The rows that travel, each with the name of its file here.
local function list_files(domain)
  local files = {}
  for _, row in ipairs(mig.domfiles { domain.at }) do
    local path = given(row.path)
    if row.type == "network" or not path then
      mig.warn(("%s is not a file of %s, and stays where it is"):format(row.name or given(row.target) or row.kind,
        domain.node))
    elseif row.exists == false and (row.kind == "tpm" or row.kind == "nvram") then
      mig.notice(("%s is not there yet: the first start makes it"):format(path))
    elseif row.exists ~= true then
      fail("not-found", row.device == "cdrom" and device.EJECT or nil, "%s: %s (%s) is not there", domain.node,
        path, given(row.target) or row.kind)
    elseif row.in_use then
      fail("state", nil, "%s: %s is in use", domain.node, path)
    else
      row.block = node.stat(domain.node, path).kind == "block"
      if row.block and row.device ~= "disk" then
        fail("unsupported", device.EJECT, "%s is a device of %s, not a disk", path, domain.node)
      end
      manifest.check_path(path, row.block)
      local base = path:match "[^/]*$":gsub("[^%w._-]", "_")
      row.file = ("%02d-%s"):format(#files + 1, base:sub(-100))
      if row.kind == "tpm" then
        row.file = ("%02d-tpm.tar.base64"):format(#files + 1)
      end
      files[#files + 1] = row
    end
  end
  return files
end

-- What a start, or anybody else, would change of a file: libvirt gives what a guest writes to another owner as it
-- starts, which is a change of its status (ctime). What is only read others may use, too: of that the content counts.
local function fingerprint(domain, row)
  if row.block then
    local seen = node.stat(domain.node, row.path)
    return ("%s %s %d"):format(seen.inode, seen.mtime, seen.size)
  end
  local common = row.readonly == true or row.kind == "backing"
  return mig.node(domain.node):tool("file_fingerprint", row.path,
    common and "%s %i %d %.9Y" or "%s %i %d %.9Y %.9Z")
end

-- All of the files, before the first is copied. Behind the last one they have to be the same: they are copied one after
-- another, and a guest that ran for a moment in between would leave disks of two moments.
local function fingerprints(domain, rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = fingerprint(domain, row)
  end
  return list
end

local function assert_untouched(domain, rows, before)
  for i, row in ipairs(rows) do
    if fingerprint(domain, row) ~= before[i] then
      fail("state", "export it again, while nobody starts it or writes to its disks",
        "%s on %s was changed while %s was exported", row.path, domain.node, domain.name)
    end
  end
  local info = mig.dominfo { domain.at }
  if info.state ~= "shut off" or info.managed_save == true then
    fail("state", nil, "%s was started in the meantime", domain.name)
  end
end

-- A directory of a few small files, as text: it is secret.
local function export_tpm(domain, row, path)
  local text = mig.node(domain.node):tool("tpm_pack", row.path)
  admin.write(path, text)
  return #text, mig.sha256(text)
end

local function export_file(domain, row, dir, o)
  local path = dir .. "/" .. row.file
  local file = { name = row.file, kind = row.kind, target = given(row.target), device = given(row.device),
    type = row.type, path = row.path, format = given(row.format), mode = row.mode, owner = row.owner, group = row.group,
    readonly = row.readonly, pool = row.type == "volume" and given(row.pool) or nil, volume = row.type == "volume"
    and given(row.volume) or nil, backing = given(row.backing), backing_format = given(row.backing_format),
    relative = row.relative, block = row.block or nil, virtual_size = given(row.virtual_size),
    seen = row.kind == "disk" and node.stat(domain.node, row.path) or nil }
  if row.kind == "tpm" then
    file.size, file.sha256 = export_tpm(domain, row, path)
    return file
  end
  local made = mig.disk_copy { domain.node .. ":" .. row.path, path, owner = o.owner, mode = "600", bwlimit = o.bwlimit,
    compress = o.compress }
  file.size, file.allocation, file.sent = made.size, made.data, made.sent
  file.sha256 = node.sha256(domain.node, row.path)
  return file
end

-- Parents first; none where the hypervisor has no such thing.
local function known(what, list, at)
  local rows, err = mig.try(list, { at, topological = true })
  if err and err.code ~= "unsupported" then
    error(err, 0)
  elseif err then
    mig.notice(("no %ss there: %s"):format(what, err.msg))
  end
  return rows or {}
end

-- The domain's XML and its snapshots' and checkpoints', passwords included, parents before children.
local function export_descriptions(domain, dir)
  local list = mig.array {}
  local function put(what, id, text)
    local name = what == "domain" and "domain.xml" or ("%s-%d.xml"):format(what, #list)
    admin.write(dir .. "/" .. name, text)
    list[#list + 1] = { what = what, id = id, name = name, size = #text, sha256 = mig.sha256(text) }
  end
  put("domain", nil, mig.dumpxml { domain.at, inactive = true, security_info = true })
  for _, row in ipairs(known("snapshot", mig.snapshot_list, domain.at)) do
    put("snapshot", row.name, mig.snapshot_dumpxml { domain.at, row.name, security_info = true })
    list[#list].current = row.current or nil
  end
  for _, row in ipairs(known("checkpoint", mig.checkpoint_list, domain.at)) do
    put("checkpoint", row.name, mig.checkpoint_dumpxml { domain.at, row.name, security_info = true })
  end
  return list
end

local function run(a)
  local domain = find(a.domain)
  local rows = list_files(domain)
  local dir = admin.realpath(a.dir)
  local undo <close> = mig.undo()
  local made = admin.make_directory(dir)
  undo:add("removed what was exported to " .. dir, function()
    for _, row in ipairs(rows) do
      admin.tool("copy_forget", dir .. "/" .. row.file)
    end
    admin.tool("export_clear", dir)
    if made then
      admin.run { "rmdir", "--", dir }
    end
  end)
  local o = { owner = admin.run { "stat", "-c", "%u:%g", "/proc/self" }:match "%S+", bwlimit = a.bwlimit,
    compress = a.compress }
  local m = { format = manifest.FORMAT, version = manifest.VERSION, created = os.date "!%Y-%m-%dT%H:%M:%SZ",
    domain = { name = domain.name, uuid = domain.uuid, autostart = domain.autostart }, node = domain.node,
    files = mig.array {} }
  local bytes, size, before = 0, 0, fingerprints(domain, rows)
  for i, row in ipairs(rows) do
    mig.progress({ job = "export-domain", text = ("export-domain %s: %s"):format(domain.name, row.path),
      percent = 100 * (i - 1) / #rows }, false)
    local file = export_file(domain, row, dir, o)
    bytes, size, file.sent = bytes + (file.sent or file.size), size + file.size, nil
    m.files[i] = file
  end
  mig.progress({ job = "export-domain", text = "export-domain " .. domain.name .. ": done" }, true)
  m.descriptions = export_descriptions(domain, dir)
  assert_untouched(domain, rows, before)
  manifest.check(m)
  admin.write(dir .. "/" .. manifest.NAME, mig.json_encode(m) .. "\n")
  undo:commit()
  local value = { domain = domain.name, uuid = domain.uuid, node = domain.node, directory = dir, files = #m.files,
    snapshots = 0, checkpoints = 0, size = size, sent = bytes }
  for _, d in ipairs(m.descriptions) do
    if d.what ~= "domain" then
      value[d.what .. "s"] = value[d.what .. "s"] + 1
    end
  end
  return value, ("%s exported to %s: %d files, %s, of which %s are data"):format(domain.name, dir, value.files,
    report.bytes(size), report.bytes(bytes)) .. "\n"
end

return {
  description = "copy a domain that is off into a directory here",
  group = "Migration",
  help = [[
Everything that is the domain's: its disks with all that backs them (holes stay holes), UEFI variables, the state of
an emulated TPM, its definition, and what libvirt knows of its snapshots and checkpoints; with manifest.json, which has
the sizes and checksums. The directory is made, or has to be empty, and only you can read it: definitions hold
passwords. The domain stays as it is; if it is started meanwhile, be it for a moment, the export fails and is removed.
Disks on the network stay where they are; a block device becomes a sparse file, of which the manifest says that it was
one.]],
  example = "export-domain share@source /backup/share\nexport-domain share ./share --bwlimit 50M",
  args = {
    { name = "domain", type = "domain", required = true, positional = true, help = "what to export: NAME[@NODE]" },
    { name = "dir", type = "path", required = true, positional = true, help = "the directory, on the admin's machine" },
    { name = "bwlimit", type = "size", help = "bytes a second at most" },
    { name = "compress", type = "bool", help = "compress on the way" },
  },
  run = run,
}
