-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the nodes say of a guest that an undertaking was moving, as guest/truth.lua judges it. Every hypervisor of the
-- inventory is asked, by the guest's uuid; one that the undertaking names and the inventory does not is as silent as
-- one that is down. Nothing is changed.
local given = require("lib.value").given
local lists = require "lib.list"
local node = require "lib.node"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local evidence = {}

-- The row of one node, as dominfo tells it, with the mark of its definition; nil: it went meanwhile.
local function row_on(name, uuid)
  local info, err = mig.try(mig.dominfo, { uuid .. "@" .. name })
  if err and err.code ~= "not-found" then
    return nil, err
  elseif not info then
    return nil
  end
  local text = mig.try(mig.dumpxml, { uuid .. "@" .. name, inactive = info.persistent or nil })
  return { name = info.name, state = info.state, reason = info.reason, managed_save = info.managed_save,
    persistent = info.persistent, autostart = info.autostart, mark = text and xml.mark(text) or nil }
end

-- {rows = {[node] = row}, silent = {{node, msg}}}. must: nodes that have to be in the inventory.
function evidence.rows(uuid, must)
  local found = whereabouts.of_uuid(uuid)
  local facts = { rows = {}, silent = found.silent }
  for _, name in ipairs(must) do
    if not lists.has(whereabouts.hypervisors(), name) then
      facts.silent[#facts.silent + 1] = { node = name, msg = "it is not in the inventory" }
    end
  end
  for _, copy in ipairs(found.copies) do
    local row, err = row_on(copy.node, uuid)
    facts.rows[copy.node] = row
    if err then
      facts.silent[#facts.silent + 1] = { node = copy.node, msg = err.msg }
    end
  end
  return facts
end

-- Where libvirt's system daemon keeps saved states, each as NAME.save.
evidence.SAVES = "/var/lib/libvirt/qemu/save"

-- Has a node a saved state of the guest? info: its row there, or nil. Returns that, the path, and why the file could
-- not be looked for: then libvirt alone was asked. libvirt goes by the file, whether it has told of it or not.
function evidence.is_saved(name, info, domain)
  local path = ("%s/%s.save"):format(evidence.SAVES, info and info.name or domain)
  local there, err = mig.try(node.exists, name, path)
  if err and err.code == "cancelled" then
    error(err, 0)
  end
  return info and info.managed_save or there or false, path, err
end

-- Raises where a node has a saved state of the guest: it is older than the disks that are about to come, and libvirt
-- would restore it at the next start.
function evidence.refuse_save(name, uuid, domain)
  local info = whereabouts.on(name, uuid)
  local saved, path = evidence.is_saved(name, info, domain)
  if saved then
    mig.fail("state", info and ("managedsave-remove %s@%s drops it"):format(info.name, name)
      or "give it another name, or remove it if nobody needs it", "%s has an old saved state of %s (%s), which would "
      .. "be restored on newer disks", name, domain, path)
  end
end

-- The last record of a step, whatever its key.
local function state_of_step(tx, name)
  local state
  for _, record in ipairs(tx.journal:steps()) do
    state = record.name == name and record.state or state
  end
  return state
end

-- What another undertaking says of the guest: {[node] = its journal}. A definition that it left as moved is older than
-- what it brought somewhere, one that it made on the destination is its own. `known`: a journal whose word was there
-- before us.
local function marks_of_others(tx, rows, known)
  local about, others = tx.about, {}
  for _, name in ipairs { about.source or about.dest, about.dest } do
    local mark = rows[name] and rows[name].mark
    local here = about.source and rows[about.source] and rows[about.source].mark
    local carried = here and mark and name == about.dest and mark.role == "copy" and here.journal == mark.journal
    if mark and mark.journal ~= tx.id and mark.journal ~= known and not carried
      and (mark.role == "moved" or name == about.dest) then
      others[name] = mark.journal
    end
  end
  return others
end

-- Of an undertaking with files (`states`: what became of each, as copy.states() tells).
function evidence.of_files(tx, states)
  local about = tx.about
  local facts = evidence.rows(about.uuid, { about.source or about.dest, about.dest })
  facts.domain, facts.source, facts.dest, facts.files = about.domain, about.source, about.dest, {}
  facts.others = marks_of_others(tx, facts.rows, about.retired and about.retired.journal)
  facts.reason_before = about.reason_before
  facts.carried_save = about.options.carry_save
  facts.defined_before = (tx:outcome "check" or {}).defined
  facts.handed_over = tx:committed() ~= nil
  if facts.silent[1] then
    return facts -- it is decided
  end
  local there = facts.rows[about.dest]
  local named = there and there.mark and there.mark.journal == tx.id and users.disks_of(about.dest, about.uuid, there)
  -- retire removes the definition first, and then the disks
  local removing = about.options.remove_disks and state_of_step(tx, "retire") ~= nil and not facts.rows[about.source]
  for i, file in ipairs(states()) do
    if removing and file.source == "gone" then
      file.source = nil
    end
    if file.action == "copied" and not file.common and file.copy ~= "gone" and file.inode then
      file.users = users.of(about.dest, file.to, file.inode, { uuid = about.uuid, node = about.dest,
        other = file.original })
      if named and file.kind == "disk" and not named[file.to] then
        file.users[#file.users + 1] = ("what %s on %s was made of since"):format(about.domain, about.dest)
      end
    end
    facts.files[i] = file
  end
  return facts
end

-- The disks that a definition names by path on a node: {[target] = path}.
local function disks_on(name, uuid, row)
  local disks = {}
  for _, block in ipairs(mig.domblklist { uuid .. "@" .. name, inactive = not whereabouts.is_active(row) }) do
    local source = given(block.source)
    if source and source:sub(1, 1) == "/" then
      disks[block.target] = source
    end
  end
  return disks
end

-- A live migration with copied storage leaves two disks of one name; the one that was written to last is the guest's. A
-- disk that both nodes share is one file, and tells nothing. The destination is asked first: what a guest that runs on
-- the source writes meanwhile makes that one's answer the newer one.
local function newer_files(job, facts)
  local here, there = facts.rows[job.source], facts.rows[job.dest]
  local files = {}
  if not (here and there) then
    return files
  end
  local ours = disks_on(job.source, job.uuid, here)
  for target, to in pairs(disks_on(job.dest, job.uuid, there)) do
    local path = ours[target]
    local b = node.stat(job.dest, to)
    local a = path and node.stat(job.source, path)
    local shared = a and b and a.inode == b.inode and a.size == b.size and a.mtime == b.mtime
    if a and b and not shared and a.kind == "file" and b.kind == "file" then
      local newer = tonumber(b.mtime) > tonumber(a.mtime)
      files[#files + 1] = { path = path, to = to, action = "copied", copy = newer and "changed" or nil }
    end
  end
  return files
end

-- Of a live migration: job as live-migrate's journal keeps it.
function evidence.of_live(tx)
  local job = tx.about
  local facts = evidence.rows(job.uuid, { job.source, job.dest })
  facts.domain, facts.source, facts.dest, facts.live = job.name, job.source, job.dest, true
  facts.others = not job.dest_before and marks_of_others(tx, facts.rows) or {}
  facts.reason_before = job.dest_before and job.dest_before.reason
  facts.handed_over = tx:committed() ~= nil
  facts.files = {}
  if not job.dest_before then
    facts.files = newer_files(job, facts)
  end
  return facts
end

return evidence
