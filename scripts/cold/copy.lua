-- SPDX-License-Identifier: GPL-3.0-or-later
-- One file (or the directory of a TPM's state) of a domain onto the destination. It grows under a name that only this
-- journal has, and gets its own name when it is verified and if nothing has that name. A disk that an earlier migration
-- left behind there (cold/facts.lua: `retired`) is set aside first and removed at the very end. A device has no part
-- and no name to wait for (device.lua): it is written in place.
local device = require "lib.device"
local discard = require "guest.discard"
local facts = require "cold.facts"
local node = require "lib.node"
local pools = require "lib.pools"
local report = require "migsh.report"
local staging = require "lib.staging"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local copy = {}

local fail = mig.fail

local function temporary(tx, i, file)
  return staging.path(tx.id, i, file.to)
end

-- A directory of small files, with owners and modes. It is secret: through this console, and not onto its disk.
local function copy_directory(about, file, temp)
  local text = mig.node(about.source):tool("tpm_pack", file.path, "--numeric-owner")
  mig.node(about.dest):tool("tpm_unpack", temp, { input = text })
  if node.sha256(about.source, file.path) ~= node.sha256(about.dest, temp) then
    fail("verdict", nil, "the copy of %s differs", file.path)
  end
  return { verified = true, size = file.size, data = file.size, sent = #text, route = "relay" }
end

local function copy_bytes(about, file, to)
  local o = about.options
  local r = mig.disk_copy { about.source .. ":" .. file.path, about.dest .. ":" .. to, route = o.route,
    streams = o.streams, bwlimit = o.bwlimit, compress = o.compress, update = node.exists(about.dest, to),
    readers = users.are_common(file) }
  if r.shared then
    fail("state", nil, "%s and %s are the same file, but were taken for two", file.path, file.to)
  elseif not r.verified then
    fail("io", nil, "the copy of %s was not verified", file.path)
  end
  return r
end

-- An overlay names what backs it; if that has another place there, the copy has to name that one.
local function rebase(about, file, temp)
  for _, other in ipairs(about.files) do
    if file.backing == other.path and other.to ~= other.path and not (file.relative
      and node.directory(file.path) == node.directory(other.path)
      and node.directory(file.to) == node.directory(other.to)) then
      mig.disk_rebase { temp, other.to, format = file.backing_format, node = about.dest }
      return true
    end
  end
  return false
end

-- What is there is the disk that an earlier migration left: as it was when that was found out, or set aside already.
local function check_retired(tx, i, file, temp)
  local about = tx.about
  if not staging.is_set_aside(about.dest, temp) and not node.same(tx:outcome("check").there[i],
    node.stat(about.dest, file.to)) then
    fail("state", nil, "%s on %s was changed in the meantime", file.to, about.dest)
  end
end

-- The inode of what we have made, whatever name it bears: a file of the same content may be somebody else's.
local function own_inode(about, temp)
  return (staging.published(about.dest, temp) or {}).inode
end

-- Once for each node: what a copy of ours that was cut off has left there holds what it was to write, and what sends to
-- it from the source stays for half a minute. (A device's name others may use, too: a writer there is told of, and not
-- ended.)
local function end_former(tx, where)
  tx.former_ended = tx.former_ended or {}
  if tx.former_ended[where] then
    return
  end
  local paths = {}
  for i, file in ipairs(tx.about.files) do
    paths[#paths + 1] = not file.to_block and temporary(tx, i, file) or nil
  end
  if staging.end_copies(where, tx.about.dest, paths) then
    tx:say(("ended on %s: what was left of a copy that was cut off"):format(where))
  end
  tx.former_ended[where] = true
end

-- The step is done again and nobody saw its end, or it failed at its end: what bears the name is ours.
local function unpublish(about, file, temp)
  local there = node.stat(about.dest, file.to)
  if there and own_inode(about, temp) == there.inode then
    staging.unpublish(about.dest, temp, file.to)
  end
end

local function publish(about, file, temp, replaces)
  if replaces then
    staging.set_aside(about.dest, temp, file.to)
  end
  staging.publish(about.dest, temp, file.to)
end

-- Of what the step is, right before it is written down that it will be done; `last`: the record of an attempt before.
function copy.about(tx, i, file, last)
  local action = tx:outcome("check").actions[i]
  local at_device = action == "onto" or action == "create"
  if at_device then
    device.assert_free(tx.about, file, action, last)
  end
  return { node = tx.about.dest, path = file.path, to = file.to, begun = at_device or nil }
end

-- The bytes under their last name, or verified under their first one.
local function make(tx, i, file, before, temp)
  local about, replaces = tx.about, tx:outcome("check").actions[i] == "replace"
  unpublish(about, file, temp)
  if replaces then
    check_retired(tx, i, file, temp)
  elseif node.exists(about.dest, file.to) then
    fail("exists", "remove or rename it if nobody needs it", "%s has a new file %s that was not there before",
      about.dest, file.to)
  end
  if before.kind == "directory" then
    return copy_directory(about, file, temp)
  elseif replaces and not node.exists(about.dest, temp) then -- most of it may be the same: only the rest travels
    mig.node(about.dest):run { "cp", "--sparse=always", "--reflink=auto", "--", file.to, temp }
  end
  return copy_bytes(about, file, temp)
end

local action_words = { shared = "both nodes see the same file", there = "an equal one is there" }

-- Another migration has brought an equal one since `check`.
local function arrived_meanwhile(tx, i, file)
  local about = tx.about
  local there = node.stat(about.dest, file.to)
  return there and there.kind == "file" and there.size == file.size
    and own_inode(about, temporary(tx, i, file)) ~= there.inode
    and node.sha256(about.source, file.path) == node.sha256(about.dest, file.to)
end

-- What was there already is not ours, but the guest will be made of it: it is looked at again before it is.
local function found_there(about, file, action)
  local there = action == "there"
  return { action = action, detail = action_words[action], source = there and node.stat(about.source, file.path) or nil,
    copy = there and node.stat(about.dest, file.to) or nil }
end

-- The equal one that `check` found is still that one, or another one that is equal, too.
local function assert_still_equal(tx, i, file)
  local about, check = tx.about, tx:outcome "check"
  if check.actions[i] == "there" and not node.same(check.there[i], node.stat(about.dest, file.to))
    and node.sha256(about.source, file.path) ~= node.sha256(about.dest, file.to) then
    fail("exists", "take it back and start again", "%s on %s was changed since it was found to be equal", file.to,
      about.dest)
  end
end

function copy.run(tx, i, file)
  local about, action = tx.about, tx:outcome("check").actions[i]
  if action_words[action] then
    assert_still_equal(tx, i, file)
    return found_there(about, file, action), true
  end
  if action == "copy" and users.are_common(file) and arrived_meanwhile(tx, i, file) then
    return found_there(about, file, "there"), true
  end
  local temp, before = not file.to_block and temporary(tx, i, file), node.stat(about.source, file.path)
  local r
  if not before then
    fail("not-found", nil, "%s has no %s any more", about.source, file.path)
  end
  if temp then
    if tx.resumed then
      end_former(tx, about.dest)
      end_former(tx, about.source)
    end
    r = make(tx, i, file, before, temp)
  else
    device.ready(about, file, action)
    r = copy_bytes(about, file, file.to)
  end
  if not node.same(before, node.stat(about.source, file.path)) then
    fail("state", "find out what writes to it", "%s on %s was changed while it was copied", file.path, about.source)
  end
  local rebased, replaces = rebase(about, file, temp or file.to), action == "replace"
  local published, problem = true, nil
  if temp then
    published, problem = pcall(publish, about, file, temp, replaces)
  end
  if not published and action == "copy" and users.are_common(file) and arrived_meanwhile(tx, i, file) then
    staging.forget(about.dest, temp)
    return found_there(about, file, "there"), true
  elseif not published then
    error(problem, 0)
  end
  return { action = "copied", replaced = replaces or nil, rebased = rebased or nil, source = before,
    key = action == "create" and device.key(about, file) or nil, copy = node.stat(about.dest, file.to), size = r.size,
    data = r.data, sent = r.sent, seconds = r.seconds, route = r.route,
    detail = ("%s of %s sent"):format(report.bytes(r.sent), report.bytes(r.size)) }
end

-- Is the definition on the destination the one that an earlier migration left, put back by now? It names the files that
-- go. Any other that names them keeps them, whatever its uuid.
local function is_as_before(about)
  local info = about.retired and whereabouts.on(about.dest, about.uuid)
  return info and not whereabouts.is_active(info)
    and facts.is_retired(mig.dumpxml { about.uuid .. "@" .. about.dest, inactive = true }, about.retired)
end

-- The file that the copy was made from, if it is there still, as {node, path}: whatever its number, it is not the copy.
-- `now`: what node.stat() says of it.
local function original(about, file, made, now)
  return made and made.source and node.same(made.source, now) and made.source.device == now.device
    and { node = about.source, path = file.path } or nil
end

function copy.undo(tx, i, file, record)
  local about, temp, action = tx.about, temporary(tx, i, file), tx:outcome("check").actions[i]
  if action == "onto" or action == "create" then
    return device.undo(tx, file, action, record)
  end
  end_former(tx, about.dest)
  local outcome = record.outcome ~= mig.null and record.outcome or nil
  -- If its end is not known, or it failed, the node knows.
  local made = outcome and outcome.action == "copied" and outcome.copy or staging.published(about.dest, temp)
  local now, said = made and node.stat(about.source, file.path), nil
  if made and not now then
    tx:say(("%s on %s is gone: its copy %s on %s is left alone"):format(file.path, about.source, file.to, about.dest))
    return "left alone"
  end
  staging.forget(about.dest, temp)
  if made then
    said = discard.file(tx, about.dest, file.to, made, { node = about.dest,
      uuid = is_as_before(about) and about.uuid or nil, chains = users.are_common(file),
      other = original(about, file, outcome, now) })
  end
  if action == "replace" and said == "left alone" then
    tx:say(("what was there before is kept as %s"):format(staging.aside(temp)))
  elseif action == "replace" then
    staging.put_back(about.dest, temp, file.to)
  end
  pools.refresh(about.dest, node.directory(file.to))
  return said
end

-- The directories in which a pool has volumes that libvirt does not know of yet, or that are gone.
function copy.refresh(about, where, key)
  local seen = {}
  for _, file in ipairs(about.files) do
    local dir = node.directory(file[key])
    if not seen[dir] then
      seen[dir] = true
      pools.refresh(where, dir)
    end
  end
end

-- Once all copies are in the journal: their first names go.
function copy.forget_temporaries(tx)
  for i, file in ipairs(tx.about.files) do
    local made = tx:outcome("copy", file.path)
    if made and made.action == "copied" and not file.to_block then
      staging.forget(tx.about.dest, temporary(tx, i, file))
    end
  end
end

-- Once the journal is closed, as it cannot be taken back any more: what was set aside.
function copy.forget_aside(tx)
  for i, file in ipairs(tx.about.files) do
    local made = tx:outcome("copy", file.path)
    if made and made.replaced then
      staging.drop_aside(tx.about.dest, temporary(tx, i, file), file.to)
    end
  end
end

-- A device does not tell of writes before its node was booted, and what was there already may have been given another
-- time: both ends are read.
local function is_equal(about, file, made)
  local size = made.size or made.copy.size
  return not made.rebased and node.sha256(about.source, file.path, size) == node.sha256(about.dest, file.to, size)
end

-- Is it as it was when it was copied? "same", "changed", "gone"; nil: it was not made, or that is not known. And what
-- node.stat() says of it now.
local function state_of(about, file, made, side)
  local before, where, path = made[side], about.source, file.path
  if side == "copy" then
    where, path = about.dest, file.to
  end
  if not before then
    return nil
  end
  local now = node.stat(where, path)
  if not now then
    return "gone"
  elseif node.same(before, now) then
    return "same", now
  end
  local booted = now.kind == "block" and before.kind == "block" and not node.same_boot(before, now)
  local found = made.action == "there" and now.size == before.size
  return (booted or found) and is_equal(about, file, made) and "same" or "changed"
end

-- What has been found or made for each file, and how it is now: {path, to, kind, action, common, source, copy, inode,
-- original}.
function copy.states(tx)
  local about, list = tx.about, {}
  for i, file in ipairs(about.files) do
    local made = tx:outcome("copy", file.path)
    if not made and not file.to_block then -- its end was not written down: a name that it has got tells
      local published = staging.published(about.dest, temporary(tx, i, file))
      made = published and published.size and { action = "copied", copy = published } or nil
    end
    if made and made.action == "shared" then -- one file, which only has to be there still
      list[#list + 1] = { path = file.path, to = file.to, action = made.action,
        copy = node.exists(about.dest, file.to) and "same" or "gone" }
    elseif made and (made.action == "copied" or made.action == "there") then
      local source, now = state_of(about, file, made, "source")
      list[#list + 1] = { path = file.path, to = file.to, kind = file.kind, action = made.action,
        common = users.are_common(file), inode = made.copy and made.copy.inode, source = source,
        original = original(about, file, made, now), copy = (state_of(about, file, made, "copy")) }
    end
  end
  return list
end

-- The first that is not as it was when it was copied, of each side: {source = PATH, copy = PATH}.
function copy.first_changed(states)
  local found = {}
  for _, file in ipairs(states) do
    found.source = found.source or file.source ~= "same" and file.source ~= nil and file.path or nil
    found.copy = found.copy or file.copy ~= "same" and file.copy ~= nil and file.to or nil
  end
  return found
end

-- Neither the copies nor what they were made from were written to since.
function copy.assert_untouched(tx)
  local found = copy.first_changed(copy.states(tx))
  if found.source or found.copy then
    fail("state", "take it back and start again", "%s on %s was changed after it was copied",
      found.source or found.copy, found.source and tx.about.source or tx.about.dest)
  end
end

return copy
