-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a guest names of its host's libvirt (needs() of guest/xml.lua), and another host can be given: pools, networks,
-- packet filters, secrets. Of each kind: noun; missing(from, to, name), names that `to` lacks for it, in the order in
-- which they are made; make(from, to, name) of one of these; remove(node, name). A node that cannot be asked has not
-- said no.
local networks = require "lib.networks"
-- In the order in which they are made: a pool may want a secret.
local clones = { kinds = { "secrets", "pools", "networks", "nwfilters" } }

-- What a command answers, or nil where there is none of that name.
local function ask(verb, args)
  local value, err = mig.try(mig[verb], args)
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return value
end

clones.pools = { noun = "pool", missing = function(_, to, name)
  return { not ask("pool_info", { name, node = to }) and name or nil }
end, make = function(from, to, name)
  mig.pool_clone { name, to, node = from }
end, remove = function(node, name)
  local info = ask("pool_info", { name, node = node })
  if info and info[1].active then
    mig.pool_destroy { name, node = node }
  end
  if info then
    mig.pool_undefine { name, node = node }
  end
end }

clones.networks = { noun = "network", missing = function(_, to, name)
  return { not networks.info(to, name) and name or nil }
end, make = networks.clone, remove = networks.remove }

-- With those that it refers to, which come first.
clones.nwfilters = { noun = "packet filter", missing = function(from, to, name)
  local there, list = {}, {}
  for _, row in ipairs(mig.nwfilter_list { node = to }) do
    there[row.name] = true
  end
  local function add(filter)
    if there[filter] then
      return
    end
    there[filter] = true
    local doc <close> = mig.xml(mig.nwfilter_dumpxml { filter, node = from })
    for _, other in ipairs(doc:each "//filterref/@filter") do
      add(other:get ".")
    end
    list[#list + 1] = filter
  end
  add(name)
  return list
end, make = function(from, to, name)
  local file <close> = mig.text_file(mig.nwfilter_dumpxml { name, node = from })
  mig.nwfilter_define { file, node = to }
end, remove = function(node, name)
  if ask("nwfilter_dumpxml", { name, node = node }) then
    mig.nwfilter_undefine { name, node = node }
  end
end }

-- By their UUIDs.
clones.secrets = { noun = "secret", missing = function(_, to, uuid)
  return { not ask("secret_dumpxml", { uuid, node = to }) and uuid or nil }
end, make = function(from, to, uuid)
  mig.secret_clone { uuid, to, node = from }
end, remove = function(node, uuid)
  if ask("secret_dumpxml", { uuid, node = node }) then
    mig.secret_undefine { uuid, node = node }
  end
end }

return clones
