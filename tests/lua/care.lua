-- SPDX-License-Identifier: GPL-3.0-or-later
-- What follows a move, in its pure parts: the frames by which it is announced, and how what nodes said is judged
-- (scripts/care/).
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match = check.test, check.equal, check.match
local frames = require "care.frames"
local guest = require "care.guest"
local judge = require "care.judge"

local MAC <const>, TEXT <const> = "\x52\x54\x00\x4d\x53\x0a", "52:54:00:4d:53:0a"

-- frames --------------------------------------------------------------------------------------------------------------

test("a MAC as bytes", function()
  equal(frames.mac(TEXT), MAC)
  equal(frames.mac "52:54:00:4D:53:0A", MAC)
  for _, text in ipairs { "", "52:54:00:4d:53", "52:54:00:4d:53:0a:00", "52-54-00-4d-53-0a", "52:54:00:4d:53:0g",
    " 52:54:00:4d:53:0a", "52:54:00:4d:53:0a\n" } do
    equal(frames.mac(text), nil, text)
  end
end)

test("an IPv6 address as bytes", function()
  for text, hex in pairs { ["::"] = ("0"):rep(32), ["::1"] = ("0"):rep(31) .. "1", ["1::"] = "0001" .. ("0"):rep(28),
    ["2001:DB8::a"] = "20010db800000000000000000000000a", ["1:2:3:4:5:6:7:8"] = "00010002000300040005000600070008",
    ["1:2:3:4:5:6:7::"] = "00010002000300040005000600070000",
    ["::ffff:192.0.2.1"] = ("0"):rep(20) .. "ffffc0000201" } do
    equal(frames.hex(frames.ipv6(text)), hex, text)
  end
  for _, text in ipairs { "", ":", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1:2:3:4:5:6:7", "12345::", "x::",
    "fe80::1%eth0", "192.0.2.1", "1:2:3:4:5:6:7:8 ", "::1\n" } do
    equal(frames.ipv6(text), nil, text)
  end
end)

-- As QEMU's announce-self sends it: an Ethernet frame of 60 bytes; RFC 903 has ARP's format with the opcode 3 and
-- both hardware addresses the sender's own.
test("RARP, byte by byte", function()
  equal(frames.hex(frames.rarp(MAC)), "ffffffffffff" .. "5254004d530a" .. "8035" .. "0001" .. "0800" .. "06" .. "04"
    .. "0003" .. "5254004d530a" .. "00000000" .. "5254004d530a" .. "00000000" .. ("00"):rep(18))
  equal(#frames.rarp(MAC), 60)
end)

-- RFC 4861, 4.4 and 4.6.1, to all nodes: hop limit 255, type 136, solicited 0 and override 1, and the option 2.
test("an unsolicited neighbour advertisement, byte by byte", function()
  local frame = frames.advertisement(MAC, frames.ipv6 "2001:db8::a")
  local address, all = "20010db800000000000000000000000a", "ff02" .. ("0"):rep(27) .. "1"
  equal(frames.hex(frame), "333300000001" .. "5254004d530a" .. "86dd" .. "60000000" .. "0020" .. "3a" .. "ff"
    .. address .. all .. "88" .. "00" .. "556e" .. "20000000" .. address .. "02" .. "01" .. "5254004d530a")
  equal(#frame, 14 + 40 + 32)
end)

test("the checksum", function()
  -- The example of RFC 1071, 3: the sum of these is ddf2.
  equal(frames.checksum "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", ~0xddf2 & 0xffff)
  -- With itself and the pseudo-header (RFC 4443, 2.3; RFC 8200, 8.1) each frame's sum is nothing but ones.
  math.randomseed(4861)
  for _ = 1, 200 do
    local address = string.pack("<I8I8", math.random(0), math.random(0))
    local body = frames.advertisement(MAC, address):sub(15)
    equal(frames.checksum(body:sub(9, 40) .. string.pack(">I4I4", #body - 40, 58) .. body:sub(41)), 0)
  end
end)

-- the guest -----------------------------------------------------------------------------------------------------------

local function described(devices)
  return mig.xml("<domain type='kvm'><name>vm</name><devices>" .. devices .. "</devices></domain>")
end

test("its interfaces, and which cannot be announced", function()
  local list = guest.interfaces(described [[
    <interface type='bridge'><mac address='52:54:00:4D:53:0A'/><source bridge='br0'/><target dev='vnet3'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source network='default' bridge='virbr0'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:03'/><source bridge='ovs'/><virtualport type='openvswitch'/>
      </interface>
    <interface type='direct'><mac address='52:54:00:00:00:04'/><source dev='eth0' mode='bridge'/></interface>
    <interface type='user'><mac address='52:54:00:00:00:05'/></interface>
    <interface type='hostdev'><source/></interface>]])
  equal(#list, 5)
  equal(list[1].mac, TEXT)
  equal(list[1].why, nil)
  equal(list[2].why, nil)
  equal(list[2].network, "default")
  match(list[3].why, "^Open vSwitch tells")
  match(list[4].why, "macvtap")
  match(list[5].why, "no bridge .user")
end)

test("its agent", function()
  local function has(target)
    return guest.has_agent(described("<channel type='unix'>" .. target .. "</channel>"))
  end
  equal(has "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>", true)
  equal(has "<target type='virtio' name='org.qemu.guest_agent.0'/>", true, "libvirt does not tell")
  equal(has "<target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/>", false)
  local ok, why = has "<target type='virtio' name='com.redhat.spice.0' state='connected'/>"
  equal(ok, false)
  match(why, "no channel")
end)

-- judgements ----------------------------------------------------------------------------------------------------------

test("what was announced", function()
  local said = "out 52:54:00:4d:53:0a br0 vnet3\nsent 2 0\nsent 2 100\nsent 2 310\n"
  equal(judge.span(said), 310)
  equal(judge.span "perl\n", 0)
  local r = judge.announcement(said, {}, 1, 42.4)
  equal(r.state, "ok")
  equal(r.said, "RARP and 1 neighbour advertisement out of br0, 3 times, the first at most 42 ms after it ran")
  equal(r.late_ms, 42.4)
  r = judge.announcement("no 52:54:00:4d:53:0a vnet3 is of Open vSwitch\n",
    { "52:54:00:00:00:04: it has no bridge" }, 0, 1)
  equal(r.state, "skipped")
  equal(r.said, "52:54:00:00:00:04: it has no bridge; 52:54:00:4d:53:0a: vnet3 is of Open vSwitch")
  r = judge.announcement("out a br0 vnet3\nfailed br0 Network is down\nsent 0 0\nsent 0 100\nsent 0 300\n", {}, 0, 1)
  equal(r.state, "failed")
  equal(r.said, "br0: Network is down")
  equal(judge.announcement("out a br0 vnet3\nout b br0 vnet4\nsent 4 0\n\27[31m\n", {}, 2, 1).said,
    "RARP and 2 neighbour advertisements out of br0, 1 time, the first at most 1 ms after it ran")
end)

local TAPS <const> = "tap vnet3 fe:54:00:4d:53:0a br0 bridge\ntap vnet4 fe:54:00:00:00:02 br1 bridge\n"
  .. "tap vnet5 fe:54:00:00:00:03 ovs-system other\n"

test("what the bridges know", function()
  local function there(entries, ...)
    local r = judge.bridge_there(TAPS .. entries, { ... })
    return r.state .. ": " .. r.said, r
  end
  equal(there("fdb 52:54:00:4d:53:0a vnet3 br0\n", TEXT), "ok: 52:54:00:4d:53:0a is behind vnet3 of br0")
  equal(there("", TEXT), "ok: br0 has not heard 52:54:00:4d:53:0a yet")
  local text, r = there("fdb 52:54:00:00:00:02 vnet4 br1\nfdb 52:54:00:4d:53:0a eth0 br0\n", "52:54:00:00:00:02", TEXT)
  equal(text, "failed: 52:54:00:4d:53:0a is behind eth0 of br0 there")
  equal(r.seen .. " " .. r.wanted, "eth0 vnet3")
  equal(there("fdb 52:54:00:4d:53:0a eth1 br9\n", TEXT), "ok: br0 has not heard 52:54:00:4d:53:0a yet",
    "another bridge")
  equal(there("", "52:54:00:00:00:03"), "skipped: no tap of it is in a bridge of Linux")
  equal(there("", "52:54:00:00:00:99"), "skipped: no tap of it is in a bridge of Linux")

  local function gone(entries)
    local it = judge.bridge_gone(TAPS .. entries, { TEXT })
    return it.state .. ": " .. it.said
  end
  equal(gone "fdb 52:54:00:4d:53:0a eth0 br0\n", "ok: none of its addresses is behind a tap there")
  equal(gone "fdb 52:54:00:4d:53:0a vnet3 br0\n", "failed: 52:54:00:4d:53:0a is still behind vnet3 of br0 there")
  equal(gone "fdb 52:54:00:00:00:02 vnet4 br1\n", "ok: none of its addresses is behind a tap there", "another guest")
end)

test("a guest's clock", function()
  -- The host said 1000 s between 0 and 200 ms of ours, the guest 1003 s between 300 and 500 ms: 0.3 s went by.
  local host, own = { value = 1000, from = 0, to = 200 }, { value = 1003, from = 300, to = 500 }
  local drift, exact = judge.drift(own, host)
  equal(("%.3f %.3f"):format(drift, exact), "2.700 0.200")
  equal(judge.is_off(drift, exact), true)
  equal(judge.is_off(-0.15, 0.2), false, "it cannot be told")
  equal(judge.is_off(0.05, 0), false, "it does not matter")
  -- At 600 ms of ours it is 1000.5 s there; a word to the guest takes 0.1 s.
  local at, wait = judge.next_second(own, host, 600)
  equal(at, 1001)
  equal(("%.0f"):format(wait), "400")
  local r = judge.clock(-2.7, 0.2, { drift = 0.01, exact = 0.1 })
  equal(r.state .. ": " .. r.said, "ok: it was 2.700 s behind; set, now 0.010 s ahead")
  equal(judge.clock(-2.7, 0.2, { drift = -2.7, exact = 0.1 }).state, "failed")
  equal(judge.clock(0.04, 0.05).said, "it is right: 0.040 s ahead, within 50 ms")
end)

test("connections that are tracked", function()
  local function said(...)
    local r = judge.conntrack("source", ...)
    return r.state .. ": " .. r.said
  end
  equal(said("12\n", {}), "ok: it tracks 12 connections of the guest: those that it translates (NAT) end there")
  equal(said("1\n", {}), "ok: it tracks 1 connection of the guest: those that it translates (NAT) end there")
  equal(said("0\n", {}), "ok: it tracks no connection of the guest")
  equal(said("off\n", {}), "ok: it tracks no connection of the guest")
  equal(said("unknown\n", {}), "skipped: it tracks connections, and they cannot be listed")
  equal(said(nil, {}), "skipped: no address of it is known")
  equal(said("3\n", { "default (nat)" }),
    "ok: connections that were established through source end there: default (nat); it tracks 3 of the guest's")
  equal(said(nil, { "default (nat)" }), "ok: connections that were established through source end there: default (nat)")
end)

test("the way back", function()
  local bad = { id = "bridge", level = "fail", seen = "it has no bridge br0", remedy = "make it\nthere" }
  local r = judge.way_back { findings = { { id = "a", level = "warn", seen = "x" } }, counts = { fail = 0 } }
  equal(r.state .. ": " .. r.said, "ok: way back: open")
  r = judge.way_back { findings = { { id = "a", level = "pass" }, bad, bad }, counts = { fail = 2 } }
  equal(r.state, "failed")
  match(r.said, "^way back: would fail: bridge: it has no bridge br0; make it.*there %(and 1 more%)$")
  equal(r.said:find "\n", nil)
  equal(r.check, "bridge")
end)

-- all of it -----------------------------------------------------------------------------------------------------------

local function told(row)
  return ("%s %s %s: %s"):format(row.id, row.node, row.state, row.said)
end

test("what cannot be asked is a row each, and raises nothing", function()
  local after = require "care.after"
  local q = { uuid = "0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01", name = "vm", source = "nobody", dest = "nowhere",
    args = { post = { "verify" } }, judge_back = function() error "not reached" end }
  local rows = after.run(q)
  equal(#rows, 6)
  for i, id in ipairs { "announce", "bridge", "bridge", "clock", "way-back", "post" } do
    equal(rows[i].id, id)
    equal(rows[i].state, "skipped")
  end
  q.args = { no_care = true }
  equal(#after.run(q), 1)
  check.raises("not-found", "no recipe 'destroy'", after.check_post, { "verify", "destroy" })
  check.raises("not-found", "no recipe 'nosuch'", after.check_post, { "nosuch" })
end)

test("each part has its row, whatever becomes of the others", function()
  local after = require "care.after"
  rawset(mig, "dumpxml", function()
    return "<domain type='test'><name>vm</name><devices/></domain>"
  end)
  local _ <close> = setmetatable({}, { __close = function()
    rawset(mig, "dumpxml", nil)
  end })
  local said = {}
  for i, row in ipairs(after.run { uuid = "u", name = "test", source = "nobody", dest = "nowhere",
    args = { post = { "care-post", "care-fails" }, fstrim = true }, judge_back = function()
      mig.fail("unreachable", nil, "nobody: no answer")
    end }) do
    said[i] = told(row)
  end
  equal(table.concat(said, "\n"), table.concat({
    "announce nowhere skipped: too late: the console that moved it is gone",
    "bridge nowhere skipped: it has no bridged interface", "bridge nobody skipped: it has no bridged interface",
    "clock nowhere skipped: it has no channel for an agent", "fstrim nowhere skipped: it has no channel for an agent",
    "way-back nobody failed: nobody: no answer", "post nowhere ok: care-post",
    "post nowhere failed: care-fails: it was told nowhere" }, "\n"))
end)

-- The preflight of the way back asks it, too, and takes the limit back that it has set.
test("an agent that keeps silent is asked one thing, and by nobody else meanwhile", function()
  local after = require "care.after"
  local asked, node = {}, mig.node
  local fakes = { dumpxml = function()
    return "<domain type='test'><name>vm</name><devices><channel type='unix'><target type='virtio' "
      .. "name='org.qemu.guest_agent.0' state='connected'/></channel></devices></domain>"
  end, node = function()
    return { run = function()
      return "1.5"
    end }
  end, guest_agent_timeout = function(a)
    asked[#asked + 1] = "timeout " .. tostring(a.timeout)
  end, domtime = function()
    mig.sleep(50)
    asked[#asked + 1] = "time"
    mig.fail("timeout", nil, "no answer")
  end, domfstrim = function()
    asked[#asked + 1] = "trim"
  end }
  for name, fake in pairs(fakes) do
    rawset(mig, name, fake)
  end
  local rows = after.run { uuid = "u", name = "vm", source = "a", dest = "b", args = { fstrim = true }, copied = true,
    judge_back = function()
      asked[#asked + 1] = "way back"
      return { findings = {}, counts = { fail = 0 } }, { dest = {} }
    end }
  for name in pairs(fakes) do
    rawset(mig, name, nil)
  end
  rawset(mig, "node", node)
  equal(told(rows[4]), "clock b failed: no answer")
  equal(told(rows[5]), "fstrim b skipped: what was asked before it got no answer")
  equal(table.concat(asked, ", "), "timeout 5, time, timeout nil, way back")
end)

test("a Ctrl-C leaves out the rest, and is no failure", function()
  local after = require "care.after"
  local rows
  rawset(mig, "dumpxml", function()
    return "<domain type='test'><name>vm</name><devices/></domain>"
  end)
  local task = mig.spawn(function()
    rows = after.run { uuid = "u", name = "vm", source = "nobody", dest = "nowhere", args = { post = { "verify" } },
      judge_back = function()
        mig.sleep "60s"
      end }
    return "went on"
  end)
  mig.sleep(100)
  task:cancel()
  equal(task:wait(), "went on")
  rawset(mig, "dumpxml", nil)
  equal(told(rows[1]), "announce nowhere skipped: too late: the console that moved it is gone")
  equal(told(rows[5]), "way-back nobody skipped: cancelled")
  equal(told(rows[6]), "post nowhere skipped: cancelled")
end)
