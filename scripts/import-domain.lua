-- SPDX-License-Identifier: GPL-3.0-or-later
-- A domain out of a directory that export-domain made, onto a node, as one journaled undertaking (image/import.lua).
-- The directory may come from anywhere: its manifest is judged first (image/manifest.lua), everything is compared with
-- it before anything is defined, nothing that is on the node is overwritten, and what was made is taken back if a step
-- fails.
local admin = require "lib.admin"
local claims = require "lib.host_claims"
local device = require "lib.device"
local gate = require "preflight.gate"
local given = require("lib.value").given
local import = require "image.import"
local manifest = require "image.manifest"
local metrics = require "record.metrics"
local policy = require "lib.path_policy"
local pools = require "lib.pools"
local preflight = require "preflight.text"
local report = require "migsh.report"
local xml = require "guest.xml"

local fail = mig.fail

-- The manifest, and the texts of the descriptions in its `text`s; everything in the directory is as it says, but for
-- the checksums of what is large, which are compared on the node.
local function read(dir)
  local m = manifest.check(mig.json_decode(admin.read(dir .. "/" .. manifest.NAME)))
  for _, d in ipairs(m.descriptions) do
    d.text = admin.read(dir .. "/" .. d.name)
    if #d.text ~= d.size or mig.sha256(d.text) ~= d.sha256 then
      fail("verdict", nil, "%s is not what was exported", d.name)
    end
  end
  for _, file in ipairs(m.files) do
    local size = admin.size(dir .. "/" .. file.name)
    if not size then
      fail("not-found", nil, "%s is not in the directory", file.name)
    elseif size ~= file.size then
      fail("verdict", nil, "%s has %d bytes, and %d were exported", file.name, size, file.size)
    end
  end
  return m
end

-- Where each file goes, as file.to; the pools to be looked at afterwards.
local function place_files(m, dest, map)
  local entries, used, seen = mig.xml_map_entries(map), {}, {}
  for _, file in ipairs(m.files) do
    if file.pool and file.volume then
      local name = entries.pool and entries.pool[file.pool] or file.pool
      local pool = pools.find(dest, name) or fail("not-found", ("--map pool=%s:OTHER, or pool-clone it"):format(name),
        "%s has no pool %s", dest, name)
      if pool.devices then
        device.place_volume(file, pool, name, dest)
      else
        file.to = pool.dir .. "/" .. file.volume
      end
      file.to_pool, used[name] = name, true
    else
      file.to = mig.xml_map_path(file.path, map)
      if file.block and not file.to then
        fail("usage", ("--map path=%s:OTHER: a device of %s, or a file to be made"):format(file.path, dest),
          "%s was a device: say where it is to be", file.path)
      end
      file.to = file.to or file.path
      device.place_path({ dest = dest, source = "the exported domain's node", options = {} }, file)
    end
    if seen[file.to] then
      fail("usage", nil, "%s and %s would both become %s", seen[file.to], file.name, file.to)
    end
    seen[file.to] = file.name
  end
  local list = mig.array {}
  for name in pairs(used) do
    list[#list + 1] = name
  end
  return list
end

-- The diff of the definition, and what all descriptions name that is not the guest's; entries of the map that fit
-- nowhere are told.
local function adapt(m, about)
  local misses, diff, mapped = {}, "", {}
  for i, d in ipairs(m.descriptions) do
    local text, changed, _, unused = xml.map(d.text, about)
    mapped[i] = { name = d.name, text = text }
    for _, entry in ipairs(unused or {}) do
      local key = entry.kind .. " " .. entry.from
      misses[key] = (misses[key] or 0) + 1
    end
    diff = d.what == "domain" and changed or diff
  end
  for key, n in pairs(misses) do
    if n == #m.descriptions then
      mig.warn(("--map: no %s in what was exported"):format(key))
    end
  end
  local written = claims.written(mapped)
  for _, file in ipairs(about.files) do
    file.written = written[file.to] or file.to_pool and written[file.to_pool .. "/" .. file.volume] or nil
  end
  return diff, claims.strange(mapped, about)
end

-- Would it run there? The facts of the destination alone, as nobody has it yet.
local function judge_first(m, about, ignore)
  local text
  for _, d in ipairs(m.descriptions) do
    text = d.what == "domain" and d.text or text
  end
  return (gate.look { described = text, dests = { about.dest }, mode = "import", ignore = ignore, no_proof = true,
    options = { map = about.options.map, force = about.options.force } })
end

-- What the journal keeps: all but the descriptions' texts, which may hold passwords.
local function gather(a)
  local dir = admin.realpath(a.dir)
  local m = read(dir)
  claims.check_identity(m.descriptions, m.domain.name, m.domain.uuid)
  local about = { domain = m.domain.name, uuid = m.domain.uuid, dest = a.dest, directory = dir, lock = "domain:"
    .. m.domain.uuid, nodes = { a.dest }, autostart = a.autostart and m.domain.autostart or false, files = m.files,
    exported_by = m.node, options = { map = a.map or mig.array {}, overwrite = a.overwrite, bwlimit = a.bwlimit,
      compress = a.compress, allow_host_path = a.allow_host_path, allow_host = a.allow_host, force = a.force } }
  for _, file in ipairs(m.files) do
    for key, value in pairs(file) do
      file[key] = given(value)
    end
    file.from = dir .. "/" .. file.name
  end
  about.pools = place_files(m, a.dest, about.options.map)
  policy.check(about, about.files)
  local diff, strange = adapt(m, about)
  local found = judge_first(m, about, a.ignore)
  about.descriptions = mig.array {}
  for i, d in ipairs(m.descriptions) do
    about.descriptions[i] = { what = d.what, id = d.id, name = d.name, size = d.size, sha256 = d.sha256,
      current = d.current }
  end
  return about, diff, strange, found
end

local words = { there = ", is there already", onto = ", onto a device", create = ", into a new volume" }

local function plan(about, diff, strange, judged)
  local found = import.check(about, about.options.force)
  local value = import.value(about, found)
  local lines = { ("%s to %s: plan"):format(about.domain, about.dest) }
  for i, file in ipairs(about.files) do
    lines[#lines + 1] = mig.line(("  %-8s %s -> %s, %s%s"):format(file.kind, file.name, file.to,
      report.bytes(file.size), words[found.actions[i]] or ""))
  end
  lines[#lines + 1] = ("  define %s, with %d snapshots and checkpoints"):format(about.domain, #about.descriptions - 1)
  for _, claim in ipairs(strange) do
    lines[#lines + 1] = "  names   " .. claims.line(claim)
  end
  value.diff, value.names = diff, strange
  value.preflight = judged
  local text = ("%s\n%s%s"):format(table.concat(lines, "\n"), preflight.result(judged), diff)
  local ok, err = pcall(claims.check, strange, about.domain)
  if not ok then
    err.value, err.text = value, text
    error(err, 0)
  end
  return value, text
end

local function run(a)
  claims.check_kinds(a.allow_host)
  a.metrics = metrics.open(a.metrics)
  local about, diff, strange, found = gather(a)
  if a.plan then
    return plan(about, diff, strange, found)
  end
  local _ <close> = metrics.begin(about, a.metrics)
  claims.check(strange, about.domain)
  gate.heed(found)
  local ok, value, text = pcall(mig.transaction, "import-domain", about)
  if ok then
    return value, text
  end
  local journal = value.value and value.value.state == "failed" and value.value.journal
  if journal then -- half a domain is of no use, so nothing of it stays
    local _, err = mig.try(mig.transaction_rollback, journal)
    value.hint = err and ("what was made could not be taken back: %s; rollback %s goes on"):format(err.msg, journal)
      or "what was made was removed again"
  end
  error(value, 0)
end

return {
  description = "define a domain from a directory of export-domain",
  group = "Migration",
  help = [[
The other half of export-domain. The manifest is judged and everything is compared with it, by sizes and checksums,
before anything is defined. Files go where they were, or where --map path=A:B says; a file or domain that is there
already is refused (a read-only or backing image that is the same is used), and so is a domain that another node defines
and whose disks were written to since it was exported: what would be imported is older. The domain is not started, and
marked as autostarted only with --autostart. If a step fails, or Ctrl-C is pressed, what
was made is removed; if the console is killed, resume ID goes on and rollback ID removes it. What was a device becomes
the device or file that --map path=A:B names, and a device that holds anything is refused unless --overwrite names it. A
directory that somebody else made is a guest that somebody else made: what its definition, its snapshots or its images
name of the host, beside the files it brings, is refused unless it is allowed, and --plan shows all of it. Files are
written to directories of images only (those of pools, libvirt's own, those where other domains have disks, those that
--map names, and such as hold nothing else).]],
  example = "import-domain /backup/share dest\n"
    .. "import-domain ./share dest --map bridge=br0:br1,path=/images:/srv/images --plan",
  args = {
    { name = "dir", type = "path", required = true, positional = true, help = "the directory, on the admin's machine" },
    { name = "dest", type = "node", required = true, positional = true, help = "the node that is to have the domain" },
    { name = "plan", type = "bool", help = "show what would be done, and touch nothing" },
    { name = "map", multi = true,
      help = "what is called otherwise there: pool=A:B,bridge=A:B,network=A:B,path=/A:/B,machine=A:B,emulator=A:B" },
    { name = "overwrite", multi = true, help = "a device there that may be written though it holds something" },
    { name = "allow-host-path", multi = true,
      help = "a file or directory of the node that the guest may have or be written to, beside its own files" },
    { name = "allow-host", multi = true, help = "what else it may have of the host: remote, hostdev, socket, shmem, "
      .. "seclabel, namespace or volume" },
    { name = "autostart", type = "bool", help = "autostart it, if it was autostarted" },
    { name = "ignore", multi = true, help = "a check of preflight, or several with commas between, that may fail" },
    { name = "force", type = "bool",
      help = "even if another node has the domain with newer disks, or does not answer" },
    { name = "bwlimit", type = "size", help = "bytes a second at most" },
    { name = "compress", type = "bool", help = "compress on the way" },
    metrics.option,
  },
  run = run,
  workflow = import.workflow,
}
