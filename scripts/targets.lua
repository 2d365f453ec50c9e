-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where could it go? One preflight for each other hypervisor; each host is asked once.
local case = require "preflight.case"
local report = require "migsh.report"
local text = require "preflight.text"
local whereabouts = require "guest.whereabouts"

local rank <const> = { pass = 1, warn = 2, fail = 3 }

-- The first of what is worst, in a few words.
local function reason(r)
  if r.verdict == "fail" then
    return text.refusal(r)
  end
  for _, f in ipairs(r.findings) do
    if f.level == r.verdict then
      return ("%s: %s"):format(f.id, f.seen)
    end
  end
end

local function row_of(r, c)
  local dest = c.dest
  local free = dest.available_kib or dest.free_kib
  return { node = dest.node, verdict = r.verdict, reason = reason(r) or mig.null, cpus = dest.cpus or mig.null,
    cpu = dest.cpu_model or mig.null, free_bytes = free and free * 1024 or mig.null,
    latency_ms = dest.clock and dest.clock.error_s * 2000 or mig.null, fails = r.counts.fail, warnings = r.counts.warn }
end

local function run(a)
  local names = whereabouts.hypervisors()
  if #names < 2 then
    mig.fail("not-found", "node-add gives the inventory another", "there is no other hypervisor")
  end
  local results, cases = case.run { guests = { a.domain }, dests = names, mode = a.mode, ignore = a.ignore,
    options = { map = a.map } }
  local rows = mig.array {}
  for i, r in ipairs(results) do
    rows[i] = row_of(r, cases[i])
  end
  table.sort(rows, function(x, y)
    if rank[x.verdict] ~= rank[y.verdict] then
      return rank[x.verdict] < rank[y.verdict]
    end
    return x.node < y.node
  end)
  local lines = { (" %-16s %-8s %5s %12s %9s  %s"):format("Node", "Verdict", "CPUs", "Free memory", "Latency",
    "Reason"),
    (" %s"):format(("-"):rep(76)) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = mig.line((" %-16s %-8s %5s %12s %9s  %s"):format(row.node, row.verdict,
      row.cpus ~= mig.null and tostring(row.cpus) or "-", report.bytes(row.free_bytes), report.ms(row.latency_ms),
      row.reason ~= mig.null and row.reason or "-"))
  end
  return rows, table.concat(lines, "\n") .. "\n"
end

return {
  description = "tell where a domain could move to",
  group = "Migration",
  help = [[
A row for each other hypervisor of the inventory: whether the domain would move there (preflight DOMAIN NODE has all
reasons), the first of the reasons, the host's CPUs, the memory that is free there now, and how long it takes to answer
over ssh. Nothing is changed, but for what preflight leaves for a moment.]],
  example = "targets share\ntargets share@source --mode cold --json",
  args = {
    { name = "domain", type = "domain", required = true, positional = true, help = "NAME[@NODE] or uuid" },
    { name = "mode", type = "enum", choices = { "live", "storage", "offline", "cold" },
      help = "how it would be moved (default: as it is now)" },
    { name = "ignore", multi = true, help = "a check, or several with commas between, that may fail" },
    { name = "map", multi = true, help = "what is called otherwise there, as for cold-migrate" },
  },
  run = run,
}
