-- SPDX-License-Identifier: GPL-3.0-or-later
-- Would it move? Says all that is in the way, before anything is touched, with the command that mends each point.
local case = require "preflight.case"
local expected = require "forecast.expected"
local fix = require "preflight.fix"
local judge = require "preflight.judge"
local text = require "preflight.text"
local whereabouts = require "guest.whereabouts"

local fail = mig.fail

local function split(value)
  local list = {}
  for word in (value or ""):gmatch "[^,]+" do
    list[#list + 1] = word
  end
  return list
end

local function query(a)
  return { guests = split(a.domain), dests = a.dest == "all" and whereabouts.hypervisors() or split(a.dest),
    mode = a.mode, ignore = a.ignore, ask_qemu = a.ask_qemu,
    options = { map = a.map, postcopy = a.postcopy, tls = a.tls, p2p = a.p2p } }
end

-- The checks, as a table.
local function list_checks()
  local rows, lines = mig.array {}, {}
  for i, row in ipairs(judge.rows(mig.modules "checks")) do
    rows[i] = { id = row.id, level = row.level or "fail", title = row.title, applies = row.applies or "all" }
    lines[i] = ("%-18s %-5s %s"):format(row.id, rows[i].level, row.title)
  end
  return rows, table.concat(lines, "\n") .. "\n"
end

local function conclude(results, a)
  local texts, worst = {}, "pass"
  for i, r in ipairs(results) do
    local change = case.since_last(r)
    texts[i] = text.result(r, a.verbose)
    if r.mode == "live" or r.mode == "storage" then
      local cost = a.forecast and expected.anew(("%s@%s"):format(r.uuid, r.source), r.uuid, r.dest)
        or expected.of(r.uuid, r.dest)
      r.expected = cost or mig.null
      texts[i] = texts[i] .. ((cost or a.forecast) and (" expected: %s\n"):format(expected.text(cost)) or "")
    end
    if a.since then
      r.since, texts[i] = change or mig.null, texts[i] .. text.change(change)
    end
    if r.verdict == "fail" or r.verdict == "warn" and worst == "pass" then
      worst = r.verdict
    end
  end
  local value, shown = #results == 1 and results[1] or results, table.concat(texts, "\n")
  if worst == "fail" or a.strict and worst == "warn" then
    local r = results[1]
    local what = #results == 1 and ("%s to %s"):format(r.domain, r.dest) or ("%d guests"):format(#results)
    mig.error { code = "verdict", msg = ("preflight of %s: %s"):format(what, worst == "fail" and "it would fail"
      or "there are warnings"), value = value, text = shown }
  end
  return value, shown
end

local function run(a)
  if a.list_checks then
    return list_checks()
  elseif not a.domain or not a.dest then
    fail("usage", "help preflight shows how it is called", "preflight needs DOMAIN and DEST")
  end
  local results = case.run(query(a))
  if #results == 0 then
    fail("usage", nil, "%s is on %s already", a.domain, a.dest)
  end
  if a.fix and fix.mend(results) then
    results = case.run(query(a))
  end
  return conclude(results, a)
end

return {
  description = "tell whether a domain would move, and what is in the way",
  group = "Migration",
  help = [[
Gathers what can be known of the guest and both hosts, once and in parallel, and judges all of it: libvirt's own rules,
QEMU's, and those of the hosts (storage that both see, networks, CPU, memory, ports, clocks, versions). Each finding
says what was seen and what is wanted, the error that libvirt would give, and how to mend it. Nothing is changed, but
for a marker file beside a disk, that is gone at once, and a port of the destination that is listened at for a moment.
What it would cost by the last forecast or run is told below; --forecast measures that now.
--fix runs what can be mended safely (a pool, network, packet filter or secret taken over, a pool or network started,
media ejected, ports opened for an hour, kvm's module loaded, …) as a workflow: rollback ID takes it back. --ignore ID
lets a finding pass, --ask-qemu asks QEMU too, which marks the guest as tainted. Files checks/NAME.lua in a directory of
recipes add checks of one's own.
Exit status 12 with a finding that fails (with --strict also with a warning).]],
  example = "preflight share dest\npreflight share,web dest --mode cold --verbose\n"
    .. "preflight share dest --fix\npreflight share dest --ignore cpu-model --json",
  args = {
    { name = "domain", type = "domain", positional = true, help = "NAME[@NODE], or several with commas between" },
    { name = "dest", type = "nodes", positional = true, help = "the node that it would move to, or several, or all" },
    { name = "mode", type = "enum", choices = { "live", "storage", "offline", "cold" },
      help = "how it would be moved: live, live with its disks copied, offline or cold (default: as it is now)" },
    { name = "fix", type = "bool", help = "mend what can be mended safely, then judge again" },
    { name = "ignore", multi = true, help = "a check, or several with commas between, that may fail" },
    { name = "strict", type = "bool", help = "warnings fail, too" },
    { name = "ask-qemu", type = "bool", help = "ask the guest's QEMU what keeps it from moving (taints it)" },
    { name = "map", multi = true, help = "what is called otherwise there, as for cold-migrate" },
    { name = "postcopy", type = "bool", help = "judge for post-copy, too" },
    { name = "tls", type = "bool", help = "judge for a migration by TLS" },
    { name = "p2p", type = "bool", help = "judge for a peer-to-peer migration" },
    { name = "since", type = "enum", choices = { "last" },
      help = "tell also what is new and what is gone since the last time" },
    { name = "forecast", type = "bool", help = "measure how long a live migration would take: some seconds a guest" },
    { name = "verbose", type = "bool", help = "show what passed and all notes, too" },
    { name = "list-checks", type = "bool", help = "only tell which checks there are" },
  },
  run = run,
  workflow = function(about)
    return { steps = fix.steps(about.fixes), undo_done = true }
  end,
}
