-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tools, and what node:run refuses before any node is asked; what it does on nodes is tried in the lab.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises

mig.node_add { "far", uri = "test:///default" }
local node = mig.node "far"

test("a tool comes without its comments", function()
  equal(mig.tool "words", "for word; do\n  printf '[%s]' \"$word\" # not a line of comments\ndone\n")
end)

test("a tool that is not there", function()
  raises("not-found", "^no directory of recipes has a tool tools/nosuch.sh$", mig.tool, "nosuch")
  raises("not-found", "tools/nosuch.sh", node.tool, node, "nosuch")
end)

test("a tool's name leads nowhere else", function()
  for _, name in ipairs { "../words", "words.sh", "/etc/profile", "", "a b", "Words" } do
    raises("usage", "^a tool's name has", mig.tool, name)
  end
  raises("usage", "'nil' is none", mig.tool)
end)

test("others must not write a tool", function()
  local dir = os.getenv("MIGSH_TEST_DIR") .. "/recipes/tools"
  assert(os.execute(("mkdir -p '%s' && echo : >'%s/open.sh' && chmod 666 '%s/open.sh'"):format(dir, dir, dir)))
  raises("unsafe", "open.sh can be written by others", mig.tool, "open")
end)

test("a node without an address cannot be logged in to", function()
  raises("unsupported", "far", node.run, node, "true")
  raises("unsupported", "far", node.run, node, { "true" })
  raises("unsupported", "far", node.tool, node, "words", "a", { input = "b", timeout = "1s" })
end)

test("arguments are texts", function()
  raises("usage", "argument 2 is a nil, and a text is wanted", node.run, node, "true", "a", nil, "b")
  raises("usage", "argument 1 is a boolean", node.tool, node, "words", false)
  raises("usage", "cannot hold a NUL byte", node.run, node, "true", "a\0b")
  raises("usage", "cannot hold a NUL byte", node.run, node, { "rm", "a\0b" })
end)

test("options are input and timeout", function()
  raises("usage", "options input and timeout, and not 'stdin'", node.run, node, "true", { stdin = "x" })
  raises("usage", "is not a duration", node.run, node, "true", { timeout = "soon" })
end)

mig.node_remove "far"
