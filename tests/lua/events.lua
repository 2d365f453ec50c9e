-- SPDX-License-Identifier: GPL-3.0-or-later
-- mig.events on libvirt's test driver: order, time, one domain of several, and what is wrong.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises

mig.node_add { "ev", uri = "test:///default" }

test("events come in their order, and none is no error", function()
  local events <close> = mig.events { "ev", kinds = { "lifecycle" } }
  equal(events:next(10), nil)
  local task = mig.spawn(function()
    mig.suspend { "test@ev" }
    mig.resume { "test@ev" }
  end)
  local first, second = events:next "20s", events:next "20s"
  equal(first.node .. " " .. first.type, "ev Suspended")
  equal(second.type, "Resumed")
  equal(first.time <= second.time, true)
  task:wait()
  equal(events:next(10), nil)
end)

test("one domain alone", function()
  local uuid = mig.dominfo({ "test@ev" }).uuid
  local ours <close> = mig.events { "ev", domain = uuid }
  local others <close> = mig.events { "ev", domain = "00000000-0000-0000-0000-000000000001" }
  mig.suspend { "test@ev" }
  mig.resume { "test@ev" }
  equal(ours:next("20s").uuid, uuid)
  equal(others:next(10), nil)
end)

test("a wait that is cancelled ends", function()
  local events <close> = mig.events { "ev" }
  local task = mig.spawn(function()
    return events:next()
  end)
  mig.sleep(20)
  task:cancel()
  raises("cancelled", "", task.wait, task)
end)

test("what is wrong is named", function()
  raises("usage", "^no kind of event is called 'nope'$", mig.events, { "ev", kinds = { "nope" } })
  raises("not-found", "no node 'none'", mig.events, { "none" })
  local events = mig.events { "ev" }
  events:close()
  events:close()
  raises("failed", "closed events", events.next, events, 1)
end)

mig.node_remove { "ev" }
