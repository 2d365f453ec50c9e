-- SPDX-License-Identifier: GPL-3.0-or-later
-- What cold-migrate looks for on the destination: cold/check.lua.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, raises = check.test, check.equal, check.raises
local storage = require "cold.check"

test("a node whose networks cannot be asked is not one without the network", function()
  local about = { dest = "b", files = {}, options = { map = {} },
    xml = "<domain><devices><interface type='network'><source network='default'/></interface></devices></domain>" }
  local function net_info(fn)
    rawset(mig, "net_info", function(args)
      equal(args[1], "default")
      equal(args.node, "b")
      return fn()
    end)
  end
  net_info(function()
    mig.error { code = "unreachable", msg = "node b: cannot connect" }
  end)
  raises("unreachable", "^node b: cannot connect", storage.missing_storage, about)
  net_info(function()
    mig.error { code = "not-found", msg = "node b: failed to get network 'default'" }
  end)
  raises("not-found", "^b has no network default$", storage.missing_storage, about)
  about.options.clone = true
  equal(storage.missing_storage(about).networks[1], "default")
  net_info(function()
    return { { name = "default", active = false } }
  end)
  equal(#storage.missing_storage(about).networks, 0)
end)
