-- SPDX-License-Identifier: GPL-3.0-or-later
-- Kernel parameters of a node, as it runs: no file is written, so a reboot takes them back as well.
local sysctl = {}

-- The value as text.
function sysctl.get(name, key)
  return (mig.node(name):run { "sysctl", "-n", "--", key }:gsub("%s+$", ""))
end

-- From one value to another, in one go with the look. "swapped"; "other" and the value that it has instead; "refused"
-- and why the node does not set it.
function sysctl.swap(name, key, from, to)
  local out = mig.node(name):tool("sysctl_swap", key, from, to)
  local state, rest = out:match "^(%l+) ?(.-)\n$"
  if state ~= "swapped" and state ~= "other" and state ~= "refused" then
    mig.error { code = "failed", msg = ("%s: %s: unexpected output %q"):format(name, key, out) }
  end
  return state, rest
end

return sysctl
