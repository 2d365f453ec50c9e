-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a guest needs of its host, as cold-migrate sees it: guest/xml.lua and cold/check.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local storage = require "cold.check"
local xml = require "guest.xml"

local function guest(devices)
  return "<domain type='kvm'><name>g</name><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>"
    .. devices .. "</devices></domain>"
end

test("a device of the host, however it is handed over", function()
  for _, devices in ipairs {
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>",
    "<interface type='hostdev' managed='yes'><source><address type='pci' bus='1'/></source></interface>",
    '<interface managed="yes" type="hostdev"/>', "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>",
    "<disk type='nvme' device='disk'><source type='pci' namespace='1'/></disk>",
  } do
    equal(xml.needs(guest(devices)).hostdev, true, devices)
  end
end)

test("and none", function()
  for _, devices in ipairs { "", "<interface type='bridge'><source bridge='br0'/></interface>",
    "<disk type='file' device='disk'><source file='/a/&lt;hostdev '/></disk>" } do
    equal(xml.needs(guest(devices)).hostdev, false, devices)
  end
end)

test("networks, bridges, pools, the machine, and what is read at boot", function()
  local needs = xml.needs(guest("<emulator>/usr/bin/qemu</emulator>"
    .. "<interface type='network'><source network='a&amp;b'/></interface>"
    .. "<interface type='bridge'><source bridge='br0'/></interface>"
    .. "<disk type='volume'><source pool='p' volume='v'/></disk>"))
  equal(table.concat({ needs.networks[1], needs.bridges[1], needs.pools[1], needs.files[1], needs.machine }, " "),
    "a&b br0 p /usr/bin/qemu pc-q35-7.2")
end)

-- The node is this machine, with the programs of `path` alone.
local function on_node(path)
  rawset(mig, "node", function(where)
    return { tool = function(_, name)
      local err = os.tmpname()
      local pipe = io.popen(("PATH='%s' sh -c '%s' 2>'%s'"):format(path, mig.tool(name):gsub("'", "'\\''"), err))
      local out = pipe:read "a"
      local ok = pipe:close()
      local said <close> = io.open(err)
      os.remove(err)
      return ok and out or mig.error { code = "failed", msg = where .. ": " .. said:read "a" }
    end }
  end)
end

test("a node whose networks cannot be asked is not one without the network", function()
  local dir = os.getenv "MIGSH_TEST_DIR" .. "/bin"
  local function virsh(body)
    local file <close> = io.open(dir .. "/virsh", "w")
    file:write("#!/bin/sh\n" .. body .. "\n")
  end
  os.execute(("rm -rf '%s' && mkdir '%s' && cd '%s' && for p in sh id; do ln -s $(command -v $p) .; done"):format(dir,
    dir, dir))
  on_node(dir)
  local about = { dest = "b", files = {}, options = { map = {} },
    xml = guest "<interface type='network'><source network='default'/></interface>" }
  raises("failed", "^b: no virsh is installed", storage.missing_storage, about)
  virsh "echo 'cannot connect' >&2; exit 1"
  os.execute(("chmod +x '%s/virsh'"):format(dir))
  raises("failed", "^b: cannot connect", storage.missing_storage, about)
  virsh "printf 'default2\n\n'"
  raises("not-found", "^b has no network default$", storage.missing_storage, about)
  virsh "printf 'other\ndefault\n\n'"
  equal(#storage.missing_storage(about).networks, 0)
end)
