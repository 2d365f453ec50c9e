-- SPDX-License-Identifier: GPL-3.0-or-later
-- A check of one's own for preflight, live-migrate and cold-migrate: no host runs more than ten guests. It is used from
-- $XDG_CONFIG_HOME/migsh/recipes/checks/; scripts/preflight/judge.lua tells what a check may see and say.
local MOST <const> = 10

return { id = "crowd", title = "the destination has room for another guest", level = "warn", needs = { "dest.domains" },
  judge = function(c)
    local n = 0
    for _, domain in ipairs(c.dest.domains) do
      n = n + (domain.state == "running" and 1 or 0)
    end
    if n >= MOST then
      return { seen = ("%d guests run there"):format(n), wanted = ("fewer than %d"):format(MOST),
        remedy = ("targets %s tells where else it could go"):format(c.guest.name) }
    end
  end }
