-- SPDX-License-Identifier: GPL-3.0-or-later
-- Looks over the whole inventory for what an operator would want to know before anything goes wrong: guests and disks
-- that are used twice, what was left behind, what has drifted. Every node is asked at once; nothing is changed on any.
local disks = require "audit.disks"
local drift = require "audit.drift"
local findings = require "audit.findings"
local gather = require "audit.gather"
local guests = require "audit.guests"
local journals = require "guest.journals"
local left = require "audit.left"
local line = require "lib.line"
local lists = require "lib.list"
local whereabouts = require "guest.whereabouts"

local fail = mig.fail

-- The hypervisors that are meant, and those that are left out, as a set.
local function choose(text)
  local all, names, outside = whereabouts.hypervisors(), {}, {}
  local wanted = {}
  for name in (text or "all"):gmatch "[^,]+" do
    wanted[#wanted + 1] = name
  end
  for _, name in ipairs(wanted) do
    if name ~= "all" and not lists.has(all, name) then
      fail("usage", "node-list --details tells which are", "%s is not a hypervisor", name)
    end
  end
  for _, name in ipairs(all) do
    if lists.has(wanted, "all") or lists.has(wanted, name) then
      names[#names + 1] = name
    else
      outside[name] = true
    end
  end
  if #names == 0 then
    fail("not-found", "node-add NAME ADDRESS adds one", "there is no hypervisor in the inventory")
  end
  return names, outside
end

-- Those of the nodes that have a login; names = nil: of all.
local function with_login(names)
  local list = {}
  for _, node in ipairs(mig.nodes()) do
    local meant = node.address and node.address ~= mig.null and (not names or lists.has(names, node.name))
    list[#list + 1] = meant and node.name or nil
  end
  return list
end

local function add_silent(facts, out)
  for name, why in pairs(facts.silent) do
    out:add { id = "silent-node", level = "warn", node = name, subject = "libvirt", seen = why,
      why = "what it runs and defines is not known", remedy = line.of("node-test", name) }
  end
end

local function audit(a)
  local out = findings.new()
  local names, outside = choose(a.node)
  local all = mig.journals()
  local ours = journals.about(function()
    return true
  end)
  local logins = with_login(a.node and names)
  local facts
  mig.all { function()
    facts = gather.run(names, { findings = out, journals = ours, index = journals.index(ours) })
  end, function()
    if #logins > 1 then
      drift.keys(a.node and logins, out)
      drift.hosts(a.node and logins, out)
    end
  end }
  facts.outside = outside
  add_silent(facts, out)
  guests.uuid_twice(facts, out)
  guests.name_twice(facts, out)
  guests.autostart_twice(facts, out)
  guests.moved_marks(facts, out)
  disks.twice(facts, out)
  disks.snapshots(facts, out)
  left.parts(facts, out)
  left.saves(facts, out)
  left.journals(all, out)
  out:sort()
  return out
end

local function run(a)
  local out = audit(a)
  local value, text = out:value(), out:text()
  if value.verdict == "fail" then
    mig.error { code = "verdict", msg = "audit: " .. out:summary(), value = value, text = text }
  end
  return value, text
end

return {
  description = "look over all nodes for what is doubled, left behind or drifted",
  group = "Migration",
  help = [[
Asks all hypervisors of the inventory at once, or those of --node, and changes nothing. Findings, with what to do:
uuid-twice (a guest that runs, or is defined, on several nodes), name-twice, disk-twice (a file that two guests write
to, by whatever name; on two nodes it is proved that they see one), autostart-twice, moved-mark (left behind by a
migration, and the guest is not where that says), leftover-part (parts of copies), saved-orphan (a saved state without
its domain), journal-open, snapshot-files (a snapshot whose file is gone), drift-keys and drift-hosts (what key-verify
and hosts-sync --verify say), silent-node. A node that does not answer holds up none of the others; "not checked" names
what could not be looked at. "fail" is what loses data, "warn" what should be mended, "info" what is worth knowing. Exit
status 12 with a fail, otherwise 0.]],
  example = "audit\n--json audit --node source,dest",
  args = {
    { name = "node", type = "nodes", help = "look at these only: NODE[,NODE…]" },
  },
  run = run,
}
