-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tells the others of a guest's networks where it is, from its new host, as soon as libvirt says that it runs there:
-- RARP, and neighbour advertisements of the IPv6 addresses that are known. All of it goes beside the migration, which
-- never waits for it, and whatever fails here is no more than a row of its report.
local frames = require "care.frames"
local guest = require "care.guest"
local judge = require "care.judge"
local outages = require "outage.watches"
local announce = {}

local PREPARE, HEARD_MS <const>, SENT_MS <const>, POLL_MS <const> = "5s", 1500, 5000, 50

-- Not by the agent: it is the guest, which must not speak in another's name by us, and may take for ever to answer.
local sources <const> = { "lease", "arp", "neigh" }

-- {{mac, address, protocol}…}: by whatever source, of the interfaces that are told of, judged. own: what its node has
-- told of its own ones, or nil.
function announce.addresses(domain, doc, own)
  local known, seen, of, nodes = {}, {}, {}, nil
  for _, iface in ipairs(guest.interfaces(doc)) do
    of[iface.mac] = iface
  end
  for _, source in ipairs(sources) do
    local rows = mig.try(mig.domifaddr, { domain, source = source })
    for _, row in ipairs(rows or {}) do
      local iface = row.mac ~= mig.null and of[row.mac:lower()]
      if iface and row.address ~= mig.null and not seen[row.address] then
        nodes = nodes or outages.addresses_of_nodes(domain, own)
        seen[row.address] = true
        known[#known + 1] = mig.guest_address(row.address, nodes) and { mac = iface.mac, address = row.address,
          protocol = row.protocol } or nil
      end
    end
  end
  return known
end

-- Before it runs there: which frames are sent, and that the node is logged in to and has perl.
local function prepare(plan)
  local domain = plan.uuid .. "@" .. plan.source
  mig.all {
    function()
      if plan.has_perl == nil then
        plan.has_perl = mig.node(plan.dest):tool "announce" ~= "perl\n"
      end
    end,
    function()
      local doc = mig.xml(mig.dumpxml { domain })
      plan.known = announce.addresses(domain, doc, plan.own)
      for _, iface in ipairs(guest.interfaces(doc)) do
        local mac = frames.mac(iface.mac)
        if iface.why or not mac then
          plan.skipped[#plan.skipped + 1] = ("%s: %s"):format(iface.mac, iface.why or "it is no address")
        else
          plan.frames[#plan.frames + 1] = frames.hex(frames.rarp(mac))
          for _, k in ipairs(plan.known) do
            local address = k.mac == iface.mac and k.protocol == "ipv6" and frames.ipv6(k.address)
            plan.frames[#plan.frames + 1] = address and frames.hex(frames.advertisement(mac, address)) or nil
            plan.advertisements = plan.advertisements + (address and 1 or 0)
          end
        end
      end
    end,
  }
end

local function tell(plan)
  local events <close> = mig.events { plan.dest, kinds = { "lifecycle" }, domain = plan.uuid }
  local resumed = mig.spawn(function()
    repeat
      local event = events:next()
    until event.type == "Resumed"
    plan.heard = mig.clock()
  end)
  local _ <close> = setmetatable({}, { __close = function() -- events that are waited for cannot be closed
    resumed:cancel()
    mig.try(resumed.wait, resumed)
  end })
  mig.timeout(PREPARE, prepare, plan)
  plan.ready = true
  if not plan.has_perl or #plan.frames == 0 then
    return
  end
  resumed:wait()
  plan.output = mig.node(plan.dest):tool("announce", table.unpack(plan.frames))
  plan.ended, plan.has_perl = mig.clock(), plan.output ~= "perl\n"
end

-- Begins to wait for that moment, in a task, which ends with the plan's or is to be cancelled. What became of it
-- announce.row() tells. job: {uuid, source, dest}; case: what preflight was told of both hosts a moment ago, or nil:
-- they are asked.
function announce.begin(job, case)
  local tools = case and case.dest.tools
  local plan = { uuid = job.uuid, source = job.source, dest = job.dest, frames = {}, skipped = {}, known = {},
    advertisements = 0, own = case and case.source.addresses, has_perl = tools and tools.perl ~= nil }
  plan.task = mig.spawn(function()
    local ok, err = pcall(tell, plan)
    plan.err = not ok and (type(err) == "table" and err or { code = "failed", msg = tostring(err) }) or nil
  end)
  return plan
end

-- plan nil: the console that moved it is gone.
function announce.row(plan)
  if not plan then
    return judge.row("skipped", "too late: the console that moved it is gone")
  end
  local begun = mig.clock()
  while not plan.task:done() and mig.clock() - begun < (plan.heard and SENT_MS or HEARD_MS) do
    mig.sleep(POLL_MS)
  end
  plan.task:cancel()
  if plan.err and plan.err.code ~= "cancelled" then
    return judge.row("failed", plan.err.msg)
  elseif plan.has_perl == false then
    return judge.row("skipped", "it has no perl")
  elseif plan.output then
    return judge.announcement(plan.output, plan.skipped, plan.advertisements, math.max(0, plan.ended - plan.heard
      - judge.span(plan.output)))
  elseif plan.ready and #plan.frames == 0 then
    return judge.row("skipped", plan.skipped[1] and table.concat(plan.skipped, "; ") or "it has no network interface")
  end
  return judge.row(plan.heard and "failed" or "skipped", plan.heard and "not done within 5 s"
    or "libvirt did not tell when it ran there")
end

return announce
