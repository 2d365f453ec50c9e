-- SPDX-License-Identifier: GPL-3.0-or-later
-- Samples for an engine of policies, and what it decides on them. For tests/lua/policy.lua.
local drive = {}
local MiB <const>, GiB <const> = 1 << 20, 1 << 30

-- A copy of the one, with what the other has.
function drive.with(options, more)
  local all = {}
  for _, from in ipairs { options, more or {} } do
    for k, v in pairs(from) do
      all[k] = v
    end
  end
  return all
end

local function say(at, action)
  return ("%g %s%s"):format(at, action.what, action.value ~= true and " " .. tostring(action.value) or "")
end

-- What that engine decides on samples {at, pass or nil, MiB remaining, bandwidth in MiB/s, MiB sent, event =}; one with
-- a pass is a pass, if not said otherwise.
function drive.decisions(e, samples)
  local said = {}
  for _, s in ipairs(samples) do
    local state = e:sample { event = s.event or s[2] and "pass" or "tick", at = s[1], pass = s[2],
      stats = { data_total = GiB, data_remaining = s[3] and s[3] * MiB // 1, memory_bps = s[4] and s[4] * MiB // 1,
        data_processed = s[5] and s[5] * MiB // 1 } }
    for _, action in ipairs(e:decide(state)) do
      said[#said + 1] = say(s[1], action)
    end
  end
  return table.concat(said, "; ")
end

-- Samples from..to every so many seconds, made by fn(at).
function drive.series(from, to, step, fn)
  local list = {}
  for i = 0, (to - from) / step // 1 do
    list[#list + 1] = fn(from + i * step)
  end
  return list
end

return drive
