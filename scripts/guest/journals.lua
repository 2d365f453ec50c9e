-- SPDX-License-Identifier: GPL-3.0-or-later
-- The journals of workflows that recipes ask about: which are about a guest, and which were not finished.
local journals = {}

-- The record of a plain migrate that failed is at its end: nothing of it can be gone on with.
function journals.is_open(j)
  if journals.is_record(j) then
    return j.state == "interrupted" or j.state == "running"
  end
  return j.state ~= "done" and j.state ~= "reverted"
end

function journals.is_record(j)
  return type(j.about) == "table" and j.about.record == true
end

-- Those whose `about` matches, oldest first; of these the ones that are not finished; and the records that nobody has
-- closed.
function journals.about(matches)
  local all, open, records = {}, {}, {}
  for _, j in ipairs(mig.journals()) do
    if type(j.about) == "table" and (j.about.workflow or j.about.record) and matches(j.about) then
      all[#all + 1] = j.about.workflow and j or nil
      local list = j.about.workflow and open or records
      list[#list + 1] = journals.is_open(j) and j or nil
    end
  end
  return all, open, records
end

-- {[the end of the id, by which staging.lua names files] = journal}
function journals.index(list)
  local index = {}
  for _, j in ipairs(list) do
    index[j.id:match "%x+$"] = j
  end
  return index
end

return journals
