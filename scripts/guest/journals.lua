-- SPDX-License-Identifier: GPL-3.0-or-later
-- The journals of workflows that recipes ask about: which are about a guest, and which were not finished.
local journals = {}

function journals.is_open(j)
  return j.state ~= "done" and j.state ~= "reverted"
end

-- Those whose `about` matches, oldest first; and of these the ones that are not finished.
function journals.about(matches)
  local all, open = {}, {}
  for _, j in ipairs(mig.journals()) do
    if type(j.about) == "table" and j.about.workflow and matches(j.about) then
      all[#all + 1] = j
      open[#open + 1] = journals.is_open(j) and j or nil
    end
  end
  return all, open
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
