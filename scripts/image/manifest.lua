-- SPDX-License-Identifier: GPL-3.0-or-later
-- manifest.json of an exported domain: what it must look like to be believed. The directory may come from anywhere:
-- names are those of files right in it, and paths such as an image can have had on a node. Pure.
local policy = require "lib.path_policy"
local manifest = { FORMAT = "migsh-domain", VERSION = 1, NAME = "manifest.json" }

local DESCRIPTION <const> = 4 << 20 -- bytes
local KINDS = { disk = true, backing = true, nvram = true, tpm = true, snapshot = true }
-- What may be left out, or null, of a file.
local OPTIONAL = { type = "string", device = "string", target = "string", format = "string", owner = "string",
  group = "string", backing = "string", backing_format = "string", pool = "string", volume = "string",
  block = "boolean", readonly = "boolean", relative = "boolean", allocation = "integer", virtual_size = "integer",
  seen = "table" }

local function fail(format, ...)
  mig.error { code = "unsafe", msg = "the manifest is refused: " .. format:format(...) }
end

local function check_type(t, key, wanted, what)
  local value = t[key]
  local is = math.type(value) or type(value)
  if is ~= wanted then
    fail("%s: '%s' is not %s", what, key, wanted == "integer" and "a whole number" or "a " .. wanted)
  end
  return value
end

local function check_optional(t, kinds, what)
  for key, wanted in pairs(kinds) do
    if t[key] ~= nil and t[key] ~= mig.null then
      check_type(t, key, wanted, what)
    end
  end
end

-- A file right in the directory, written by export-domain: nothing to climb out with.
function manifest.check_name(name, what)
  if not name:match "^%w[%w._-]*$" or #name > 200 or name == manifest.NAME then
    fail("%s: '%s' is not the name of a file in the directory", what, name)
  end
end

-- Where the file was. (Where it will be is path_policy's to judge.)
local function check_path(path, is_device)
  local wrong = policy.bad_form(path)
  if wrong then
    fail("%s", wrong)
  elseif policy.is_obeyed(path, is_device) then
    fail("'%s' is a place of the system", path)
  end
end
manifest.check_path = check_path

local function check_sum(t, what)
  if not check_type(t, "sha256", "string", what):match("^" .. ("%x"):rep(64) .. "$") then
    fail("%s: bad checksum", what)
  end
end

local function check_size(t, what)
  if check_type(t, "size", "integer", what) < 0 then
    fail("%s: negative size", what)
  end
end

local function check_file(file, names)
  if type(file) ~= "table" then
    fail("a file has no description")
  end
  local what = "file " .. tostring(file.name)
  manifest.check_name(check_type(file, "name", "string", what), what)
  check_optional(file, OPTIONAL, what)
  check_path(check_type(file, "path", "string", what), file.block == true)
  check_sum(file, what)
  check_size(file, what)
  if not KINDS[check_type(file, "kind", "string", what)] then
    fail("%s: '%s' is not a kind of file", what, file.kind)
  elseif not check_type(file, "mode", "string", what):match "^0?[0-7][0-7][0-7]$" then
    fail("%s: '%s' is not a file mode", what, file.mode)
  elseif names[file.name] then
    fail("%s appears twice", what)
  end
  names[file.name] = true
  if type(file.seen) == "table" then
    check_type(file.seen, "mtime", "string", what .. ": seen")
    check_type(file.seen, "inode", "string", what .. ": seen")
    check_type(file.seen, "size", "integer", what .. ": seen")
  end
  if file.kind == "tpm" and not file.path:match("^/var/lib/libvirt/swtpm/[%x-]+$") then
    fail("%s: a TPM's state is not in '%s'", what, file.path)
  end
end

local function check_description(d, names)
  if type(d) ~= "table" then
    fail("the description of a description is missing")
  end
  local what = "description " .. tostring(d.name)
  manifest.check_name(check_type(d, "name", "string", what), what)
  check_sum(d, what)
  check_size(d, what)
  check_optional(d, { current = "boolean" }, what)
  if d.size > DESCRIPTION then
    fail("%s has %d bytes, more than libvirt takes", what, d.size)
  end
  if d.what ~= "domain" and d.what ~= "snapshot" and d.what ~= "checkpoint" then
    fail("%s: unknown kind of description", what)
  elseif d.what ~= "domain" then
    check_type(d, "id", "string", what)
  elseif names.domain then
    fail("two definitions of the domain")
  end
  if names[d.name] then
    fail("%s appears twice", what)
  end
  names[d.name], names.domain = true, names.domain or d.what == "domain"
end

-- Raises "unsafe" unless all of it is as export-domain writes it.
function manifest.check(m)
  if type(m) ~= "table" or m.format ~= manifest.FORMAT then
    mig.error { code = "usage", msg = "this is not the manifest of an exported domain" }
  elseif m.version ~= manifest.VERSION then
    mig.error { code = "unsupported", msg = ("a manifest of version %s, which this migsh does not know"):format(
      tostring(m.version)) }
  end
  if m.node ~= nil then
    check_type(m, "node", "string", "manifest")
  end
  local domain = check_type(m, "domain", "table", "manifest")
  check_type(domain, "name", "string", "domain")
  check_optional(domain, { autostart = "boolean" }, "domain")
  if not check_type(domain, "uuid", "string", "domain"):match "^[%x-]+$" then
    fail("'%s' is not a UUID", domain.uuid)
  end
  local names, paths = {}, {}
  for _, file in ipairs(check_type(m, "files", "table", "manifest")) do
    check_file(file, names)
    if paths[file.path] then
      fail("'%s' appears twice", file.path)
    end
    paths[file.path] = file
  end
  for _, file in pairs(paths) do
    local backing = file.backing ~= mig.null and file.backing
    if backing and backing:sub(1, 1) == "/" then
      check_path(backing, paths[backing] and paths[backing].block == true)
    end
  end
  for _, d in ipairs(check_type(m, "descriptions", "table", "manifest")) do
    check_description(d, names)
  end
  if not names.domain then
    fail("the domain's definition is missing")
  end
  return m
end

return manifest
