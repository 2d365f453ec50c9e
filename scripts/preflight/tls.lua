-- SPDX-License-Identifier: GPL-3.0-or-later
-- What of both hosts' certificates matters to a migration by TLS. Nobody is asked: how tls-check judges each host is
-- among the facts (preflight/facts.lua).
local tls = {}

local OTHER <const> = { source = "/server%-", dest = "/client%-" } -- the source is the client
local GIB <const> = 1024 * 1024 -- in KiB
-- With libvirt before 11.6 a long run may end QEMU (GnuTLS): one that nobody asked for has to be a short one.
local SAFE <const>, SMALL <const> = 11006000, 8 * GIB
-- Options with which the stream goes another way than the certificates were judged for, or is taken up again later.
local another_way <const> = { "postcopy", "tunnelled", "p2p", "direct", "zerocopy", "rdma_pin_all", "migrateuri",
  "disks_uri" }

local function relevant(c, side)
  local list = {}
  for _, f in ipairs(c[side].tls.findings) do
    if f.world == "qemu" and not (f.file or ""):find(OTHER[side]) then
      list[#list + 1] = f
    end
  end
  return list
end

local function same_authority(c)
  local here, there = c.source.tls.authority, c.dest.tls.authority
  return not here or not there or here == there
end

-- As findings of preflight.
function tls.findings(c)
  local found = {}
  for _, side in ipairs { "source", "dest" } do
    for _, f in ipairs(relevant(c, side)) do
      found[#found + 1] = { node = c[side].node, level = f.level, subject = f.file, wanted = f.wanted,
        seen = ("%s: %s"):format(f.file or "TLS", f.seen), libvirt = f.libvirt, remedy = f.remedy }
    end
  end
  if not same_authority(c) then
    found[#found + 1] = { level = "warn", seen = "the hosts' certificates are of different authorities",
      wanted = "one for both, or each with both", libvirt = "The certificate hasn't got a known issuer",
      remedy = "tls-check tells which; tls-setup makes them anew" }
  end
  return found
end

local function is_named(c)
  for _, name in ipairs(c.dest.tls.names or {}) do
    if name:lower() == (c.dest.hostname or ""):lower() then
      return true
    end
  end
  return false
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
  local memory = c.guest.doc and tonumber(c.guest.doc:get "/domain/memory")
  if not same_authority(c) then
    return "the hosts' certificates are of different authorities"
  elseif not is_named(c) then
    return ("the certificate of %s is not made out to %s, its name for libvirt"):format(c.dest.node, c.dest.hostname
      or "?")
  elseif c.mode == "storage" and passed.parallel then
    return "copied disks by TLS with --parallel need libvirt 10.3"
  elseif not memory or (c.source.libvirt or 0) < SAFE and memory > SMALL then
    return "with libvirt before 11.6 a long run by TLS may end QEMU on the source"
  end
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
