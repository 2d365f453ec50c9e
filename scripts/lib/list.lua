-- SPDX-License-Identifier: GPL-3.0-or-later
-- Small questions about lists.
local list = {}

-- Is that value in it? nil is an empty list.
function list.has(t, value)
  for _, item in ipairs(t or {}) do
    if item == value then
      return true
    end
  end
  return false
end

-- A table's keys, in order.
function list.keys(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

return list
