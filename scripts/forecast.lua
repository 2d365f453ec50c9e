-- SPDX-License-Identifier: GPL-3.0-or-later
-- How would it go? Measures how the guest changes its memory and what the way carries, and walks a migration through
-- for each policy. Nothing is moved.
local measure = require "forecast.measure"
local model = require "forecast.model"
local report = require "migsh.report"
local score = require "forecast.score"
local whereabouts = require "guest.whereabouts"

local fail = mig.fail
local MIB <const>, SEEN_MIB <const> = 1 << 20, 128 -- QEMU looks at no smaller pieces of memory

-- The seconds of --windows, each from 1 to 60 as QEMU takes them.
local function window_list(text)
  local list, seen = {}, {}
  for word in (text .. ","):gmatch "([^,]*)," do
    local n = math.tointeger(tonumber(word:match "^%s*(%d+)%s*$"))
    if not n or n < 1 or n > 60 or seen[n] then
      fail("usage", nil, "--windows: '%s' is not a list of different seconds from 1 to 60", mig.line(text))
    end
    list[#list + 1], seen[n] = n, true
  end
  table.sort(list)
  return list
end

-- Where it runs, and what of it a forecast needs that is known at once.
local function look(a)
  local found = whereabouts.running(a.domain)
  local on = found.name .. "@" .. found.node
  local info = mig.dominfo { on }
  if found.node == a.dest then
    fail("usage", nil, "%s is on %s already", found.name, a.dest)
  elseif info.state ~= "running" then
    fail("state", "a forecast looks at a running guest", "%s is %s", on, info.state)
  end
  measure.refuse_busy(on)
  return { domain = found.name, uuid = info.uuid, source = found.node, dest = a.dest, memory = info.memory_kib * 1024 },
    on
end

-- Bytes a second, where that is from, and notes: what the operator says, what was measured between the nodes, or what
-- the last migration got; no more than what QEMU could send then, and than is set for the guest.
local function find_bandwidth(f, a, on, last, note)
  if a.bandwidth then
    f.bandwidth, f.bandwidth_from = a.bandwidth * MIB, "given"
  else
    local why
    f.probe, why = measure.bandwidth(on, f.source, f.dest)
    f.bandwidth, f.bandwidth_from = f.probe, "measured"
    if not f.probe and last.bandwidth then
      note("between the nodes nothing could be measured: %s", why)
      f.bandwidth, f.bandwidth_from = last.bandwidth, "last run"
    elseif not f.probe then
      fail("unreachable", "--bandwidth says what the way carries", "what the way from %s to %s carries cannot be "
        .. "measured: %s", f.source, f.dest, why)
    elseif last.ceiling and last.ceiling < f.bandwidth then
      note("the way carries %s/s; the last migration sent %s/s", report.bytes(f.probe), report.bytes(last.ceiling))
      f.bandwidth, f.bandwidth_from = last.ceiling, "last run"
    end
  end
  local speed = mig.migrate_getspeed { on }
  if speed > 0 and speed < f.bandwidth / MIB then
    note("migrate-getspeed: no more than %d MiB/s are allowed", speed)
    f.bandwidth, f.bandwidth_from = speed * MIB, "limit"
  end
end

-- Memory that is no zeros: of what is resident, what was sent of it the last times.
local function find_used(f, last, note)
  local resident = measure.used(f.source, f.uuid)
  if not resident then
    return note("how much of its memory is in use is not known: all of it is counted")
  end
  f.resident = math.min(resident, f.memory)
  f.used = f.resident * (last.density or 1) // 1
end

local function verdict(row, f)
  local least = row.limit_ms and " by less than " .. report.ms(row.limit_ms) or ""
  if row.converges == nil then
    return f.windows and "may not converge" .. least or "unknown"
  elseif not row.converges then
    return "does not converge" .. least
  end
  return "converges" .. (row.throttle > 0 and (", slowed down by %d %%"):format(row.throttle) or "")
    .. (row.policy ~= "virsh" and row.limit_ms > 10 and ", limit raised to " .. report.ms(row.limit_ms) or "")
end

local order <const> = { "low", "virsh", "deadline" }

local function predict(f, a, on, overhead_ms)
  local policies = model.policies { limit = mig.migrate_getmaxdowntime { on }, deadline = a.deadline / 1000 }
  f.policies = mig.array {}
  for _, name in ipairs(order) do
    if not a.policy or a.policy == name then
      local row = model.predict({ memory = f.memory, used = f.used, windows = f.windows, bandwidth = f.bandwidth,
        overhead_ms = overhead_ms }, policies[name])
      row.policy = name
      row.verdict = verdict(row, f)
      f.policies[#f.policies + 1] = row
    end
  end
end

local function percent(share)
  return share and ("%.0f %%"):format(share * 100) or "an unknown part"
end

local function text_of(f)
  local lines = { mig.line(("%s: %s -> %s"):format(f.domain, f.source, f.dest)) }
  local function out(format, ...)
    lines[#lines + 1] = mig.line(format:format(...))
  end
  out("  memory     %s, %s in use", report.bytes(f.memory), f.used and report.bytes(f.used) or "all may be")
  for _, w in ipairs(f.windows or {}) do
    out("  changes    %s within %d s", report.bytes(w.bytes), w.seconds)
  end
  out("  way        %s/s (%s)", report.bytes(f.bandwidth), f.bandwidth_from)
  out("")
  out(" %-9s %9s %9s %11s %7s  %s", "Policy", "Total", "Outage", "Sent", "Passes", "Verdict")
  out(" %s", ("-"):rep(76))
  for _, row in ipairs(f.policies) do
    out(" %-9s %9s %9s %11s %7s  %s", row.policy, row.total_ms and report.ms(row.total_ms) or "-",
      row.outage_ms and report.ms(row.outage_ms) or "-", report.bytes(row.bytes), row.passes or "-", row.verdict)
  end
  for _, text in ipairs(f.notes) do
    out("note: %s", text)
  end
  local off = f.off
  if off then
    out("my forecasts for this guest were off by %s, of the outage by %s (%d run%s%s)", percent(off.total),
      percent(off.outage), off.runs, off.runs == 1 and "" or "s",
      off.wrong > 0 and (", %d of them not to converge"):format(off.wrong) or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Every key, with null for what is not known.
local function with_nulls(f)
  local function fill(t, ...)
    for _, key in ipairs { ... } do
      if t[key] == nil then
        t[key] = mig.null
      end
    end
  end
  fill(f, "used", "resident", "windows", "probe", "off")
  for _, row in ipairs(f.policies) do
    fill(row, "total_ms", "outage_ms", "bytes", "passes", "converges", "limit_ms")
  end
  return f
end

local function run(a)
  local windows = window_list(a.windows)
  local f, on = look(a)
  f.notes = mig.array {}
  local function note(format, ...)
    f.notes[#f.notes + 1] = format:format(...)
  end
  local last = score.last(f.uuid, f.dest, f.source) or {}
  find_bandwidth(f, a, on, last, note)
  find_used(f, last, note)
  if f.memory < SEEN_MIB * MIB then
    note("QEMU's page sampling sees nothing of guests of less than %d MiB: the figures are those of one that changes "
      .. "nothing", SEEN_MIB)
  else
    f.windows = measure.windows(on, windows)
  end
  predict(f, a, on, last.overhead_ms)
  f.off = score.of(f.uuid, f.dest)
  score.keep(f.uuid, f.dest, f)
  local text = text_of(f)
  return with_nulls(f), text
end

return {
  description = "tell how long a live migration would take, and its outage",
  group = "Migration",
  help = [[
Measures how much of its memory a running domain changes within 1, 2 and 4 seconds, how much of it is in use, and for
a second what the way from node to node carries, by the address and one of the ports that a migration would use (there
preflight's marker files are written, too; the port is closed again whatever happens). From that it walks a migration
through: total time, the time in which the guest stands still, what is sent, QEMU's passes, and whether it ends, for
live-migrate's policies low and deadline and for libvirt's plain way (virsh). "does not converge by less than 1.5 s":
the guest changes so much that only a downtime limit of that length would end it; "may not": that depends on what it
changes within less than the first window.
Nothing is measured while a job runs on the domain. Memory that is written anew with what was there before is not seen,
and nothing of guests of less than 128 MiB. After the migration the forecast is scored, and the next one tells how
good those before were; it also takes from the last migrations what libvirt's own steps took, what QEMU could send, and
how much of the resident memory was no zeros.]],
  example = "forecast share dest\nforecast share@source dest --bandwidth 110 --windows 1,2,4,8 --policy low --json",
  args = {
    { name = "domain", type = "domain", required = true, positional = true, help = "a running domain: NAME[@NODE]" },
    { name = "dest", type = "node", required = true, positional = true, help = "the node that it would move to" },
    { name = "bandwidth", type = "int", help = "MiB/s that the way carries, instead of measuring it" },
    { name = "windows", default = "1,2,4", help = "seconds over which its memory is looked at, each from 1 to 60" },
    { name = "policy", type = "enum", choices = order, help = "only for this one" },
    { name = "deadline", type = "duration", unit = "s", default = "10m",
      help = "what the policy deadline has to keep" },
  },
  run = run,
}
