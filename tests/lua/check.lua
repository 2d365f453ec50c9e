-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the tests here share: named checks that print "ok - NAME" or "not ok - NAME" with the reason. run.sh numbers
-- them.
local check = {}

-- Runs fn; it fails by raising.
function check.test(name, fn)
  local ok, err = xpcall(fn, function(e)
    return type(e) == "table" and ("%s: %s"):format(e.code, e.msg) or debug.traceback(e, 2)
  end)
  print((ok and "ok - " or "not ok - ") .. name)
  if not ok then
    print("# " .. tostring(err):gsub("\n", "\n# "))
  end
end

function check.equal(got, want, what)
  if got ~= want or math.type(got) ~= math.type(want) then
    error(("%s: got %s (%s), want %s"):format(what or "value", tostring(got), math.type(got) or type(got),
      tostring(want)), 2)
  end
end

function check.match(text, pattern)
  if not tostring(text):find(pattern) then
    error(("'%s' does not match '%s'"):format(tostring(text), pattern), 2)
  end
end

-- fn has to raise an error object with that code, and a message that matches.
function check.raises(code, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then
    error("nothing was raised", 2)
  end
  if type(err) ~= "table" then
    err = { code = "failed", msg = tostring(err) }
  end
  if err.code ~= code or not err.msg:find(pattern) then
    error(("raised %s '%s', wanted %s '%s'"):format(err.code, err.msg, code, pattern), 2)
  end
  return err
end

return check
