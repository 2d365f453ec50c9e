-- SPDX-License-Identifier: GPL-3.0-or-later
-- mig.xml: documents as they come from libvirt, and as somebody makes them who wants to be misread.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises

local function texts(doc, xpath)
  local list = {}
  for i, node in ipairs(doc:each(xpath)) do
    list[i] = node:get "."
  end
  return table.concat(list, "|")
end

test("texts, attributes, what an expression computes, and what is not there", function()
  local doc <close> = mig.xml "<pool type='dir'><name>a &amp; &#39;b&#39;</name><target><path/></target></pool>"
  equal(doc:get "name", "a & 'b'")
  equal(doc:get "/pool/@type", "dir")
  equal(doc:get "target/path", "")
  equal(doc:get "target/owner", nil)
  equal(doc:get "count(*)", "2")
  equal(doc:get "boolean(target/owner)", "false")
  equal(#doc:each "source", 0)
  equal(tostring(doc), '<pool type="dir"><name>a &amp; \'b\'</name><target><path/></target></pool>\n')
end)

test("nodes have the same methods, for what is below them", function()
  local doc = mig.xml [[<d><disk><source file='/a'/></disk>
    <disk><source file='/b'/><mirror><source file='/c'/></mirror></disk></d>]]
  local disks = doc:each "disk"
  equal(#disks, 2)
  equal(disks[2]:get "source/@file", "/b")
  equal(texts(disks[2], ".//source/@file"), "/b|/c")
  equal(texts(disks[1], "//source/@file"), "/a|/b|/c")
  equal(disks[1]:get "..//mirror/source/@file", "/c")
  equal(tostring(mig.xml "<a>x<b>y</b></a>":each "b"[1]), "y")
end)

test("comments, CDATA, instructions and other name spaces are what they are", function()
  local doc = mig.xml [==[<?xml version="1.0"?><?name evil?><!-- <domain><name>evil</name></domain> --><domain>
    <!-- <name>evil</name> --><?name evil?><description><![CDATA[<name>evil</name>]]></description>
    <metadata><x:name xmlns:x="urn:x">evil</x:name><y xmlns="urn:y"><name>evil</name></y></metadata>
    <name>go<!-- evil -->od</name></domain>]==]
  equal(doc:get "name", "good")
  equal(texts(doc, "//name"), "good")
  equal(doc:get "description", "<name>evil</name>")
  equal(texts(doc, "//*[local-name() = 'name']"), "evil|evil|good")
end)

test("what is no XML, or could lead elsewhere, is refused", function()
  for text, why in pairs { [""] = "line", ["name"] = "line 1", ["<a>"] = "line 1", ["<a/><b/>"] = "line 1",
    ["<a>\n<b></a>"] = "line 2", ["<a b=1/>"] = "line 1", ["<a b='1' b='2'/>"] = "line 1", ["<a>&x;</a>"] = "line 1",
    ["<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"] = "DTD",
    ["<!DOCTYPE a [<!ENTITY x 'xx'><!ENTITY y '&x;&x;'>]><a>&y;</a>"] = "DTD",
    ["<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>"] = "DTD", ["<a>\0</a>"] = "NUL", ["<a/>\0<b>"] = "NUL",
    ["<a>\1</a>"] = "line 1", ["<a>\xff</a>"] = "line 1",
    [("<a>"):rep(100000) .. ("</a>"):rep(100000)] = "depth" } do
    raises("usage", why, mig.xml, text)
  end
  raises("failed", "string expected", mig.xml, {})
end)

test("another encoding is read, and written as UTF-8", function()
  local doc = mig.xml "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>"
  equal(doc:get ".", "ä")
  equal(tostring(doc), "<a>ä</a>\n")
end)

test("expressions that are none", function()
  local doc = mig.xml "<a xmlns:x='u'><b/></a>"
  for _, xpath in ipairs { "", "//[", "a b", "x:b", "$v", "document('/etc/passwd')", ("("):rep(100000) } do
    raises("usage", "not an XPath expression", doc.get, doc, xpath)
    raises("usage", "not an XPath expression", doc.each, doc, xpath)
    raises("usage", "not an XPath expression", doc.remove, doc, xpath)
  end
  raises("usage", "finds no elements", doc.each, doc, "count(b)")
  raises("usage", "finds no elements", doc.each, doc, "namespace::*")
end)

test("changes", function()
  local doc = mig.xml "<a><b x='1'>t</b><b><c/></b></a>"
  local first, second, c = table.unpack(doc:each "b|//c")
  first:set("x", "2'\"<&\n")
  first:set("y", "")
  equal(first:get "@x", "2'\"<&\n")
  equal(mig.xml(tostring(doc)):get "b/@x", "2'\"<&\n")
  equal(first:get "@y", "")
  doc:remove "b/@y|//b[c]|//c"
  equal(tostring(doc), '<a><b x="2\'&quot;&lt;&amp;&#10;">t</b></a>\n')
  equal(c:get "name()", "c") -- removed, and held by us
  equal(second:get "count(ancestor::*)", "0")
  c:remove "."
  second:remove "."
  doc:remove "nothing"
  raises("usage", "the whole document", doc.remove, doc, ".")
  raises("usage", "the whole document", doc.remove, doc, "/")
  for _, name in ipairs { "", "x y", "x:y", "xmlns", "1", "<" } do
    raises("usage", "no name of an attribute", first.set, first, name, "1")
  end
  for _, text in ipairs { "\1", "\xff", "\xed\xa0\x80", "\u{FFFE}" } do
    raises("usage", "XML cannot carry", first.set, first, "x", text)
  end
  raises("failed", "a NUL", first.set, first, "x", "a\0b")
  raises("failed", "a node of a document", doc.set, doc, "x", "1")
  raises("usage", "only an element", first.set, first:each "text()"[1], "x", "1")
end)

test("a document that is closed, and one that only its nodes hold", function()
  local doc = mig.xml "<a><b>x</b></a>"
  local node = doc:each "b"[1]
  doc:close()
  doc:close()
  node:close()
  for _, method in ipairs { "get", "each", "remove" } do
    raises("failed", "closed XML document", doc[method], doc, ".")
    raises("failed", "closed XML document", node[method], node, ".")
  end
  match(select(2, pcall(tostring, node)), "closed XML document")
  node = mig.xml "<a><b>x</b></a>":each "b"[1]:each "text()"[1]
  collectgarbage()
  collectgarbage()
  equal(node:get "..", "x")
end)
