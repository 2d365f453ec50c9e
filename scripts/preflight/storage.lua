-- SPDX-License-Identifier: GPL-3.0-or-later
-- What checks and live-migrate want to know of a guest's disks: each with what the destination has in its place, and
-- libvirt's rules on what is safe. Pure.
local storage = {}

-- File systems that several hosts can have mounted: libvirt's own list (virFileIsSharedFSType), by the names of
-- /proc/self/mountinfo.
local shared_types <const> = { nfs = true, nfs4 = true, gfs2 = true, ocfs2 = true, afs = true, cifs = true, smb3 = true,
  ceph = true, gpfs = true, fhgfs = true, beegfs = true, ["fuse.glusterfs"] = true, ["fuse.quobyte"] = true,
    acfs = true }
-- Others that are networks', which libvirt does not know as such.
local other_types <const> = { ["fuse.nfs"] = true, ["fuse.sshfs"] = true, ["fuse.ceph"] = true, ["9p"] = true,
  virtiofs = true }
-- Those whose caches agree whatever the mode.
local cluster_types <const> = { gfs2 = true, ocfs2 = true, ceph = true, ["fuse.glusterfs"] = true }

function storage.is_network(fstype)
  return shared_types[fstype] or other_types[fstype] or false
end

function storage.directory(path)
  local dir = path:match "^(.*)/[^/]*$"
  return dir ~= "" and dir or "/"
end

local function caches(doc)
  local cache = {}
  for _, disk in ipairs(doc and doc:each "devices/disk" or {}) do
    cache[disk:get "target/@dev" or ""] = disk:get "driver/@cache"
  end
  return cache
end

local function is_drive(file)
  return file.device == "cdrom" or file.device == "floppy"
end

-- The files that are disks, or back one, and not media in a drive; one whose path nobody tells, too: {kind, target,
-- label, path, there, shared (nil: not known), why, readonly, cache, size, type, here, at: what the source and the
-- destination have at its place, or nil}.
function storage.disks(c)
  local proofs, list = {}, {}
  for _, proof in ipairs((c.pair or {}).disks or {}) do
    proofs[proof.path] = proof
  end
  local cache = caches(c.guest.doc)
  for _, file in ipairs(c.guest.files or {}) do
    if (file.kind == "disk" or file.kind == "backing") and not is_drive(file) and file.type ~= "network" then
      local path = file.path or file.volume or file.name or "a " .. (file.type or "disk")
      local proof = proofs[path] or { why = file.problem or "its path is not known" }
      local there = proof.there or file.path and mig.xml_map_path(path, c.options.map or {}) or path
      list[#list + 1] = { kind = file.kind, target = file.target, path = path, there = there,
        label = file.kind == "backing" and "backs " .. (file.target or "a disk") or file.target or "disk",
        shared = proof.shared, why = proof.why, readonly = file.readonly == true or file.kind == "backing",
        cache = cache[file.target or ""], size = file.virtual_size or file.size, type = file.type,
        here = c.source and c.source.at and c.source.at[path], at = c.dest.at and c.dest.at[there] }
    end
  end
  return list
end

-- A pool of a host whose target is the directory of `path`.
function storage.pool_of(host, path)
  local dir = storage.directory(path)
  for _, pool in ipairs(host.pools or {}) do
    local target = pool.doc and pool.doc:get "target/path"
    if target and target:gsub("/+$", "") == dir then
      return pool
    end
  end
end

-- libvirt's rule on the cache of one shared disk (qemuMigrationSrcIsSafe): false and why it is not.
function storage.cache_is_safe(c, disk)
  local fstype = disk.here and disk.here.mount and disk.here.mount.fstype
  if disk.readonly or disk.cache == "none" or disk.cache == "directsync" or cluster_types[fstype or ""] then
    return true
  elseif c.source.libvirt >= 5006000 and (c.source.qemu or 0) >= 4000000 then
    return true -- QEMU drops its caches before the destination goes on
  end
  return false, "this QEMU and libvirt do not drop cached pages, so the destination may read old ones"
end

-- Would libvirt refuse, although each disk with all that backs it is proved to be the same on both, and safe? And what
-- it stumbles on. A medium that the guest can write to, and what cannot be told, are no proof.
function storage.needs_unsafe(c)
  local why
  for _, file in ipairs(c.guest.files or {}) do
    if file.kind == "disk" and is_drive(file) and file.path and not file.readonly then
      return false
    end
  end
  for _, disk in ipairs(storage.disks(c)) do
    if disk.shared ~= true or not storage.cache_is_safe(c, disk) then
      return false
    end
    local fstype = disk.here and disk.here.mount and disk.here.mount.fstype
    if not disk.readonly and disk.type ~= "block" and fstype and not shared_types[fstype] then
      why = why or ("libvirt does not take %s for shared, on which %s is"):format(fstype, disk.path)
    end
  end
  return why ~= nil, why
end

-- What differs between two mounts of one export, or is unsafe in one: findings.
function storage.mount_findings(c, here, there)
  local found = {}
  local function add(seen, why, remedy)
    found[#found + 1] = { seen = seen, why = why, remedy = remedy }
  end
  if here.source ~= there.source then
    add(("%s is mounted from %s here and from %s there"):format(there.target, here.source, there.source),
      "one server by two names is two file systems to some checks")
  end
  if there.options.soft or here.options.soft then
    add(("%s is mounted 'soft'"):format(there.target), "a pause of the server becomes an I/O error in the guest",
      ("nfs-umount and nfs-mount it without 'soft' on %s"):format(there.options.soft and c.dest.node or c.guest.node))
  end
  local function version(mount)
    for option in pairs(mount.options) do
      local v = option:match "^n?f?s?vers=(.+)$"
      if v then
        return v
      end
    end
  end
  local one, other = version(here), version(there)
  if one and other and one ~= other then
    add(("NFS version %s here and %s there"):format(one, other), "locks of one version do not bind the other")
  end
  return found
end

return storage
