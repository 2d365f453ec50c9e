-- SPDX-License-Identifier: GPL-3.0-or-later
-- What of both hosts' certificates matters to a migration by TLS. Nobody is asked: how tls-check judges each host is
-- among the facts (preflight/facts.lua).
local versions = require "preflight.checks.versions"
local tls = {}

local OTHER <const> = { source = "/server%-[^/]*$", dest = "/client%-[^/]*$" } -- the source is the client
local MAX_SKEW_S <const> = 3600 -- each host judges the other's certificate by its own clock
-- Options with which the stream goes another way than the certificates were judged for, or is taken up again later.
local another_way <const> = { "postcopy", "tunnelled", "p2p", "direct", "zerocopy", "rdma_pin_all", "migrateuri",
  "disks_uri" }

-- What the source compares with the destination's certificate: the name, nil where nobody can tell; is that certain?
local function met_by(c)
  if c.options.tls_destination or c.options.migrateuri then
    return c.options.tls_destination, true
  end
  local address = ((c.pair or {}).ports or {}).address
  return address or (c.dest.conf or {})["qemu.conf"] and c.dest.conf["qemu.conf"].migration_host or c.dest.hostname,
    address ~= nil
end

local function relevant(c, side)
  local list = {}
  local name, certain = met_by(c)
  for _, f in ipairs(c[side].tls.findings) do
    local of_another = f.name and certain and f.name:lower() ~= (name or ""):lower()
    if f.world == "qemu" and not (f.file or ""):find(OTHER[side]) and not of_another then
      list[#list + 1] = f
    end
  end
  return list
end

local function same_authority(c)
  local here, there = c.source.tls.authority, c.dest.tls.authority
  return not here or not there or here == there
end

local function is_named(c, name)
  name = name:lower()
  local wildcard = name:gsub("^[^.]+%f[.]", "*")
  for _, known in ipairs(c.dest.tls.names or {}) do
    if known:lower() == name or known:lower() == wildcard then
      return true
    end
  end
  return false
end

-- As findings of preflight. Where libvirt says nothing, it works.
function tls.findings(c)
  local found, told = {}, false
  for _, side in ipairs { "source", "dest" } do
    for _, f in ipairs(relevant(c, side)) do
      told = told or f.name ~= nil
      found[#found + 1] = { node = c[side].node, level = f.level == "fail" and not f.libvirt and "warn" or f.level,
        subject = f.file, wanted = f.wanted, seen = ("%s: %s"):format(f.file or "TLS", f.seen), libvirt = f.libvirt,
        remedy = f.remedy }
    end
  end
  local name = met_by(c)
  if name and not told and c.dest.tls.qemu ~= "none" and not is_named(c, name) then
    found[#found + 1] = { node = c.dest.node, subject = name, wanted = name,
      seen = ("the certificate is not made out to %s, by which %s gets there"):format(name, c.source.node),
      libvirt = "Certificate does not match the hostname",
      remedy = "tls-setup " .. c.dest.node .. ", or --tls-destination with a name that is in it" }
  end
  if not same_authority(c) then
    found[#found + 1] = { level = "warn", seen = "the hosts' certificates are of different authorities",
      wanted = "one for both, or each with both", libvirt = "The certificate hasn't got a known issuer",
      remedy = "tls-check tells which; tls-setup makes them anew" }
  end
  return found
end

-- What is known of these versions and TLS; nil: nothing.
local function hazard(c, passed)
  local by_tls = setmetatable({ options = { tls = true, parallel = passed.parallel } }, { __index = c })
  for _, row in ipairs(versions) do
    for _, f in ipairs(row.id == "hazard" and row.judge(by_tls) or {}) do
      if f.subject == "nbd-tls" or f.subject == "tls-long" then
        return f.seen
      end
    end
  end
end

local function clocks_agree(c)
  local here, there = c.source.clock, c.dest.clock
  return here and there and math.abs(there.ahead_s - here.ahead_s) < MAX_SKEW_S
end

-- Has either host certificates of QEMU's?
function tls.has_any(c)
  return ((c.source.tls or {}).qemu or "none") ~= "none" or ((c.dest.tls or {}).qemu or "none") ~= "none"
end

-- nil where it is certain that TLS works for that migration, else why it is not. passed: migrate's options.
function tls.doubt(c, passed)
  if not c.source.tls or not c.dest.tls then
    return "what certificates both hosts have is not known"
  end
  for _, side in ipairs { "source", "dest" } do
    for _, f in ipairs(relevant(c, side)) do
      if f.libvirt or f.level == "info" then -- where libvirt says nothing, it works
        return ("%s: %s: %s"):format(c[side].node, f.file or "TLS", f.seen)
      end
    end
  end
  for _, key in ipairs(another_way) do
    if passed[key] then
      return ("--%s goes another way"):format((key:gsub("_", "-")))
    end
  end
  local name = met_by(c)
  if not same_authority(c) then
    return "the hosts' certificates are of different authorities"
  elseif not name or not is_named(c, name) then
    return ("the certificate of %s is not made out to %s, by which %s gets there"):format(c.dest.node, name or "?",
      c.source.node)
  elseif not clocks_agree(c) then
    return "the hosts' clocks are not known to agree, by which they judge certificates"
  elseif not c.source.libvirt or not c.guest.doc then
    return "the version of libvirt, or how much memory it has, is not known"
  end
  return hazard(c, passed)
end

-- TLS by itself where it is certain to work: what nobody asked for must not make a migration fail that would have gone
-- well. job: live-migrate's, which gains tls, or plain: why not, where either host has certificates.
function tls.choose(job, c)
  local a = job.args
  local passed = a.passed or {}
  if passed.tls or a.no_tls or a.as_virsh then
    return
  end
  local why = tls.doubt(c, passed)
  job.tls, job.plain = nil, nil
  if not why then
    job.tls = true
    mig.notice(("%s: its memory is encrypted (TLS), as both hosts have certificates; --no-tls leaves that out"):format(
      job.name))
  elseif tls.has_any(c) then
    job.plain = why
    mig.notice(("%s: its memory is not encrypted: %s"):format(job.name, why))
  end
end

-- For the report: of a migration whose memory was, or could have been, encrypted.
function tls.outcome(job)
  if job.tls or (job.args.passed or {}).tls then
    return { tls = true, by_itself = job.tls }
  end
  return job.plain and { tls = false, why = job.plain } or nil
end

return tls
