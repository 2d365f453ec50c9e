-- SPDX-License-Identifier: GPL-3.0-or-later
-- The facts of `preflight-facts` as checks ask for them: XML as documents, what the node's script told as tables. Pure.
-- What is not known stays nil; a check that needs it is skipped.
local storage = require "preflight.storage"
local facts = {}

-- "A B C…" as a list; the last of `n` takes the rest.
local function fields(line, n)
  local list = {}
  for word in line:gmatch "%S+" do
    if n and #list == n then
      list[n] = list[n] .. " " .. word
    else
      list[#list + 1] = word
    end
  end
  return list
end

-- Of each line the first word, as a key, and the rest, as made of it by `make`.
local function keyed(lines, make)
  local found = {}
  for _, line in ipairs(lines or {}) do
    local key, rest = line:match "^(%S+) ?(.*)$"
    if key then
      found[key] = make(rest, found[key])
    end
  end
  return found
end

local function same(rest)
  return rest
end

-- "0-3,8" as a set of numbers.
function facts.set(text)
  local set = {}
  for first, last in (text or ""):gmatch "(%d+)%-?(%d*)" do
    for i = math.tointeger(first), math.tointeger(last) or math.tointeger(first) do
      set[i] = true
    end
  end
  return set
end

-- The numbers of the first that the second lacks, as text; nil: none.
function facts.lacking(wanted, there)
  local list = {}
  for i in pairs(wanted) do
    list[#list + 1] = not there[i] and i or nil
  end
  table.sort(list)
  return list[1] and table.concat(list, ",") or nil
end

-- By path: {kind, size, inode, mode} or {absent = true}, with mount = {fstype, options = set, source, target}, access.
local function paths_of(host)
  local look, paths = host.look, {}
  local function at(line, n)
    local word = fields(line, n)
    local path = host.paths[math.tointeger(word[1]) + 1]
    paths[path] = paths[path] or {}
    return paths[path], word
  end
  for _, line in ipairs(look.path or {}) do
    local p, word = at(line)
    p.kind, p.size, p.inode, p.mode = word[2], math.tointeger(word[3]), word[4], word[5]
  end
  for _, line in ipairs(look.absent or {}) do
    at(line).absent = true
  end
  for _, line in ipairs(look.mount or {}) do
    local p, word = at(line)
    p.mount = { fstype = word[2], options = {}, source = word[4], target = word[5] }
    for option in (word[3] or ""):gmatch "[^,]+" do
      p.mount.options[option] = true
    end
  end
  for _, line in ipairs(look.access or {}) do
    local p, word = at(line)
    p.access = word[2]
  end
  return paths
end

-- By name: its addresses; an empty list where it was said that there is none, and nil where nobody could tell.
local function names_of(host)
  local names = {}
  local function at(number)
    local name = host.names[math.tointeger(number) + 1]
    names[name] = names[name] or {}
    return names[name]
  end
  for _, line in ipairs(host.look.resolve or {}) do
    local number, address = line:match "^(%d+) (.+)$"
    table.insert(at(number), address)
  end
  for _, number in ipairs(host.look.unresolved or {}) do
    at(number)
  end
  return names
end

local function links_of(look)
  local links, up, tap = {}, {}, {}
  for _, name in ipairs(look.up or {}) do
    up[name] = true
  end
  for _, name in ipairs(look.tap or {}) do
    tap[name] = true
  end
  local vlan = keyed(look.vlan, math.tointeger)
  for _, line in ipairs(look.link or {}) do
    local word = fields(line)
    links[word[1]] = { state = word[2], mtu = math.tointeger(word[3]), master = word[4] ~= "-" and word[4] or nil,
      up = up[word[1]] == true, tap = tap[word[1]] == true, vlan = vlan[word[1]] }
  end
  return links
end

local function bridges_of(look)
  return keyed(look.bridge, function(rest)
    local stp, delay = rest:match "^(%d+) (%d+)$"
    return { stp = stp ~= "0", delay_s = (math.tointeger(delay) or 0) / 100 }
  end)
end

-- A name and its number each, as "libvirt-qemu 64055".
local function id_of(lines)
  local name, id = ((lines or {})[1] or ""):match "^(%S+) (%d+)$"
  return name and { name = name, id = math.tointeger(id) } or nil
end

-- {[path] = its SHA-256, or false where nobody could read it}
local function hooks_of(look)
  local hooks = {}
  for _, line in ipairs(look.hook or {}) do
    local sum, path = line:match "^(%S+) (.+)$"
    hooks[path] = sum ~= "-" and sum
  end
  return hooks
end

local function conf_of(look)
  local conf = {}
  for _, line in ipairs(look.conf or {}) do
    local file, key, value = line:match "^(%S+) (%S+) ?(.*)$"
    if file then
      conf[file] = conf[file] or {}
      conf[file][key] = value
    end
  end
  return conf
end

local function addresses_of(look)
  local list = {}
  for _, line in ipairs(look.address or {}) do
    local link, address, prefix = line:match "^(%S+) (%S+)/(%d+)$"
    list[#list + 1] = link and { link = link, address = address, prefix = math.tointeger(prefix) } or nil
  end
  return list
end

-- Adds to a host what its script has told.
local function add_look(host)
  local look = host.look
  host.at, host.resolve, host.links, host.bridges = paths_of(host), names_of(host), links_of(look), bridges_of(look)
  host.addresses, host.conf = addresses_of(look), conf_of(look)
  host.qemu_user, host.qemu_group = id_of(look.qemu_user), id_of(look.qemu_group)
  host.groups = keyed(look.group, math.tointeger)
  host.vulnerabilities = keyed(look.vulnerability, same)
  host.tools, host.ovs, host.busy, host.sorted = {}, {}, {}, {}
  for key, set in pairs { tool = host.tools, ovs = host.ovs, busy = host.busy, vlan_filtering = host.sorted } do
    for _, name in ipairs(look[key] or {}) do
      set[name] = true
    end
  end
  host.hugepages = keyed(look.hugepages, function(rest)
    return math.tointeger(rest:match "(%d+)$")
  end)
  host.numa = keyed(look.numa, facts.set)
  host.online = look.cpus and facts.set(look.cpus[1])
  host.available_kib = look.available and math.tointeger(look.available[1])
  host.own = look.own
end

local function one(look, key)
  return look and look[key] and look[key][1]
end

local function doc_of(text)
  return type(text) == "string" and mig.xml(text) or nil
end

-- Absent values are nil, whatever the JSON has.
local function clean(value)
  if type(value) ~= "table" then
    return value
  end
  for key, item in pairs(value) do
    if item == mig.null then
      value[key] = nil
    else
      value[key] = clean(item)
    end
  end
  return value
end

-- A host as checks ask for it.
function facts.host(raw)
  local host = clean(raw)
  host.missing = host.missing or {}
  host.caps = doc_of(host.capabilities)
  for _, m in ipairs(host.machines or {}) do
    m.doc = doc_of(m.xml)
  end
  for _, list in ipairs { host.networks or {}, host.pools or {} } do
    for _, item in ipairs(list) do
      item.doc = doc_of(item.xml)
    end
  end
  for name, text in pairs(host.filters or {}) do
    host.filters[name] = doc_of(text)
  end
  if host.look then
    host.paths, host.names = host.paths or {}, host.names or {}
    add_look(host)
  end
  host.microcode, host.cpu_model = one(host.look, "microcode"), one(host.look, "cpu_model")
  host.kvm, host.userfaultfd, host.ntp = one(host.look, "kvm"), one(host.look, "userfaultfd"), one(host.look, "ntp")
  host.notsent_lowat = one(host.look, "notsent_lowat")
  host.hooks = host.look and hooks_of(host.look)
  return host
end

function facts.guest(raw)
  local guest = clean(raw)
  guest.missing = guest.missing or {}
  guest.active = guest.state ~= "shut off" and guest.state ~= "crashed"
  guest.doc = doc_of(guest.xml)
  return guest
end

-- What is known of a guest and a destination together.
function facts.pair(raw)
  local pair = clean(raw)
  pair.missing = pair.missing or {}
  return pair
end

-- The machine of a host that such a guest asks for, or nil.
function facts.machine(host, guest)
  local doc = guest.doc
  for _, m in ipairs(host.machines or {}) do
    if m.arch == doc:get "os/type/@arch" and m.machine == doc:get "os/type/@machine"
      and m.virttype == doc:get "/domain/@type" and (not m.emulator or m.emulator == doc:get "devices/emulator") then
      return m
    end
  end
end

-- By a name, in a list of tables; nil where there is none.
function facts.named(list, name)
  for _, item in ipairs(list or {}) do
    if item.name == name then
      return item
    end
  end
end

-- Is an address in a subnet? IPv4 only; nil: not known.
function facts.in_subnet(address, of, prefix)
  local function number(text)
    local a, b, c, d = text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
    return a and (math.tointeger(a) << 24 | math.tointeger(b) << 16 | math.tointeger(c) << 8 | math.tointeger(d))
  end
  local one_number, other = number(address), number(of)
  if not one_number or not other then
    return nil
  end
  return one_number >> (32 - prefix) == other >> (32 - prefix)
end

-- Does a disk of the guest lie on a network's file system?
function facts.on_network(c)
  for _, at in pairs(c.source and c.source.at or {}) do
    if at.mount and at.kind == "file" and storage.is_network(at.mount.fstype) then
      return true
    end
  end
  return false
end

-- "9.0.0"
function facts.version(number)
  return ("%d.%d.%d"):format(number // 1000000, number // 1000 % 1000, number % 1000)
end

return facts
