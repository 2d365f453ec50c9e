-- SPDX-License-Identifier: GPL-3.0-or-later
-- A recipe behind a migration, for care.lua: it is given what it takes, and nothing else.
return {
  description = "take what is told",
  example = "care-post --domain vm",
  args = { { name = "domain", help = "which" }, { name = "source", help = "from where" },
    { name = "other", help = "nobody tells it" } },
  run = function(a)
    if a.domain ~= "test" or a.source ~= "nobody" or a.other then
      mig.fail("failed", nil, "it was told %s, %s, %s", tostring(a.domain), tostring(a.source), tostring(a.other))
    end
  end,
}
