-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the migrations watch of a guest by themselves, and which outage they name: scripts/outage/watches.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local watches = require "outage.watches"

-- The address that is chosen when domifaddr says this.
local own
local function chosen(...)
  local rows = {}
  for i, address in ipairs { ... } do
    rows[i] = { address = address, protocol = address ~= mig.null and address:find ":" and "ipv6" or "ipv4" }
  end
  rawset(mig, "domifaddr", function(args)
    equal(args[1], "guest@source")
    return rows
  end)
  local _ <close> = setmetatable({}, { __close = function()
    rawset(mig, "domifaddr", nil)
  end })
  return watches.address("guest@source", own)
end

test("the guest's address", function()
  equal(chosen "192.0.2.10", "192.0.2.10")
  equal(chosen("2001:db8::a", "192.0.2.10"), "192.0.2.10")
  equal(chosen("127.0.0.1", "::1", "fe80::1", "2001:db8::a"), "2001:db8::a")
  equal(chosen(mig.null, "127.0.0.1", "::1", "fe80::1"), nil)
  equal(chosen(), nil)
end)

test("what a guest calls its address, and is none to be contacted", function()
  for _, address in ipairs { "http://127.0.0.1:8089/admin/reboot?all=1", "http://192.0.2.9/", "tcp:192.0.2.9:22",
    "localhost", "192.0.2.9:22", "127.0.0.2", "127.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "169.254.169.254",
    "", "-x", "::", "ff02::1", "::ffff:127.0.0.1", "2001:db8::1 2001:db8::2" } do
    equal(chosen(address), nil, address)
    equal(chosen(address, "192.0.2.10"), "192.0.2.10", address)
  end
end)

test("nor an address that the guest's node has told of itself, which is not asked then", function()
  own = { { address = "192.0.2.8" }, { address = "2001:db8::8" } }
  rawset(mig, "exec", function()
    error "it is asked"
  end)
  equal(chosen("192.0.2.8", "2001:db8::8"), nil)
  equal(chosen("192.0.2.8", "192.0.2.10"), "192.0.2.10")
  own = nil
  rawset(mig, "exec", nil)
end)

test("nor this machine's own, nor a node's", function()
  local ok, why = mig.guest_address("192.0.2.7", { "192.0.2.8", "::ffff:192.0.2.7" })
  equal(ok, false)
  check.match(why, "192.0.2.7 is the node's")
  equal(mig.guest_address("192.0.2.7", { "192.0.2.8", "no-such-name.invalid" }), true)
  raises("failed", "table expected", mig.guest_address, "192.0.2.7", 7)
end)

test("a guest that cannot be asked has none", function()
  equal(watches.address "nobody@nowhere", nil)
end)

test("hosts, ports and pages are watched as one", function()
  local opened <close> = watches.open { target = { "127.0.0.1", "[::1]:9", "http://127.0.0.1:9/" }, interval = "100ms" }
  local names = {}
  for i, t in ipairs(opened:snapshot()) do
    names[i] = t.target
  end
  equal(#opened, 2)
  equal(table.concat(names, " "), "127.0.0.1 tcp:[::1]:9 http://127.0.0.1:9/")
  opened:mark "now"
  equal(#opened:stop(), 3)
end)

test("a migration that fails is measured to its end", function()
  local opened <close> = watches.open { target = { "127.0.0.1" }, interval = "20ms" }
  mig.sleep(100)
  raises("failed", "lost", opened.during, opened, function()
    mig.fail("failed", nil, "lost")
  end)
  local all, started, ended = opened:stop_migration()
  equal(#all, 1)
  equal(ended >= started, true)
  equal(all[1].timeline ~= nil, true)
end)

test("a target that is none", function()
  raises("usage", "", watches.open, { target = { "127.0.0.1", "http://" } })
end)

local results = {
  { target = "a", received = 9, outages = { { start = 10, min_ms = 90, max_ms = 95 },
    { start = 50, min_ms = 3, max_ms = 20 } } },
  { target = "b", received = 9, outages = { { start = 50, min_ms = 5, max_ms = 11 } } },
  { target = "never there", received = 0, outages = { { start = 1, min_ms = 1e5, max_ms = 1e5, to_end = true } } },
}

test("the longest outage", function()
  local all, late = watches.longest(results), watches.longest(results, 49)
  equal(all.target .. all.min_ms .. " " .. all.max_ms, "a90 95")
  equal(late.target .. late.min_ms .. " " .. late.max_ms, "a5 20")
  equal(watches.longest(results, 60).target, nil)
  local silent = { { target = "c", received = 1, outages = { { start = 1, min_ms = 1, max_ms = 2, to_end = true } } } }
  equal(watches.longest(silent).silent, "c")
end)
