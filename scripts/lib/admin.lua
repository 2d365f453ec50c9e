-- SPDX-License-Identifier: GPL-3.0-or-later
-- Small files of this machine, for export-domain and import-domain. They are read and written as they are, and the
-- local disk is expected to be quick: nothing here waits. What is large travels by disk-copy.
local admin = {}

local LIMIT = 64 << 20 -- bytes of a text

function admin.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function fail(code, format, ...)
  mig.error { code = code, msg = format:format(...) }
end

-- What a fixed script prints; its arguments are $1, $2 …
function admin.sh(script, ...)
  local words = { "sh", "-c", admin.quote(script), "migsh" }
  for _, word in ipairs { ... } do
    if word:find "\0" then
      fail("usage", "a path cannot hold a NUL byte")
    end
    words[#words + 1] = admin.quote(word)
  end
  local pipe <close> = assert(io.popen(table.concat(words, " ") .. " 2>&1", "r"))
  local out = pipe:read "a"
  local ok = pipe:close()
  if not ok then
    fail("io", "%s", (out:gsub("%s+$", "")))
  end
  return out
end

-- A new directory, or an empty one, that only we can read. True: it was made.
function admin.make_directory(dir)
  return admin.sh([[
if [ -d "$1" ]; then
    [ -z "$(ls -A -- "$1")" ] || { printf '%s is not empty\n' "$1"; exit 1; }
    [ -O "$1" ] || { printf '%s is not yours\n' "$1"; exit 1; }
    chmod 700 -- "$1" && echo there
else mkdir -m 700 -- "$1" && echo made; fi]], dir) == "made\n"
end

-- The size of a regular file; nil where there is none. A link is none: it could lead anywhere.
function admin.size(path)
  local out = admin.sh('if [ -f "$1" ] && [ ! -L "$1" ]; then stat -c %s -- "$1"; else echo none; fi', path)
  return math.tointeger(tonumber(out:match "^%d+"))
end

function admin.write(path, text)
  local f = io.open(path, "w") or fail("io", "cannot write %s", path)
  local ok, err = f:write(text)
  ok, err = ok and f:flush(), err
  f:close()
  if not ok then
    fail("io", "%s: %s", path, err or "cannot be written")
  end
  admin.sh('chmod 600 -- "$1" && sync -- "$1"', path)
end

function admin.read(path)
  local size = admin.size(path)
  if not size then
    fail("not-found", "%s is no file", path)
  elseif size > LIMIT then
    fail("io", "%s has %d bytes, more than a description can have", path, size)
  end
  local f <close> = io.open(path, "r") or fail("io", "cannot read %s", path)
  return f:read "a"
end

return admin
