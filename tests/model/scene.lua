-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where a run begins: three nodes, one guest, two admins with a state directory each.
local World = require "world"
local fake = require "fake"
local scene = {}

local UUID <const> = "11111111-2222-3333-4444-555555555555"
local IMAGES <const>, SHARE <const> = "/var/lib/libvirt/images", "/srv/nfs"

local function admin()
  return { journals = {}, inventory = { source = true, dest = true, third = true } }
end

-- The disks of each layout, on `source`: made, and named.
local layouts = {}

local function image(w, path, target, extra)
  local disk = ("%s %s"):format(UUID, target)
  local content = { ver = w:version(disk) }
  w:heads(disk)[content.ver] = true
  for key, value in pairs(extra or {}) do
    content[key] = value
  end
  w:create(w.nodes.source, path, content)
  return { path = path, target = target }
end

layouts["local"] = function(w)
  return { image(w, IMAGES .. "/vm.qcow2", "vda") }
end

layouts.shared = function(w)
  return { image(w, SHARE .. "/vm.qcow2", "vda") }
end

layouts.both = function(w)
  return { image(w, IMAGES .. "/vm.qcow2", "vda"), image(w, SHARE .. "/data.qcow2", "vdb") }
end

-- An overlay on a base that all have, or that the source has alone.
local function overlay(w, names)
  local base = { ver = w:version "base" }
  for _, name in ipairs(names) do
    w:create(w.nodes[name], IMAGES .. "/base.qcow2", World.copy_of(base))
  end
  return { image(w, IMAGES .. "/vm.qcow2", "vda", { backing = IMAGES .. "/base.qcow2", base = base.ver }) }
end

layouts.overlay = function(w)
  return overlay(w, { "source", "dest", "third" })
end

layouts["overlay and base"] = function(w)
  return overlay(w, { "source" })
end

-- A directory of export-domain. What is in it does not count: it stays where it is.
local function export(r)
  local w = r.world
  local dir, path = "/backup/vm", IMAGES .. "/vm.qcow2"
  local text = World.xml("vm", UUID, { { path = path, target = "vda" } })
  local content = { ver = w:version(UUID .. " vda") }
  local size = 64 << 20
  w.admin_files[dir .. "/01-vm.qcow2"] = { content = content, size = size, users = {} }
  w.admin_files[dir .. "/domain.xml"] = { content = { text = text }, size = #text, users = {} }
  local mark <const> = "the manifest"
  w.admin_files[dir .. "/manifest.json"] = { content = { text = mark }, size = #mark, users = {} }
  local null = fake.mig.null
  w.json = { [mark] = { format = "migsh-domain", version = 1, domain = { name = "vm", uuid = UUID,
    autostart = r.autostart or false }, files = { { name = "01-vm.qcow2", kind = "disk", path = path, size = size,
    sha256 = w:digest { content = content }, mode = "600", target = "vda", device = "disk", type = "file",
    format = "qcow2", backing = null, backing_format = null, pool = null, volume = null, virtual_size = size } },
    descriptions = { { what = "domain", name = "domain.xml", size = #text, sha256 = w:digest { content =
    { text = text } } } } } }
  r.export = dir
end

-- s: {disks = a layout, or "export": there is only an exported directory; running, autostart, deaf, share = {NODE =
-- true}}
function scene.make(s)
  local w = World.new({ "source", "dest", "third" }, s.share or { source = true, dest = true, third = true }, s.twins)
  w.json = {}
  local r = { world = w, uuid = UUID, admins = { admin(), admin() }, autostart = s.autostart, acts = 0 }
  w.guests[UUID] = { name = "vm", owed = s.disks ~= "export", deaf = s.deaf }
  if s.disks == "export" then
    export(r)
    return r
  end
  local d = w:define(w.nodes.source, World.xml("vm", UUID, layouts[s.disks](w)))
  d.autostart = s.autostart or false
  if s.running then
    assert(w:start(w.nodes.source, d))
    w:guest_writes(d)
  end
  return r
end

scene.IMAGES, scene.SHARE = IMAGES, SHARE

return scene
