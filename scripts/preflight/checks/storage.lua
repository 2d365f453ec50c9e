-- SPDX-License-Identifier: GPL-3.0-or-later
-- Are the guest's disks on the destination, the same ones, and can its QEMU use them? What is one and the same was
-- proved when the facts were gathered (core/copy/copy.h). What libvirt thinks of it is told beside: its rule looks at
-- the source's file system alone.
local facts = require "preflight.facts"
local judge = require "preflight.judge"
local line = require "lib.line"
local report = require "migsh.report"
local storage = require "preflight.storage"

local LIVE <const> = "live paused"
local MOVED <const> = "live paused offline" -- the disks stay where they are

local function no_file(path)
  return ("Cannot access storage file '%s': No such file or directory"):format(path)
end

-- The remedy for a disk that is not there.
local function bring(c)
  return c.mode == "offline" and "cold-migrate copies it"
    or line.format("live-migrate %s %s --copy-storage-all copies it, as "
    .. "cold-migrate does; nfs-export and nfs-mount share it", c.guest.name, c.dest.node)
end

local function finding_each(c, list, look)
  local found = {}
  for _, item in ipairs(list) do
    found[#found + 1] = look(item, c)
  end
  return found
end

-- Of the secret with that usage, on the host that has these; nil: it is not there either, or was not told.
local function uuid_of(secrets, usage)
  for _, secret in ipairs(secrets or {}) do
    if secret.usage == usage then
      return secret.uuid
    end
  end
end

local function of_uuid(secrets, uuid)
  for _, secret in ipairs(secrets or {}) do
    if secret.uuid == uuid then
      return secret
    end
  end
end

-- How a volume's pool is taken over, where there is none or it is off.
local function pool_fix(c, name, there)
  if not there and c.mode == "import" then
    return line.format("--map pool=%s:OTHER", name)
  elseif not there then
    return line.format("pool-clone %s %s --node %s", name, c.dest.node, c.source.node),
      { name = "pool-clone", pool = name, from = c.source.node, node = c.dest.node }
  end
  return line.format("pool-start %s --node %s", name, c.dest.node), { name = "pool-start", pool = name,
    node = c.dest.node }
end

return {
  { id = "disk-missing", title = "each disk is there on the source", needs = { "guest.files" }, judge = function(c)
    return finding_each(c, c.guest.files, function(file)
      if file.exists == false and (file.kind == "disk" or file.kind == "backing") and file.path then
        local drive = file.device == "cdrom" or file.device == "floppy"
        return { node = c.guest.node, subject = file.target, level = drive and "warn" or "fail",
          seen = ("%s (%s) is not there"):format(file.path, file.target or file.kind), libvirt = no_file(file.path),
          remedy = drive and line.format("change-media %s@%s %s --eject", c.guest.name, c.guest.node,
            file.target) or "find out where it went" }
      end
    end)
  end },
  { id = "disk-reach", title = "each disk and what backs it is on the destination", applies = MOVED,
    needs = { "guest.files", "dest.look" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        if disk.at and disk.at.absent then
          return { subject = disk.target, seen = ("it has no %s (%s)"):format(disk.there, disk.label),
            wanted = "the same file as on " .. c.guest.node, libvirt = no_file(disk.there), remedy = bring(c) }
        end
      end)
    end },
  { id = "shared-proof", title = "each disk is one and the same on both hosts", applies = MOVED,
    needs = { "guest.files", "pair.disks" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        if disk.at and disk.at.absent or disk.shared == true then
          return nil
        elseif disk.shared == nil then
          return { level = disk.readonly and "info" or "warn", subject = disk.target,
            seen = ("whether %s (%s) is the same on both cannot be told%s"):format(disk.path, disk.label,
              disk.why and ": " .. disk.why or ""), why = "libvirt does not look, and goes on with whatever is there" }
        elseif disk.readonly then
          return { level = "warn", subject = disk.target, seen = ("%s (%s) is another file there"):format(disk.path,
            disk.label), why = "the guest only reads it: it has to have the same bytes" }
        end
        return { subject = disk.target, seen = ("%s (%s) is another file on %s"):format(disk.path, disk.label,
          c.dest.node), wanted = "one file that both see",
            libvirt = "Unsafe migration: Migration without shared storage "
          .. "is unsafe", why = "the guest would go on with other bytes under its feet", remedy = bring(c) }
      end)
    end },
  { id = "cache-mode", title = "nothing is written behind the back of the other host", applies = LIVE,
    needs = { "guest.files", "pair.disks", "source.libvirt" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        local safe, why = storage.cache_is_safe(c, disk)
        if disk.shared == true and not safe then
          return { node = c.guest.node, subject = disk.target, seen = ("%s has cache='%s'"):format(disk.label,
            disk.cache or "default"), wanted = "none or directsync",
              libvirt = "Unsafe migration: Migration may lead to "
            .. "data corruption if disks use cache other than none or directsync", why = why,
            remedy = "with a restart: <driver cache='none'/>; or: cold-migrate" }
        end
      end)
    end },
  { id = "unsafe", title = "libvirt believes that the disks are shared", level = "info", applies = LIVE,
    needs = { "guest.files", "pair.disks" }, judge = function(c)
      local needed, why = storage.needs_unsafe(c)
      if needed then
        return { node = c.guest.node, seen = why,
          libvirt = "Unsafe migration: Migration without shared storage is unsafe",
          why = "it is proved that they are: live-migrate passes --unsafe by itself",
          remedy = c.proved and nil or "with migrate: --unsafe" }
      end
    end },
  { id = "copied-disks", title = "what is copied is the guest's own", level = "info", applies = "storage",
    needs = { "guest.files", "pair.disks" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        if disk.shared == true then
          return { subject = disk.target, seen = ("%s (%s) is the same on both"):format(disk.path, disk.label),
            why = "it is not copied: a disk that is copied onto itself is lost" }
        elseif disk.shared == nil and not disk.readonly and not c.options.unchecked then
          return { subject = disk.target, level = "fail", seen = ("whether %s (%s) is the same on both cannot be "
            .. "told%s"):format(disk.path, disk.label, disk.why and ": " .. disk.why or ""),
            why = "a disk that is copied onto itself is lost", remedy = "--copy-storage-unchecked, if you know that "
            .. "they are two; or name the others with --migrate-disks" }
        end
      end)
    end },
  { id = "copy-place", title = "there is a place for each copied disk", applies = "storage",
    needs = { "guest.files", "pair.disks", "dest.pools", "dest.look" }, judge = function(c)
      local wanted, found = {}, {}
      for _, disk in ipairs(storage.disks(c)) do
        local here = disk.shared ~= true and disk.kind == "disk" and not disk.readonly and disk.at and disk.at.absent
        local pool = here and storage.pool_of(c.dest, disk.there)
        if here and not (pool and pool.active) then
          found[#found + 1] = { subject = disk.target, seen = ("no active pool of it lies at %s"):format(
            storage.directory(disk.there)), wanted = "a pool there: libvirt makes the copy as its volume",
            libvirt = ("Storage pool not found: no storage pool with matching target path '%s'"):format(
              storage.directory(disk.there)), remedy = pool and line.format("pool-start %s --node %s", pool.name,
                c.dest.node)
              or line.format("pool-define-as NAME dir --target %s --node %s; pool-start NAME --node %s",
                storage.directory(disk.there), c.dest.node, c.dest.node),
            fix = pool and { name = "pool-start", pool = pool.name, node = c.dest.node } or nil }
        elseif pool and pool.available_bytes then
          wanted[pool] = (wanted[pool] or 0) + (disk.size or 0)
        end
      end
      for pool, size in pairs(wanted) do
        if size > pool.available_bytes then
          found[#found + 1] = { subject = pool.name, seen = ("pool %s has %s free"):format(pool.name,
            report.bytes(pool.available_bytes)), wanted = report.bytes(size), libvirt = "No space left on device",
            why = "libvirt's copies may grow to the size that the guest sees", remedy = "make room there" }
        end
      end
      return found
    end },
  { id = "pool", title = "each pool that it names is active on the destination", needs = { "guest.doc", "dest.pools" },
    judge = function(c)
      return finding_each(c, c.there:each "devices/disk[@type='volume']/source", function(source)
        local name = source:get "@pool"
        local pool = facts.named(c.dest.pools, name)
        if not pool or not pool.active then
          local remedy, fix = pool_fix(c, name, pool)
          return { subject = name, level = c.options.clone and not pool and "info" or nil,
            why = c.options.clone and not pool and "--clone makes it there first" or nil,
            seen = pool and ("pool %s is not active"):format(name) or "it has no pool " .. name,
            wanted = "active", libvirt = pool and ("storage pool '%s' is not active"):format(name)
              or ("Storage pool not found: no storage pool with matching name '%s'"):format(name), remedy = remedy,
            fix = fix }
        end
      end)
    end },
  { id = "disk-access", title = "QEMU there may use each disk", applies = MOVED,
    needs = { "guest.files", "dest.look", "pair.disks" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        local access = disk.at and disk.at.access
        local network = disk.at and disk.at.mount and storage.is_network(disk.at.mount.fstype)
        local enough = access == "rw" or disk.readonly and access == "r" or disk.kind == "backing" and access == "r"
        if not access or enough or not network then
          return nil -- elsewhere libvirt makes the file QEMU's own
        end
        return { subject = disk.target, seen = ("%s can %s %s (%s)"):format((c.dest.qemu_user or {}).name
          or "QEMU's user",
          access == "r" and "only read" or "neither read nor write", disk.there, disk.label), wanted = "read and write",
          libvirt = ("Could not open '%s': Permission denied"):format(disk.there),
          why = "the server maps root to nobody, or the user has another number there",
          remedy = line.format("nfs-test tells which; an export with no_root_squash, or the same uid on %s and %s",
            c.guest.node, c.dest.node) }
      end)
    end },
  { id = "read-only", title = "each disk can be written to there", applies = MOVED, needs = { "guest.files",
    "dest.look" },
    judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        local mount = disk.at and not disk.at.absent and disk.at.mount
        if mount and mount.options.ro and not disk.readonly and disk.kind == "disk" then
          return { subject = disk.target, seen = ("%s is mounted read-only"):format(mount.target), wanted = "rw",
            libvirt = ("Could not open '%s': Read-only file system"):format(disk.there),
            remedy = line.format("exec %s -- mount -o remount,rw %s (or export it rw)", c.dest.node, mount.target) }
        end
      end)
    end },
  { id = "nfs-options", title = "both hosts mount the export in the same, safe way", level = "warn", applies = MOVED,
    needs = { "guest.files", "source.look", "dest.look" }, judge = function(c)
      local found, seen = {}, {}
      for _, disk in ipairs(storage.disks(c)) do
        local here, there = (disk.here or {}).mount, (disk.at or {}).mount
        if here and there and storage.is_network(there.fstype) and not seen[there.target] then
          seen[there.target] = true
          for _, what in ipairs(storage.mount_findings(c, here, there)) do
            what.subject, found[#found + 1] = there.target, what
          end
        end
      end
      return found
    end },
  { id = "network-disk", title = "network disks lead to one place from both hosts", applies = MOVED .. " cold storage",
    needs = { "guest.doc" }, judge = function(c)
      return finding_each(c, c.guest.doc:each "devices/disk[@type='network']", function(disk)
        local host = disk:get "source/host/@name"
        local socket = disk:get "source/host/@socket"
        if socket or host and (host == "localhost" or host:match "^127%." or host == "::1") then
          return { subject = disk:get "target/@dev", seen = ("%s leads to %s, which is another place there"):format(
            disk:get "target/@dev" or "a disk", socket or host), wanted = "a name that both hosts reach",
            libvirt = "Failed to connect: Connection refused", remedy = "give the server's address in its definition" }
        end
      end)
    end },
  { id = "secrets", title = "the secrets that it names are known there", needs = { "guest.doc", "dest.secrets" },
    judge = function(c)
      local found, known = {}, {}
      for _, secret in ipairs(c.dest.secrets) do
        known[secret.uuid or ""] = true
        known[secret.usage or ""] = true
      end
      for _, node in ipairs(c.guest.doc:each "//secret[@uuid or @usage]") do
        local name = node:get "@uuid" or node:get "@usage"
        local here, there = of_uuid(c.source.secrets, name), of_uuid(c.dest.secrets, name)
        if here and there and (here.usage_type ~= there.usage_type or here.usage ~= there.usage) then
          found[#found + 1] = { level = "warn", subject = name,
            seen = ("the secret %s is for %s %s here, and for %s %s there"):format(name, here.usage_type or "?",
              here.usage or "", there.usage_type or "?", there.usage or ""), wanted = "the same secret",
            why = "its value may be another one, too", remedy = "secret-list tells what each is for" }
        end
        if not known[name] then
          known[name] = true
          local uuid = node:get "@uuid"
          local known_as = uuid or uuid_of(c.source.secrets, name)
          local cloned = c.options.clone and known_as
          found[#found + 1] = { subject = name, seen = "it has no secret " .. name, wanted = "the same secret",
            level = cloned and "info" or nil, why = cloned and "--clone makes it there first" or nil,
            libvirt = ("Secret not found: no secret with matching %s '%s'"):format(uuid and "uuid" or "usage", name),
            fix = c.mode ~= "import" and known_as and { name = "secret-clone", secret = known_as, from = c.guest.node,
              node = c.dest.node } or nil,
            remedy = uuid and line.format("secret-clone %s %s --node %s", name, c.dest.node, c.guest.node)
              or line.format("secret-clone UUID %s --node %s (secret-list tells its UUID)", c.dest.node, c.guest.node) }
        end
      end
      return found
    end },
  { id = "nvram", title = "its firmware's variables go along", level = "info", applies = LIVE .. " offline",
    needs = { "guest.doc" }, judge = function(c)
      local path = c.guest.doc:get "os/nvram"
      if not path then
        return nil
      elseif c.mode == "offline" then
        return { level = "fail", seen = ("%s stays on %s"):format(path, c.guest.node),
          why = "an offline migration moves the definition alone", remedy = "cold-migrate takes it along" }
      end
      return { seen = ("%s is written anew on %s by QEMU"):format(path, c.dest.node) }
    end },
  { id = "tpm-state", title = "its TPM's place is free there", level = "info", applies = LIVE .. " storage cold",
    needs = { "guest.files", "dest.look" }, judge = function(c)
      return finding_each(c, c.guest.files, function(file)
        local path = file.kind == "tpm" and file.path
        local there = path and (mig.xml_map_path(path, c.options.map or {}) or path)
        local proof
        for _, p in ipairs((c.pair or {}).disks or {}) do
          proof = p.path == path and p or proof
        end
        local at = there and c.dest.at[there]
        if not at or at.absent or proof and proof.shared then
          return nil
        elseif c.mode ~= "cold" then
          return { seen = there .. " is there already", why = "the state of its TPM that comes along takes its place" }
        end
        return { level = not c.retired and "warn" or nil, seen = there .. " is there already",
          why = not c.retired and "cold-migrate looks at what is in it, and refuses if that is not the guest's" or nil,
          remedy = not c.retired and "move it away if nobody needs it" or nil }
      end)
    end },
  { id = "cold-disks", title = "each disk's place is free, or holds the same", level = "info", applies = "cold",
    needs = { "guest.files", "dest.look" }, judge = function(c)
      return finding_each(c, storage.disks(c), function(disk)
        if disk.at and not disk.at.absent and disk.shared == false and not c.retired then
          return { level = "warn", subject = disk.target, seen = ("another file is at %s"):format(disk.there),
            why = "cold-migrate looks at its bytes, and refuses if they are not the guest's",
            remedy = line.format("--map path=%s:OTHER", storage.directory(disk.there)) }
        elseif disk.shared == true then
          return { subject = disk.target, seen = ("%s is the same on both: it stays where it is"):format(disk.path) }
        end
      end)
    end },
  { id = "disk-facts", title = "each disk could be looked at", level = "warn", needs = { "guest.files" },
    judge = function(c)
      return finding_each(c, c.guest.files, function(file)
        if file.problem then
          return judge.skip(("%s: %s: %s"):format(c.guest.node, file.path or file.name or "?", file.problem),
            file.target)
        end
      end)
    end },
}
