-- SPDX-License-Identifier: GPL-3.0-or-later
-- libvirt's networks, by virsh of the node itself: they have no command here.
local networks = {}

-- Is it there? A node that cannot be asked has not said no.
function networks.has(node, name)
  return ("\n" .. mig.node(node):tool "net_list"):find("\n" .. name .. "\n", 1, true) ~= nil
end

function networks.clone(from, to, name)
  local text = mig.node(from):run { "virsh", "-c", "qemu:///system", "net-dumpxml", "--inactive", "--", name }
  mig.node(to):tool("net_define", name, { input = text })
end

function networks.remove(node, name)
  mig.node(node):tool("net_remove", name)
end

return networks
