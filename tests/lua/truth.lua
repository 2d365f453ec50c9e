-- SPDX-License-Identifier: GPL-3.0-or-later
-- guest/truth.lua: which way is safe, by facts alone.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local truth = require "guest.truth"

local function row(state, reason, more)
  local r = { state = state, reason = reason or "unknown" }
  for key, value in pairs(more or {}) do
    r[key] = value
  end
  return r
end

local off, on = row "shut off", row("running", "booted")

local function facts(t)
  local f = { domain = "web", source = "a", dest = "b", silent = {}, rows = {}, others = {}, files = {} }
  for key, value in pairs(t) do
    f[key] = value
  end
  return f
end

local function file(source, copy, users)
  return { path = "/i/web", to = "/i/web", action = "copied", source = source, copy = copy, users = users or {} }
end

local function is(what, verdict, said, t)
  check.test(("%s: %s"):format(what, verdict), function()
    local judged = truth.judge(facts(t))
    check.equal(judged.verdict, verdict, "verdict")
    check.match(judged.said, said)
  end)
end

is("nothing has happened", "back", "nothing shows", { rows = { a = off } })
is("a definition that nobody has used", "back", "nothing shows", { rows = { a = off, b = off },
  files = { file("same", "same") } })
is("it runs there", "forward", "has run on b", { rows = { a = off, b = on } })
is("it was used there: the disk tells", "forward", "has run on b", { rows = { a = off, b = off },
  files = { file("same", "changed") } })
is("it was used there: libvirt tells", "forward", "has run on b", { rows = { a = off, b = row("shut off",
  "destroyed") } })
is("what libvirt said before tells nothing", "back", "nothing shows", { rows = { a = off, b = row("shut off",
  "destroyed") }, reason_before = "destroyed" })
is("a start that failed is no run", "back", "nothing shows", { rows = { a = off, b = row("shut off", "failed") } })
is("a saved state there", "forward", "has run on b", { rows = { a = off, b = row("shut off", "unknown",
  { managed_save = true }) } })
is("the one that was carried", "back", "nothing shows", { rows = { a = off, b = row("shut off", "unknown",
  { managed_save = true }) }, carried_save = true })
is("used there, and undefined", "neither", "not defined there", { rows = { a = off },
  files = { file("same", "changed") } })
is("used on both", "neither", "look at both", { rows = { a = off, b = off }, files = { file("changed", "changed") } })
is("used on the source again", "back", "", { rows = { a = off, b = off }, files = { file("changed", "same") } })
is("it runs on the source", "back", "running on a", { rows = { a = on, b = off }, files = { file("changed", "same") } })
is("it runs on the source, from the copy", "neither", "in use", { rows = { a = on }, files = { file("same", "changed",
  { "web on a" }) } })
is("it runs on the source, and was used there", "neither", "written to", { rows = { a = on, b = off },
  files = { file("changed", "changed") } })
local broken, away = row("paused", "post-copy failed"), row("running", "post-copy failed")
is("a post-copy that was broken off", "forward", "needs memory that is still on a", { rows = { a = broken, b = away },
  live = true })
is("a post-copy under way", "unknown", "under way", { rows = { a = row("paused", "post-copy"), b = away },
  live = true })
is("on three hosts there is no such thing", "neither", "active on", { rows = { a = broken, b = away, c = on },
  live = true })
is("a third node defines it since", "neither", "defined on c", { rows = { a = off, b = off, c = off },
  defined_before = { "a", "b" } })
is("a third node defined it before", "back", "nothing shows", { rows = { a = off, b = off, c = off },
  defined_before = { "a", "c" } })
is("a third node has what another undertaking left", "back", "nothing shows", { rows = { a = off, c = row("shut off",
  nil, { mark = { role = "moved" } }) }, defined_before = { "a" } })
is("it runs elsewhere", "neither", "on c", { rows = { a = off, b = off, c = on } })
is("it runs twice", "neither", "a and b", { rows = { a = on, b = on } })
is("a silent node", "unknown", "c does not answer", { rows = { a = off, b = off }, silent = { { node = "c",
  msg = "down" } } })
is("a silent node, though it runs on the source", "unknown", "c does not", { rows = { a = on }, silent = { { node = "c",
  msg = "down" } } })
is("live: it runs on the source, a third node is silent", "back", "running on a", { live = true, rows = { a = on },
  silent = { { node = "c", msg = "down" } } })
is("live: the destination is silent", "unknown", "b does not", { live = true, rows = { a = on }, silent = { {
  node = "b", msg = "down" } } })
is("live: the source has let it go", "forward", "has run on b", { live = true, rows = { a = row("shut off", "migrated"),
  b = off } })
is("live: it is on its way", "unknown", "under way", { live = true, rows = { a = on, b = row("paused",
  "migrating") } })
is("the last copy", "neither", "last one", { rows = { a = off }, files = { file("gone", "same") } })
is("the last copy, defined there", "forward", "last one", { rows = { a = off, b = off },
  files = { file("gone", "same") } })
is("the last copy, the source runs without its disk's name", "neither", "last one", { rows = { a = on },
  files = { file("gone", "same") } })
is("a base that others read tells nothing", "back", "nothing shows", { rows = { a = off }, files = { { path = "/i/base",
  to = "/i/base", action = "copied", common = true, source = "same", copy = "same", users = { "qemu on b" } } } })
is("a base that was written to does", "neither", "has run on b", { rows = { a = off }, files = { { path = "/i/base",
  to = "/i/base", action = "copied", common = true, source = "same", copy = "changed", users = {} } } })
is("what was there before is other people's", "back", "nothing shows", { rows = { a = off, b = off }, files = { { path =
  "/i/base", to = "/i/base", action = "there", source = "same", copy = "changed" } } })
is("the source is not defined any more", "forward", "not defined on a", { rows = { b = off } })
is("no definition at all", "neither", "neither a nor b", {})
is("the records say that it ran there", "forward", "has run on b", { rows = { a = off, b = off }, handed_over = true })
is("another undertaking has moved it", "neither", "another undertaking", { rows = { a = off, b = off },
  others = { a = "J2" } })
check.test("imported, and the one that was exported runs elsewhere", function()
  local f = facts { rows = { b = off, c = on }, files = { file(nil, "same") } }
  f.source = nil
  check.equal(truth.judge(f).verdict, "back")
  f.files = { file(nil, "changed") }
  check.equal(truth.judge(f).verdict, "forward")
end)
check.test("the disks are told of", function()
  local judged = truth.judge(facts { rows = { a = off, b = off }, files = { file("same", "changed") } })
  check.equal(judged.why[1], "b: /i/web has been written to since it was made")
end)
