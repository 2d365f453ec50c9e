-- SPDX-License-Identifier: GPL-3.0-or-later
-- All that is known of one migration: as text, Markdown or a page (record/).
local admin = require "lib.admin"
local html = require "record.html"
local markdown = require "record.markdown"
local report = require "migsh.report"
local runs = require "record.runs"
local text = require "record.text"

local fail = mig.fail

-- At once, under its name; what has that name and is no report stays.
local function write(path, page, overwrite)
  local at = admin.realpath(path:match "^(.*)/[^/]*$" or ".") .. "/" .. path:match "[^/]*$"
  local may = overwrite or admin.begins_with(at, html.MARK)
  local temporary = admin.run { "mktemp", "--", at:match "^.*/" .. ".migsh-report.XXXXXXXX" }:sub(1, -2)
  local _, err = mig.try(function()
    admin.write(temporary, page)
    if may then
      admin.run { "mv", "-fT", "--", temporary, at }
    else
      local made, why = mig.try(admin.run, { "ln", "-T", "--", temporary, at })
      if not made then
        local taken = admin.exists(at)
        fail(taken and "exists" or "io", taken and "--overwrite replaces it" or nil, "%s", taken and path
          .. " is there, and is no report of migsh" or why.msg)
      end
    end
    return true
  end)
  os.remove(temporary)
  if err then
    error(err, 0)
  end
  return at
end

local function run(a)
  local found = runs.get(a.id)
  if a.html then
    local page = html.page(found)
    local path = write(a.html, page, a.overwrite)
    return { id = found.id, file = path, bytes = #page }, ("%s: %s\n"):format(mig.line(path), report.bytes(#page))
  end
  return found, a.markdown and markdown.page(found) or text.page(found)
end

return {
  description = "show all that is known of a migration",
  group = "Migration",
  help = [[
What its journal keeps: the report as it was when it ended, and what was done on which node. --json is the record.
--html writes one page to a file, which needs no script and fetches nothing: round trips with the outage, the memory
that remained by pass with what goes within the limit, bandwidth and dirty rate, where the outage went, what the policy
did, the checks and the steps. The file appears at once; one that is there and is no such page is left as it is, unless
--overwrite. log lists the ids; last is the newest. Of older journals there are the steps and the times alone.]],
  example = "report last\nreport 20261121-041914.120-live-migrate-3fa9c1 --html share.html\nreport last --markdown",
  args = {
    { name = "id", type = "any-journal", required = true, positional = true,
      help = "which run, as log names it, or last" },
    { name = "html", type = "path", excludes = "markdown", help = "write a page to that file" },
    { name = "markdown", type = "bool", help = "as Markdown" },
    { name = "overwrite", type = "bool", needs = "html", help = "even over a file that is something else" },
  },
  run = run,
}
