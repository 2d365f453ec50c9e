-- SPDX-License-Identifier: GPL-3.0-or-later
-- What recipes read in the XML of domains, hosts and pools: scripts/guest/xml.lua, scripts/lib/pools.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local pools = require "lib.pools"
local xml = require "guest.xml"

local function needs(devices, more)
  return xml.needs(("<domain>%s<devices>%s</devices></domain>"):format(more or "", devices))
end

test("what a definition needs of a host's libvirt", function()
  local found = needs("<interface type='network'><source network='n&amp;1' portid='p'/></interface><disk>"
    .. "<source\n pool='p,1' volume='v'/><mirror><source pool='p2'/></mirror></disk>")
  equal(table.concat(found.networks, "|"), "n&1")
  equal(table.concat(found.pools, "|"), "p,1|p2")
end)

test("and what only looks like it", function()
  local found = needs("<!-- <interface><source network='b'/></interface> -->",
    "<metadata><x xmlns='u'><source pool='p' network='b'/></x></metadata>")
  equal(#found.networks + #found.pools, 0)
end)

test("equal definitions but for what the host fills in", function()
  local one = "<domain type='kvm'>\n  <name>d</name>\n  <emulator>/usr/bin/a</emulator>\n</domain>\n"
  equal(#xml.differences(one, one), 0)
  equal(#xml.differences(one, (one:gsub("/usr/bin/a", "/usr/libexec/b"))), 0)
  equal(#xml.differences(one, (one:gsub("'kvm'", '"kvm"'))), 0)
  local sealed = "<seclabel type='dynamic'>\n <label>l</label>\n</seclabel>"
  equal(#xml.differences(one, (one:gsub("<emulator.*emulator>", sealed))), 0)
  equal(#xml.differences(one, xml.marked(one, { role = "copy", journal = "j", node = "n" })), 0)
  equal(table.concat(xml.differences(one, (one:gsub("<name>d", "<name>e"))), " "), "-<name>d</name> +<name>e</name>")
  local label = "<domain>\n<devices>\n<memory>\n<label>\n<size>%d</size>\n</label>\n</memory>\n</devices>\n</domain>"
  equal(table.concat(xml.differences(label:format(1), label:format(2)), " "), "-<size>1</size> +<size>2</size>")
end)

test("repeated elements are counted", function()
  local twice, once = "<d>\n<a/>\n<a/>\n</d>", "<d>\n<a/>\n</d>"
  equal(table.concat(xml.differences(twice, once), " "), "-<a/>")
  equal(table.concat(xml.differences(once, twice), " "), "+<a/>")
end)

test("passwords of displays", function()
  local function displays(text)
    return "<domain><devices>" .. text .. "</devices></domain>"
  end
  local from = displays("<graphics type='vnc' port='-1' passwd='it&apos;s &quot;&amp;>'><x/></graphics>"
    .. "<!-- --><graphics passwdValidTo='2030' passwd=\"s\" type='spice'/>")
  local both = displays "<graphics type='vnc' port='-1'><x/></graphics><graphics type='spice'/>"
  local new = mig.xml(xml.with_passwords(both, from))
  equal(new:get "devices/graphics[1]/@passwd", "it's \"&>")
  equal(new:get "devices/graphics[1]/@port", "-1")
  equal(new:get "devices/graphics[2]/@passwd", "s")
  equal(new:get "devices/graphics[2]/@passwdValidTo", "2030")
  local function kept(text)
    return mig.xml(xml.with_passwords(displays(text), from)):get "devices/graphics/@passwd"
  end
  equal(kept "<graphics type='spice'/>", nil)
  equal(kept "<graphics type='vnc' passwd='own'/>", "own")
  equal(kept "<!-- <graphics type='spice'/> --><graphics type='vnc'/>", "it's \"&>")
end)

test("pools", function()
  local p = pools.read [[<pool type="netfs">
    <!-- <target><path>/evil</path></target> --><name>n</name>
    <source><host port='1' name='h&amp;1'/><dir path="/s d"/><format type='auto'/></source>
    <target><permissions/><path>/t&lt;x/</path></target>
  </pool>]]
  equal(("%s %s %s %s"):format(p.type, p.host, p.source, p.dir), "netfs h&1 /s d /t<x")
  equal(p.devices, false)
  p = pools.read "<pool type='logical'><name>v</name><target><path>/dev/v</path></target></pool>"
  equal(p.dir, "/dev/v")
  equal(p.devices, true)
  equal(p.host, nil)
  p = pools.read "<pool type='iscsi-direct'><name>i</name></pool>"
  equal(p.dir, "")
  equal(p.devices, true)
  equal(pools.read("<pool type='dir'><target><path>/</path></target></pool>").dir, "/")
  raises("usage", "line 1", pools.read, "no pool")
end)

-- What cold-migrate and live-migrate leave on the source.
test("what is marked as moved already is not defined anew", function()
  local text, defined = "<domain type='test'><name>vm</name></domain>", 0
  rawset(mig, "dumpxml", function(a)
    equal(a[1], "u@here")
    return text
  end)
  rawset(mig, "define", function(a)
    defined = defined + 1
    equal(a.node, "here")
    local file <close> = io.open(tostring(a[1]))
    text = file:read "a"
  end)
  for _, way in ipairs { { "one", "there" }, { "one", "there" }, { "two", "there" }, { "two", "elsewhere" } } do
    xml.mark_moved("u", "here", table.unpack(way))
    local mark = xml.mark(text)
    equal(mark.role .. " " .. mark.journal .. " " .. mark.node, "moved " .. way[1] .. " " .. way[2])
  end
  equal(defined, 3)
  text = xml.marked(text, { role = "copy", journal = "two", node = "elsewhere" })
  xml.mark_moved("u", "here", "two", "elsewhere")
  equal(defined, 4)
  rawset(mig, "dumpxml", nil)
  rawset(mig, "define", nil)
end)
