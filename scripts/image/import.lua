-- SPDX-License-Identifier: GPL-3.0-or-later
-- The steps of import-domain, made from what the journal's head says. What has no name on the node before the first
-- attempt of a step, and has one afterwards, is ours; a file is known again by its checksum. Texts of descriptions are
-- read anew from the directory, and compared with what the manifest said.
local admin = require "lib.admin"
local chain = require "lib.image_chain"
local device = require "lib.device"
local discard = require "guest.discard"
local evidence = require "guest.evidence"
local keep = require "record.keep"
local node = require "lib.node"
local pools = require "lib.pools"
local report = require "migsh.report"
local truth = require "guest.truth"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local import = {}

local RESERVE = 64 << 20 -- bytes that stay free

local fail = mig.fail

local function at(about)
  return about.uuid .. "@" .. about.dest
end

-- Check ---------------------------------------------------------------------------------------------------------------

local function check_name(about)
  for _, row in ipairs(mig.list { all = true, node = about.dest }) do
    if row.name == about.domain or row.uuid == about.uuid then
      fail("exists", ("if nobody needs it: undefine %s@%s"):format(row.name, about.dest),
        "%s has a domain %s already (%s)", about.dest, row.name, row.state)
    end
  end
end

-- Why the domain that another node has may be worth more than what was exported, or nil. row: that node's, of `list`.
local function newer(about, row)
  local text = not whereabouts.is_active(row) and mig.dumpxml { about.uuid .. "@" .. row.node, inactive = true }
  local mark = text and xml.mark(text)
  if not text then
    return ("is %s on %s"):format(row.state, row.node)
  elseif mark and mark.role == "moved" and mark.node == about.exported_by then
    return nil -- it was left behind on the way to where it was exported
  end
  local there = users.disks_of(row.node, about.uuid, row)
  for _, file in ipairs(about.files) do
    if file.kind == "disk" and not file.readonly then
      local own = row.node == about.exported_by and file.seen and there[file.path]
      local now, err = nil, nil
      if own then
        now, err = mig.try(node.stat, row.node, file.path)
      end
      if err and err.code == "cancelled" then
        error(err, 0)
      elseif not now then
        return ("is defined on %s, and whether it was used there since it was exported is not known%s"):format(row.node,
          err and (" (%s)"):format(err.msg) or "")
      elseif not node.same(file.seen, now) then
        return ("is defined on %s, where %s was written to since it was exported"):format(row.node, file.path)
      end
    end
  end
end

-- The guest may have gone on elsewhere: an older copy that can be started is one too many.
local function check_elsewhere(about, force)
  if force then
    return
  end
  local found = whereabouts.of_uuid(about.uuid)
  local silent = found.silent[1]
  for _, row in ipairs(found.copies) do
    local why = row.node ~= about.dest and newer(about, row)
    if why then
      fail("state", ("export it again; or if nobody needs that one: undefine %s@%s; --force imports it all the same")
        :format(row.name, row.node), "%s %s", row.name, why)
    end
  end
  if silent then
    fail("unreachable", "--force imports it all the same", "%s does not answer, and may have a newer %s: %s",
      silent.node, about.domain, silent.msg)
  end
end

-- What will be done with a file: "copy", "there" (an equal one is there, and the definition writes to none: what the
-- manifest says of that does not count), "create", "onto".
local function judge(about, file)
  local there = node.stat(about.dest, file.to)
  device.check_kind(about, file)
  if not there then
    return file.make and "create" or "copy"
  elseif users.are_common(file) and not file.written and there.size == file.size
    and (there.kind == "file" or there.kind == "block") and node.sha256(about.dest, file.to) == file.sha256 then
    return "there"
  elseif file.to_block and there.kind == "block" then
    return device.judge(about, file, users.defined_on(about.dest, file.to, about.uuid))
  end
  fail("exists", "remove it if nobody needs it, or use --map path=A:B", "%s has a file %s already", about.dest, file.to)
end

-- Nothing is in the way, and there is room. {actions, there}, by the files' numbers. force: whatever other nodes have.
function import.check(about, force)
  check_name(about)
  check_elsewhere(about, force)
  local mounts, actions, seen = {}, mig.array {}, mig.array {}
  for i, file in ipairs(about.files) do
    local found
    actions[i], found = judge(about, file)
    seen[i] = found or mig.null
    local free, mount = node.free(about.dest, file.to)
    if actions[i] == "copy" and not free and file.kind ~= "nvram" and file.kind ~= "tpm" then
      fail("not-found", "make it, or use --map path=A:B", "%s has no directory %s", about.dest,
        node.directory(file.to))
    elseif actions[i] == "copy" and free then
      local wanted = mounts[mount] and mounts[mount].wanted or 0
      mounts[mount] = { free = free, wanted = wanted + (file.allocation or file.size) }
    end
  end
  device.check_all(about, actions, seen)
  for mount, room in pairs(mounts) do
    if room.wanted + RESERVE > room.free then
      fail("io", "make room, or use --map path=A:B", "%s: %s has %s free, and %s are needed", about.dest, mount,
        report.bytes(room.free), report.bytes(room.wanted + RESERVE))
    end
  end
  return { actions = actions, there = seen }
end

-- Files ---------------------------------------------------------------------------------------------------------------

-- Where the archive of a TPM's state is meanwhile.
local function archive(file)
  return file.to .. ".base64"
end

local function import_tpm(file, dest)
  local text = admin.read(file.from)
  if mig.sha256(text) ~= file.sha256 then
    fail("verdict", nil, "%s is not what was exported", file.name)
  end
  mig.node(dest):tool("tpm_import", file.to, archive(file), { input = text })
  return file.size
end

local function about_copy(tx, i, file, last)
  local about, action = tx.about, tx:outcome("check").actions[i]
  local own = { node = about.dest, path = file.path, to = file.to, begun = true }
  if action == "onto" or action == "create" then
    device.assert_free(about, file, action, last)
  elseif action == "copy" and not last and node.exists(about.dest, file.to) then
    fail("exists", nil, "%s has a new file %s that was not there before", about.dest, file.to)
  end
  local dir = node.directory(file.to)
  own.parent = last and last.about.parent or action == "copy" and not node.exists(about.dest, dir) and dir or nil
  return own
end

local function copy(tx, i, file)
  local about, action = tx.about, tx:outcome("check").actions[i]
  local o, dest, sent = about.options, about.dest, 0
  if action == "there" then
    return { action = action, detail = "an equal one is there" }, true
  elseif action == "copy" then
    mig.node(dest):run { "mkdir", "-p", "--", node.directory(file.to) }
  else
    device.ready(about, file, action)
  end
  if file.kind == "tpm" then
    return { action = "copied", sent = import_tpm(file, dest), copy = node.stat(dest, file.to) }
  end
  local finished = action == "copy" and node.exists(dest, file.to)
  if not finished then
    sent = mig.disk_copy({ file.from, dest .. ":" .. file.to, owner = "root:root", mode = file.mode,
      bwlimit = o.bwlimit, compress = o.compress, update = file.to_block }).sent
  end
  if node.sha256(dest, file.to, file.size) ~= file.sha256 then
    if finished then
      fail("exists", nil, "%s has a new file %s that was not there before", dest, file.to)
    elseif action == "copy" then
      node.remove(dest, file.to) -- it was made just now
    end
    fail("verdict", nil, "%s is not what was exported: its checksum differs", file.name)
  end
  return { action = "copied", sent = sent, copy = node.stat(dest, file.to), key = action == "create"
    and device.key(about, file) or nil, detail = report.bytes(sent) .. " sent" }
end

-- Of a step whose end was not written down: what has that name is ours if it is what was exported, and then nobody has
-- written to it. (It had no name before the step began. A directory of TPM state was made by nobody else.)
local function as_exported(about, file)
  local there = node.stat(about.dest, file.to)
  if there and (there.kind == "directory" and file.kind == "tpm" or there.kind == "file"
    and node.sha256(about.dest, file.to, file.size) == file.sha256 and there.size == file.size) then
    return there
  end
end

-- What a file of ours was like when we last wrote to it, by its copy and the rebase behind it.
local function last_made(tx, file, made)
  local rebased = (tx:outcome "rebase" or {}).copies
  return rebased and rebased[file.path] or made.copy
end

-- How the files are that were made: {path, to, action, common, copy, inode}, as guest/evidence.lua takes them.
local function states(tx)
  local list = {}
  for _, file in ipairs(tx.about.files) do
    local made = tx:outcome("copy", file.path)
    if made and made.action == "copied" and made.copy then
      local now = node.stat(tx.about.dest, file.to)
      list[#list + 1] = { path = file.path, to = file.to, action = made.action, inode = made.copy.inode,
        common = users.are_common(file),
        copy = not now and "gone" or node.same(last_made(tx, file, made), now) and "same" or "changed" }
    end
  end
  return list
end

local function find_truth(tx)
  return truth.judge(evidence.of_files(tx, function()
    return states(tx)
  end))
end

local function undo_copy(tx, i, file, record)
  local about, action = tx.about, tx:outcome("check").actions[i]
  local dest, made = about.dest, record.outcome ~= mig.null and record.outcome or {}
  if action == "onto" or action == "create" then
    return device.undo(tx, file, action, record)
  end
  if file.kind == "tpm" then
    node.remove(dest, archive(file))
  else
    mig.node(dest):tool("copy_forget", file.to)
  end
  local was = made.copy and last_made(tx, file, made) or as_exported(about, file)
  local said = discard.file(tx, dest, file.to, was, { chains = users.are_common(file) })
  if record.about.parent then
    mig.node(dest):tool("dir_remove", record.about.parent)
  end
  pools.refresh(dest, node.directory(file.to))
  return said
end

-- Overlays whose base has another place now name that one: {file, base}.
local function moved_bases(about)
  local to, list = {}, {}
  for _, file in ipairs(about.files) do
    to[file.path] = file.to
  end
  for _, file in ipairs(about.files) do
    local base = file.backing and to[file.backing]
    if base and (file.to ~= file.path or base ~= file.backing) then
      list[#list + 1] = { file = file, base = base }
    end
  end
  return list
end

local function rebase(tx)
  local about, copies = tx.about, {}
  for _, moved in ipairs(moved_bases(about)) do
    local file = moved.file
    if tx:outcome("copy", file.path).action == "copied" then
      if not file.backing_format then
        fail("unsupported", nil, "%s does not say of which format %s is", file.path, file.backing)
      end
      mig.disk_rebase { file.to, moved.base, format = file.backing_format, node = about.dest }
      copies[file.path] = node.stat(about.dest, file.to)
    end
  end
  return { copies = copies }
end

-- Definition ----------------------------------------------------------------------------------------------------------

-- Calls fn(PATH, description) for all of these kinds: the file holds the adapted text.
local function each_description(about, kinds, fn)
  for _, d in ipairs(about.descriptions) do
    if kinds[d.what] then
      local text = admin.read(about.directory .. "/" .. d.name)
      if mig.sha256(text) ~= d.sha256 then
        fail("verdict", nil, "%s is not what was exported", d.name)
      end
      xml.with_file((xml.map(text, about)), function(path)
        fn(path, d)
      end)
    end
  end
end

-- Right before it is defined, as libvirt would replace what is there. `again`: the step was begun before, and found no
-- other one there, so that a domain with its uuid and its name may be ours.
local function check_absent(tx, again)
  local about = tx.about
  local there = again and whereabouts.on(about.dest, about.uuid)
  check_elsewhere(about, tx:forced())
  if not (there and there.name == about.domain and not whereabouts.is_active(there)) then
    check_name(about)
  end
end

local function define(tx, step)
  local about = tx.about
  for _, pool in ipairs(about.pools) do
    mig.pool_refresh { pool, node = about.dest }
  end
  chain.check(about, chain.copied(tx), true)
  each_description(about, { domain = true }, function(path)
    check_absent(tx, step.again)
    mig.define { path, validate = true, node = about.dest }
  end)
  if about.autostart then
    mig.autostart { at(about) }
  end
end

local function undo_define(tx)
  local about = tx.about
  local info = whereabouts.on(about.dest, about.uuid)
  if not info then
    return "was not there"
  elseif whereabouts.is_active(info) then
    fail("state", ("shutdown %s@%s"):format(about.domain, about.dest), "%s is %s on %s", about.domain, info.state,
      about.dest)
  end
  xml.undefine(at(about), mig.dumpxml { at(about), inactive = true })
end

local function carry(tx)
  local about, current = tx.about, nil
  each_description(about, { snapshot = true, checkpoint = true }, function(path, d)
    mig[d.what .. "_create"] { at(about), path, redefine = true, validate = d.what == "snapshot" or nil }
    current = d.what == "snapshot" and d.current and d.id or current
  end)
  if current then
    mig.snapshot_current { at(about), current }
  end
end

-- --------------------------------------------------------------------------------------------------------------------

-- The result, as far as it is known before anything is sent. `found`: what the check found.
function import.value(about, found)
  local value = { domain = about.domain, uuid = about.uuid, node = about.dest, directory = about.directory,
    files = mig.array {}, descriptions = #about.descriptions, sent = 0 }
  for i, file in ipairs(about.files) do
    value.files[i] = { kind = file.kind, name = file.name, path = file.to, size = file.size,
      existed = found.actions[i] == "there" }
  end
  return value
end

local function finish(tx)
  local about = tx.about
  local value = import.value(about, tx:outcome "check")
  value.journal, value.diff = tx.id, ""
  for _, file in ipairs(about.files) do
    value.sent = value.sent + ((tx:outcome("copy", file.path) or {}).sent or 0)
  end
  for _, d in ipairs(about.descriptions) do
    if d.what == "domain" then
      local _, diff = xml.map(admin.read(about.directory .. "/" .. d.name), about)
      value.diff = diff
    end
  end
  keep.run(tx, { kind = "import", ok = true, verdict = "ok", bytes = value.sent })
  return value, ("%s%s imported to %s: %d files, %s sent"):format(value.diff, about.domain, about.dest, #about.files,
    report.bytes(value.sent)) .. "\n"
end

function import.workflow(about)
  local steps = { { name = "check", title = ("%s to %s"):format(about.domain, about.dest), harmless = true,
    run = function(tx)
      return import.check(about, tx:forced())
    end } }
  for i, file in ipairs(about.files) do
    steps[#steps + 1] = { name = "copy", key = file.path, title = ("%s (%s)"):format(file.to, file.kind),
      about = function(tx, _, last)
        return about_copy(tx, i, file, last)
      end,
      run = function(tx)
        return copy(tx, i, file)
      end,
      undo = function(tx, _, record)
        return undo_copy(tx, i, file, record)
      end }
  end
  if #moved_bases(about) > 0 then
    steps[#steps + 1] = { name = "rebase", title = "overlays on their bases there", run = rebase }
  end
  steps[#steps + 1] = { name = "define", title = "on " .. about.dest,
    about = function(tx, step, last)
      step.again = last ~= nil and not (type(last.outcome) == "table" and last.outcome.code == "exists")
      check_absent(tx, step.again)
      return { node = about.dest }
    end, run = define, undo = undo_define }
  steps[#steps + 1] = { name = "carry", title = "snapshots and checkpoints", run = carry }
  return { steps = steps, finish = finish, truth = find_truth, quiet = true, ended = keep.failure }
end

return import
