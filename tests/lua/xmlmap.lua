-- SPDX-License-Identifier: GPL-3.0-or-later
-- mig.xml_map and mig.xml_map_path; what is replaced where is tested in tests/unit/test_guest.c.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises

local xml = [[
<domain>
  <source file="/old/disk"/>
  <interface><source bridge="br0"/></interface>
</domain>
]]

test("a table of kinds", function()
  local new, diff, n, unused = mig.xml_map(xml, { path = { ["/old"] = "/new" }, bridge = { br0 = "br1", br9 = "x" } })
  equal(new, (xml:gsub("/old", "/new"):gsub("br0", "br1")))
  match(diff, '%-  <source file="/old/disk"/>\n')
  match(diff, '%+  <source file="/new/disk"/>\n')
  equal(n, 2)
  equal(#unused, 1)
  equal(unused[1].kind .. " " .. unused[1].from, "bridge br9")
end)

test("texts, and both", function()
  local new, _, n = mig.xml_map(xml, { "path=/old:/new,bridge=br0:br2" })
  equal(new, (xml:gsub("/old", "/new"):gsub("br0", "br2")))
  equal(n, 2)
  equal(select(3, mig.xml_map(xml, { "path=/old:/new", bridge = { br0 = "br2" } })), 2)
end)

test("nothing to change leaves every byte", function()
  local odd = "<a  b = 'c'><!-- x --><d/></a  >"
  local new, diff, n, unused = mig.xml_map(odd, {})
  equal(new, odd)
  equal(diff, "")
  equal(n, 0)
  equal(#unused, 0)
end)

test("one path", function()
  equal(mig.xml_map_path("/old/x", { path = { ["/old"] = "/n" } }), "/n/x")
  equal(mig.xml_map_path("/older/x", { "path=/old:/n" }), nil)
end)

test("what is wrong is said", function()
  raises("usage", "line 1", mig.xml_map, "<a>", {})
  raises("usage", "cannot be mapped", mig.xml_map, xml, { disk = { a = "b" } })
  raises("usage", "absolute", mig.xml_map, xml, { path = { a = "/b" } })
  raises("usage", "no map such as", mig.xml_map, xml, { "path" })
  raises("usage", "table of names", mig.xml_map, xml, { path = "/a" })
  raises("failed", "table expected", mig.xml_map, xml)
end)
