-- SPDX-License-Identifier: GPL-3.0-or-later
-- May a description that came from elsewhere be defined on a host? Everything that it names there (mig.xml_host) has to
-- be of the guest's own files, or harmless, or the operator's word. Pure.
local lists = require "lib.list"
local policy = require "lib.path_policy"
local claims = {}

-- Programs and read-only files of the system, and devices that tell nothing, each where it belongs.
local HARMLESS = {
  { "emulator$", "^/usr/bin/qemu%-system%-[%w_]+$" }, { "emulator$", "^/usr/bin/qemu%-kvm$" },
  { "emulator$", "^/usr/bin/kvm$" }, { "emulator$", "^/usr/libexec/qemu%-kvm$" },
  { "os/loader$", "^/usr/share/[%w][%w%-_./+]*$" }, { "nvram/@template$", "^/usr/share/[%w][%w%-_./+]*$" },
  { "varstore/@template$", "^/usr/share/[%w][%w%-_./+]*$" }, { "rom/@file$", "^/usr/share/[%w][%w%-_./+]*$" },
  { "rng/backend$", "^/dev/u?random$" }, { "rng/backend$", "^/dev/hwrng$" },
  { "backend/@tap$", "^/dev/net/tun$" }, { "backend/@vhost$", "^/dev/vhost%-net$" },
  { "channel/source/@path$", "^/var/lib/libvirt/qemu/channel/target/[^/]+$" },
  { "channel/source/@path$", "^/run/libvirt/qemu/channel/[^/]+/[^/]+$" },
}

local KINDS = { "remote", "hostdev", "socket", "shmem", "seclabel", "namespace", "volume" }

function claims.check_kinds(list)
  for _, kind in ipairs(list or {}) do
    local known = false
    for _, name in ipairs(KINDS) do
      known = known or name == kind
    end
    if not known then
      mig.fail("usage", "one of " .. table.concat(KINDS, ", "), "--allow-host: '%s' is not one of the kinds", kind)
    end
  end
end

local function is_harmless(claim)
  for _, row in ipairs(HARMLESS) do
    if claim.at:find(row[1]) and claim.name:find(row[2]) and not policy.bad_form(claim.name) then
      return true
    end
  end
  return false
end

-- Whose is it? "own", "harmless", "first" (libvirt makes it at the first start), "allowed"; nil: a stranger's.
local function standing(claim, about, own)
  local o = about.options
  if claim.kind == "path" then
    return own.paths[claim.name] and "own" or is_harmless(claim) and "harmless"
      or policy.is_allowed(claim.name, o.allow_host_path) and "allowed"
      or claim.at:find "os/nvram$" and claim.name == ("/var/lib/libvirt/qemu/nvram/%s_VARS.fd"):format(about.domain)
      and "first" or nil
  elseif claim.kind == "volume" and own.volumes[claim.name] then
    return "own"
  end
  return lists.has(o.allow_host, claim.kind) and "allowed" or nil
end

-- What of it is not the guest's: {kind, name, at, what = the description's name, allowed = "allowed", "first" or nil}.
-- `texts`: {{name =, text =}}, as they would be defined; about: {domain, files, options}.
function claims.strange(texts, about)
  local own, list, seen = { paths = {}, volumes = {} }, mig.array {}, {}
  for _, file in ipairs(about.files) do
    own.paths[file.to] = true
    if file.to_pool then
      own.volumes[file.to_pool .. "/" .. file.volume] = true
    end
  end
  for _, d in ipairs(texts) do
    for _, claim in ipairs(mig.xml_host(d.text).claims) do
      local is = standing(claim, about, own)
      local key = claim.kind .. "\n" .. claim.name .. "\n" .. claim.at
      if is ~= "own" and is ~= "harmless" and not seen[key] then
        seen[key] = true
        list[#list + 1] = { kind = claim.kind, name = claim.name, at = claim.at, what = d.name, allowed = is }
      end
    end
  end
  return list
end

-- The names by which the guest could write to what it names, as a set: paths, and volumes as "POOL/VOLUME".
function claims.written(texts)
  local set = {}
  for _, d in ipairs(texts) do
    for _, claim in ipairs(mig.xml_host(d.text).claims) do
      set[claim.name] = set[claim.name] or claim.at:find ", written to$" ~= nil
    end
  end
  return set
end

-- As a line of a plan.
function claims.line(claim)
  local option = claim.kind == "path" and "--allow-host-path " .. claim.name or "--allow-host " .. claim.kind
  return ("%s %s (%s in %s): %s"):format(claim.kind, claim.name, claim.at, claim.what,
    claim.allowed == "allowed" and "allowed" or claim.allowed and "made at the first start" or "refused without "
    .. option)
end

-- Raises "unsafe" if one of the list is a stranger's.
function claims.check(list, domain)
  local refused, first = {}, nil
  for _, claim in ipairs(list) do
    if not claim.allowed then
      first = first or claim
      refused[#refused + 1] = "  " .. claims.line(claim)
    end
  end
  if first then
    mig.fail("unsafe", "--plan shows all of it; allow what you know",
      "the definition of %s names what is not its own:\n%s", domain, table.concat(refused, "\n"))
  end
end

-- Raises "unsafe" unless each description is of that one domain. A snapshot's holds it once or twice.
function claims.check_identity(texts, name, uuid)
  for _, d in ipairs(texts) do
    local host = mig.xml_host(d.text)
    local roots = { domain = "domain", snapshot = "domainsnapshot", checkpoint = "domaincheckpoint" }
    local fits = host.root == roots[d.what] and (#host.domains > 0 or d.what ~= "domain")
    for _, domain in ipairs(host.domains) do
      fits = fits and domain.uuid == uuid and (domain.name == name or d.what ~= "domain")
    end
    if not fits then
      mig.fail("unsafe", nil, "the manifest is of %s (%s), but %s is of another domain", name, uuid, d.what == "domain"
        and "the definition" or d.name)
    end
  end
end

return claims
