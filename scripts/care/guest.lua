-- SPDX-License-Identifier: GPL-3.0-or-later
-- What of a running guest's description matters after a move: its network interfaces and the channel to its agent.
-- Pure.
local guest = {}

-- Why nothing can be told to the others of an interface's network from its host, or nil: it is a bridge's.
local function why_not(dev)
  local port = dev:get "virtualport/@type"
  if port then
    return ("%s tells its network itself"):format(port == "openvswitch" and "Open vSwitch" or port)
  elseif dev:get "@type" == "direct" then
    return "it has no bridge (macvtap)"
  elseif not dev:get "source/@bridge" then
    return ("it has no bridge (%s)"):format(dev:get "@type")
  end
end

-- {{mac, why = nil or why it cannot be announced, network = libvirt's}…}
function guest.interfaces(doc)
  local list = {}
  for _, dev in ipairs(doc:each "devices/interface") do
    local mac = dev:get "mac/@address"
    list[#list + 1] = mac and { mac = mac:lower(), why = why_not(dev), network = dev:get "source/@network" } or nil
  end
  return list
end

-- Is an agent there? true, or false and why not.
function guest.has_agent(doc)
  local channel = doc:each "devices/channel[target/@name='org.qemu.guest_agent.0']"[1]
  if not channel then
    return false, "it has no channel for an agent"
  elseif channel:get "target/@state" == "disconnected" then
    return false, "no agent is at the other end of its channel"
  end
  return true
end

return guest
