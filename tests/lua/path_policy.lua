-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where files of guests may be written, what images and definitions may name: scripts/lib.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises
local chain = require "lib.image_chain"
local claims = require "lib.host_claims"
local policy = require "lib.path_policy"

local function judge(path, more)
  local o = { pools = {}, users = {}, cloned = {}, targets = {}, holds = "nothing" }
  for key, value in pairs(more or {}) do
    o[key] = value
  end
  return policy.judge(path, o)
end

test("places of images", function()
  for _, path in ipairs { "/var/lib/libvirt/images/a.qcow2", "/var/lib/libvirt/images/web/a", "/srv/nfs/a.qcow2",
    "/data/vms/a", "/var/lib/libvirt/qemu/nvram/a_VARS.fd", "/var/lib/libvirt/swtpm/6d69-00", "/mykvm/nfspool/a" } do
    equal(judge(path), nil, path)
  end
  equal(judge("/srv/a", { holds = "images" }), nil)
  equal(judge("/dev/vg/a", { device = true }), nil)
end)

test("places of the system, whatever else is said of them", function()
  for _, path in ipairs { "/etc/cron.d/x", "/usr/share/x", "/boot/x", "/bin/sh", "/dev/vda", "/run/x", "/proc/x",
    "/var/spool/cron/root", "/sys/x" } do
    match(judge(path, { pools = { [path:match "^(.*)/"] = true }, targets = { "/etc" } }), "place of the system")
    equal(judge(path, { allowed = { path } }), nil, path)
  end
  match(judge("/srv/link/x", { real = "/etc/cron.d" }), "place of the system")
  match(judge("/etc/x", { device = true }), "place of the system")
end)

test("places of others, unless the destination or the operator says so", function()
  for _, path in ipairs { "/home/image/x", "/root/x", "/opt/a/x", "/var/lib/x/y", "/x", "/var/lib/libvirt/hooks/x" } do
    match(judge(path), "no directory of images")
  end
  match(judge("/srv/x/y", { real = "/home/image" }), "no directory of images")
  match(judge("/srv/www/x", { holds = "else" }), "other things than images")
  equal(judge("/home/image/x", { pools = { ["/home/image"] = true } }), nil)
  equal(judge("/home/image/x", { users = { ["/home/image"] = true } }), nil)
  equal(judge("/home/image/x", { targets = { "/home/image" } }), nil)
  match(judge("/home/images/x", { targets = { "/home/image" },
    pools = { ["/home"] = true } }), "no directory of images")
  match(judge("/home/image/x", { cloned = { ["/home/image"] = true } }), "no directory of images")
end)

test("paths that are none", function()
  for _, path in ipairs { "", "a", "/", "/a/", "/a//b", "/a/../etc/x", "/srv/./x", "/srv/.ssh/x", "/a\nb" } do
    equal(type(judge(path, { targets = { "/a", "/srv" } })), "string", path)
  end
  match(judge("/srv/../etc/x", { allowed = { "/srv" } }), "no files")
  for _, path in ipairs { "", "/", "a", "/a/", "/a/../b", "//" } do
    raises("usage", "not the absolute path", policy.check_allowed, { path })
  end
end)

test("what an image may name", function()
  local function paths(reference)
    local list, other = chain.paths_of(reference, "/images")
    return table.concat(list, " ") .. (other and " +" or "")
  end
  equal(paths "/etc/shadow", "/etc/shadow")
  equal(paths "base.qcow2", "/images/base.qcow2")
  equal(paths "../base/./b", "/base/b")
  equal(paths "file:/etc/shadow", "/etc/shadow")
  equal(paths "file:///etc/shadow", "/etc/shadow")
  equal(paths "nbd://h/x", " +")
  equal(paths 'json:{"driver": "raw", "file": {"driver": "file", "filename": "/etc/x/../shadow"}}', "/etc/shadow +")
  equal(#chain.references { filename = "/a", ["format-specific"] = { data = { ["data-file"] = "/etc/x",
    extents = { { filename = "/a" }, { filename = "/etc/y" } } } }, ["backing-filename"] = "b" }, 3)
end)

local about = { domain = "g", files = { { to = "/images/a" }, { to = "/pool/v", to_pool = "p", volume = "v" } },
  options = { allow_host_path = { "/srv/iso" }, allow_host = { "socket" } } }
local function strange(devices, os)
  local text = ("<domain><os>%s</os><devices>%s</devices></domain>"):format(os or "", devices)
  local list = claims.strange({ { name = "domain.xml", text = text } }, about)
  local words = {}
  for i, claim in ipairs(list) do
    words[i] = ("%s %s %s"):format(claim.kind, claim.name, claim.allowed or "refused")
  end
  return table.concat(words, ", "), list
end

test("what a definition may name", function()
  equal(strange("<emulator>/usr/bin/qemu-system-x86_64</emulator><disk><source file='/images/a'/></disk>"
    .. "<disk><source pool='p' volume='v'/></disk><rng><backend model='random'>/dev/urandom</backend></rng>"
    .. "<channel type='unix'><source path='/var/lib/libvirt/qemu/channel/target/g.agent'/></channel>"), "")
  equal(strange("", "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>"
    .. "<nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/g_VARS.fd</nvram>"),
    "path /var/lib/libvirt/qemu/nvram/g_VARS.fd first")
  equal(strange("", "<loader type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>"),
    "path /usr/share/OVMF/OVMF_CODE.fd refused")
  equal(strange("", "<nvram>/var/lib/libvirt/qemu/nvram/other_VARS.fd</nvram>"),
    "path /var/lib/libvirt/qemu/nvram/other_VARS.fd refused")
  equal(strange "<disk><source file='/usr/share/x'/></disk>", "path /usr/share/x refused")
  equal(strange "<emulator>/usr/bin/qemu-system-x/../sh</emulator>", "path /usr/bin/qemu-system-x/../sh refused")
  equal(strange "<disk><source file='/srv/iso/x'/></disk>", "path /srv/iso/x allowed")
  equal(strange "<disk><source file='/srv/iso/../../etc/x'/></disk>", "path /srv/iso/../../etc/x refused")
  equal(strange "<disk><source pool='p' volume='w'/></disk>", "volume p/w refused")
  equal(strange "<serial><source service='1'/></serial>", "socket  :1 allowed")
  local written = claims.written { { text = "<domain><devices><disk><source file='/a'/><readonly/></disk><disk><source "
    .. "file='/b'/></disk><disk><source pool='p' volume='v'/></disk></devices></domain>" } }
  equal(tostring(written["/a"]) .. tostring(written["/b"]) .. tostring(written["p/v"]), "falsetruetrue")
  raises("usage", "not one of the kinds", claims.check_kinds, { "path" })
  local _, list = strange "<disk><source file='/etc/shadow'/></disk>"
  raises("unsafe", "path /etc/shadow .disk/source/@file, written to in domain.xml", claims.check, list, "g")
end)

test("whose description it is", function()
  local function of(what, text)
    return claims.check_identity({ { what = what, name = what .. ".xml", text = text } }, "g",
      "6d696773-6800-4000-8000-000000000001")
  end
  local uuid <const> = "<uuid>6d696773-6800-4000-8000-000000000001</uuid>"
  of("domain", "<domain><name>g</name>" .. uuid .. "</domain>")
  of("domain", "<!-- <name>evil</name> --><domain><!-- <name>evil</name> --><title>&lt;name>evil&lt;/name></title>"
    .. "<description><![CDATA[<name>evil</name>]]></description><name>g</name>" .. uuid .. "</domain>")
  of("snapshot", "<domainsnapshot><name>s</name><domain><name>g</name>" .. uuid .. "</domain></domainsnapshot>")
  for _, text in ipairs { "<!-- <name>g</name>" .. uuid .. " --><domain><name>evil</name>" .. uuid .. "</domain>",
    "<domain><!-- <name>g</name> --><name>evil</name>" .. uuid .. "</domain>",
    "<domain><!-- <name>g</name>" .. uuid .. " --></domain>",
    "<domain><description><![CDATA[<name>g</name>]]></description><name>evil</name>" .. uuid .. "</domain>",
    "<domain><metadata><name>g</name>" .. uuid .. "</metadata><name>evil</name></domain>",
    "<domain><x:name xmlns:x='u'>g</x:name>" .. uuid .. "</domain>",
    "<domain><name>g</name><name>evil</name>" .. uuid .. "</domain>",
    "<domain><name>g</name><!-- " .. uuid .. " --><uuid>6d696773-6800-4000-8000-000000000002</uuid></domain>",
    "<domain xmlns='u'><name>g</name>" .. uuid .. "</domain>", "<pool><name>g</name>" .. uuid .. "</pool>" } do
    raises("unsafe", "the definition is of another domain", of, "domain", text)
  end
  raises("usage", "DTD", of, "domain", "<!DOCTYPE domain [<!ENTITY n 'g'>]><domain><name>&n;</name></domain>")
  raises("usage", "line 1", of, "domain", "<name>g</name>" .. uuid)
end)
