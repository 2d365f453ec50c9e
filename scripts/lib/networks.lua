-- SPDX-License-Identifier: GPL-3.0-or-later
-- A node's libvirt network: there or not, taken over from another node, and removed.
local networks = {}

-- What net-info tells of it, or nil where there is none. A node that cannot be asked has not said no.
function networks.info(node, name)
  local info, err = mig.try(mig.net_info, { name, node = node })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return info and info[1]
end

-- It is wanted for a guest that will run there: so it runs, also where it does not on the source.
function networks.clone(from, to, name)
  if not mig.net_clone({ name, to, node = from }).active then
    mig.net_start { name, node = to }
  end
end

function networks.stop(node, name)
  local info = networks.info(node, name)
  if info and info.active then
    mig.net_destroy { name, node = node }
  end
end

function networks.remove(node, name)
  networks.stop(node, name)
  if networks.info(node, name) then -- one that is not persistent is gone now
    mig.net_undefine { name, node = node }
  end
end

return networks
