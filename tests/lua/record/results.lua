-- SPDX-License-Identifier: GPL-3.0-or-later
-- Results of migrations for record.lua and page.lua, and journals of them, made as recipes make theirs.
local results = {}

local START = 1764380000.25

local function timeline(buckets)
  local out = { from = START - 1, bucket_ms = 6000 / buckets, rtt_max_ms = mig.array {}, lost = mig.array {} }
  for i = 1, buckets do
    local at = (i - 0.5) / buckets * 6
    local gone = at > 4.20 and at < 4.30
    out.rtt_max_ms[i] = gone and mig.null or 0.35 + 0.1 * (i % 7) + (at > 4.30 and at < 4.45 and 11.5 or 0)
    out.lost[i] = gone and 3 or 0
  end
  return out
end

local function target(name, buckets)
  return { target = name, kind = "icmp", interval_ms = 5.0, sent = 1200, received = 1180, lost = 20, late = 2,
    starved_ms = 0.0, longest_ms = { min = 92.5, max = 101.25 }, total_ms = { min = 92.5, max = 101.25 },
    outages = mig.array { { start = START + 3.2, min_ms = 92.5, max_ms = 101.25, lost = 20, late = 2 } },
    rtt_before_ms = { p50 = 0.41, p99 = 0.9, max = 1.1 }, rtt_during_ms = { p50 = 0.52, p99 = 11.9, max = 12.2 },
    rtt_after_ms = { p50 = 0.44, p99 = 1.0, max = 1.2 }, timeline = timeline(buckets) }
end

-- n passes over memory that is dirtied at 40 MiB/s, sent at 110 MiB/s.
function results.passes(n)
  local list, remaining = mig.array {}, 1 << 30
  for i = 1, n do
    list[i] = { at = 3.1 * i / n, pass = i, remaining = math.floor(remaining), total = 1 << 30, sent = i * (50 << 20),
      bandwidth = (110 << 20) + (i % 5) * (3 << 20), dirty_rate = (40 << 20) - (i % 3) * (4 << 20), limit = 10 * i,
      throttle = 0 }
    remaining = math.max(remaining * 0.38, 900000)
  end
  return list
end

-- All that live-migrate tells.
function results.full(name)
  return { domain = name or "share", uuid = "0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01", source = "source",
    destination = "dest", started = START, ended = START + 3.5, total_ms = 3498.2, downtime_ms = 81, setup_ms = 4,
    iterations = 9, bytes = 1234567890, transport = "tcp", verdict = "ok", ok = true, max_outage_ms = 300.0,
    outage = { min_ms = 92.5, max_ms = 101.25, target = "192.0.2.10" },
    targets = mig.array { target("192.0.2.10", 240) },
    policy = { name = "low", limit_ms = 10, shadow = { name = "virsh",
      decisions = mig.array { { at = 1.5, what = "limit", value = 300, why = "its only one" } } } },
    passes = results.passes(9),
    decisions = mig.array { { at = 0.0, what = "limit", value = 10, why = "to begin with" },
      { at = 2.6, what = "limit", value = 30, why = "passes stall" } },
    budget = { suspended_at = START + 3.2, resumed_at = START + 3.27, gap_ms = 70.5, qemu_ms = 41.5, libvirt_ms = 29.0,
      wire_ms = 22.0, lost = 18, late = 2 },
    events = mig.array { { time = START + 0.1, node = "dest", name = "Started" },
      { time = START + 3.2, node = "source", name = "Suspended" }, { time = START + 3.27, node = "dest",
        name = "Resumed" } },
    care = mig.array { { id = "announce", node = "dest", state = "ok", said = "RARP out of br0, 3 times",
      late_ms = 21.5 }, { id = "way-back", node = "source", state = "failed",
        said = "way back: would fail: bridge: it has no bridge br0" } },
    checks = mig.array { { id = "running", ok = true, title = "runs on dest and nowhere else" },
      { id = "defined", ok = true, title = "is defined on dest" } } }
end

results.HOSTILE = "</title><script>alert(1)</script>\27[31m'\"&`$(id)\n-rf|#*_\u{202e}![x](http://evil.invalid/)"

-- Everything that is foreign is hostile.
function results.hostile()
  local all, bad = results.full(results.HOSTILE), results.HOSTILE
  all.source, all.transport, all.verdict, all.ok = bad, bad, "check failed: " .. bad, false
  all.policy.name, all.policy.shadow.name = bad, bad
  all.outage.target, all.targets[1].target = bad, "http://evil.invalid/x.png?" .. bad
  all.checks[1] = { id = bad, ok = false, title = bad, detail = bad .. "\n" .. bad }
  all.decisions[1].why, all.decisions[1].what, all.decisions[1].value = bad, bad, bad
  all.events[1].name = bad
  all.care[2] = { id = bad, node = bad, state = bad, said = bad }
  return all
end

-- More of everything than can be kept.
function results.huge()
  local all = results.full()
  all.passes = results.passes(5000)
  all.passes[1234].remaining, all.passes[2345].bandwidth = 3 << 30, 17
  for i = 1, 40 do
    all.targets[i] = target("192.0.2." .. i, 1000)
    all.targets[i].timeline.rtt_max_ms[777] = 987.5
  end
  for i = 1, 3000 do
    all.decisions[i] = { at = i / 1000, what = "throttle", value = i % 99, why = ("because "):rep(50) }
    all.checks[i] = { id = "c" .. i, ok = i % 2 == 0, title = ("title "):rep(30), detail = ("é"):rep(4000) }
  end
  return all
end

-- A workflow's journal with two steps, ended as told; fn(tx) before it is let go.
function results.journal(command, about, state, fn)
  local head = { workflow = true }
  for key, value in pairs(about) do
    head[key] = value
  end
  local journal <close> = mig.journal_begin(command, head)
  local check = journal:intent("check", { title = "two nodes" })
  journal:outcome(check, "done")
  local step = journal:intent("migrate", { title = "to " .. tostring(about.dest), node = about.dest, commit = true })
  journal:outcome(step, state == "done" and "done" or "failed", state ~= "done" and { code = "io", msg = "cut off" }
    or nil)
  journal:finish(state)
  if fn then
    fn { journal = journal, about = head, id = journal.id }
  end
  return journal.id
end

return results
