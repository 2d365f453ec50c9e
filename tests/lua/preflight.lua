-- SPDX-License-Identifier: GPL-3.0-or-later
-- The checks of preflight on facts from a file: a healthy pair passes all; each check finds what it is for; and where a
-- fact that it needs is not known it is skipped and says why. A check without a case here fails the test.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises
local case = require "preflight.case"
local facts = require "preflight.facts"
local fix = require "preflight.fix"
local judge = require "preflight.judge"
local text = require "preflight.text"

local dir = arg[0]:match "^(.*)/"

local function healthy()
  local file <close> = assert(io.open(dir .. "/facts/healthy.json"))
  return mig.json_decode(file:read "a")
end

-- A case of the facts, after `spoil` has been at them.
local function make(spoil, mode, options)
  local raw = healthy()
  local g, source, dest, pair = raw.guests[1], raw.hosts.source, raw.hosts.dest, raw.pairs[1]
  local more = spoil and spoil(g, source, dest, pair, raw) or {}
  local guest = facts.guest(g)
  local c = { guest = guest, source = facts.host(source), dest = facts.host(dest), pair = facts.pair(pair),
    mode = mode or "live", options = options or {}, there = mig.xml(g.xml or "<domain/>"),
    elsewhere = { copies = {}, silent = {} } }
  for key, value in pairs(more) do
    c[key] = value
  end
  return c
end

local rows = judge.rows()

local function found(c, id)
  local list = {}
  for _, f in ipairs(judge.case(rows, c)) do
    list[#list + 1] = f.id == id and f or nil
  end
  return list
end

local of = dofile(dir .. "/facts/cases.lua")
local cases, xml, device, tls_finding = of.cases, of.xml, of.device, of.tls_finding

test("healthy: nothing fails, nothing is warned of, nothing is left out", function()
  for mode in pairs { live = 1, storage = 1, cold = 1 } do
    for _, f in ipairs(judge.case(rows, make(nil, mode))) do
      assert(f.level == "pass" or f.level == "info", ("%s: %s %s: %s"):format(mode, f.level, f.id, f.seen))
    end
  end
end)

test("TLS by itself: only where it is certain to work", function()
  local tls = require "preflight.tls"
  local function doubt(spoil, passed, mode)
    return tls.doubt(make(spoil, mode), passed or {}) or "none"
  end
  local function expect(want, got)
    assert(got:find(want, 1, true), got)
  end
  expect("none", doubt())
  expect("none", doubt(nil, { parallel = true }))
  expect("none", doubt(nil, nil, "storage"))
  expect("libvirt before 10.3", doubt(nil, { parallel = true }, "storage"))
  expect("none", doubt(function(_, source) source.libvirt = 10003000 end, { parallel = true }, "storage"))
  expect("--p2p goes another way", doubt(nil, { p2p = true }))
  expect("not known", doubt(function(_, source) source.tls = nil end))
  expect("server-key.pem: x", doubt(tls_finding("dest", "fail", "/etc/pki/qemu/server-key.pem", "no")))
  expect("client-key.pem: x", doubt(tls_finding("source", "info", "/etc/pki/qemu/client-key.pem"))) -- cannot be told
  expect("none", doubt(tls_finding("source", "warn", "/etc/pki/qemu/client-cert.pem"))) -- ends soon
  expect("none", doubt(tls_finding("source", "fail", "/etc/pki/qemu/server-cert.pem", "no"))) -- it is the client
  expect("different authorities", doubt(function(_, _, dest) dest.tls.authority = "b" end))
  expect("made out to other", doubt(function(_, _, dest, pair) pair.ports, dest.hostname = nil, "other" end))
  expect("made out to 192.0.2.9", doubt(function(_, _, dest, pair) -- of a network for migrations
    pair.ports, dest.look.conf = nil, { "qemu.conf migration_host 192.0.2.9" }
  end))
  expect("made out to other", doubt(function(_, _, _, pair) pair.ports.address = "other" end))
  expect("none", doubt(function(_, _, dest) dest.hostname = "other" end)) -- the source is told an address
  expect("none", doubt(tls_finding("dest", "warn", "/etc/pki/qemu/server-cert.pem", "no match", "other")))
  expect("server-cert.pem: x", doubt(tls_finding("dest", "fail", "/etc/pki/qemu/server-cert.pem", "no match",
    "192.0.2.102")))
  expect("none", doubt(function(_, _, dest, pair)
    pair.ports.address, dest.tls.names = "dest.Example.org", { "*.example.org" }
  end))
  expect("server-certs/client-cert.pem: x", doubt(tls_finding("source", "fail", "/srv/server-certs/client-cert.pem",
    "no")))
  expect("clocks", doubt(function(_, _, dest) dest.clock.ahead_s = 86400 end))
  local function large(g, source)
    source.libvirt = 11006000 -- which only lets the cipher be chosen
    xml(g, "<memory unit='KiB'>", "<memory unit='KiB'>99")
  end
  expect("64 GiB", doubt(large))
  expect("none", doubt(large, { parallel = true })) -- by connections that go one way
end)

test("TLS by itself: chosen anew", function()
  local tls = require "preflight.tls"
  local job = { name = "web", args = { passed = {} } }
  tls.choose(job, make())
  assert(job.tls and not job.plain)
  tls.choose(job, make(tls_finding("dest", "fail", "/etc/pki/qemu/server-cert.pem", "has expired")))
  assert(not job.tls and job.plain:find "server%-cert")
  equal(tls.outcome(job).tls, false)
  local asked = { name = "web", args = { passed = { tls = true } } }
  tls.choose(asked, make(tls_finding("dest", "fail", "/etc/pki/qemu/server-cert.pem", "has expired")))
  equal(tls.outcome(asked).tls, true)
end)

test("import: what only a guest of a host has is left out, and the rest is judged", function()
  local function import(spoil)
    local c = make(function(g, source, dest, pair)
      g.node, g.files, g.job, g.block_jobs, g.snapshots, g.checkpoints, g.addresses = nil, nil, nil, nil, nil, nil, nil
      g.state, pair.disks, pair.ports = "shut off", nil, nil
      return spoil and spoil(g, source, dest) or nil
    end, "import")
    c.guest.node, c.source = "the export", { node = "the export", missing = {} }
    return judge.case(rows, c)
  end
  local n = judge.count(import())
  equal(n.fail + n.warn + n.skip, 0)
  assert(n.pass > 20, n.pass)
  for _, f in ipairs(import(function(g, _, dest)
    dest.networks, dest.look.link, dest.look.up = {}, { "lo unknown 65536 -" }, { "lo" }
    device "<disk type='volume'><source pool='gone' volume='v'/><target dev='vdc'/></disk>"(g)
  end)) do
    local wanted = f.id == "network" or f.id == "bridge" or f.id == "pool"
    equal(f.level == "fail", wanted, f.id)
    assert(not wanted or f.remedy:find "%-%-map" and not f.fix)
  end
end)

for i, t in ipairs(cases) do
  test(("%s: %s (%d)"):format(t[1], t[2], i), function()
    local hit
    local list = found(make(t[3], t.mode, t.options), t[1])
    for _, f in ipairs(list) do
      hit = hit or f.level == t[2] and f or nil
    end
    assert(hit, "not found; " .. mig.json_encode(mig.array(list)))
    if t.libvirt then
      match(hit.libvirt, (t.libvirt:gsub("[%-%(%)%.%+]", "%%%0")))
    end
    if t.remedy then
      match(hit.remedy, (t.remedy:gsub("[%-%(%)%.]", "%%%0")))
    end
    equal(hit.fix and hit.fix.name, t.fix)
    if t.fix then
      equal(#fix.steps { hit.fix }, 1)
    end
    if hit.level == "fail" then
      assert(hit.remedy or t[1] == "daemon", "a failure without a remedy")
    end
  end)
end

test("what only looks different is the same: a filter's uuid, a netmask for a prefix", function()
  local c = make(function(g, source, dest)
    device "<interface type='bridge'><source bridge='br0'/><filterref filter='mine'/></interface>"(g)
    for host, word in pairs { [source] = "netmask='255.255.255.0'", [dest] = "prefix='24'" } do
      host.filters.mine = ("<filter name='mine'><uuid>%s</uuid><rule action='drop'/></filter>"):format(#word)
      host.networks[1].xml = ("<network><name>inner</name><ip address='10.0.0.1' %s/></network>"):format(word)
      host.nwfilters = { "mine" }
    end
  end)
  for _, id in ipairs { "nwfilter", "nwfilter-rules", "network-kind" } do
    equal(found(c, id)[1].level, "pass", id)
  end
end)

test("a module is loaded, and taken out again unless it was there before", function()
  local mig_node, done, there = mig.node, mig.array {}, "no\n"
  rawset(mig, "node", function(name)
    return { run = function(_, words)
      done[#done + 1] = name .. ": " .. table.concat(words, " ")
    end, tool = function(_, tool, path)
      equal(tool .. " " .. path, "file_exists /sys/module/kvm_amd")
      return there
    end }
  end)
  local step = fix.steps { { name = "module", module = "kvm_amd", node = "dest" } }[1]
  for _, was in ipairs { false, true } do
    there = was and "yes\n" or "no\n"
    local record = { about = step.about() }
    equal(record.about.was, was)
    step.run(nil, nil, record)
    step.undo(nil, nil, record)
  end
  rawset(mig, "node", mig_node)
  equal(table.concat(done, "; "), "dest: modprobe -- kvm_amd; dest: modprobe -r -- kvm_amd")
end)

-- While fn runs, these are what mig has.
local function with(fakes, fn)
  local before = {}
  for name, fake in pairs(fakes) do
    before[name] = mig[name]
    rawset(mig, name, fake)
  end
  local ok, err = pcall(fn)
  for name, own in pairs(before) do
    rawset(mig, name, own)
  end
  if not ok then
    error(err, 0)
  end
end

test("what was cloned is taken back only where no guest needs any of it, as it runs or as it is defined", function()
  local step = fix.steps { { name = "nwfilter-clone", filter = "outer", from = "source", node = "dest" } }[1]
  local record = { about = { node = "dest", was = false, list = { "inner", "outer" } } }
  for _, t in ipairs { { "inner", true }, { "inner", false }, { "outer", true }, { "none", false } } do
    local needed, of_definition, gone = t[1], t[2], mig.array {}
    with({ list = function()
      return { { name = "other", uuid = "u" } }
    end, dumpxml = function(args)
      return ("<domain><devices><interface type='bridge'>%s</interface></devices></domain>"):format(
        (args.inactive or false) == of_definition and ("<filterref filter='%s'/>"):format(needed) or "")
    end, nwfilter_dumpxml = function()
      return "<filter/>"
    end, nwfilter_undefine = function(args)
      gone[#gone + 1] = args[1]
    end }, function()
      local ok, err = pcall(step.undo, nil, nil, record)
      equal(ok, needed == "none")
      assert(ok or err.msg:find(needed .. " of dest is used by other", 1, true), not ok and err.msg)
    end)
    equal(table.concat(gone, " "), needed == "none" and "outer inner" or "")
  end
end)

test("a medium is taken out of the running guest alone, and put back there", function()
  local calls = mig.array {}
  local f = { name = "eject", uuid = "u", domain = "web", node = "source", target = "hda", path = "/a.iso" }
  local step = fix.steps { f }[1]
  with({ change_media = function(args)
    calls[#calls + 1] = ("%s %s %s live=%s"):format(args[1], args[2], args.eject and "out" or args[3], args.live)
  end, list = function()
    return { { name = "web", uuid = "u", state = "running", node = "dest" } }
  end, nodes = function()
    return { { name = "dest", hypervisor = true } }
  end, dumpxml = function()
    return "<domain><devices><disk><target dev='hda'/></disk></devices></domain>"
  end, node = function()
    return { tool = function()
      return "yes\n"
    end }
  end }, function()
    step.run(nil, nil, { about = {} })
    step.undo(nil, nil, { about = {} })
  end)
  equal(table.concat(calls, "; "), "u@source hda out live=true; u@dest hda /a.iso live=true")
end)

test("each check is tried", function()
  local tried = {}
  for _, t in ipairs(cases) do
    tried[t[1]] = true
  end
  for _, row in ipairs(rows) do
    assert(tried[row.id], row.id .. " is in no case")
  end
end)

-- Of each check each fact that it needs is taken away.
local sections <const> = { doc = "xml", caps = "capabilities" }
for _, row in ipairs(rows) do
  for _, need in ipairs(row.needs or {}) do
    test(("%s: without %s it is skipped"):format(row.id, need), function()
      local mode = (row.applies or "live"):match "%S+"
      local all = { postcopy = true, tls = true, p2p = true }
      local c = make(function(g, source, dest, pair)
        local part, name = need:match "^(%w+)%.([%w_]+)$"
        local owner = ({ guest = g, source = source, dest = dest, pair = pair })[part]
        owner[sections[name] or name], owner.missing = nil, { [sections[name] or name] = "it went away" }
      end, mode, all)
      local list = found(c, row.id)
      equal(#list, 1)
      equal(list[1].level, "skip")
      match(list[1].seen, "it went away")
    end)
  end
end

test("a finding that is ignored is told, and fails nothing", function()
  local c = make(function(g) g.snapshots = 1 end)
  local findings = judge.case(rows, c, { snapshots = true })
  equal(judge.count(findings).fail, 0)
  for _, f in ipairs(findings) do
    if f.id == "snapshots" then
      equal(f.ignored, "fail")
    end
  end
  raises("usage", "no check 'nosuch'", judge.case, rows, make(), { nosuch = true })
end)

test("a check that is none is refused with its origin", function()
  package.preload["checks.broken"] = function()
    return { id = "Broken!", title = "x", judge = function() end }
  end
  raises("usage", "checks.broken: this is no check", judge.rows, { "checks.broken" })
  package.preload["checks.again"] = function()
    return { id = "state", title = "x", judge = function() end }
  end
  raises("usage", "there is a check state already", judge.rows, { "checks.again" })
end)

test("the example of a check of one's own", function()
  local row = dofile(dir .. "/../../scripts/examples/checks/crowd.lua")
  package.preload["checks.crowd"] = function()
    return row
  end
  local all = judge.rows { "checks.crowd" }
  equal(all[#all].area, "checks of your own")
  local findings = judge.case({ row }, make())
  equal(findings[1].level, "pass")
  findings = judge.case({ row }, make(function(_, _, dest)
    for i = 1, 10 do
      dest.domains[i] = { name = "g" .. i, uuid = "u" .. i, state = "running" }
    end
  end))
  equal(findings[1].level, "warn")
  match(findings[1].remedy, "targets web")
end)

test("what changed since the last time", function()
  local function result(findings)
    return { uuid = "11111111-2222-3333-4444-555555555555", dest = "dest", mode = os.tmpname(), findings = findings }
  end
  local r = result { { level = "fail", id = "bridge", subject = "br0", seen = "it has no bridge br0" } }
  equal(case.since_last(r), nil)
  local change = case.since_last(r)
  equal(#change.new + #change.gone, 0)
  match(text.change(change), "nothing has changed")
  r.findings = { { level = "warn", id = "mtu", seen = "1400" }, { level = "pass", id = "bridge" } }
  change = case.since_last(r)
  equal(change.new[1], "warn mtu : 1400")
  equal(change.gone[1], "fail bridge br0: it has no bridge br0")
  match(text.change(change), "%+ warn mtu.*\n  %- fail bridge")
end)

test("as text: headings, remedies, what was not checked, and advice", function()
  local c = make(function(g, _, dest)
    g.snapshots, dest.look, dest.missing = 1, nil, { look = "no login\n[fail] forged" }
  end)
  local findings = judge.case(rows, c)
  local n = judge.count(findings)
  local shown = text.result { domain = "web", source = "source", dest = "dest", mode = "live", counts = n,
    findings = findings, not_checked = { { id = "ports", why = "no login" } } }
  match(shown, "^web: source %-> dest, live\n guest\n  %[fail%] snapshots +it has 1 snapshot %(source%)\n")
  match(shown, "remedy: cold%-migrate takes them along")
  match(shown, "\n not checked: ports %(no login%)\n do not move it yet")
  assert(not shown:find("\n[fail] forged", 1, true))
end)
