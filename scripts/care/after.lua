-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is looked at and set right once a guest has been moved while it ran: rows {id, node, state, said, …}. None of it
-- is fatal, each has its own time, and a Ctrl-C leaves out what is not done yet: the guest has moved. How the parts
-- judge is pure (care/judge.lua).
local announce = require "care.announce"
local facts = require "preflight.facts"
local frames = require "care.frames"
local guest = require "care.guest"
local judge = require "care.judge"
local after = {}

-- Of an agent's answer, of its trimming (seconds), and what each part may take.
local AGENT_S <const>, TRIM_S <const> = 5, 30
local LOOK, AGENT, BACK, POST = "8s", "60s", "20s", "60s"

local function macs_of(doc)
  local list = {}
  for _, iface in ipairs(guest.interfaces(doc)) do
    list[#list + 1] = not iface.why and iface.mac or nil
  end
  return list
end

local function bridge(node, look)
  return function(add, c)
    local macs = macs_of(c.doc)
    if #macs == 0 then
      return add(judge.row("skipped", "it has no bridged interface"))
    end
    local output = mig.node(node):tool("bridge_look", table.unpack(macs))
    add(output == "bridge\n" and judge.row("skipped", "it has no bridge(8) to look by") or look(output, macs))
  end
end

-- A clock as it was read, between two moments of ours.
local function reading(read)
  local from = mig.clock()
  local value = read()
  return { value = value, from = from, to = mig.clock() }
end

local function clocks(c)
  local host = reading(function()
    return tonumber(mig.node(c.dest):run { "date", "--", "+%s.%N" })
  end)
  return reading(function()
    local t = mig.domtime { c.on_dest }
    return t.seconds + t.nanoseconds / 1e9
  end), host
end

-- By its new host's clock, when that comes to a whole second: these are what can be set.
local function clock(add, c)
  local own, host = clocks(c)
  local before, exact = judge.drift(own, host)
  if not judge.is_off(before, exact) then
    return add(judge.clock(before, exact))
  end
  local at, wait = judge.next_second(own, host, mig.clock())
  mig.sleep(wait)
  mig.domtime { c.on_dest, time = at }
  local now, exactly = judge.drift(clocks(c))
  add(judge.clock(before, exact, { drift = now, exact = exactly }))
end

local function trim(add, c)
  if not c.copied then
    return add(judge.row("skipped", "no disk was copied"))
  end
  mig.guest_agent_timeout { c.on_dest, timeout = TRIM_S }
  mig.domfstrim { c.on_dest }
  add(judge.row("ok", "its file systems told their disks what is free"))
end

-- One after the other, as libvirt asks an agent one thing at a time; without an agent said so of each, and of what is
-- left when one thing got no answer. libvirt would wait for an answer for ever.
local function agent(add, c, parts)
  local has, why = guest.has_agent(c.doc)
  if has then
    mig.guest_agent_timeout { c.on_dest, timeout = AGENT_S }
  end
  local _ <close> = setmetatable({}, { __close = function()
    if has then
      mig.try(mig.guest_agent_timeout, { c.on_dest })
    end
  end })
  for _, part in ipairs(parts) do
    if why then
      add(judge.row("skipped", why), part.id)
    else
      local _, err = mig.try(part.fn, function(row)
        add(row, part.id)
      end, c)
      if err then
        add(judge.row("failed", err.msg), part.id)
        why = err.code == "timeout" and "what was asked before it got no answer" or nil
      end
    end
  end
end

-- The guest's networks that go through the host it had, as libvirt has them there.
local function forwards(doc, host)
  local list = {}
  for _, iface in ipairs(guest.interfaces(doc)) do
    local net = iface.network and facts.named(host.networks, iface.network)
    local mode = net and net.doc and net.doc:get "forward/@mode"
    list[#list + 1] = (mode == "nat" or mode == "route") and ("%s (%s)"):format(iface.network, mode) or nil
  end
  return list
end

local function conntrack(c, host)
  local words = {}
  for _, known in ipairs(c.known or announce.addresses(c.on_dest, c.doc)) do
    local six = frames.ipv6(known.address)
    words[#words + 1] = known.address
    words[#words + 1] = six and frames.hex(six):gsub("%x%x%x%x", "%0:"):sub(1, -2) or nil -- as /proc writes it
  end
  local tracked = #words > 0 and mig.node(c.source):tool("conntrack_look", table.unpack(words)) or nil
  return judge.conntrack(c.source, tracked, forwards(c.doc, host))
end

-- The source's facts are there for both.
local function way_back(add, c)
  local found, case = c.judge_back()
  add(judge.way_back(found))
  local seen, err = mig.try(conntrack, c, case.dest)
  add(seen or judge.row("failed", err.msg), "conntrack")
end

-- Raises for a recipe that nobody has.
function after.check_post(names)
  for _, name in ipairs(names) do
    if not mig.recipe_options(name) then
      mig.fail("not-found", "help lists the recipes among the commands", "no recipe '%s' for --post", mig.line(name))
    end
  end
end

local function post(name)
  return function(add, c)
    local args = {}
    after.check_post { name } -- a journal may be gone on with where it is not there
    for _, option in ipairs(mig.recipe_options(name)) do
      args[option] = c.given[option]
    end
    local _, err = mig.try(mig[name], args)
    add(judge.row(err and "failed" or "ok", err and ("%s: %s"):format(name, err.msg) or name))
  end
end

-- Its rows, whatever comes of it. A part adds some; add(row, id of another one).
local function run_part(part, c)
  local function add(row, id)
    row.id, row.node = id or part.id, part.node
    part.rows[#part.rows + 1] = row
  end
  local ok, err = pcall(mig.timeout, part.limit, part.fn, add, c)
  if not ok and type(err) == "table" and err.code == "cancelled" then
    error(err, 0)
  elseif not ok then
    add(judge.row("failed", type(err) == "table" and err.msg or tostring(err)))
  end
end

local function parts_of(c)
  local list = {}
  local function part(id, node, limit, fn)
    list[#list + 1] = { id = id, node = node, limit = limit, fn = fn, rows = {} }
  end
  if not c.args.no_care then
    part("announce", c.dest, LOOK, function(add)
      add(announce.row(c.plan))
    end)
    part("bridge", c.dest, LOOK, bridge(c.dest, judge.bridge_there))
    part("bridge", c.source, LOOK, bridge(c.source, judge.bridge_gone))
    part("clock", c.dest, AGENT, function(add)
      agent(add, c, { { id = "clock", fn = clock }, c.args.fstrim and { id = "fstrim", fn = trim } or nil })
    end)
  end
  part("way-back", c.source, BACK, way_back)
  return list
end

-- What is done beside each other. The guest's agent is asked by both the last part, for the guest's addresses, and the
-- one before it; how long libvirt waits for it is one setting of the guest, which each sets and takes back.
local function works_of(parts, c)
  local works, agents = {}, {}
  for _, part in ipairs(parts) do
    if part.id == "clock" or part.id == "way-back" then
      agents[#agents + 1] = part
    else
      works[#works + 1] = function()
        run_part(part, c)
      end
    end
  end
  works[#works + 1] = function()
    for _, part in ipairs(agents) do
      run_part(part, c)
    end
  end
  return works
end

-- The rows of all parts. why: nothing came of those that have none, as it was cut short.
local function gather(parts, why)
  local rows = mig.array {}
  for _, part in ipairs(parts) do
    if #part.rows == 0 then
      part.rows[1] = judge.row("skipped", why)
      part.rows[1].id, part.rows[1].node = part.id, part.node
    end
    table.move(part.rows, 1, #part.rows, #rows + 1, rows)
  end
  return rows
end

-- q: {uuid, name, source, dest, args (of live-migrate), copied = were disks, plan = announce.begin()'s or nil,
-- judge_back = a function: preflight.gate's look at the opposite direction}
function after.run(q)
  local c = setmetatable({ on_dest = q.uuid .. "@" .. q.dest, known = q.plan and q.plan.known,
    given = { domain = q.name, source = q.source, dest = q.dest } }, { __index = q })
  local parts = parts_of(c)
  local posts = {}
  for i, name in ipairs(q.args.post or {}) do
    posts[i] = { id = "post", node = q.dest, limit = POST, fn = post(name), rows = {} }
  end
  local ok, err = pcall(function()
    c.doc = mig.xml(mig.dumpxml { c.on_dest })
    mig.all(works_of(parts, c))
    for _, part in ipairs(posts) do
      run_part(part, c)
    end
  end)
  table.move(posts, 1, #posts, #parts + 1, parts)
  local why = not ok and (type(err) == "table" and err.msg or tostring(err))
  if why then
    mig.warn(mig.line(("%s: what follows the move was cut short (%s); it runs on %s"):format(q.name, why, q.dest)))
  end
  return gather(parts, why)
end

return after
