-- SPDX-License-Identifier: GPL-3.0-or-later
-- A medium that was taken out of a drive for a move goes back into it, on whichever host the guest then runs.
local node = require "lib.node"
local whereabouts = require "guest.whereabouts"
local media = {}

function media.eject(f)
  mig.change_media { f.uuid .. "@" .. f.node, f.target, eject = true, live = true }
end

-- The node on which it runs; nil: it is off.
local function running_on(f)
  local found, at = whereabouts.of_uuid(f.uuid), nil
  for _, row in ipairs(found.copies) do
    at = whereabouts.is_active(row) and row.node or at
  end
  if not at and found.silent[1] then
    mig.fail("unreachable", nil, "%s does not answer: whether %s runs there is not known", found.silent[1].node,
      f.domain)
  end
  return at
end

-- An empty one may have a <source/> with a number of libvirt's own.
local function is_empty(f, at)
  local doc <close> = mig.xml(mig.dumpxml { f.uuid .. "@" .. at })
  for _, disk in ipairs(doc:each "devices/disk") do
    if disk:get "target/@dev" == f.target then
      return disk:get "boolean(source/@file | source/@dev | source/@name | source/@volume)" ~= "true"
    end
  end
  return false
end

-- The definition of a guest that is off has it still.
function media.put_back(f)
  local at = running_on(f)
  if not at or not is_empty(f, at) then
    return
  elseif not node.exists(at, f.path) then
    mig.warn(mig.line(("%s stays out of %s of %s@%s: it is not there"):format(f.path, f.target, f.domain, at)))
    return
  end
  mig.change_media { f.uuid .. "@" .. at, f.target, f.path, insert = true, live = true }
end

return media
