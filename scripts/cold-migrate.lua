-- SPDX-License-Identifier: GPL-3.0-or-later
-- Moves a guest with its disks while it is off: shut down, copied, defined, started and proved on the other node, as
-- one journaled undertaking. What it is about is found by cold/facts.lua; the steps are in cold/.
local check = require "cold.check"
local copy = require "cold.copy"
local downtime = require "cold.downtime"
local facts = require "cold.facts"
local keep = require "record.keep"
local last = require "cold.last"
local metrics = require "record.metrics"
local preflight = require "preflight.text"
local report = require "migsh.report"
local steps = require "cold.steps"
local watches = require "outage.watches"
local xml = require "guest.xml"

local RATE = 100 << 20 -- bytes a second that a plan reckons with, unless --bwlimit says less

local function all_steps(about)
  local list = steps.first(about)
  local after = last.steps(about)
  table.move(after, 1, #after, #list + 1, list)
  return list
end

local function options_of(a)
  local o = { target = a.target, map = a.map }
  for _, name in ipairs { "timeout", "destroy_after", "clone", "undefine_source", "remove_disks", "route", "streams",
    "bwlimit", "compress", "answer_timeout", "no_watch", "interval", "carry_save", "overwrite", "force",
    "allow_host_path", "ignore" } do
    o[name] = a[name]
  end
  return o
end

local function gather(a, text)
  local about = facts.gather(text, a.dest, options_of(a))
  if about.running and #about.options.target == 0 and not a.no_watch then
    local address = watches.address(about.uuid .. "@" .. about.source)
    about.options.target = mig.array { address }
    if not address then
      mig.warn(("%s: no address is known, so neither its offline time nor whether it answers will be told; name one "
        .. "with --target"):format(about.domain))
    end
  end
  return about
end

-- Plan ----------------------------------------------------------------------------------------------------------------

local plan_words = { copy = "copy", shared = "shared, stays where it is", there = "an equal one is there",
  replace = "copy, over the one that an earlier migration left" }

local function action_text(file, there)
  if file.action == "create" then
    return ("copy, into a new volume of pool %s"):format(file.pool)
  elseif file.action == "onto" then
    return ("copy, onto a device of %s that holds %s"):format(report.bytes(there.size), file.holds
      and file.holds .. ", which is lost" or "nothing known")
  end
  return plan_words[file.action]
end

local function plan(a, text)
  local about = gather(a, text)
  local found = check.run(about, true)
  local value = { domain = about.domain, uuid = about.uuid, source = about.source, destination = about.dest,
    state = about.running and "running" or "shut off", files = mig.array {}, bytes = 0 }
  local lines = { ("%s: %s -> %s, %s: plan"):format(about.domain, about.source, about.dest, value.state) }
  for i, file in ipairs(about.files) do
    local action, there = found.actions[i], found.there[i]
    local travels = action ~= "shared" and action ~= "there"
    local bytes = travels and math.min(file.size, file.allocation) or 0
    value.bytes = value.bytes + bytes
    value.files[i] = { kind = file.kind, target = file.target, path = file.path, to = file.to, size = file.size,
      allocation = file.allocation, action = action, device = file.to_block or nil, pool = file.make and file.make.pool,
      holds = action == "onto" and there.holds or nil }
  end
  local rate = a.bwlimit and math.min(a.bwlimit, RATE) or RATE
  value.seconds = value.bytes / rate
  local _, diff = xml.map(about.xml, about)
  value.diff, value.preflight = diff, found.preflight
  local copied = 0
  for _, step in ipairs(all_steps(about)) do
    local detail = ""
    if step.name == "copy" then
      copied = copied + 1
      local file = value.files[copied]
      detail = (": %s, %s of %s"):format(action_text(file, found.there[copied]),
        report.bytes(math.min(file.size, file.allocation)), report.bytes(file.size))
    elseif step.name == "start" and not about.running then
      detail = ": nothing to do"
    end
    lines[#lines + 1] = mig.line(("  %-9s %s%s"):format(step.name, step.title, detail))
  end
  lines[#lines + 1] = ("  in all %s, about %.0f s at %s/s%s"):format(report.bytes(value.bytes), value.seconds,
    report.bytes(math.tointeger(rate) or rate), about.running and "; the guest is off as long" or "")
  return value, ("%s\n%s%s"):format(table.concat(lines, "\n"), preflight.result(found.preflight), diff)
end

-- One domain, and several ---------------------------------------------------------------------------------------------

local function finish(tx)
  local about = tx.about
  local _, err = mig.try(copy.forget_aside, tx)
  if err then
    mig.warn(("what an earlier migration had left on %s is still set aside (%s): cleanup %s removes it"):format(
      about.dest, err.msg, about.domain))
  end
  local value = { domain = about.domain, uuid = about.uuid, source = about.source, destination = about.dest,
    journal = tx.id, state = "done", steps = tx.list, bytes = 0, sent = 0 }
  local proof = tx:outcome "verify"
  value.checks = proof and proof.checks
  local targets
  value.downtime, targets = downtime.stop(tx)
  for _, file in ipairs(about.files) do
    local made = tx:outcome("copy", file.path) or {}
    value.bytes, value.sent = value.bytes + (made.data or 0), value.sent + (made.sent or 0)
  end
  local text = ("%s: %s on %s, %s copied"):format(about.domain, about.running and "runs" or "is defined", about.dest,
    report.bytes(value.bytes))
  if value.downtime then
    text = ("%s; its users waited %s to %s (%s)"):format(text, report.ms(value.downtime.min_ms),
      report.ms(value.downtime.max_ms), value.downtime.target)
  end
  keep.run(tx, { kind = "cold", ok = true, verdict = "ok", bytes = value.sent, outage = value.downtime,
    targets = targets, checks = value.checks })
  return value, text .. "\n"
end

local function one(a, text)
  if a.plan then
    return plan(a, text)
  end
  local about = gather(a, text)
  local _ <close> = metrics.begin(about, a.metrics)
  return mig.transaction("cold-migrate", about)
end

local function several(a, names)
  local values, texts, first, at = mig.array {}, {}, nil, 0
  local function work()
    while at < #names do
      at = at + 1
      local i = at
      local ok, value, text = pcall(one, a, names[i])
      if ok then
        values[i], texts[i] = value, text
      elseif value.code == "cancelled" then
        error(value, 0)
      else
        first = first or value
        values[i] = { domain = names[i], error = { code = value.code, msg = value.msg, hint = value.hint } }
        texts[i] = mig.line(("%s: %s%s"):format(names[i], value.msg, value.hint and " (" .. value.hint .. ")" or ""))
          .. "\n"
      end
    end
  end
  local workers = {}
  for i = 1, math.min(a.parallel, #names) do
    workers[i] = work
  end
  mig.all(workers)
  local text = table.concat(texts)
  if first then
    mig.error { code = first.code, msg = ("not all of %d were moved"):format(#names), value = values, text = text }
  end
  return values, text
end

local function run(a)
  local names, seen = {}, {}
  for name in a.domain:gmatch "[^,]+" do
    if seen[name] then
      mig.error { code = "usage", msg = name .. " is named twice" }
    end
    seen[name], names[#names + 1] = true, name
  end
  a.metrics = metrics.open(a.metrics)
  if a.parallel < 1 then
    mig.error { code = "usage", msg = "--parallel has to be 1 or more" }
  elseif #names == 1 then
    return one(a, names[1])
  end
  return several(a, names)
end

return {
  description = "move a domain with its disks while it is off",
  group = "Migration",
  help = [[
Shuts the guest down (or moves it as it is, if it is off), copies its disks with all that backs them, defines it on the
destination, starts it there if it ran before, and proves that it runs there and nowhere else. Each step is journaled
before it acts: when one fails, the console is killed or Ctrl-C is pressed, resume ID goes on and rollback ID takes back
what was done, from any console. There is no way back once the guest has run on the destination. What lies on storage
that both nodes share is not copied; nothing that is there already is overwritten. A base image or a CD-ROM's image may
be read by other guests meanwhile, and if an equal one is there it is used. A disk on a block device goes onto
the device of that name there, or the device or file that --map path=A:B names; into a logical pool as a new volume. A
device that holds anything is refused unless --overwrite names it; one in use or too small is refused in any case.
Files are written to directories of images only: those of pools, libvirt's own, those where other domains have disks,
those that --map path= names, and such as hold nothing else; not to the system's, whatever the source calls a disk.
The source keeps its disks and its definition, which is marked as moved and does not start by itself any more, unless
--undefine-source and --remove-disks. A device that is no volume of a pool is never removed or wiped.
Offline time is measured from the last answer of the guest before to the first one after.]],
  example = "cold-migrate share dest --plan\ncold-migrate share@source dest --timeout 60 --map bridge=br0:br1\n"
    .. "cold-migrate a,b,c dest --parallel 2 --undefine-source --remove-disks",
  args = {
    { name = "domain", type = "domain", required = true, positional = true,
      help = "what to move: NAME[@NODE][,NAME…]" },
    { name = "dest", type = "node", required = true, positional = true, help = "the node to move it to" },
    { name = "plan", type = "bool", help = "show what would be done, with sizes and times, and touch nothing" },
    { name = "timeout", type = "duration", unit = "s", default = 120, help = "time for the guest to shut down" },
    { name = "destroy-after", type = "bool", help = "after --timeout cut its power, without a question" },
    { name = "map", multi = true,
      help = "what is called otherwise there: pool=A:B,bridge=A:B,network=A:B,path=/A:/B,machine=A:B,emulator=A:B" },
    { name = "overwrite", multi = true,
      help = "a device of the destination that may be written though it holds something" },
    { name = "allow-host-path", multi = true,
      help = "a file or directory of the destination, none of images, that may be written to" },
    { name = "clone", type = "bool",
      help = "give the destination the pools, networks, packet filters and secrets it lacks" },
    { name = "keep-source", type = "bool", excludes = "undefine-source",
      help = "keep definition and disks on the source (the default)" },
    { name = "undefine-source", type = "bool", help = "leave no definition on the source" },
    { name = "remove-disks", type = "bool", needs = "undefine-source",
      help = "remove the files and volumes that were copied" },
    { name = "force", type = "bool", help = "even if a node of the inventory does not answer, which may run it" },
    { name = "carry-save", type = "bool", excludes = "map",
      help = "take the state saved by managedsave along, which names what it was saved with" },
    { name = "ignore", multi = true, help = "a check of preflight, or several with commas between, that may fail" },
    { name = "target", multi = true,
      help = "where the guest has to answer: ADDRESS, HOST:PORT or http://URL (default: its own address)" },
    { name = "answer-timeout", type = "duration", unit = "s", default = 120, help = "how long to wait for that" },
    { name = "interval", type = "duration", help = "time between probes (default 5ms, 50ms with a URL)" },
    { name = "no-watch", type = "bool", help = "do not measure the offline time" },
    { name = "route", type = "enum", choices = { "auto", "direct", "relay" }, default = "auto",
      help = "how the disks travel: from node to node, or through this console" },
    { name = "streams", type = "int", help = "parallel streams of a copy" },
    { name = "bwlimit", type = "size", help = "limit of a copy in bytes a second" },
    { name = "compress", type = "bool", help = "compress on the way" },
    { name = "parallel", type = "int", default = 1, help = "how many domains at a time" },
    metrics.option,
  },
  run = run,
  workflow = function(about)
    return { steps = all_steps(about), finish = finish, truth = last.truth, begun = downtime.start, ended = function(tx)
      if tx.watches then
        tx.watches:close()
      end
      keep.failure(tx)
    end }
  end,
}
