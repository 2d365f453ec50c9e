-- SPDX-License-Identifier: GPL-3.0-or-later
-- Will the guest's network cards be connected to the same networks on the destination?
local facts = require "preflight.facts"
local line = require "lib.line"
local lists = require "lib.list"

-- Of each interface of the guest, as the destination would get it, that an XPath condition fits.
local function each(c, condition, look)
  local found, seen = {}, {}
  for _, dev in ipairs(c.there:each("devices/interface" .. condition)) do
    local finding = look(dev)
    local key = finding and (finding.seen .. (finding.subject or ""))
    if finding and not seen[key] then
      seen[key], found[#found + 1] = true, finding
    end
  end
  return found
end

-- The ports of a bridge that lead out of the host.
local function uplinks(host, bridge)
  local list = {}
  for name, link in pairs(host.links) do
    if link.master == bridge and not link.tap then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

local function bridge_of(dev)
  return dev:get "source/@bridge"
end

-- A running guest's interface on a network of libvirt's shows what that network has made of it.
local BRIDGE <const> = "[@type='bridge'][source/@bridge][not(source/@network)]"

-- From then on a tag may be given where the bridge is Linux's.
local VLAN_SINCE <const> = 11000000

-- 24 of "255.255.255.0".
local function prefix_of(netmask)
  local n = 0
  for octet in netmask:gmatch "%d+" do
    local bits = math.tointeger(octet)
    while bits > 0 do
      n, bits = n + (bits & 1), bits >> 1
    end
  end
  return n
end

-- How a network leads out, and, where libvirt gives the addresses, which: as text.
local function kind_of(network)
  local forwards = network.doc:get "boolean(forward)" == "true"
  local list = { network.doc:get "forward/@mode" or forwards and "nat" or "isolated" }
  for _, ip in ipairs(network.doc:each "ip[@address]") do
    local netmask = ip:get "@netmask"
    list[#list + 1] = ("%s/%s"):format(ip:get "@address", ip:get "@prefix" or netmask and prefix_of(netmask) or "?")
  end
  return table.concat(list, " ")
end

-- What is in a packet filter, but for the UUID that each host gives it: as text.
local function rules_of(doc)
  local list = {}
  for _, node in ipairs(doc:each "//*[not(self::uuid)] | //@*") do
    list[#list + 1] = node:get "name()" .. (node:get "boolean(self::*)" == "true" and "" or "=" .. node:get ".")
  end
  return table.concat(list, "\n")
end

-- The names of a packet filter of a host and of all that it refers to; filters: {[name] = its document}.
local function with_references(filters, name, names)
  names = names or {}
  if not lists.has(names, name) then
    names[#names + 1] = name
    for _, ref in ipairs(filters[name] and filters[name]:each "//filterref/@filter" or {}) do
      with_references(filters, ref:get ".", names)
    end
  end
  return names
end

-- The VLANs by which a bridge leads out of a host, as text: "" where it does so without one.
local function vlans_of(host, bridge)
  local list = {}
  for _, port in ipairs(uplinks(host, bridge)) do
    list[#list + 1] = host.links[port].vlan
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- Whether it is of Open vSwitch, on a host.
local function is_ovs(host, name)
  return host.ovs ~= nil and host.ovs[name] == true
end

return {
  { id = "bridge", title = "each bridge is there and up", needs = { "guest.doc", "dest.look" }, judge = function(c)
    return each(c, BRIDGE, function(dev)
      local name = bridge_of(dev)
      local link = c.dest.links[name]
      if not link and not is_ovs(c.dest, name) then
        return { subject = name, seen = "it has no bridge " .. name, wanted = name,
          libvirt = ("Cannot get interface MTU on '%s': No such device"):format(name),
          remedy = line.format("--map bridge=%s:OTHER, or make it there", name) }
      elseif link and not link.up then
        return { subject = name, seen = ("%s is down"):format(name), wanted = "up",
          why = "libvirt does not look: the guest arrives without a network",
          remedy = line.format("exec %s -- ip link set %s up", c.dest.node, name),
          fix = { name = "link-up", link = name, node = c.dest.node } }
      end
    end)
  end },
  { id = "uplink", title = "each bridge leads out of the host", level = "warn", needs = { "guest.doc", "dest.look" },
    judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name = bridge_of(dev)
        if not c.dest.links[name] or is_ovs(c.dest, name) or not (c.source.links and c.source.links[name]) then
          return nil
        end
        local there = uplinks(c.dest, name)
        if #there == 0 and #uplinks(c.source, name) > 0 then
          return { subject = name, seen = ("%s has no port that leads out"):format(name),
            wanted = "a network card in it, as on " .. c.source.node,
            why = "only guests of the same host would be reached" }
        end
        for _, port in ipairs(there) do
          if c.dest.links[port].state == "up" or c.dest.links[port].state == "unknown" then
            return nil
          end
        end
        return there[1] and { subject = name, seen = ("%s, by which %s leads out, is down"):format(there[1], name),
          wanted = "up", remedy = line.format("exec %s -- ip link set %s up", c.dest.node, there[1]) } or nil
      end)
    end },
  { id = "uplink-vlan", title = "each bridge leads out into the same VLAN", level = "warn",
    needs = { "guest.doc", "source.look", "dest.look" }, judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name = bridge_of(dev)
        if #uplinks(c.source, name) == 0 or #uplinks(c.dest, name) == 0 then
          return nil -- the check of the uplink tells
        end
        local here, there = vlans_of(c.source, name), vlans_of(c.dest, name)
        local function text(vlans)
          return vlans == "" and "no VLAN" or "VLAN " .. vlans
        end
        if here ~= there then
          return { subject = name, seen = ("%s leads out by %s there, and by %s here"):format(name, text(there),
            text(here)), wanted = text(here), why = "the guest keeps its address, and may reach nobody by it",
            remedy = line.format("--map bridge=%s:OTHER, or put a port of that VLAN into it there", name) }
        end
      end)
    end },
  { id = "bridge-kind", title = "each bridge is of the same kind", needs = { "guest.doc", "dest.look" },
    judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name, port = bridge_of(dev), dev:get "virtualport/@type"
        if not c.dest.links[name] and not is_ovs(c.dest, name) then
          return nil
        elseif port == "openvswitch" and not is_ovs(c.dest, name) then
          return { subject = name, seen = ("%s is no bridge of Open vSwitch there"):format(name),
            wanted = "Open vSwitch, as the interface says", libvirt = "Unable to add port to OVS bridge " .. name,
            remedy = line.format("--map bridge=%s:OTHER", name) }
        elseif not port and is_ovs(c.dest, name) and not is_ovs(c.source, name) then
          return { subject = name, seen = ("%s belongs to Open vSwitch there"):format(name),
            wanted = "a bridge of Linux",
            libvirt = ("Unable to add bridge %s port: Operation not supported"):format(name),
            remedy = line.format("--map bridge=%s:OTHER", name) }
        end
      end)
    end },
  { id = "mtu", title = "packets may be as large there", level = "warn", needs = { "guest.doc", "dest.look",
    "source.look" }, judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name = bridge_of(dev)
        local here, there = c.source.links[name], c.dest.links[name]
        local own = math.tointeger(tonumber(dev:get "mtu/@size" or ""))
        if own and there and there.mtu < own then
          return { subject = name, seen = ("%s takes packets of up to %d bytes"):format(name, there.mtu),
            wanted = tostring(own), why = "large packets get lost without a word",
            remedy = line.format("exec %s -- ip link set %s mtu %d", c.dest.node, name, own) }
        elseif here and there and here.mtu ~= there.mtu then
          return { subject = name, seen = ("%s takes packets of up to %d bytes there, and %d here"):format(name,
            there.mtu, here.mtu), why = "large packets get lost without a word",
            remedy = line.format("exec %s -- ip link set %s mtu %d", c.dest.node, name, here.mtu) }
        end
      end)
    end },
  { id = "vlan", title = "bridges sort packets by VLANs in the same way", level = "warn",
    needs = { "guest.doc", "dest.libvirt", "dest.look", "source.look" }, judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name, tag = bridge_of(dev), dev:get "vlan/tag/@id"
        local here, there = c.source.sorted[name] == true, c.dest.sorted[name] == true
        if not c.dest.links[name] or is_ovs(c.dest, name) then
          return nil
        elseif tag and c.dest.libvirt < VLAN_SINCE then
          return { level = "fail", subject = name, seen = ("it has the VLAN %s on %s, which is a bridge of Linux there")
            :format(tag, name), wanted = "Open vSwitch, or libvirt 11 or later",
            libvirt = ("interface %s - vlan tag not supported for this connection type"):format(
              dev:get "target/@dev" or dev:get "mac/@address" or "?"),
            remedy = line.format("--map bridge=%s:OTHER", name) }
        elseif c.source.links[name] and not is_ovs(c.source, name) and here ~= there or tag and not there then
          return { subject = name, seen = ("%s does not sort packets by their VLANs %s%s"):format(name,
            there and "here" or "there", here ~= there and (", and does %s"):format(there and "there" or "here") or ""),
            why = "what has a tag, or none, goes elsewhere",
            remedy = line.format("exec %s -- ip link set %s type bridge vlan_filtering %d", c.dest.node, name,
              there and 0 or 1) }
        end
      end)
    end },
  { id = "bridge-stp", title = "bridges forward at once", level = "warn", needs = { "guest.doc", "dest.look" },
    judge = function(c)
      return each(c, BRIDGE, function(dev)
        local name = bridge_of(dev)
        local bridge = c.dest.bridges[name]
        if bridge and bridge.stp and bridge.delay_s > 0 then
          return { subject = name, seen = ("%s waits %g s before it forwards for a new port, twice (STP)"):format(name,
            bridge.delay_s), wanted = "0", why = "a guest that moves faster is not reached until then",
            remedy = line.format("exec %s -- ip link set %s type bridge forward_delay 0 (or stp_state 0)", c.dest.node,
              name) }
        end
      end)
    end },
  { id = "network", title = "each network is there and active", needs = { "guest.doc", "dest.networks" },
    judge = function(c)
      return each(c, "[source/@network]", function(dev)
        local name, group = dev:get "source/@network", dev:get "source/@portgroup"
        local network = facts.named(c.dest.networks, name)
        if not network then
          local found = { subject = name, level = c.options.clone and "info" or nil, seen = "it has no network "
            .. name, why = c.options.clone and "--clone makes it there first" or nil,
            wanted = name, libvirt = ("Network not found: no network with matching name '%s'"):format(name) }
          if c.mode == "import" then
            found.remedy = line.format("--map network=%s:OTHER", name)
          else
            found.remedy = line.format("preflight %s %s --fix", c.guest.name, c.dest.node)
            found.fix = { name = "network-clone", network = name, from = c.source.node, node = c.dest.node }
          end
          return found
        elseif not network.active then
          return { subject = name, seen = ("network %s is not active"):format(name), wanted = "active",
            libvirt = ("network '%s' is not active"):format(name),
            remedy = line.format("net-start %s --node %s", name, c.dest.node),
            fix = { name = "network-start", network = name, node = c.dest.node } }
        end
        local bridge = network.doc and network.doc:get "forward[@mode='bridge']/../bridge/@name"
        if bridge and c.dest.links and not c.dest.links[bridge] and not is_ovs(c.dest, bridge) then
          return { subject = name, seen = ("network %s is the bridge %s, which is not there"):format(name, bridge),
            wanted = bridge, libvirt = ("Cannot get interface MTU on '%s': No such device"):format(bridge),
            remedy = line.format("net-edit %s --node %s, or make the bridge there (bridge-ensure)", name, c.dest.node) }
        elseif group and network.doc then
          for _, g in ipairs(network.doc:each "portgroup") do
            if g:get "@name" == group then
              return nil
            end
          end
          return { subject = group, seen = ("network %s has no port group %s"):format(name, group), wanted = group,
            libvirt = ("network '%s' has no portgroup '%s'"):format(name, group),
            remedy = line.format("net-edit %s --node %s", name, c.dest.node) }
        end
      end)
    end },
  { id = "network-kind", title = "each network is of the same kind", level = "warn",
    needs = { "guest.doc", "source.networks", "dest.networks" }, judge = function(c)
      return each(c, "[source/@network]", function(dev)
        local name = dev:get "source/@network"
        local here, there = facts.named(c.source.networks, name), facts.named(c.dest.networks, name)
        if not here or not there or not here.doc or not there.doc then
          return nil
        end
        local one, other = kind_of(here), kind_of(there)
        if one ~= other then
          return { subject = name, seen = ("network %s is %s here, and %s there"):format(name, one, other),
            wanted = one, why = "the guest keeps its address, and may reach nobody by it",
            remedy = line.format("net-edit %s --node %s, or --map network=%s:OTHER", name, c.dest.node, name) }
        end
      end)
    end },
  { id = "macvtap", title = "each network card that it shares with the host is there",
    needs = { "guest.doc", "dest.look" }, judge = function(c)
      return each(c, "[@type='direct'][not(source/@network)]", function(dev)
        local name = dev:get "source/@dev"
        if name and not c.dest.links[name] then
          return { subject = name, seen = "it has no network card " .. name, wanted = name,
            libvirt = ("Cannot get interface MTU on '%s': No such device"):format(name),
            remedy = line.format("with --xml: a card that %s has", c.dest.node) }
        end
      end)
    end },
  { id = "nwfilter", title = "the packet filters that it names are there", needs = { "guest.doc", "dest.nwfilters" },
    judge = function(c)
      return each(c, "[filterref]", function(dev)
        local first = dev:get "filterref/@filter"
        for _, name in ipairs(with_references(c.dest.filters or {}, first)) do
          if not lists.has(c.dest.nwfilters, name) then
            local found = { subject = name, level = c.options.clone and "info" or nil,
              why = c.options.clone and "--clone makes it there first" or nil, wanted = name,
              seen = ("it has no network filter %s%s"):format(name, name ~= first and ", which " .. first .. " names"
                or ""),
              libvirt = ("referenced filter '%s' is missing"):format(name) }
            if c.mode == "import" or name ~= first and not lists.has(c.source.nwfilters or {}, name) then
              found.remedy = line.format("nwfilter-define FILE --node %s", c.dest.node)
            else
              found.remedy = line.format("preflight %s %s --fix", c.guest.name, c.dest.node)
              found.fix = { name = "nwfilter-clone", filter = name, from = c.source.node, node = c.dest.node }
            end
            return found
          end
        end
      end)
    end },
  { id = "nwfilter-rules", title = "the packet filters that it names hold back the same", level = "warn",
    needs = { "guest.doc", "source.filters", "dest.filters" }, judge = function(c)
      return each(c, "[filterref]", function(dev)
        local first = dev:get "filterref/@filter"
        for _, name in ipairs(with_references(c.source.filters, first)) do
          local here, there = c.source.filters[name], c.dest.filters[name]
          if here and there and rules_of(here) ~= rules_of(there) then
            return { subject = name, seen = ("the network filter %s%s has other rules there"):format(name,
              name ~= first and (", which %s names,"):format(first) or ""),
              wanted = "the same rules", remedy = line.format("nwfilter-edit %s --node %s (nwfilter-dumpxml %s --node "
                .. "%s shows what it has here)", name, c.dest.node, name, c.guest.node) }
          end
        end
      end)
    end },
  { id = "subnet", title = "its addresses belong to the destination's networks", level = "warn",
    needs = { "guest.addresses", "dest.look", "source.look" }, judge = function(c)
      local found = {}
      -- Only where the source's own address shows which subnet the bridge is in.
      local function subnets(host, bridge)
        local list = {}
        for _, a in ipairs(host.addresses) do
          list[#list + 1] = a.link == bridge and a or nil
        end
        return list
      end
      local function holds(list, address)
        local any
        for _, a in ipairs(list) do
          local inside = facts.in_subnet(address, a.address, a.prefix)
          if inside then
            return true
          end
          any = any or inside ~= nil
        end
        if any then
          return false
        end
      end
      for _, guest in ipairs(c.guest.addresses) do
        for _, dev in ipairs(c.there:each("devices/interface" .. BRIDGE)) do
          local name = bridge_of(dev)
          local same_card = not guest.mac or (dev:get "mac/@address" or ""):lower() == guest.mac:lower()
          if same_card and holds(subnets(c.source, name), guest.address)
            and holds(subnets(c.dest, name), guest.address) == false then
            local there = subnets(c.dest, name)[1]
            found[#found + 1] = { subject = guest.address,
              seen = ("%s is not in the subnet of %s there (%s/%d)"):format(
              guest.address, name, there.address, there.prefix), wanted = "the same subnet",
              why = "what reaches it here may not reach it there" }
          end
        end
      end
      return found
    end },
}
