-- SPDX-License-Identifier: GPL-3.0-or-later
-- What import-domain believes of a manifest, and what it does not; mig.json_*, mig.sha256.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local manifest = require "image.manifest"

local SUM = ("0"):rep(64)

local function file(changes)
  local f = { name = "01-a.img", kind = "disk", path = "/images/a b.img", size = 5, mode = "0644", sha256 = SUM }
  for key, value in pairs(changes or {}) do
    f[key] = value
  end
  return f
end

local function whole(files, descriptions)
  return { format = "migsh-domain", version = 1, domain = { name = "g", uuid = "6d69-00" }, files = files or { file() },
    descriptions = descriptions or { { what = "domain", name = "domain.xml", size = 3, sha256 = SUM } } }
end

test("what export-domain writes is taken", function()
  manifest.check(whole())
  manifest.check(mig.json_decode(mig.json_encode(whole { file { backing = "/images/b", backing_format = mig.null } })))
  manifest.check(whole { file { target = "vda", device = "disk", type = "file", format = mig.null, readonly = mig.null,
    relative = false, allocation = 4096, seen = { mtime = "1.5", inode = "1 2", size = 5 }, block = mig.null } })
end)

test("names that are not right in the directory", function()
  for _, name in ipairs { "", ".", "..", "../a", "/etc/passwd", "a/b", "-rf", ".hidden", "a b", "a\nb", "$(x)", "a\0b",
    "manifest.json", ("a"):rep(201) } do
    raises("unsafe", "not the name of a file", manifest.check, whole { file { name = name } })
    raises("unsafe", "not the name of a file", manifest.check, whole(nil, { { what = "domain", name = name, size = 3,
      sha256 = SUM } }))
  end
end)

test("paths where a guest has no files", function()
  for _, path in ipairs { "", "a", "../a", "/a/../b", "/a/./b", "/a//b", "/a/", "/", "/a/.ssh/x",
    "/etc/cron.d/x", "/etc",
    "/usr/bin/x", "/proc/1/mem", "/dev/sda", "/run/x", "/root/.ssh/authorized_keys", "/a\nb", "/a\27[2J" } do
    raises("unsafe", "", manifest.check, whole { file { path = path } })
    raises("unsafe", "", manifest.check, whole { file { backing = path:sub(1, 1) == "/" and path or "/etc/x" } })
  end
  for _, path in ipairs { "/etcetera/x", "/home/image/a", "/srv/a;$(x)'\".img", "/a/b..c" } do
    manifest.check(whole { file { path = path } })
  end
end)

test("a TPM's state goes nowhere else", function()
  manifest.check(whole { file { kind = "tpm", path = "/var/lib/libvirt/swtpm/6d696773-6800" } })
  raises("unsafe", "TPM", manifest.check, whole { file { kind = "tpm", path = "/var/lib/libvirt/swtpm/x/y" } })
  raises("unsafe", "TPM", manifest.check, whole { file { kind = "tpm", path = "/home/a" } })
end)

test("values of the wrong kind", function()
  for key, values in pairs { size = { -1, 1.5, "5", {} }, mode = { "4755", "rw", 420 }, kind = { "exec", 1 },
    sha256 = { "", SUM .. "0", ("g"):rep(64), 1 }, backing = { {}, 1 }, path = { 1 }, name = { 1 },
    type = { 1 }, device = { true }, format = { {} }, readonly = { 0, "yes" }, relative = { "" }, block = { 1 },
    allocation = { "5", 1.5 }, virtual_size = { "5" }, seen = { 1, {}, { mtime = "1", inode = "1", size = "1" } } } do
    for _, value in ipairs(values) do
      raises("unsafe", "", manifest.check, whole { file { [key] = value } })
    end
  end
  raises("unsafe", "", manifest.check, whole { "a" })
  local auto, current = whole(), whole()
  auto.domain.autostart, current.descriptions[1].current = "yes", 1
  raises("unsafe", "'autostart' is not a boolean", manifest.check, auto)
  raises("unsafe", "'current' is not a boolean", manifest.check, current)
  raises("unsafe", "twice", manifest.check, whole { file(), file() })
  raises("unsafe", "twice", manifest.check, whole { file(), file { name = "02-b" } })
  raises("unsafe", "missing", manifest.check, whole(nil, {}))
  raises("usage", "not the manifest", manifest.check, {})
  raises("usage", "not the manifest", manifest.check, "x")
  local newer = whole()
  newer.version = 2
  raises("unsupported", "version 2", manifest.check, newer)
end)

test("JSON", function()
  equal(mig.json_encode { b = { 1, true, mig.null }, a = "x" },
    '{\n  "a": "x",\n  "b": [\n    1,\n    true,\n    null\n  ]\n}')
  equal(mig.json_decode '{"a": [1, 2.5, null]}'.a[2], 2.5)
  equal(mig.json_decode "7", 7)
  raises("usage", "line 1", mig.json_decode, "{")
  for _, behind in ipairs { "}", "x", " 7", ",", "\0", "// x" } do
    raises("usage", "line 1", mig.json_decode, '{"a": 1}' .. behind)
  end
  raises("usage", "line 1", mig.json_decode, '{"a": 1, "a": 2}')
end)

test("SHA-256", function()
  equal(mig.sha256 "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
end)
