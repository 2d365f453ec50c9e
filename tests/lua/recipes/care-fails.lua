-- SPDX-License-Identifier: GPL-3.0-or-later
-- One that fails.
return {
  description = "fail behind a migration",
  example = "care-fails --dest here",
  args = { { name = "dest", help = "where it is now" } },
  run = function(a)
    mig.fail("state", nil, "it was told %s", a.dest)
  end,
}
