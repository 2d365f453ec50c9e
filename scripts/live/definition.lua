-- SPDX-License-Identifier: GPL-3.0-or-later
-- The guest's definition on the destination: put there before the guest comes, and what becomes of it. Nobody else's is
-- ever replaced or removed.
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local definition = {}

local fail = mig.fail

-- The destination's row of the guest, its definition there, and whether that is the one made below.
local function definition_there(tx)
  local job = tx.about
  local there = whereabouts.on(job.dest, job.uuid)
  local text = there and there.persistent and mig.dumpxml { job.uuid .. "@" .. job.dest, inactive = true } or nil
  local mark = text and xml.mark(text)
  return there, text, mark ~= nil and mark.role == "copy" and mark.journal == tx.id
end

-- The definition is there before the guest is: to write it takes time in which the guest stands still. It bears the
-- mark of this undertaking until the guest has come, so that nobody starts it, and nobody else's is replaced.
function definition.put_ahead(tx)
  local job = tx.about
  if not job.predefine then
    return nil, true
  end
  local there, text, ours = definition_there(tx)
  if there and whereabouts.is_active(there) or text and text ~= job.dest_xml and not ours then
    fail("exists", ("cleanup %s tells what it is"):format(job.name), "%s has a definition of %s that was not there "
      .. "before", job.dest, job.name)
  end
  local own = mig.dumpxml { job.on_source, inactive = true, security_info = true }
  xml.define(xml.marked(xml.unmarked(own), { role = "copy", journal = tx.id, node = job.source }), job.dest)
end

-- What was there before is there again.
function definition.take_back(tx)
  local job = tx.about
  local there, text, ours = definition_there(tx)
  if not ours then
    return "it is not there any more"
  elseif whereabouts.is_active(there) then
    fail("state", ("cleanup %s tells where it is"):format(job.name), "%s is %s on %s: its definition is not removed",
      job.name, there.state, job.dest)
  elseif job.dest_xml then -- the journal has no password
    local own = mig.dumpxml { job.uuid .. "@" .. job.dest, inactive = true, security_info = true }
    xml.define(xml.with_passwords(job.dest_xml, own), job.dest)
  else
    xml.undefine(job.uuid .. "@" .. job.dest, text)
  end
end

-- After a migration that did not succeed: the definition it may have left on the destination. The guest and its disks
-- are never touched, and it has been judged that the source is the guest.
function definition.clean(job)
  local here, there = whereabouts.on(job.source, job.uuid), whereabouts.on(job.dest, job.uuid)
  if not there or job.dest_before or job.predefine then -- the one that went ahead is taken back by its mark
    return
  elseif whereabouts.is_active(there) or not here or not here.persistent and not whereabouts.is_active(here) then
    fail("state", "cleanup " .. job.name .. " tells where it is", "%s is %s on %s, and %s on %s: nothing is removed",
      job.name, there.state, job.dest, here and here.state or "not defined", job.source)
  end
  local name = job.uuid .. "@" .. job.dest
  xml.undefine(name, mig.dumpxml { name, inactive = there.persistent or nil })
end

-- It is the guest now: our mark goes, and that of one that ran although it was marked as left behind.
function definition.unmark(job)
  local mark = job.xml and xml.mark(job.xml)
  if job.predefine or mark and mark.role == "moved" then
    local text = mig.dumpxml { job.uuid .. "@" .. job.dest, inactive = true, security_info = true }
    xml.define(xml.unmarked(text), job.dest)
  end
end

return definition
