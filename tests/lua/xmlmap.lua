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

test("a disk that becomes a device, and back, by the path that it has then", function()
  local file = "<disks><disk type='file'><source file='/old/a'/><backingStore type='file'><source file='/old/b'/>"
    .. "</backingStore></disk><interface type='file'><source file='/new/a'/></interface></disks>"
  local block, diff, n = mig.xml_map(file, { path = { ["/old"] = "/new" }, disk = { ["/new/a"] = "block",
    ["/old/b"] = "block" } })
  match(block, '<disk type="block"><source dev="/new/a"/><backingStore type="file"><source file="/new/b"/>')
  match(block, '<interface type="file"><source file="/new/a"/>')
  match(diff, '%+.*dev="/new/a"')
  equal(n, 3)
  equal(select(3, mig.xml_map(block, { disk = { ["/new/a"] = "block" } })), 0)
  match((mig.xml_map(block, { disk = { ["/new/a"] = "file" } })), '<disk type="file"><source file="/new/a"/>')
  raises("usage", "file or block, not 'dir'", mig.xml_map, file, { disk = { ["/a"] = "dir" } })
  raises("usage", "'disk' cannot be mapped", mig.xml_map, file, { "disk=/a:block" })
end)

test("one path", function()
  equal(mig.xml_map_path("/old/x", { path = { ["/old"] = "/n" } }), "/n/x")
  equal(mig.xml_map_path("/older/x", { "path=/old:/n" }), nil)
end)

test("what a map says, its escapes read", function()
  local entries = mig.xml_map_entries { [[pool=a\,b\:c:d\\e,path=/old:/new]], "pool=x:y", bridge = { br0 = "br1" } }
  equal(entries.pool["a,b:c"], [[d\e]])
  equal(entries.pool.x, "y")
  equal(entries.path["/old"], "/new")
  equal(entries.bridge.br0, "br1")
  equal(next(mig.xml_map_entries {}), nil)
  raises("usage", "not a map such as", mig.xml_map_entries, { "pool=a:b," })
  raises("usage", "mapped twice", mig.xml_map_entries, { "pool=a:b", "pool=a:c" })
  raises("usage", "cannot be mapped", mig.xml_map_entries, { cpu = { a = "b" } })
  raises("usage", "absolute", mig.xml_map_entries, { "path=old:/new" })
end)

test("the mark of a migration", function()
  local plain = "<domain>\n  <name>a</name>\n</domain>\n"
  local marked = mig.xml_marked(plain, { role = "moved", journal = "j", node = "d'e" })
  local mark = mig.xml_mark(marked)
  equal(mark.role .. " " .. mark.journal .. " " .. mark.node, "moved j d'e")
  equal(mig.xml_unmarked(marked), plain)
  equal(mig.xml_mark(plain), nil)
  equal(mig.xml_mark("<domain><metadata><!-- " .. marked:match "<migsh[^>]*>" .. " --></metadata></domain>"), nil)
  raises("usage", "line 1", mig.xml_mark, "<domain>")
  raises("usage", "no place for metadata", mig.xml_marked, "<pool/>", { role = "copy" })
  raises("failed", "node is a text", mig.xml_marked, plain, { node = {} })
end)

test("what is wrong is said", function()
  raises("usage", "line 1", mig.xml_map, "<a>", {})
  raises("usage", "cannot be mapped", mig.xml_map, xml, { cpu = { a = "b" } })
  raises("usage", "absolute", mig.xml_map, xml, { path = { a = "/b" } })
  raises("usage", "not a map such as", mig.xml_map, xml, { "path" })
  raises("usage", "table of names", mig.xml_map, xml, { path = "/a" })
  raises("failed", "table expected", mig.xml_map, xml)
end)
