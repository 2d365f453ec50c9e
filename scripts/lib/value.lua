-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a command's value or a record of it may hold: JSON's null, which is no nil, and what older versions left out.
local value = {}

function value.given(v)
  return v ~= mig.null and v or nil
end

-- A table, empty if it is none.
function value.table(v)
  return type(v) == "table" and v or {}
end

return value
