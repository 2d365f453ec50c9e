-- SPDX-License-Identifier: GPL-3.0-or-later
-- What cold-migrate looks for on the destination: cold/check.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local storage = require "cold.check"

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
    xml = "<domain><devices><interface type='network'><source network='default'/></interface></devices></domain>" }
  raises("failed", "^b: no virsh is installed", storage.missing_storage, about)
  virsh "echo 'cannot connect' >&2; exit 1"
  os.execute(("chmod +x '%s/virsh'"):format(dir))
  raises("failed", "^b: cannot connect", storage.missing_storage, about)
  virsh "printf 'default2\n\n'"
  raises("not-found", "^b has no network default$", storage.missing_storage, about)
  virsh "printf 'other\ndefault\n\n'"
  equal(#storage.missing_storage(about).networks, 0)
end)
