-- SPDX-License-Identifier: GPL-3.0-or-later
-- Gathers what checks judge: the facts (preflight-facts, each host once), and who else has the guests; and makes a case
-- of each guest and destination. Recipes call case.run(), or preflight.gate; what judges asks no node.
local facts = require "preflight.facts"
local judge = require "preflight.judge"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local case = {}

-- How it would be moved if nobody says so.
local function mode_of(guest, wish)
  if wish == "live" and guest.state == "paused" then
    return "paused"
  end
  return wish or guest.active and (guest.state == "paused" and "paused" or "live") or "cold"
end

-- The guest as the destination would get it.
local function there_of(guest, map)
  local text = guest.active and guest.xml or guest.inactive or guest.xml
  return mig.xml(text and (mig.xml_map(text, map or {})) or "<domain/>")
end

local function of_uuid(found, uuid)
  local copies = {}
  for _, row in ipairs(found.copies) do
    copies[#copies + 1] = row.uuid == uuid and row or nil
  end
  return { copies = copies, silent = found.silent }
end

-- Was the definition on the destination left there by an earlier migration?
local function is_retired(node, uuid, domains)
  for _, d in ipairs(domains or {}) do
    if d.uuid == uuid and d.state == "shut off" then
      local text = mig.try(mig.dumpxml, { uuid .. "@" .. node, inactive = true })
      local mark = text and xml.mark(text)
      return mark ~= nil and mark.role == "moved"
    end
  end
  return false
end

-- Names as UUID@NODE where the listing tells which one is meant: else each would be looked for on all nodes anew.
local function placed(names, found)
  local list = {}
  for i, name in ipairs(names) do
    local hit, n = nil, 0
    for _, row in ipairs(found.copies) do
      if row.name == name or row.uuid == name then
        hit, n = row.uuid .. "@" .. row.node, n + 1
      end
    end
    list[i] = n == 1 and #found.silent == 0 and hit or name
  end
  return list
end

-- q: {guests = {NAME[@NODE]…} or described = XML, dests = {NODE…}, mode, options, ask_qemu, no_proof}. The cases, guest
-- by guest.
function case.gather(q)
  local options = q.options or {}
  local raw, found
  local file <close> = q.described and mig.text_file(q.described) or nil
  local guests = q.guests
  if guests and #guests > 1 then
    found = whereabouts.look(function()
      return true
    end)
    guests = placed(guests, found)
  end
  mig.all {
    function()
      raw = mig.preflight_facts { domain = guests and table.concat(guests, ",") or nil, xml = file,
        dest = table.concat(q.dests, ","), ask_qemu = q.ask_qemu,
        no_proof = q.no_proof, p2p = options.p2p, map = options.map }
    end,
    function()
      found = found or whereabouts.look(function()
        return true
      end)
    end,
  }
  local pairs_of, hosts, cases = {}, {}, {}
  for _, pair in ipairs(raw.pairs) do
    pairs_of[pair.guest .. "@" .. pair.dest] = pair
  end
  for name, host in pairs(raw.hosts) do
    hosts[name] = facts.host(host)
  end
  for _, g in ipairs(raw.guests) do
    local guest = facts.guest(g)
    if not guest.uuid then
      mig.fail("unreachable", nil, "nothing is known of %s on %s: %s", guest.name, guest.node, guest.missing.state)
    end
    for _, dest in ipairs(q.dests) do
      if dest ~= guest.node then
        guest.node = guest.node or "the export"
        local pair = pairs_of[guest.uuid .. "@" .. dest]
        cases[#cases + 1] = { guest = guest, source = hosts[guest.node] or { node = guest.node, missing = {} },
          dest = hosts[dest], pair = facts.pair(pair or {}), mode = mode_of(guest, q.mode), options = options,
          proved = q.proved, there = there_of(guest, options.map), elsewhere = of_uuid(found, guest.uuid),
          retired = is_retired(dest, guest.uuid, hosts[dest] and hosts[dest].domains) }
      end
    end
  end
  return cases
end

-- The same case with what is so of the guest and its disks by now; what its hosts are is as it was told before.
function case.anew(c)
  local raw = mig.preflight_facts { domain = c.guest.uuid .. "@" .. c.guest.node, dest = c.dest.node, only_disks = true,
    map = c.options.map }
  return setmetatable({ guest = facts.guest(raw.guests[1]), pair = facts.pair(raw.pairs[1]) }, { __index = c })
end

-- {domain, uuid, source, dest, mode, verdict, findings, not_checked} of a case. ignore: {ID…}.
function case.judge(rows, c, ignore)
  local set = {}
  for _, list in ipairs(ignore or {}) do
    for id in list:gmatch "[^,%s]+" do
      set[id] = true
    end
  end
  local findings = judge.case(rows, c, set)
  local n, not_checked = judge.count(findings), mig.array {}
  for _, finding in ipairs(findings) do
    if finding.level == "skip" then
      not_checked[#not_checked + 1] = { id = finding.id, why = finding.seen }
    end
  end
  if not c.guest.blockers and c.guest.active and c.mode ~= "cold" then
    not_checked[#not_checked + 1] = { id = "qemu-blockers", why = "QEMU was not asked (--ask-qemu)" }
  end
  return { domain = c.guest.name, uuid = c.guest.uuid, source = c.guest.node, dest = c.dest.node, mode = c.mode,
    verdict = n.fail > 0 and "fail" or n.warn > 0 and "warn" or "pass", counts = n, findings = findings,
    not_checked = not_checked }
end

-- What of a result is remembered for --since: each finding that did not pass, by its id and what it is about.
local function digest(r)
  local seen = {}
  for _, f in ipairs(r.findings) do
    if f.level == "fail" or f.level == "warn" or f.level == "info" then
      seen[("%s %s %s"):format(f.level, f.id, f.subject or "")] = f.seen
    end
  end
  return seen
end

local function memo_name(r)
  return ("preflight/%s-%s"):format(r.uuid, mig.sha256(r.dest .. " " .. r.mode):sub(1, 16))
end

-- Remembers the result; returns what the last one of this guest, destination and mode had: {at =, new = {"LEVEL ID
-- SUBJECT" …}, gone = {"… : SEEN"}}, or nil where there was none.
function case.since_last(r)
  local before, now = mig.memo(memo_name(r)), digest(r)
  mig.memo(memo_name(r), { at = os.time(), findings = now })
  if not before then
    return nil
  end
  local change = { at = before.at, new = mig.array {}, gone = mig.array {} }
  for key, seen in pairs(now) do
    change.new[#change.new + 1] = not before.findings[key] and ("%s: %s"):format(key, seen) or nil
  end
  for key, seen in pairs(before.findings) do
    change.gone[#change.gone + 1] = not now[key] and ("%s: %s"):format(key, seen) or nil
  end
  table.sort(change.new)
  table.sort(change.gone)
  return change
end

-- Facts and judgement in one, of a recipe that is about to move a guest. q as above. The results, and the cases.
function case.run(q)
  local rows, results = judge.rows(mig.modules "checks"), mig.array {}
  local cases = case.gather(q)
  for i, c in ipairs(cases) do
    results[i] = case.judge(rows, c, q.ignore)
  end
  return results, cases
end

return case
