-- SPDX-License-Identifier: GPL-3.0-or-later
-- What has to be so before a cold migration touches anything: what preflight's checks say of the guest and the
-- destination, and what they cannot know: what will be done with each file, and whether there is room for that. Only
-- the proof that storage is shared writes (a marker, removed at once).
local clones = require "lib.clones"
local device = require "lib.device"
local facts = require "cold.facts"
local gate = require "preflight.gate"
local lists = require "lib.list"
local networks = require "lib.networks"
local node = require "lib.node"
local policy = require "lib.path_policy"
local report = require "migsh.report"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local check = {}

local RESERVE = 64 << 20 -- bytes that stay free beside the copies

local fail = mig.fail

local function dest_xml(about)
  return (xml.map(about.xml, about))
end

local function has_pool(about, name)
  local info, err = mig.try(mig.pool_info, { name, node = about.dest })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return info ~= nil
end

-- Of secrets and packet filters, whose lack preflight tells.
local function add_cloned(about, needs, missing)
  for _, kind in ipairs { "secrets", "nwfilters" } do
    for _, name in ipairs(about.options.clone and needs[kind] or {}) do
      for _, lacked in ipairs(clones[kind].missing(about.source, about.dest, name)) do
        if not lists.has(missing[kind], lacked) then
          table.insert(missing[kind], lacked)
        end
      end
    end
  end
end

-- {pools, networks, nwfilters, secrets, directories} that the destination has not and that will be made; raises for
-- what will not.
function check.missing_storage(about)
  local needs, missing = xml.needs(dest_xml(about)), { pools = mig.array {}, networks = mig.array {},
    nwfilters = mig.array {}, secrets = mig.array {}, directories = mig.array {} }
  local wanted, seen = { table.unpack(needs.pools) }, {}
  for _, file in ipairs(about.files) do
    if about.options.clone and file.pool and file.type ~= "volume" and node.free(about.dest, file.to) == nil then
      wanted[#wanted + 1] = file.pool
    elseif (file.kind == "nvram" or file.kind == "tpm" or file.kind == "save")
      and node.free(about.dest, file.to) == nil and not seen[node.directory(file.to)] then
      seen[node.directory(file.to)] = true
      missing.directories[#missing.directories + 1] = node.directory(file.to)
    end
  end
  for _, pool in ipairs(wanted) do
    if not seen["pool " .. pool] and not has_pool(about, pool) then
      seen["pool " .. pool] = true
      missing.pools[#missing.pools + 1] = pool
    end
  end
  for _, network in ipairs(needs.networks) do
    missing.networks[#missing.networks + 1] = not networks.info(about.dest, network) and network or nil
  end
  if not about.options.clone and #missing.pools + #missing.networks > 0 then
    local what = missing.pools[1] and "pool " .. missing.pools[1] or "network " .. missing.networks[1]
    fail("not-found", "--clone takes it over from the source, --map uses another", "%s has no %s", about.dest, what)
  end
  add_cloned(about, needs, missing)
  return missing
end

-- The volumes that will be made. A pool that will be cloned cannot be asked yet.
local function check_pools(about, actions)
  local wanted = {}
  for i, file in ipairs(about.files) do
    if actions[i] == "create" then
      wanted[file.make.pool] = (wanted[file.make.pool] or 0) + device.needed(file)
    end
  end
  for name, bytes in pairs(wanted) do
    local info = has_pool(about, name) and mig.pool_info({ name, node = about.dest })[1]
    if info and not info.active then
      fail("state", ("pool-start %s --node %s"):format(name, about.dest), "pool %s on %s is not active", name,
        about.dest)
    elseif info and info.available_bytes < bytes then
      fail("io", "make room, or use another one with --map pool=A:B", "%s: pool %s has %s free, and %s are needed",
        about.dest, name, report.bytes(info.available_bytes), report.bytes(bytes))
    end
  end
end

-- Is there room for every file that will be copied? By mount, as several may go to one.
local function check_space(about, actions)
  local mounts = {}
  for i, file in ipairs(about.files) do
    if actions[i] == "copy" or actions[i] == "replace" then
      local free, mount = node.free(about.dest, file.to)
      local made = not free and (about.options.clone and file.pool or file.kind ~= "disk" and file.kind ~= "backing")
      if not free and not made then
        fail("not-found", "make it, take the pool over with --clone, or put the copy elsewhere with --map path=A:B",
          "%s has no directory %s", about.dest, node.directory(file.to))
      elseif free then
        local m = mounts[mount] or { free = free, wanted = 0 }
        mounts[mount], m.wanted = m, m.wanted + math.min(file.size, file.allocation)
      end
    end
  end
  check_pools(about, actions)
  for mount, m in pairs(mounts) do
    if m.wanted + RESERVE > m.free then
      fail("io", "make room, or put the copies elsewhere with --map path=A:B", "%s: %s has %s free, and %s are needed",
        about.dest, mount, report.bytes(m.free), report.bytes(m.wanted + RESERVE))
    end
  end
end

-- What will be done with each file, by its number.
function check.actions(about, probe)
  local actions, there = mig.array {}, {}
  for i, file in ipairs(about.files) do
    actions[i], there[i] = facts.judge(about, file, probe)
    there[i] = there[i] or mig.null
  end
  device.check_all(about, actions, there)
  return actions, mig.array(there)
end

-- What will be written there.
local function written(about, actions)
  local list = {}
  for i, file in ipairs(about.files) do
    list[#list + 1] = actions[i] ~= "shared" and actions[i] ~= "there" and file or nil
  end
  return list
end

-- What would keep it from running there: names, CPU, bridges, memory, devices of the host and so on.
local function look_ahead(about, plan)
  local o = about.options
  return (gate.look { guests = { about.uuid .. "@" .. about.source }, dests = { about.dest }, mode = "cold",
    ignore = o.ignore, no_proof = plan, options = { map = o.map, clone = o.clone, carry_save = o.carry_save,
      force = o.force, target = #(o.target or {}) > 0 or o.no_watch or nil } })
end

-- The first step. `plan`: nothing at all is written, and what would keep it from moving is told, not raised.
function check.run(about, plan)
  local defined = whereabouts.assert_off(about.uuid, about.domain,
    { allowed = about.running and about.source, force = about.options.force })
  local found = look_ahead(about, plan)
  if not plan then
    gate.heed(found)
  end
  check.missing_storage(about)
  local actions, there = check.actions(about, not plan)
  policy.check(about, written(about, actions))
  check_space(about, actions)
  return { actions = actions, there = there, defined = defined, preflight = plan and found or nil }
end

return check
