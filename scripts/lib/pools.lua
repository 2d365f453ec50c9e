-- SPDX-License-Identifier: GPL-3.0-or-later
-- What libvirt says of storage pools, as recipes want to know it.
local pools = {}

-- Pools whose volumes are devices. libvirt makes volumes under a name of our choice in the first kind alone.
local DEVICES = { logical = true, disk = true, iscsi = true, ["iscsi-direct"] = true, scsi = true, mpath = true,
  zfs = true }

-- A pool's definition: {type, devices = its volumes are such, dir = where they are, host, source = of a netfs pool}.
function pools.read(text)
  local doc <close> = mig.xml(text)
  local kind = doc:get "/pool/@type" or ""
  local dir = (doc:get "/pool/target/path" or ""):gsub("(.)/$", "%1")
  return { type = kind, devices = DEVICES[kind] or false, dir = dir, host = doc:get "/pool/source/host/@name",
    source = doc:get "/pool/source/dir/@path" }
end

-- The one of that name or uuid; nil: the node has no such pool.
function pools.find(where, name)
  local text, err = mig.try(mig.pool_dumpxml, { name, node = where })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return text and pools.read(text) or nil
end

-- Those of a node that are active, or all, with their names and uuids.
function pools.list(where, all)
  local list = {}
  for _, row in ipairs(mig.pool_list { all = all, node = where }) do
    local pool = pools.find(where, row.uuid)
    if pool then
      pool.name, pool.uuid = row.name, row.uuid
      list[#list + 1] = pool
    end
  end
  return list
end

-- What libvirt knows of the volumes in that directory, read anew, if it is a pool's.
function pools.refresh(where, dir)
  for _, pool in ipairs(pools.list(where)) do
    if pool.dir == dir then
      mig.try(mig.pool_refresh, { pool.uuid, node = where })
    end
  end
end

return pools
