#!/usr/bin/env migsh
-- SPDX-License-Identifier: GPL-3.0-or-later
-- compare.lua [GUEST]: which ways there are to each node, and what a migration costs by each: managed by this console
-- or by the source (p2p), memory over the hypervisors' own connection or through libvirt's (tunnelled). The guest,
-- which runs on source, goes to and fro. (Without no_watch its users' outage is measured too.)
local guest = arg[1] or "ubuntu-14.04"
local ways = {
  { name = "direct" },
  { name = "peer to peer", p2p = true },
  { name = "peer to peer, tunnelled", p2p = true, tunnelled = true },
}

-- That some transport is closed is no failure here: the table tells.
local table_of_ways, err = mig.try(mig.node_test, {})
print(mig.render("node-test", table_of_ways or err.value))

local from, to = "source", "dest"
for _, way in ipairs(ways) do
  local r = mig.live_migrate { guest .. "@" .. from, to, unsafe = true, no_watch = true, p2p = way.p2p,
    tunnelled = way.tunnelled }
  print(("%-25s total %.0f ms, libvirt's downtime %.0f ms"):format(way.name, r.total_ms, r.downtime_ms))
  from, to = to, from
end
