-- SPDX-License-Identifier: GPL-3.0-or-later
-- Which guest a name or uuid means, wherever it is: by what the nodes define and by what was not finished with it.
local journals = require "guest.journals"
local whereabouts = require "guest.whereabouts"
local identity = {}

-- Its uuid, and what was asked for that: as whereabouts.look() tells; and as journals.about() does.
-- `at`: on that node alone it has this name.
function identity.find(text, at)
  local found = whereabouts.look(function(row)
    return (row.name == text or row.uuid == text) and (not at or row.node == at)
  end)
  local all, open, records = journals.about(function(about)
    return about.uuid == text or not at and about.domain == text
  end)
  local uuids, uuid = {}, nil
  for _, row in ipairs(found.copies) do
    uuids[row.uuid], uuid = true, row.uuid
  end
  for _, j in ipairs(open) do
    uuids[j.about.uuid], uuid = true, j.about.uuid
  end
  if not uuid then
    local silent = found.silent[1]
    mig.fail(silent and "unreachable" or "not-found", nil, "no domain '%s' on %s%s", text, at
      or "the nodes that answer", silent and ("; %s: %s"):format(silent.node, silent.msg) or "")
  elseif next(uuids, next(uuids)) then
    mig.fail("usage", "name it by its uuid: list --all --uuid", "several domains are called '%s'", text)
  end
  for i = #records, 1, -1 do
    if records[i].about.uuid ~= uuid then
      table.remove(records, i)
    end
  end
  return uuid, found, all, open, records
end

return identity
