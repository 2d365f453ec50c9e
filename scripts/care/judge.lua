-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is made of what nodes and guests said after a move. Pure. A judgement is a row's {state, said} and what else is
-- in the row; the state is "ok", "skipped" or "failed".
local judge = {}

local function lines_of(output)
  local list = {}
  for line in output:gmatch "[^\n]+" do
    list[#list + 1] = line
  end
  return list
end

local function row(state, said, more)
  local r = more or {}
  r.state, r.said = state, mig.line(said)
  return r
end

-- Of what tools/announce.sh printed. skipped: {"MAC: why"…} of the interfaces that nothing was sent for;
-- advertisements: how many of each time's frames were that; late_ms: how late after the guest's resume the first frame
-- left, at most.
function judge.announcement(output, skipped, advertisements, late_ms)
  local bridges, seen, failed, times = {}, {}, {}, 0
  skipped = table.move(skipped, 1, #skipped, 1, {})
  for _, line in ipairs(lines_of(output)) do
    local word, a, rest = line:match "^(%S+) (%S+) (.+)$"
    if word == "out" then
      local bridge = rest:match "^%S+"
      bridges[#bridges + 1], seen[bridge] = not seen[bridge] and bridge or nil, true
    elseif word == "no" then
      skipped[#skipped + 1] = ("%s: %s"):format(a, rest)
    elseif word == "failed" then
      failed[#failed + 1] = ("%s: %s"):format(a, rest)
    elseif word == "sent" and tonumber(a) > 0 then
      times = times + 1
    end
  end
  local texts = {}
  if times > 0 then
    texts[1] = ("RARP%s out of %s, %d time%s, the first at most %.0f ms after it ran"):format(advertisements > 0
      and (" and %d neighbour advertisement%s"):format(advertisements, advertisements > 1 and "s" or "") or "",
      table.concat(bridges, ", "), times, times > 1 and "s" or "", late_ms)
  end
  table.move(failed, 1, #failed, #texts + 1, texts)
  table.move(skipped, 1, #skipped, #texts + 1, texts)
  return row(failed[1] and "failed" or times > 0 and "ok" or "skipped", table.concat(texts, "; "),
    { late_ms = times > 0 and late_ms or nil })
end

-- When the last frame left after the first, by what the tool printed; ms.
function judge.span(output)
  return tonumber(output:match ".*\nsent %d+ (%d+)\n" or output:match "^sent %d+ (%d+)\n") or 0
end

-- tools/bridge_look.sh: {taps = {NAME = {address, master, linux}}, entries = {{mac, port, master}…}}
local function table_of(output)
  local look = { taps = {}, entries = {} }
  for _, line in ipairs(lines_of(output)) do
    local name, address, master, kind = line:match "^tap (%S+) (%S+) (%S+) (%S+)$"
    local mac, port, bridge = line:match "^fdb (%S+) (%S+) (%S+)$"
    if name then
      look.taps[name] = { address = address:lower(), master = master, linux = kind == "bridge" }
    elseif mac then
      look.entries[#look.entries + 1] = { mac = mac:lower(), port = port, master = bridge }
    end
  end
  return look
end

-- Libvirt gives a tap the address of the guest's card, but for the first byte.
local function tap_of(look, mac)
  for name, tap in pairs(look.taps) do
    if tap.address:sub(3) == mac:sub(3) and tap.address ~= mac then
      return name, tap
    end
  end
end

-- The host that has the guest: each address is to be behind the guest's own tap.
function judge.bridge_there(output, macs)
  local look, texts = table_of(output), {}
  for _, mac in ipairs(macs) do
    local name, tap = tap_of(look, mac)
    local at, other
    for _, entry in ipairs(look.entries) do
      if name and entry.mac == mac and entry.master == tap.master then
        at, other = at or entry.port == name, other or entry.port ~= name and entry.port
      end
    end
    if other then
      return row("failed", ("%s is behind %s of %s there"):format(mac, other, tap.master), { seen = mig.line(other),
        wanted = name })
    elseif name and tap.linux then
      texts[#texts + 1] = at and ("%s is behind %s of %s"):format(mac, name, tap.master)
        or ("%s has not heard %s yet"):format(tap.master, mac)
    end
  end
  return row(texts[1] and "ok" or "skipped", texts[1] and table.concat(texts, "; ")
    or "no tap of it is in a bridge of Linux")
end

-- The host that had it: no address is to be behind a tap of that host.
function judge.bridge_gone(output, macs)
  local look, is = table_of(output), {}
  for _, mac in ipairs(macs) do
    is[mac] = true
  end
  for _, entry in ipairs(look.entries) do
    if is[entry.mac] and look.taps[entry.port] then
      return row("failed", ("%s is still behind %s of %s there"):format(entry.mac, entry.port, entry.master),
        { seen = mig.line(entry.port), wanted = "no tap" })
    end
  end
  return row("ok", "none of its addresses is behind a tap there")
end

-- How far a guest's clock is ahead of its host's; s, and how exactly that is known. Each was read between two moments
-- of one clock: {value = s, from =, to = ms}.
function judge.drift(guest, host)
  local between = (guest.from + guest.to - host.from - host.to) / 2000
  return guest.value - host.value - between, (guest.to - guest.from + host.to - host.from) / 2000
end

-- The host's next whole second that can be told to the guest in time, and for how many ms to wait before; `now` is our
-- clock. A word to the guest takes half as long as its answer took.
function judge.next_second(guest, host, now)
  local there = host.value + (now - (host.from + host.to) / 2 + (guest.to - guest.from) / 2) / 1000
  local at = math.ceil(there)
  return at, (at - there) * 1000
end

-- What is told as a difference: an agent answers within less.
judge.DRIFT_S = 0.1

function judge.is_off(drift, exact)
  return math.abs(drift) > math.max(judge.DRIFT_S, exact)
end

local function words(drift)
  return ("%.3f s %s"):format(math.abs(drift), drift < 0 and "behind" or "ahead")
end

-- after: the same once it was set; nil: it was left as it was.
function judge.clock(before, exact, after)
  local more = { drift_s = before, drift_after_s = after and after.drift }
  if not after then
    return row("ok", ("it is right: %s, within %.0f ms"):format(words(before), exact * 1000), more)
  end
  local is_set = math.abs(after.drift) <= math.max(after.exact, math.abs(before) / 2)
  return row(is_set and "ok" or "failed", ("it was %s; set, now %s"):format(
    words(before), words(after.drift)), more)
end

-- tracked: what tools/conntrack_look.sh printed, or nil where no address is known; forwards: {"NETWORK (MODE)"…} of
-- the guest's, that go through their host.
function judge.conntrack(node, tracked, forwards)
  local n = tonumber(tracked)
  if forwards[1] then
    return row("ok", ("connections that were established through %s end there: %s%s"):format(node,
      table.concat(forwards, ", "), n and n > 0 and ("; it tracks %d of the guest's"):format(n) or ""), { tracked = n })
  elseif not tracked then
    return row("skipped", "no address of it is known")
  elseif tracked:find "^unknown" then
    return row("skipped", "it tracks connections, and they cannot be listed")
  elseif n and n > 0 then
    return row("ok", ("it tracks %d connection%s of the guest: those that it translates (NAT) end there"):format(n,
      n > 1 and "s" or ""), { tracked = n })
  end
  return row("ok", "it tracks no connection of the guest", { tracked = n or 0 })
end

-- Of a preflight for the opposite direction.
function judge.way_back(found)
  for _, f in ipairs(found.findings) do
    if f.level == "fail" then
      return row("failed", ("way back: would fail: %s: %s%s%s"):format(f.id, f.seen, f.remedy and "; " .. f.remedy
        or "", found.counts.fail > 1 and (" (and %d more)"):format(found.counts.fail - 1) or ""), { check = f.id })
    end
  end
  return row("ok", "way back: open")
end

judge.row = row

return judge
