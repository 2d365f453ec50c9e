-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where is a domain really, after something went wrong, and what is the one safe thing to do? Judges by what every node
-- answers and by the journals; a node that does not answer decides: nothing is done. Never ends one of two that run.
local identity = require "guest.identity"
local journals = require "guest.journals"
local leftovers = require "guest.leftovers"
local lists = require "lib.list"
local node = require "lib.node"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"

local fail = mig.fail

-- What there is -------------------------------------------------------------------------------------------------------

-- What its copies left in the directories on a node where its files are or were to be, as far as that is of no use any
-- more. v.unseen: the nodes that have no ssh login.
local function find_parts(v)
  local parts = mig.array {}
  local index = journals.index(v.journals)
  for _, name in ipairs(v.nodes) do
    local paths = {}
    for _, copy in ipairs(v.copies) do
      if copy.node == name then
        for _, block in ipairs(mig.domblklist { v.uuid .. "@" .. name, inactive = not whereabouts.is_active(copy) }) do
          paths[#paths + 1] = block.source ~= mig.null and block.source or nil
        end
      end
    end
    for _, dir in ipairs(leftovers.directories(name, paths, v.journals)) do
      local list, err = mig.try(leftovers.find, name, dir, index)
      if err and err.code == "unsupported" then
        v.unseen[#v.unseen + 1] = name
        break
      end
      for _, part in ipairs(list or error(err, 0)) do
        parts[#parts + 1] = leftovers.is_useless(part) and { node = name, path = part.path, journal = part.journal.id,
          state = part.journal.state } or nil
      end
    end
  end
  return parts
end

local function look(text)
  local uuid, found, all, open, records = identity.find(text)
  local v = { domain = text, uuid = uuid, silent = mig.array(found.silent), unseen = mig.array {}, journals = all,
    open = open, records = records, unended = table.move(records, 1, #records, #open + 1, { table.unpack(open) }),
    nodes = {} }
  local is_silent = {}
  for _, silent in ipairs(found.silent) do
    is_silent[silent.node] = true
  end
  for _, name in ipairs(whereabouts.hypervisors()) do
    v.nodes[#v.nodes + 1] = not is_silent[name] and name or nil
  end
  found = whereabouts.of_uuid(uuid, v.nodes) -- it may have another name elsewhere; nobody waits for a silent node twice
  table.move(found.silent, 1, #found.silent, #v.silent + 1, v.silent)
  v.copies = mig.array(found.copies)
  for _, copy in ipairs(v.copies) do
    local info = mig.dominfo { uuid .. "@" .. copy.node }
    v.domain, copy.autostart, copy.persistent = copy.name, info.autostart, info.persistent
    local mark = xml.mark(mig.dumpxml { uuid .. "@" .. copy.node, inactive = info.persistent or nil })
    copy.role, copy.moved_to = mark and mark.role, mark and mark.role == "moved" and mark.node or nil
  end
  v.parts = find_parts(v)
  return v
end

-- What it means -------------------------------------------------------------------------------------------------------

-- Each judge may return {verdict, why, act = {what, run}}; the first that does has decided.
local judges = {}

function judges.silent(v)
  local s = v.silent[1]
  if s then
    return { verdict = "unknown", why = ("%s does not answer, and may run it: nothing is done until it does (%s)")
      :format(s.node, s.msg) }
  end
end

function judges.at_work(v)
  for _, j in ipairs(v.unended) do
    if j.state == "running" then
      return { verdict = "busy", why = ("another console is at work: %s, journal %s"):format(j.command, j.id) }
    end
  end
end

local function split(v)
  local running, paused = {}, {}
  for _, copy in ipairs(v.copies) do
    if whereabouts.is_active(copy) then
      local list = copy.state == "paused" and paused or running
      list[#list + 1] = copy
    end
  end
  return running, paused
end

function judges.several(v)
  local running, paused = split(v)
  if #running + #paused < 2 then
    return nil
  end
  local r, p = running[1], paused[1]
  if #running == 1 and #paused == 1 and p.reason == "migrating" and r.reason == "migrated" then
    return { verdict = "leftover", why = ("it moved to %s and runs there; %s holds what it was before"):format(r.node,
      p.node), act = { what = ("destroy the paused one on %s"):format(p.node), run = function()
        local now = whereabouts.on(r.node, v.uuid)
        if not now or now.state ~= "running" then
          fail("state", nil, "%s does not run on %s any more: nothing was done", v.domain, r.node)
        end
        mig.destroy { v.uuid .. "@" .. p.node }
      end } }
  end
  return { verdict = "split", why = "it is active on several nodes, which may both write to its disks: look at both, "
    .. "save what is in the one that nobody uses, then destroy that one. migsh never chooses" }
end

local WAYS = {
  forward = { word = "resume ", run = mig.transaction_resume },
  back = { word = "rollback ", run = mig.transaction_rollback },
}

local function close(j)
  return { what = ("rollback %s --forget, which touches nothing"):format(j.id), run = function()
    mig.transaction_rollback(j.id, true)
  end }
end

-- The undertaking itself judges, by what is so on the nodes (guest/truth.lua).
function judges.unfinished(v)
  local j = v.open[#v.open]
  if not j then
    return nil
  end
  local judged = mig.transaction_judge(j.id)
  v.believed = judged.why
  local found = { verdict = judged.verdict == "unknown" and "unknown" or "unfinished", why = ("%s of it to %s was not "
    .. "finished (%s): %s"):format(j.command, j.about.dest, j.state, judged.said) }
  local way = WAYS[judged.verdict]
  if way then
    found.act = { what = way.word .. j.id, run = function()
      way.run(j.id)
    end }
    return found
  elseif judged.verdict == "unknown" then
    return found
  end
  found.verdict = "diverged"
  local active, paused = split(v)
  if #active + #paused == 1 then -- it lives on without the undertaking, which only has to be forgotten
    found.act = close(j)
  else
    found.why = ("%s; once it is settled, rollback %s --forget closes the journal and touches nothing"):format(
      found.why, j.id)
  end
  return found
end

-- One that runs, and another host that would start it as well.
function judges.autostart(v)
  local running = split(v)[1]
  for _, copy in ipairs(v.copies) do
    if running and copy ~= running and not whereabouts.is_active(copy) and copy.autostart then
      return { verdict = "risk", why = ("it runs on %s, and %s would start it too when that host boots"):format(
        running.node, copy.node), act = { what = ("autostart %s@%s --disable"):format(v.domain, copy.node),
          run = function()
            mig.autostart { v.uuid .. "@" .. copy.node, disable = true }
          end } }
    end
  end
end

-- The first name of a copy is a second one of what it became: that goes, and no file with it. A part that was cut off
-- has no other name, and nobody may have it open.
local function remove_part(part)
  local there = node.links(part.node, part.path) == 1 and node.stat(part.node, part.path)
  local needed = there and users.of(part.node, part.path, there.inode) or {}
  if #needed > 0 then
    fail("state", nil, "%s on %s is used by %s: it is left alone", part.path, part.node, table.concat(needed, ", "))
  end
  mig.node(part.node):run { "rm", "-rf", "--", part.path }
end

function judges.parts(v)
  if #v.parts > 0 then
    return { verdict = "leftover", why = ("%d files of copies whose journals are closed"):format(#v.parts),
      act = { what = "remove them", run = function()
        for _, part in ipairs(v.parts) do
          remove_part(part)
        end
      end } }
  end
end

-- Files that the migration made on the other node, and that are there still: nothing says that they are of no use.
local function find_others(v, there)
  local left = {}
  for _, j in ipairs(v.journals) do
    for _, file in ipairs(j.about.dest == there and j.about.files or {}) do
      left[#left + 1] = file.kind == "disk" and file.to ~= mig.null and node.exists(there, file.to) and file.to or nil
    end
  end
  return left
end

-- Only what a migration left behind is defined anywhere. It is the guest again only if the node that it moved to says
-- that it is no more.
local function judge_left_behind(v, copy)
  local where, there = copy.node, copy.moved_to or "a node that is not told"
  if not lists.has(v.nodes, there) then
    return { verdict = "unknown", why = ("it moved to %s, which is not in the inventory or does not answer, and may "
      .. "run there; what is left on %s is older: nothing is done until %s answers"):format(there, where, there) }
  end
  local left = find_others(v, there)
  if left[1] then
    return { verdict = "ambiguous", why = ("it moved to %s, which does not define it any more, but has its disks still "
      .. "(%s); what is left on %s is older. Define it there again, or remove them there if they are of no use"):format(
      there, table.concat(left, ", "), where) }
  end
  return { verdict = "leftover", why = ("it moved to %s, where neither it nor its disks are any more; what is left "
    .. "on %s is as it was then"):format(there, where), act = { what = "make the one on " .. where
    .. " the guest again", run = function()
      local text = mig.dumpxml { v.uuid .. "@" .. where, inactive = true, security_info = true }
      xml.define(xml.unmarked(text), where)
    end } }
end

function judges.off(v)
  local running, paused = split(v)
  local usable = {}
  for _, copy in ipairs(v.copies) do
    usable[#usable + 1] = copy.role ~= "moved" and copy.node or nil
  end
  if #running + #paused == 0 and #usable > 1 then
    return { verdict = "ambiguous", why = ("it is off, and %s define it: nothing tells which of their disks are the "
      .. "guest's; look before one is started, and undefine the others"):format(table.concat(usable, " and ")) }
  elseif #v.copies == 1 and #usable == 0 and #running == 0 then
    return judge_left_behind(v, v.copies[1])
  elseif #running + #paused == 0 and #usable == 0 then
    return { verdict = "ambiguous", why = "only definitions that were left behind by a migration are there" }
  end
end

-- Where the guest is has been settled by then: what is left to do is to say so.
function judges.records(v)
  local j = v.records[1]
  if j then
    return { verdict = "leftover", why = ("the console of a %s to %s was gone before it ended, and nobody has closed "
      .. "its record"):format(j.command, j.about.dest), act = close(j) }
  end
end

local function judge(v)
  for _, name in ipairs { "silent", "at_work", "several", "unfinished", "autostart", "parts", "off", "records" } do
    local found = judges[name](v)
    if found then
      return found
    end
  end
  local running, paused = split(v)
  local at = running[1] or paused[1]
  return { verdict = "clean", why = at and ("it is %s on %s"):format(at.state, at.node)
    or "it is off, as it should be" }
end

-- --------------------------------------------------------------------------------------------------------------------

local function text_of(v, j)
  local lines = { v.domain .. " (" .. v.uuid .. ")" }
  for _, copy in ipairs(v.copies) do
    lines[#lines + 1] = ("  %-12s %s%s%s%s"):format(copy.node, copy.state,
      copy.reason and " (" .. copy.reason .. ")" or "", copy.autostart and ", autostart" or "",
      copy.role == "moved" and ", left behind by a migration" or "")
  end
  for _, silent in ipairs(v.silent) do
    lines[#lines + 1] = ("  %-12s does not answer"):format(silent.node)
  end
  for _, o in ipairs(v.unended) do
    lines[#lines + 1] = ("  journal      %s: %s"):format(o.id, o.state)
  end
  for _, part in ipairs(v.parts) do
    lines[#lines + 1] = ("  %-12s %s, of journal %s"):format(part.node, mig.line(part.path), mig.line(part.journal))
  end
  for _, line in ipairs(v.believed or {}) do
    lines[#lines + 1] = "  " .. mig.line(line)
  end
  for _, name in ipairs(v.unseen) do
    lines[#lines + 1] = ("  %-12s has no ssh login: whether files are left there is not known"):format(name)
  end
  lines[#lines + 1] = ("%s: %s"):format(j.verdict, mig.line(j.why))
  lines[#lines + 1] = j.act and "the way out: " .. mig.line(j.act.what) or nil
  return table.concat(lines, "\n") .. "\n"
end

local function value_of(v, j)
  local value = { domain = v.domain, uuid = v.uuid, copies = v.copies, silent = v.silent, journals = mig.array {},
    parts = v.parts, unseen = v.unseen, evidence = mig.array(v.believed or {}), verdict = j.verdict, why = j.why,
    way_out = j.act and j.act.what or nil, done = false }
  for i, o in ipairs(v.unended) do
    value.journals[i] = { id = o.id, state = o.state, command = o.command }
  end
  return value
end

local function wants(text, what)
  mig.notice((text:gsub("\n$", "")))
  local yes, err = mig.try(mig.ask, ("Do that: %s? (yes/no) "):format(what))
  if err and err.code ~= "auth" then
    error(err, 0)
  end
  return yes
end

local function run(a)
  local v = look(a.domain)
  local j = judge(v)
  local value, text = value_of(v, j), text_of(v, j)
  if j.verdict == "clean" then
    return value, text
  elseif not j.act then
    mig.error { code = "verdict", msg = ("%s: %s"):format(v.domain, j.verdict), value = value, text = text }
  elseif not (a.apply or wants(text, j.act.what)) then
    mig.error { code = "verdict", msg = ("%s: %s, and nothing was done"):format(v.domain, j.verdict), value = value,
      text = text, hint = "--apply does that" }
  end
  j.act.run()
  value.done = true
  return value, a.apply and text .. "done\n" or "done\n"
end

return {
  description = "find where a domain really is after a failure, and the way out",
  group = "Migration",
  help = [[
Asks every hypervisor of the inventory which copies of the domain it defines or runs, reads the journals of unfinished
migrations and looks for files that cut-off copies left. Then it names what that means and the one safe thing to do:
going on, taking back, ending a paused left-over, removing such files, turning an autostart off, closing the record of a
plain migrate whose console was killed. It does that after a yes or with --apply. While a node does not answer nothing
is done, as that node may run the guest; of two that run none is ever chosen. Exit status 12 while something is left to
be done or decided.]],
  example = "cleanup share\ncleanup share --apply",
  args = {
    { name = "domain", type = "domain", required = true, positional = true, help = "its name or uuid" },
    { name = "apply", type = "bool", help = "do it without a question" },
  },
  run = run,
}
