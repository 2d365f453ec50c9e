-- SPDX-License-Identifier: GPL-3.0-or-later
-- Is a guest as a move has to leave it? The contract of guest/contract.lua, at any time: of what the nodes say, and of
-- what the journal of its last move says that it was before. Nothing is changed on any node.
local contract = require "guest.contract"
local evidence = require "guest.evidence"
local identity = require "guest.identity"
local line = require "lib.line"
local node = require "lib.node"
local report = require "migsh.report"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"

-- What there is -------------------------------------------------------------------------------------------------------

-- The node that a text names behind its last @, and what is before it.
local function split(text)
  local name, at = text:match "^(.+)@([^@]+)$"
  if name and mig.try(mig.node_show, { at }) then
    return name, at
  end
  return text
end

-- The node on which the guest is: where it was said to be, where it runs, or where the only definition is that no
-- migration has left behind. nil: nothing tells.
local function place_of(v, at)
  local active, usable = {}, {}
  for name, row in pairs(v.rows) do
    active[#active + 1] = whereabouts.is_active(row) and name or nil
    usable[#usable + 1] = not xml.is_moved(row.mark) and name or nil
  end
  local likely = active[1] and active or usable
  return at or #likely == 1 and likely[1] or nil
end

local MOVES = { ["live-migrate"] = true, ["cold-migrate"] = true, ["import-domain"] = true }

-- Its last move that came to an end, by the journals of this console.
local function last_move(list)
  for i = #list, 1, -1 do
    if MOVES[list[i].command] and list[i].state == "done" then
      return list[i]
    end
  end
end

local function gather(text)
  local name, at = split(text)
  local uuid, found, all, open = identity.find(name, at)
  local v = contract.facts(evidence.rows(uuid, at and { at } or {}))
  v.domain, v.uuid, v.open, v.last = found.copies[1] and found.copies[1].name or name, uuid, open, last_move(all)
  v.node = place_of(v, at)
  v.here = v.node and v.rows[v.node]
  v.runs = v.here ~= nil and whereabouts.is_active(v.here)
  v.answered = {}
  local silent = {}
  for _, s in ipairs(v.silent) do
    silent[s.node] = true
  end
  for _, hypervisor in ipairs(whereabouts.hypervisors()) do
    v.answered[#v.answered + 1] = not silent[hypervisor] and hypervisor or nil
  end
  v.on = v.node and uuid .. "@" .. v.node
  return v
end

-- What can be checked of any guest ------------------------------------------------------------------------------------

local function check_answers(v, check)
  local lines = {}
  for _, s in ipairs(v.silent) do
    lines[#lines + 1] = ("%s: %s"):format(s.node, s.msg)
  end
  check("answers", #lines == 0, "every node answers", table.concat(lines, "\n"), true)
end

local function check_place(v, check)
  if not v.node then
    check("running", false, "is on one node", contract.active_text(v) .. "\n" .. contract.defined_text(v))
  elseif v.runs or #v.active > 0 then
    contract.runs(check, v, v.node)
  else
    contract.is_off(check, v, v.node)
  end
end

local function check_definitions(v, check)
  local others = {}
  for name, row in pairs(v.rows) do
    others[#others + 1] = name ~= v.node and not xml.is_moved(row.mark) and name or nil
  end
  table.sort(others)
  check("defined", v.here and v.here.persistent, "is defined on " .. v.node)
  check("others", #others == 0, "every other definition is marked as moved", "not marked on: "
    .. table.concat(others, ", "))
  check("mark", v.here and not xml.is_moved(v.here.mark), "is not marked as moved itself", v.here and v.here.mark
    and ("marked as moved to %s by journal %s"):format(v.here.mark.node, v.here.mark.journal) or "it is not there")
end

local function check_autostart(v, check)
  local hosts, here = {}, v.here and v.here.autostart
  for name, row in pairs(v.rows) do
    hosts[#hosts + 1] = row.autostart and name or nil
  end
  table.sort(hosts)
  check("autostart", #hosts == (here and 1 or 0), here and ("starts with %s, and with no other host"):format(v.node)
    or "starts with no host", "starts with: " .. table.concat(hosts, ", "))
end

-- A saved state would be restored on disks that the running guest has written to since.
local function check_saves(v, check)
  local saved, unknown = {}, {}
  for _, name in ipairs(v.answered) do
    local own = name == v.node and not v.runs
    local there, path, err = evidence.is_saved(name, v.rows[name], v.domain)
    saved[#saved + 1] = there and not own and ("%s: %s"):format(name, path) or nil
    unknown[#unknown + 1] = err and not v.rows[name] and ("%s: %s"):format(name, err.msg) or nil
  end
  check("saves", #saved + #unknown == 0, "no old saved state is left", table.concat(saved[1] and saved or unknown,
    "\n"), not saved[1])
end

local function check_journals(v, check)
  local lines = {}
  for _, j in ipairs(v.open) do
    lines[#lines + 1] = ("%s: %s, %s"):format(j.id, j.command, j.state)
  end
  check("journals", #lines == 0, "nothing is unfinished with it", table.concat(lines, "\n"))
end

-- {[target] = source} of its disks.
local function disks_of(v, inactive)
  local disks = {}
  for _, block in ipairs(mig.domblklist { v.on, inactive = inactive or nil }) do
    disks[block.target] = block.device == "disk" and block.source ~= mig.null and block.source or nil
  end
  return disks
end

-- It runs from what its definition names.
local function check_named(v, check)
  local lines, live, defined = {}, disks_of(v), disks_of(v, true)
  local targets = {}
  for _, disks in ipairs { live, defined } do
    for target in pairs(disks) do
      targets[target] = true
    end
  end
  for target in pairs(targets) do
    if live[target] ~= defined[target] then
      lines[#lines + 1] = ("%s: runs from %s, defined is %s"):format(target, live[target] or "nothing",
        defined[target] or "nothing")
    end
  end
  table.sort(lines)
  check("named", #lines == 0, "runs from the disks that its definition names", table.concat(lines, "\n"))
end

local MADE_AT_START = { nvram = true, tpm = true, save = true }

local function check_files(files, check)
  local missing, unknown = {}, {}
  for _, file in ipairs(files) do
    local text = ("%s (%s)"):format(file.path ~= mig.null and file.path or file.volume ~= mig.null and file.volume
      or file.name, file.target ~= mig.null and file.target or file.kind)
    if file.exists == false and not MADE_AT_START[file.kind] then
      missing[#missing + 1] = text .. " is not there"
    elseif file.exists == mig.null and file.type ~= "network" then
      unknown[#unknown + 1] = ("%s: %s"):format(text, file.problem ~= mig.null and file.problem or "not known")
    end
  end
  check("disks", #missing + #unknown == 0, "all of its files are there", table.concat(missing[1] and missing
    or unknown, "\n"), not missing[1])
end

-- Those of its disks that are its own: others may read a CD-ROM's image, a base, and what is shareable.
local function users_of_disks(v, files)
  local lines = {}
  for _, file in ipairs(files) do
    if file.kind == "disk" and file.exists == true and not file.shareable and not users.are_common(file) then
      local there = node.stat(v.node, file.path)
      for _, user in ipairs(there and users.of(v.node, file.path, there.inode, { uuid = v.uuid, running = v.runs,
        nodes = v.answered }) or {}) do
        lines[#lines + 1] = ("%s: %s"):format(file.path, user)
      end
    end
  end
  return lines
end

local function check_disks(v, check)
  local files, err = mig.try(mig.domfiles, { v.on })
  if err then
    check("disks", false, "all of its files are there", err.msg, true)
    return
  end
  check_files(files, check)
  local used, why = mig.try(users_of_disks, v, files)
  check("used", used and #used == 0, "nobody else uses its disks", why and why.msg or table.concat(used, "\n"), why)
end

-- What its last move promised -----------------------------------------------------------------------------------------

local function check_source(v, check, about, undefined)
  local row = v.rows[about.source]
  local kept = (about.before == nil or about.before.persistent) and not undefined
  check("source", kept and row and xml.is_moved(row.mark) or not kept and not row, (kept
    and "its definition on %s is marked as moved" or "is not defined on %s"):format(about.source), row
    and "it is defined there" .. (row.mark and "" or ", without a mark") or "it is not defined there")
end

-- libvirt tells that a guest has run on without a break only as long as its daemon lives: else nothing is said of it.
local UNBROKEN = { migrated = true, ["post-copy"] = true }
local BROKEN = { booted = true, restored = true, crashed = true, ["from snapshot"] = true }

local function check_move(v, check)
  local about = v.last.about
  local o = about.options or about.args or {}
  if about.xml then
    local now = mig.try(mig.dumpxml, { v.on, inactive = true })
    local before = about.options and xml.map(about.xml, about) or about.xml
    contract.same_definition(check, before, now, about.options and #about.options.map > 0 and ", adapted" or nil)
  end
  if about.source and about.source ~= mig.null then
    check_source(v, check, about, o.undefine_source)
  end
  local before = about.before and about.before.autostart
  if not about.before then
    before = about.autostart
  end
  if before ~= nil and v.here then
    check("starts", v.here.autostart == before, before and "starts with its host, as before"
      or "has no autostart, as before", ("autostart on %s: %s"):format(v.node, tostring(v.here.autostart)))
  end
  if v.last.command == "live-migrate" and v.runs and (UNBROKEN[v.here.reason] or BROKEN[v.here.reason]) then
    check("unbroken", UNBROKEN[v.here.reason], "was not restarted since", "reason: " .. v.here.reason)
  end
end

-- Of a move that no journal here tells of: what it left behind is what it was before. (cold-migrate may have been asked
-- to adapt it, which only its journal knows.)
local function check_left(v, check)
  for name, row in pairs(v.rows) do
    local mark = row.mark
    if xml.is_moved(mark) and mark.node == v.node and (mark.journal or ""):find("-live-migrate-", 1, true) then
      local before = mig.try(mig.dumpxml, { v.uuid .. "@" .. name, inactive = true })
      if before then
        contract.same_definition(check, before, mig.try(mig.dumpxml, { v.on, inactive = true }), " as " .. name
          .. " has left")
      end
    end
  end
end

-- --------------------------------------------------------------------------------------------------------------------

local function judge(v)
  local checks, check = contract.new()
  check_place(v, check)
  check_answers(v, check)
  if v.node then
    check_definitions(v, check)
  end
  check_autostart(v, check)
  check_saves(v, check)
  check_journals(v, check)
  if v.here then
    if v.runs and v.here.persistent then
      check_named(v, check)
    end
    check_disks(v, check)
  end
  v.compared = v.here ~= nil and v.last ~= nil and v.last.about.dest == v.node
  if v.compared then
    check_move(v, check)
  elseif v.here then
    check_left(v, check)
  end
  return checks
end

local function run(a)
  local v = gather(a.domain)
  local checks = judge(v)
  local failed, unknown = contract.bad(checks)
  local said = {}
  said[1] = failed[1] and "check failed: " .. table.concat(failed, "; ")
  said[#said + 1] = unknown[1] and "not known: " .. table.concat(unknown, "; ") or nil
  local result = { domain = v.domain, uuid = v.uuid, node = v.node or mig.null, ok = #said == 0, checks = checks,
    journal = v.compared and v.last.id or nil, verdict = #said == 0 and "ok" or table.concat(said, "; ") }
  local text = report.verification(result)
  if not result.ok then
    mig.error { code = "verdict", msg = mig.line(("%s: %s"):format(v.domain, result.verdict)), hint = failed[1]
      and ("%s tells what is safe to do, audit names what else is wrong"):format(line.of("cleanup", v.domain)) or nil,
      value = result, text = text }
  end
  return result, text
end

return {
  description = "verify that a domain is as a move has to leave it",
  group = "Migration",
  help = [[
Asks every hypervisor of the inventory, at any time: the domain runs on one node (NODE, if that is named) and nowhere
else, or is off and defined there; every other definition of it is marked as moved; it starts with one host; its files
are there, it runs from those that its definition names, and nobody else names its disks or has them open; no saved
state of it is left anywhere, and no undertaking of it unfinished. If a journal here tells how it last came to that
node, also: its definition is what it was before, the source was kept or undefined as was asked, and, as long as
libvirt can tell, it was not restarted since. Of a live-migrate of another console: its definition is what the source
has left. Changes nothing. What a node that keeps silent may have is not known, and
said so. Exit status 12 if a check fails or could not be made.]],
  example = "verify share\n--json verify share@dest",
  args = {
    { name = "domain", type = "domain", required = true, positional = true, help = "NAME[@NODE], or its uuid" },
  },
  run = run,
}
