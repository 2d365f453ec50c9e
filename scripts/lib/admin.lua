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

-- What a command of these words prints.
function admin.run(words)
  local quoted = {}
  for i, word in ipairs(words) do
    if word:find "\0" then
      fail("usage", "a path cannot hold a NUL byte")
    end
    quoted[i] = admin.quote(word)
  end
  local pipe <close> = assert(io.popen(table.concat(quoted, " ") .. " 2>&1", "r"))
  local out = pipe:read "a"
  local ok = pipe:close()
  if not ok then
    fail("io", "%s", (out:gsub("%s+$", "")))
  end
  return out
end

-- The same of a tool that nodes have, too, here and with our own rights.
function admin.tool(name, ...)
  return admin.run { "sh", "-c", mig.tool(name), "migsh", ... }
end

function admin.realpath(path)
  return admin.run { "realpath", "-m", "--", path }:sub(1, -2)
end

-- A new directory, or an empty one, that only we can read. True: it was made.
function admin.make_directory(dir)
  return admin.tool("export_claim", dir) == "made\n"
end

-- The size of a regular file; nil where there is none. A link is none: it could lead anywhere.
function admin.size(path)
  return math.tointeger(tonumber(admin.tool("file_size", path):match "^%d+"))
end

-- Is it a regular file that begins with those bytes?
function admin.begins_with(path, mark)
  if not admin.size(path) then
    return false
  end
  local f <close> = io.open(path, "r")
  return f ~= nil and f:read(#mark) == mark
end

-- Whatever it is, a link that leads nowhere, too.
function admin.exists(path)
  return pcall(admin.run, { "test", "-e", path }) or pcall(admin.run, { "test", "-L", path })
end

function admin.write(path, text)
  local f = io.open(path, "w") or fail("io", "cannot write %s", path)
  local ok, err = f:write(text)
  ok, err = ok and f:flush(), err
  f:close()
  if not ok then
    fail("io", "%s: %s", path, err or "cannot be written")
  end
  admin.run { "chmod", "600", "--", path }
  admin.run { "sync", "--", path }
end

function admin.read(path)
  local size = admin.size(path)
  if not size then
    fail("not-found", "%s is not a regular file", path)
  elseif size > LIMIT then
    fail("io", "%s has %d bytes, more than a description can have", path, size)
  end
  local f <close> = io.open(path, "r") or fail("io", "cannot read %s", path)
  return f:read "a"
end

return admin
