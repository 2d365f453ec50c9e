-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a cold migration is about, found out before anything is done: the domain, its definition, its files and where
-- each will be. All of it goes into the journal, so it holds no secret (the XML is the one without).
local device = require "lib.device"
local evidence = require "guest.evidence"
local given = require("lib.value").given
local lists = require "lib.list"
local node = require "lib.node"
local pools = require "lib.pools"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local facts = {}

local fail = mig.fail

-- Which copy of the domain is meant: the one that runs, or else the only one that was not left behind by a migration.
local function find(text)
  local row, silent = whereabouts.find(text, "define", function(copies)
    local here = {}
    for _, row in ipairs(copies) do
      if whereabouts.is_active(row) then
        return { row }
      end
      local mark = xml.mark(mig.dumpxml { row.uuid .. "@" .. row.node, inactive = true })
      here[#here + 1] = not (mark and mark.role == "moved") and row or nil
    end
    return here
  end)
  for _, s in ipairs(silent) do
    mig.warn(("%s does not answer: whether it has the domain too is not known"):format(s.node))
  end
  local on_node = (row.uuid or row.name) .. "@" .. row.node
  local info = mig.dominfo { on_node }
  local mark = row.named and info.state == "shut off" and xml.mark(mig.dumpxml { on_node, inactive = true })
  if mark and mark.role == "moved" then
    fail("state", ("the guest is there: %s@%s; if it is no more, cleanup %s makes this one the guest again"):format(
      info.name, mark.node, info.name), "%s was moved to %s, and is left behind on %s", info.name, mark.node, row.node)
  end
  info.node = row.node
  return info
end

-- Where a file will be on the destination, and whether that is a device: a volume in its pool there, else by --map.
local function find_place(about, file)
  if file.type ~= "volume" or not file.pool or not file.volume then
    file.to = mig.xml_map_path(file.path, about.options.map) or file.path
    device.place_path(about, file)
    return
  end
  local mapped = mig.xml_map_entries(about.options.map).pool or {}
  local name = mapped[file.pool] or file.pool
  local pool = pools.find(about.dest, name) or about.options.clone and pools.find(about.source, file.pool)
  if not pool then
    fail("not-found", "--clone takes it over, --map pool=A:B uses another", "%s has no pool %s", about.dest, name)
  elseif pool.devices then
    device.place_volume(file, pool, name, about.dest)
  else
    file.to = pool.dir .. "/" .. file.volume
  end
end

-- The rows of `domfiles` that are files on the node, as the journal keeps them.
local function list_files(about)
  local files, seen = mig.array {}, {}
  for _, row in ipairs(mig.domfiles { about.uuid .. "@" .. about.source }) do
    local path = given(row.path)
    local made_at_start = row.exists == false and (row.kind == "nvram" or row.kind == "tpm" or row.kind == "save")
    if path and row.type ~= "network" and not made_at_start
      and not (row.kind == "save" and not about.options.carry_save) then
      if row.exists == false then
        fail("not-found", row.device == "cdrom" and device.EJECT or nil, "%s: %s (%s) is not there", about.source,
          path, given(row.target) or row.kind)
      end
      local file = { kind = row.kind, target = given(row.target), device = given(row.device), type = row.type,
        path = path, pool = given(row.pool), volume = given(row.volume), size = given(row.size) or 0,
        allocation = given(row.allocation) or 0, readonly = row.readonly == true, owner = given(row.owner),
        group = given(row.group), mode = given(row.mode), format = given(row.format),
        virtual_size = given(row.virtual_size) }
      file.backing, file.relative = given(row.backing), row.relative == true
      file.backing_format = given(row.backing_format)
      file.block = (node.stat(about.source, path) or {}).kind == "block"
      find_place(about, file)
      device.check_kind(about, file)
      if seen[file.to] then
        fail("usage", "give them different places with --map path=", "%s and %s would both become %s", seen[file.to],
          path, file.to)
      end
      seen[file.to], files[#files + 1] = path, file
    end
  end
  return files
end

-- Is the definition of the destination the one that an earlier migration left there?
function facts.is_retired(text, retired)
  local mark = retired and xml.mark(text)
  return mark ~= nil and mark.role == "moved" and mark.journal == retired.journal
end

-- What each file was like when a migration copied it, by its path on the node that it left; nothing where this console
-- has no such journal.
local function copies_of(id)
  local journal <close> = mig.try(mig.journal_open, id)
  local made = {}
  for _, record in ipairs(journal and journal:steps() or {}) do
    local value = record.state == "done" and record.name == "copy" and record.outcome
    if type(value) == "table" and value.action == "copied" then
      made[record.about.path] = value
    end
  end
  if journal then
    journal:release()
  end
  return made
end

-- What an earlier migration from there left, or nil: its definition, and those of its disks that nobody has written to
-- since they were copied. Another one may be worth more than what would replace it; and so may a base, of which a guest
-- makes no newer one: where the two differ, the one that comes back was changed by somebody.
local function find_retired(about)
  local info = whereabouts.on(about.dest, about.uuid)
  local text = info and not whereabouts.is_active(info)
    and mig.dumpxml { about.uuid .. "@" .. about.dest, inactive = true }
  local mark = text and xml.mark(text)
  if not mark or mark.role ~= "moved" then
    return nil
  end
  local retired = { xml = text, journal = mark.journal, files = mig.array {} }
  about.reason_before = info.reason
  local made = copies_of(mark.journal)
  for _, row in ipairs(mig.domfiles { about.uuid .. "@" .. about.dest }) do
    local path = row.exists == true and given(row.path)
    local own = path and made[path] and not users.are_common(row)
    if own and node.same(made[path].source, node.stat(about.dest, path)) then
      retired.files[#retired.files + 1] = path
    end
  end
  return retired
end

-- What is to be done with each file: "copy", "shared" (the nodes see the same one), "there" (an equal one is there,
-- that nobody writes to) or "replace" (the one there was left by an earlier migration of the same domain); with a
-- device "create" or "onto" (device.lua). `probe`: prove it by a marker; without, shared storage is only presumed.
function facts.judge(about, file, probe)
  local there = node.stat(about.dest, file.to)
  if not there then
    return file.make and "create" or "copy"
  end
  local here = node.stat(about.source, file.path)
  local function is_equal()
    return here and (here.kind == "file" or here.kind == "block") and here.size == there.size
      and users.are_common(file) and (not probe
        or node.sha256(about.source, file.path) == node.sha256(about.dest, file.to))
  end
  if file.to_block and there.kind == "block" then
    if is_equal() then
      return "there", there
    end
    return device.judge(about, file, users.defined_on(about.dest, file.to, about.uuid))
  end
  local shared = here and file.path == file.to and here.inode == there.inode and here.size == there.size
  if probe and here then
    shared = node.is_shared(about.source, file.path, about.dest, file.to)
  end
  if shared then
    return "shared"
  elseif there.kind == "file" and is_equal() then
    return "there", there
  elseif about.retired and lists.has(about.retired.files, file.to)
    and #users.defined_on(about.dest, file.to, about.uuid) == 0 then
    return "replace", there
  end
  fail("exists", ("remove or rename it if nobody needs it, or put the copy elsewhere with --map path=%s:OTHER"):format(
    node.directory(file.to)), "%s has another file %s already%s", about.dest, file.to, about.retired
    and ", and nothing shows that it is only what an earlier migration left" or "")
end

local function check_state(about, info)
  if not info.persistent then
    fail("state", ("dumpxml %s --security-info > FILE; define FILE --node %s: then it can be shut down and moved")
      :format(about.domain, about.source), "%s is transient: it is gone once it is shut down", about.domain)
  elseif info.state ~= "running" and info.state ~= "shut off" then
    fail("state", "resume, start or destroy it first", "%s is %s on %s", about.domain, info.state, about.source)
  elseif info.state == "shut off" and info.reason == "migrated" and not about.options.force then
    fail("state", "move the one that it became; --force if that is no more, and these are its newest disks",
      "%s was migrated away from %s: what is left there is older", about.domain, about.source)
  elseif info.managed_save and not about.options.carry_save then
    fail("state", "start it and let it shut down, drop its state with managedsave-remove, or take that along with "
      .. "--carry-save", "%s has a saved state, which does not fit its disks once they have run elsewhere",
      about.domain)
  end
end

-- An earlier undertaking that was not finished says more than what it left on the nodes.
local function assert_finished(text)
  local name = text:match "^(.+)@[^@]+$" or text
  for _, j in ipairs(mig.journals()) do
    local about = j.about
    if type(about) == "table" and about.workflow and (j.state == "interrupted" or j.state == "failed")
      and (about.domain == text or about.uuid == text or about.domain == name) then
      fail("state", ("resume %s continues it, rollback %s takes it back"):format(j.id, j.id),
        "an earlier %s of %s was not finished: journal %s", j.command, about.domain, j.id)
    end
  end
end

-- The `about` of the journal. a: the recipe's arguments, as options.
function facts.gather(text, dest, options)
  assert_finished(text)
  local info = find(text)
  local about = { domain = info.name, uuid = info.uuid, source = info.node, dest = dest, options = options,
    lock = "domain:" .. info.uuid, nodes = { info.node, dest }, running = info.state == "running",
    autostart = info.autostart == true }
  if about.source == dest then
    fail("usage", nil, "%s is on %s already", info.name, dest)
  elseif not mig.node(dest).hypervisor then
    fail("usage", nil, "%s is not a hypervisor", dest)
  end
  mig.xml_map_entries(options.map) -- it is refused before anything is looked at
  check_state(about, info)
  evidence.refuse_save(about.dest, about.uuid, about.domain)
  about.xml = mig.dumpxml { about.uuid .. "@" .. about.source, inactive = true }
  about.retired = find_retired(about)
  about.files = list_files(about)
  return about
end

return facts
