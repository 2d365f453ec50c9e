-- SPDX-License-Identifier: GPL-3.0-or-later
-- What belongs to a domain beside its definition: libvirt's descriptions of its snapshots and checkpoints, of which the
-- images hold the content. They are defined again on the destination, parents first; doing so twice changes nothing.
local xml = require "guest.xml"
local carry = {}

local kinds = {
  { what = "snapshot", list = "snapshot_list", dump = "snapshot_dumpxml", create = "snapshot_create",
    delete = "snapshot_delete" },
  { what = "checkpoint", list = "checkpoint_list", dump = "checkpoint_dumpxml", create = "checkpoint_create",
    delete = "checkpoint_delete" },
}

-- Of one kind: how many. What an earlier migration left there and is not on the source any more goes: it describes
-- nothing.
local function carry_kind(kind, about)
  local source, dest = about.uuid .. "@" .. about.source, about.uuid .. "@" .. about.dest
  local rows, wanted = mig[kind.list] { source, topological = true }, {}
  for _, row in ipairs(rows) do
    wanted[row.name] = true
  end
  for _, row in ipairs(mig[kind.list] { dest }) do
    if not wanted[row.name] then
      mig[kind.delete] { dest, row.name, metadata = true }
    end
  end
  for _, row in ipairs(rows) do
    local text = mig[kind.dump] { source, row.name, security_info = true }
    xml.with_file((xml.map(text, about)), function(path)
      local args = { dest, xmlfile = path, redefine = true }
      if kind.what == "snapshot" and row.current then
        args.current = true
      end
      mig[kind.create](args)
    end)
  end
  return #rows
end

-- What was carried, as words.
function carry.run(about)
  local done = {}
  for _, kind in ipairs(kinds) do
    local n = carry_kind(kind, about)
    done[#done + 1] = n > 0 and ("%d %s%s"):format(n, kind.what, n > 1 and "s" or "") or nil
  end
  return done
end

return carry
