-- SPDX-License-Identifier: GPL-3.0-or-later
-- Writes pages of the results of results.lua into the directory given: empty.html, hostile.html, huge.html and, of the
-- newest run, full.html.
local folder = arg[0]:match "^(.*)/"
local results = dofile(folder .. "/results.lua")
local keep = require "record.keep"

local about = { domain = "share", source = "source", dest = "dest" }
for _, name in ipairs { "empty", "hostile", "huge", "full" } do
  local id = results.journal("live-migrate", about, "done", function(tx)
    keep.run(tx, results[name] and results[name]() or {})
  end)
  mig.report { id, html = ("%s/%s.html"):format(arg[1], name) }
end
