-- SPDX-License-Identifier: GPL-3.0-or-later
-- The steps of cold-migrate up to the definition on the destination, made from what facts.lua found. Until the guest is
-- started there the source stays whole: every step can be taken back. What is not ours is never written to or removed:
-- a copy gets its name only if nothing has it, a definition of ours bears our mark.
local chain = require "lib.image_chain"
local check = require "cold.check"
local clones = require "lib.clones"
local copy = require "cold.copy"
local facts = require "cold.facts"
local users = require "guest.users"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local steps = {}

local POLL_MS, AGAIN_MS = 100, 10000

local fail = mig.fail

local function on(about, where)
  return about.uuid .. "@" .. about[where]
end

-- Shutdown ------------------------------------------------------------------------------------------------------------

local function wait_until_off(about, limit_ms)
  local waited = 0
  while true do
    local info = whereabouts.on(about.source, about.uuid)
    if not info or info.state == "shut off" then
      return true
    elseif waited >= limit_ms then
      return false
    end
    mig.sleep(POLL_MS)
    waited = waited + POLL_MS
    if waited % AGAIN_MS == 0 then -- a guest that was booting when it was asked has not heard it
      mig.try(mig.shutdown, { on(about, "source") })
    end
  end
end

-- After its time is up: true if it may be destroyed.
local function may_destroy(about)
  if about.options.destroy_after then
    return true
  end
  local yes, err = mig.try(mig.ask, ("%s has not shut down within %g s. Destroy it, as if its power were cut? "
    .. "(yes/no) "):format(about.domain, about.options.timeout / 1000))
  if err and err.code ~= "auth" then
    error(err, 0)
  end
  return yes
end

local function shut_down(tx)
  local about = tx.about
  if about.autostart then -- it must not start by itself while it is copied
    mig.autostart { on(about, "source"), disable = true }
  end
  local info = whereabouts.on(about.source, about.uuid)
    or fail("not-found", nil, "%s is not on %s any more", about.domain, about.source)
  if info.state == "shut off" then
    return { detail = about.running and "is off" or "was off" }, not about.autostart
  end
  if tx.watches then
    tx.watches:mark "shutdown"
  end
  mig.shutdown { on(about, "source") }
  if wait_until_off(about, about.options.timeout) then
    return { detail = "shut down" }
  elseif not may_destroy(about) then
    fail("timeout", "a longer --timeout, or --destroy-after, which cuts its power then",
      "%s does not shut down: it still runs on %s", about.domain, about.source)
  end
  mig.destroy { on(about, "source") }
  return { detail = "destroyed, as it did not shut down in time" }
end

-- Another console, whose journals we do not see, may have moved it meanwhile: then what is here is what that one left,
-- and must not run again by itself.
local function moved_by_another(tx)
  local text, err = mig.try(mig.dumpxml, { on(tx.about, "source"), inactive = true })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  local mark = text and xml.mark(text)
  return not text or mark ~= nil and mark.role == "moved" and mark.journal ~= tx.id
end

local function undo_shutdown(tx)
  local about = tx.about
  if moved_by_another(tx) then
    tx:say(("%s was moved away from %s by another workflow: it is left alone"):format(about.domain, about.source))
    return "left alone"
  end
  if about.autostart then
    mig.autostart { on(about, "source") }
  end
  local info = whereabouts.on(about.source, about.uuid)
  if about.running and info and info.state == "shut off" then
    whereabouts.assert_off(about.uuid, about.domain, { force = tx:forced() })
    mig.start { on(about, "source"), force = tx:forced() or nil }
    return "runs on " .. about.source .. " again"
  end
end

local function read_xml(tx)
  local about = tx.about
  local now = mig.dumpxml { on(about, "source"), inactive = true }
  local differences = xml.differences(about.xml, now)
  if #differences > 0 then
    fail("state", "take it back and start again", "the definition of %s was changed in the meantime:\n%s", about.domain,
      table.concat(differences, "\n"))
  end
  return { detail = ("%d bytes"):format(#now) }
end

-- Storage -------------------------------------------------------------------------------------------------------------

local function make_storage(tx, step)
  local about, made = tx.about, {}
  local missing = check.missing_storage(about)
  for _, kind in ipairs(clones.kinds) do
    for _, name in ipairs(missing[kind]) do
      clones[kind].make(about.source, about.dest, name)
      made[#made + 1] = clones[kind].noun .. " " .. name
    end
  end
  for _, dir in ipairs(missing.directories) do
    mig.node(about.dest):tool("dir_make", dir)
    made[#made + 1] = dir
  end
  step.made = made
  return { detail = #made > 0 and table.concat(made, ", ") or "all is there" }, #made == 0
end

local function undo_storage(tx, _, record)
  local about, plan = tx.about, record.about
  for k = #clones.kinds, 1, -1 do
    local kind = clones.kinds[k]
    local names = plan[kind] or {} -- in an older journal not all are
    for i = #names, 1, -1 do
      users.assert_none(about.dest, kind, names[i], about.uuid) -- others may have come since
      clones[kind].remove(about.dest, names[i])
    end
  end
  for i = #plan.directories, 1, -1 do
    mig.node(about.dest):tool("dir_remove", plan.directories[i])
  end
end

-- What is about to be made, and what an interrupted attempt may have made already.
local function about_storage(tx, _, last)
  local plan = check.missing_storage(tx.about)
  for kind, list in pairs(last and last.about or {}) do
    if type(list) == "table" and plan[kind] then
      local seen = {}
      for _, name in ipairs(plan[kind]) do
        seen[name] = true
      end
      for _, name in ipairs(list) do
        plan[kind][#plan[kind] + 1] = not seen[name] and name or nil
      end
    end
  end
  return plan
end

-- Definition ----------------------------------------------------------------------------------------------------------

local function is_ours(tx, text)
  local mark = text and xml.mark(text)
  return mark and mark.role == "copy" and mark.journal == tx.id
end

local function dest_xml(tx)
  local text, err = mig.try(mig.dumpxml, { on(tx.about, "dest"), inactive = true })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return text or nil
end

local function define(tx)
  local about = tx.about
  whereabouts.assert_off(about.uuid, about.domain, { force = tx:forced() })
  copy.assert_untouched(tx)
  copy.forget_temporaries(tx)
  chain.check(about, chain.copied(tx), false)
  copy.refresh(about, about.dest, "to")
  local there = dest_xml(tx)
  if there and not is_ours(tx, there) and not facts.is_retired(there, about.retired) then
    fail("exists", ("undefine it there if nobody needs it: undefine %s@%s"):format(about.domain, about.dest),
      "%s has a definition of %s already", about.dest, about.domain)
  end
  local text, diff = xml.map(mig.dumpxml { on(about, "source"), inactive = true, security_info = true }, about)
  if diff ~= "" then
    tx:say("adapted to " .. about.dest .. ":\n" .. diff)
  end
  xml.define(xml.marked(text, { role = "copy", journal = tx.id, node = about.source }), about.dest)
  return { detail = diff ~= "" and "adapted" or nil }
end

local function undo_define(tx)
  local about = tx.about
  local there = dest_xml(tx)
  if not there then
    return "was not there"
  elseif not is_ours(tx, there) then
    tx:say(("the definition on %s is not the one that was made: it is left alone"):format(about.dest))
    return "left alone"
  end
  local info = whereabouts.on(about.dest, about.uuid)
  if whereabouts.is_active(info) then
    fail("state", "migrate it back instead", "%s is %s on %s", about.domain, info.state, about.dest)
  elseif about.retired then
    local ours = mig.dumpxml { on(about, "dest"), inactive = true, security_info = true }
    xml.define(xml.with_passwords(about.retired.xml, ours), about.dest) -- the journal has no password
    return "as it was before"
  end
  xml.undefine(on(about, "dest"), there)
end

-- --------------------------------------------------------------------------------------------------------------------

function steps.first(about)
  local list = {
    { name = "check", title = ("%s: %s -> %s"):format(about.domain, about.source, about.dest), harmless = true,
      run = function()
        return check.run(about)
      end },
    { name = "shutdown", title = about.running and "shut down on " .. about.source or "off on " .. about.source,
      about = { node = about.source, running = about.running, autostart = about.autostart }, run = shut_down,
      undo = undo_shutdown },
    { name = "dumpxml", title = "the definition on " .. about.source, harmless = true, run = read_xml },
    { name = "storage", title = "the pools, networks and so on that it needs on " .. about.dest, about = about_storage,
      run = make_storage, undo = undo_storage },
  }
  for i, file in ipairs(about.files) do
    list[#list + 1] = { name = "copy", key = file.path, title = ("%s (%s)"):format(file.to, file.target or file.kind),
      about = function(tx, _, record)
        return copy.about(tx, i, file, record)
      end,
      run = function(tx)
        return copy.run(tx, i, file)
      end,
      undo = function(tx, _, record)
        return copy.undo(tx, i, file, record)
      end }
  end
  list[#list + 1] = { name = "define", title = "on " .. about.dest, about = { node = about.dest }, run = define,
    verify = function(tx)
      return is_ours(tx, dest_xml(tx))
    end,
    undo = undo_define }
  return list
end

return steps
