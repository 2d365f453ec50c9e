-- SPDX-License-Identifier: GPL-3.0-or-later
-- Commands as functions, and values on their way there and back.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises

test("options by name, by position, alone, under both spellings", function()
  equal(mig.domstate({ domain = "test" }).state, "running")
  equal(mig.domstate({ "test" }).state, "running")
  equal(mig.domstate("test").state, "running")
  equal(mig["node-list"] == nil, false)
  equal(#mig.node_list(), 0)
end)

test("true is a switch; false, nil and null are absent", function()
  equal(mig.domstate({ "test", reason = true }).reason, "unknown")
  equal(mig.domstate({ "test", reason = false }).state, "running")
  equal(mig.domstate({ "test", reason = mig.null }).state, "running")
  raises("usage", "switch", mig.domstate, { "test", reason = "yes" })
end)

test("an unknown option or command is named, with the nearest", function()
  local err = raises("usage", "domstate has no option raeson", mig.domstate, { "test", raeson = true })
  match(err.hint, "reason")
  err = raises("usage", "mig has no domstaet", function() return mig.domstaet end)
  match(err.hint, "domstate")
  raises("usage", "unexpected word", mig.domstate, { "test", "more" })
  raises("usage", "needs", mig.domstate, {})
end)

test("values are data, whatever they look like", function()
  for _, name in ipairs { "--reason", "-x", "a;b", "$(x)", "a b", "'", '"', "a\nb", "--", "" } do
    raises("not-found", "", mig.domstate, { name })
    raises("not-found", "", mig.domstate, { domain = name })
  end
  raises("usage", "NUL", mig.domstate, { "a\0b" })
  raises("usage", "cannot be a table", mig.domstate, { {} })
  raises("usage", "not a list", mig.domstate, { domain = { "a", "b" } })
  raises("usage", "cannot be a function", mig.domstate, { domain = print })
end)

test("commands of the prompt alone are no functions", function()
  raises("usage", "mig has no quit", function() return mig.quit end)
end)

test("numbers and lists become words", function()
  mig.node_add { "lua-node", "root@192.0.2.1", port = 2222, role = { "compute", "other" } }
  local node = mig.node "lua-node"
  equal(node.port, 2222)
  equal(table.concat(node.roles, ","), "compute,other")
  equal(node.address, "192.0.2.1")
  equal(tostring(node), "lua-node")
  equal(mig.node_show(node).name, "lua-node")
  equal(mig.nodes()[1].name, "lua-node")
  mig.node_remove "lua-node"
  raises("not-found", "lua%-node", mig.node, "lua-node")
end)

test("a command's value is a table with whole numbers as such", function()
  local info = mig.dominfo "test"
  equal(info.name, "test")
  equal(math.type(info.cpus), "integer")
  equal(info.persistent, true)
  equal(mig.domain("test"):info().uuid, info.uuid)
  equal(mig.domain("test"):state().state, "running")
end)

test("a method of a domain takes options and values", function()
  local dom = mig.domain "test"
  equal(dom:state({ reason = true }).reason, "unknown")
  match(dom:xml(), "^<domain")
  equal(tostring(dom), "test")
  equal(mig.domstate(dom).state, "running")
  equal(dom.nosuchmethod, nil)
  dom:suspend()
  equal(dom:state().state, "paused")
  dom:resume()
  raises("usage", "a name is wanted", mig.domain, "")
end)

test("jobs run beside the script", function()
  local job = mig.start.domstate "test"
  equal(job:done(), false)
  equal(job:wait().state, "running")
  equal(mig.job("domstate", { "test" }):wait().state, "running")
  raises("usage", "no command nosuch", mig.job, "nosuch")
  local bad = mig.start.domstate { "test", x = 1 }
  raises("usage", "no option x", bad.wait, bad)
end)

test("start is virsh's start, too", function()
  mig.destroy "test"
  mig.start { "test" }
  equal(mig.domstate("test").state, "running")
end)

test("null prints as null and arrays stay arrays", function()
  equal(tostring(mig.null), "null")
  equal(#mig.array {}, 0)
end)

test("a watch measures, marks and stops", function()
  local w <close> = mig.watch_start { "127.0.0.1", interval = "5ms" }
  mig.sleep(150)
  w:mark "here"
  mig.sleep(50)
  local snapshot = w:snapshot()[1]
  equal(snapshot.target, "127.0.0.1")
  local r = w:stop()[1]
  if r.received < 10 then
    error("received " .. r.received)
  end
  equal(r.marks[1].name, "here")
  equal(w:stop()[1].received, r.received)
  equal(#w:timeline(1, r.start, r.start + 0.2, 20).rtt_max_ms, 20)
  w:close()
  w:close()
  raises("failed", "closed watch", w.snapshot, w)
  raises("usage", "no option intervall", mig.watch_start, { "127.0.0.1", intervall = 5 })
end)

test("a page that cannot be fetched", function()
  raises("unreachable", "refused", mig.fetch, "http://127.0.0.1:1/")
  raises("usage", "not an http", mig.fetch, "tcp:127.0.0.1:1")
  raises("usage", "", mig.fetch, "http://a b/")
  raises("not-found", "resolve", mig.fetch, "http://nosuch.invalid/")
end)

test("a watch that was cancelled or forgotten goes away", function()
  local t = mig.spawn(function()
    local w = mig.watch_start { "127.0.0.1" }
    w:wait()
  end)
  mig.sleep(50)
  t:cancel()
  raises("cancelled", "", t.wait, t)
  collectgarbage()
  collectgarbage()
end)
