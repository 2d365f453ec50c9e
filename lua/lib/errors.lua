-- SPDX-License-Identifier: GPL-3.0-or-later
-- Error objects: {code, msg, hint, value, text, traceback} with a metatable whose tostring is the message. Codes are
-- those of shell/base/err.h by name ("not-found", "verdict" …); `value` is what a failed command had to say all the
-- same.
local core = ...
local meta = core.error_meta
local errors = {}

function errors.new(fields)
  return setmetatable(fields, meta)
end

function errors.raise(code, format, ...)
  error(errors.new { code = code, msg = format:format(...) }, 0)
end

-- Whatever was raised, as an error object. A bare table with a message or code is taken as one; of any other its
-- content is the message, as far as it can be told (a table may hold itself).
function errors.normalise(e)
  if type(e) == "table" then
    local mt = getmetatable(e)
    if mt == meta then
      return e
    end
    if not mt and (type(e.msg) == "string" or type(e.code) == "string") then
      return setmetatable(e, meta)
    end
    local told, text = pcall(core.show, e)
    if told and not (mt and mt.__tostring) then
      return errors.new { code = "failed", msg = text, value = e }
    end
  end
  return errors.new { code = "failed", msg = tostring(e) }
end

-- How a result shows one: without the developer's part.
function meta.__view(e)
  return { code = e.code, msg = e.msg, hint = e.hint, value = e.value }
end

-- For xpcall: normalises, and keeps where it happened aside.
function errors.handler(e)
  e = errors.normalise(e)
  e.traceback = e.traceback or debug.traceback(nil, 2)
  return e
end

return errors
