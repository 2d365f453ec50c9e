-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is done when a guest has moved: both hosts' system logs tell it. In a directory of recipes (as
-- ~/.config/migsh/recipes) it is run by `live-migrate share dest --post tell-hosts`, and is a command of its own, too.
-- Whatever of domain, source and dest a recipe takes it is given; that it fails is told, and no more.
return {
  description = "tell in the system logs of both hosts that a domain has moved",
  example = "tell-hosts --domain share --source source --dest dest",
  args = {
    { name = "domain", type = "string", required = true, help = "which" },
    { name = "source", type = "node", required = true, help = "where it was" },
    { name = "dest", type = "node", required = true, help = "where it is" },
  },
  run = function(a)
    local text = ("guest %s has moved from %s to %s"):format(a.domain, a.source, a.dest)
    for _, name in ipairs { a.source, a.dest } do
      mig.node(name):run { "logger", "-t", "migsh", "--", text }
    end
  end,
}
