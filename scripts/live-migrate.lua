-- SPDX-License-Identifier: GPL-3.0-or-later
-- Moves a running guest to another node, measures on the wire what its users felt meanwhile, and proves the result. The
-- moving is a workflow of few steps (mig.transaction), so that a console that is killed leaves a journal behind it.
local after = require "care.after"
local announce = require "care.announce"
local cases = require "preflight.case"
local contract = require "guest.contract"
local definition = require "live.definition"
local evidence = require "guest.evidence"
local forecasts = require "forecast.score"
local gate = require "preflight.gate"
local engine = require "policy.engine"
local fix = require "preflight.fix"
local keep = require "record.keep"
local metrics = require "record.metrics"
local outages = require "outage.watches"
local plan = require "live.plan"
local report = require "migsh.report"
local send_queue = require "live.send_queue"
local steer = require "policy.steer"
local storage = require "preflight.storage"
local tls = require "preflight.tls"
local truth = require "guest.truth"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"

local args = {
  { name = "domain", type = "domain", required = true, positional = true, help = "a running domain: NAME[@NODE]" },
  { name = "dest", type = "node", required = true, positional = true, help = "the node to move it to" },
  { name = "max-outage", type = "duration", unit = "s",
    help = "stop it for no longer than that, and fail if its users had to wait longer" },
  { name = "policy", excludes = "as-virsh",
    help = "how it comes to an end: a policy's name, or the file of one of your own (default low)" },
  { name = "deadline", type = "duration", unit = "s", excludes = "as-virsh",
    help = "be there by then (--policy deadline, if no other is named)" },
  { name = "as-virsh", type = "bool", help = "nothing but libvirt's own way, as virsh migrate does it" },
  { name = "shadow", help = "tell what this policy would have done", excludes = "as-virsh" },
  { name = "target", type = "string", multi = true,
    help = "what to watch: ADDRESS, HOST:PORT or http://URL (default: the guest's own address)" },
  { name = "interval", type = "duration", help = "time between probes (default 5ms, 50ms with a URL)" },
  { name = "expect", type = "string", help = "text that a watched URL's page has to contain" },
  { name = "witness", type = "string",
    help = "http:// page whose text a restart would change, such as a boot id; compared" },
  { name = "no-watch", type = "bool", help = "measure nothing on the wire" },
  { name = "no-tls", type = "bool", excludes = "tls", help = "encrypt nothing, whatever certificates there are" },
  { name = "undefine-source", type = "bool", help = "leave no definition on the source" },
  { name = "no-care", type = "bool", help = "afterwards announce, look at and set nothing" },
  { name = "fstrim", type = "bool", excludes = "no-care",
    help = "after its disks were copied let the guest's agent give back what is free on them" },
  { name = "post", multi = true, help = "a recipe that is run when it has moved" },
  { name = "plan", type = "bool", help = "show what was found, the steps and libvirt's flags, and move nothing" },
  { name = "forecast", type = "bool", needs = "plan", help = "measure now what it would cost: takes seconds" },
  { name = "ignore", multi = true, help = "a check of preflight, or several with commas between, that may fail" },
  { name = "fix", type = "bool", help = "mend what can be mended safely; ports are open until it has ended" },
  { name = "clone", type = "bool", help = "first give the destination the networks, secrets and so on that it lacks" },
  metrics.option,
}

-- Options of migrate that are set here, or would leave something else behind than what is verified.
local not_passed = { "plan", "live", "offline", "direct", "verbose", "persistent", "undefinesource", "suspend",
  "postcopy-resume", "dname", "xml", "persistent-xml", "part-of" }

local PLAIN <const> = "virsh" -- the policy that does nothing
local fail = mig.fail

-- The facts before anything is done: all that the journal keeps.
local function gather(a)
  local found = whereabouts.running(a.domain)
  local job = { args = a, domain = found.name, name = found.name, source = found.node, dest = a.dest,
    nodes = { found.node, a.dest }, on_source = found.name .. "@" .. found.node, on_dest = found.name .. "@" .. a.dest }
  if job.source == job.dest then
    fail("usage", nil, "%s is on %s already", job.name, job.dest)
  end
  job.before = mig.dominfo { job.on_source }
  if job.before.state ~= "running" then
    fail("state", "live migration moves a running guest", "%s is %s", job.on_source, job.before.state)
  end
  job.xml = job.before.persistent and mig.dumpxml { job.on_source, inactive = true } or nil
  job.witness = a.witness and mig.fetch(a.witness)
  local there, err = mig.try(mig.dominfo, { job.on_dest })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  if there and whereabouts.is_active(there) then
    fail("exists", there.uuid == job.before.uuid and "both may write to the same disk: look at both, then destroy the "
      .. "one that nobody needs" or nil, "%s is %s, but %s is %s already", job.on_source, job.before.state, job.on_dest,
      there.state)
  end
  evidence.refuse_save(job.dest, job.before.uuid, job.name)
  job.uuid, job.lock, job.dest_before = job.before.uuid, "domain:" .. job.before.uuid, there
  -- libvirt replaces a definition that is there without a word: here it is kept.
  job.dest_xml = there and there.persistent and mig.dumpxml { job.on_dest, inactive = true } or nil
  return job
end

local function open_watches(job, a, case)
  local targets = a.target
  if #targets == 0 then
    targets = { outages.address(job.on_source, case.source.addresses) }
  end
  if #targets == 0 then
    fail("not-found", "name it with --target, or measure nothing with --no-watch", "%s: no address is known", job.name)
  end
  return outages.open { target = targets, interval = a.interval, expect = a.expect }
end

-- Which of the two hosts has the guest now, whatever the records say.
local function judge(tx)
  return truth.judge(evidence.of_live(tx))
end

-- The console that began it is gone: libvirt may have gone on.
local function has_moved(tx)
  local judged = judge(tx)
  if judged.verdict == "forward" then
    return not judged.split
  elseif judged.verdict ~= "back" then
    fail("state", nil, "%s: %s", tx.about.name, judged.said)
  end
  return false
end

-- A post-copy that was broken off is taken up again: there is no other way for the guest.
local function is_split(tx)
  return tx.resumed and judge(tx).split
end

local function copies_disks(job)
  local passed = job.args.passed or {}
  return passed.copy_storage_all or passed.copy_storage_inc
end

-- Judges it before anything is touched: the result, and whether libvirt has to be told that the disks are safe. When it
-- has moved, the way back likewise.
local function judge_way(job, from, to)
  local a = job.args
  local passed = a.passed or {}
  local named = to == job.dest and passed or {} -- what these name is on the destination
  local found, case = gate.look { guests = { job.uuid .. "@" .. from }, dests = { to },
    mode = copies_disks(job) and "storage" or "live", ignore = a.ignore, proved = true,
    options = { clone = a.plan and a.clone, postcopy = passed.postcopy, tls = passed.tls, p2p = passed.p2p,
      tls_destination = named.tls_destination, migrateuri = named.migrateuri, unchecked = passed.copy_storage_unchecked,
      parallel = passed.parallel, disks_port = passed.disks_port, target = #a.target > 0 or a.no_watch or nil } }
  return found, storage.needs_unsafe(case), case
end

-- The policy's engine, and what holds before the migration begins. A journal of before there were any has none.
local function steering(job)
  local a, passed = job.args, job.args.passed or {}
  job.policy = job.policy or PLAIN
  local options = { name = job.policy, max_outage = a.max_outage, max_outage_given = a.max_outage ~= nil,
    deadline = a.deadline and a.deadline / 1000, postcopy = passed.postcopy ~= nil, suspend = true,
    old_limit = job.old_limit, auto_converge = passed.auto_converge ~= nil }
  local policy = steer.load(job.policy)
  return engine.new(policy, options), policy, options
end

local function shadow_of(job, options)
  local name = job.args.shadow
  if name then
    options.name = name
    return engine.shadow(steer.load(name), options)
  end
end

-- start: the engine's.
local function call_of(job, start)
  local a = job.args
  local call = { job.on_source, job.dest, live = true, verbose = true, persistent = not job.predefine or nil,
    undefinesource = a.undefine_source }
  call.auto_converge = start.auto_converge or nil
  call.bandwidth = start.speed and start.speed > 0 and start.speed or nil
  local passed = a.passed or fail("unsupported", "rollback takes it back", "an older migsh has begun this journal, and "
    .. "kept its options otherwise")
  for key, value in pairs(passed) do
    call[key] = value
  end
  call.unsafe, call.tls = call.unsafe or job.unsafe or nil, call.tls or job.tls or nil
  return call
end

-- Of the migrations that this console runs, by the guest's uuid: {watches =, case = what was judged, plan = that of
-- what is announced, and what was measured}. One that goes on with another's has less.
local at_work = {}

-- What was proved before the guest was locked is proved anew right before libvirt is told. `resume` may come days
-- later: then all is judged anew, and TLS that nobody asked for is chosen again.
local function judge_anew(tx)
  local job = tx.about
  local case = not tx.resumed and (at_work[job.uuid] or {}).case
  if case and storage.needs_unsafe(cases.anew(case)) then
    return
  end
  local found, still, anew = judge_way(job, job.source, job.dest)
  if job.unsafe and not still then
    gate.heed(found)
    fail("unsafe", ("rollback takes it back; preflight %s %s tells more"):format(job.on_source, job.dest), "whether %s "
      .. "has all its disks on both hosts is not proved any more", job.name)
  end
  if tx.resumed and job.tls then
    tls.choose(job, anew)
  end
end

-- split: as is_split() tells.
local function migrate(tx, split)
  local job = tx.about
  if (job.unsafe or tx.resumed and job.tls) and not split then
    judge_anew(tx)
  end
  local eng, policy, options = steering(job)
  local call = call_of(job, eng:start())
  local moved, run
  call.part_of = tx.id
  if split then -- nothing is left to decide
    call.postcopy_resume = true
    moved, run = mig.migrate(call), { passes = mig.array {}, decisions = mig.array {}, events = mig.array {} }
  else
    moved, run = steer.along({ domain = job.on_source, name = job.name, uuid = job.uuid, source = job.source,
      dest = job.dest, engine = eng, ticks = steer.wants_ticks(policy), limit = job.limit or job.old_limit,
      shadow = shadow_of(job, options) }, function()
      return mig.migrate(call)
    end)
  end
  return { transport = moved.transport, total_ms = moved.total_ms, downtime_ms = moved.downtime_ms,
    setup_ms = moved.setup_ms, iterations = moved.iterations, bytes = moved.bytes, postcopy = moved.postcopy,
    bandwidth = moved.memory and moved.memory.bps, budget = outages.stop(moved, run), passes = run.passes,
    decisions = run.decisions, events = run.events,
    policy = { name = job.policy, limit_ms = job.limit or job.old_limit, shadow = run.shadow and {
      name = job.args.shadow, decisions = run.shadow:decisions() } } }
end

-- The largest downtime that QEMU may use up. It stays with the guest's process, as the speed does, so both are put back
-- where that stays, whatever the policy has made of them since.
local function set_limit(tx)
  local job = tx.about
  if job.limit then
    mig.migrate_setmaxdowntime { job.on_source, ("%dms"):format(job.limit) }
  elseif not job.old_limit or job.policy == PLAIN then
    return nil, true
  end
end

local function undo_limit(tx)
  local job = tx.about
  local here = whereabouts.on(job.source, job.uuid)
  if not (here and whereabouts.is_active(here)) then
    return
  end
  local name = job.uuid .. "@" .. job.source
  mig.migrate_setmaxdowntime { name, ("%dms"):format(job.old_limit) }
  if job.old_speed and mig.migrate_getspeed { name } ~= job.old_speed then
    mig.migrate_setspeed { name, job.old_speed }
  end
end

-- Off before it moves: a host that boots meanwhile, or never hears of the move, must not start a second copy.
local function stop_autostart(job)
  local here = job.before.autostart and whereabouts.on(job.source, job.uuid)
  if not (here and here.persistent) then
    return nil, true
  end
  mig.autostart { job.on_source, disable = true }
end

local function undo_autostart(job)
  local here = whereabouts.on(job.source, job.uuid)
  if here and here.persistent then
    mig.autostart { job.on_source }
  end
end

local function carry_autostart(job)
  if not job.before.autostart then
    return nil, true
  end
  mig.autostart { job.on_dest }
end

-- What stays on the source is older than the guest from now on, and so may its disks be: nobody starts it by mistake.
local function mark_source(tx)
  local job = tx.about
  local here = whereabouts.on(job.source, job.uuid)
  if not here or not here.persistent or whereabouts.is_active(here) then
    return nil, true
  end
  xml.mark_moved(job.uuid, job.source, tx.id, job.dest)
end

local function retire(tx)
  local outcome, unchanged = mark_source(tx)
  local queue = tx:outcome "queue"
  if queue and queue.set then
    send_queue.put_back(tx.about)
    unchanged = nil
  end
  return outcome, unchanged
end

-- What is promised, on the nodes.
local function verify(job)
  local a, checks, check = job.args, contract.new()
  contract.runs(check, contract.look(job.before.uuid), job.dest)
  local there = mig.try(mig.dominfo, { job.on_dest }) or {}
  local here = mig.try(mig.dominfo, { job.on_source })
  check("defined", there.persistent, "is defined on " .. job.dest)
  local kept = job.before.persistent and not a.undefine_source
  check("source", kept == (here ~= nil and here.persistent),
    (kept and "is still defined on " or "is not defined on ") .. job.source)
  check("unbroken", there.reason == "migrated" or there.reason == "post-copy", "was not restarted",
    "reason: " .. tostring(there.reason))
  if a.witness then
    local text, why = mig.try(mig.fetch, a.witness)
    check("witness", text == job.witness, "says the same at " .. a.witness,
      ("before: %s\nafter: %s"):format(job.witness, text or why.msg))
  end
  check("autostart", there.autostart == job.before.autostart and not (here and here.autostart),
    job.before.autostart and "starts with " .. job.dest .. ", no longer with " .. job.source or "has no autostart, as "
    .. "before", ("autostart on %s: %s"):format(job.dest, tostring(there.autostart)))
  if job.xml then
    contract.same_definition(check, job.xml, (mig.try(mig.dumpxml, { job.on_dest, inactive = true })))
  end
  return checks
end

local function conclude(tx, result, problems)
  for _, title in ipairs((contract.bad(result.checks))) do
    problems[#problems + 1] = "check failed: " .. title
  end
  result.ok = #problems == 0
  result.verdict = result.ok and "ok" or table.concat(problems, "; ")
  local text = report.migration(result)
  keep.run(tx, result)
  if not result.ok then
    mig.error { code = "verdict", msg = ("%s: %s"):format(result.domain, result.verdict), value = result, text = text }
  end
  return result, text
end

local function leave(work, job)
  if work and work.plan then
    work.plan.task:cancel()
  end
  at_work[job.uuid] = nil
end

-- What follows, when all is measured.
local function care_for(job)
  local work = at_work[job.uuid] or {}
  if work.watches then
    work.targets, work.started, work.ended = work.watches:stop_migration()
  end
  return { care = after.run { uuid = job.uuid, name = job.name, source = job.source, dest = job.dest, args = job.args,
    copied = copies_disks(job), plan = work.plan, judge_back = function()
      local found, _, case = judge_way(job, job.dest, job.source)
      return found, case
    end } }
end

local function finish(tx)
  local job, work = tx.about, at_work[tx.about.uuid] or {}
  local result = { domain = job.name, uuid = job.uuid, source = job.source, destination = job.dest,
    max_outage_ms = job.args.max_outage, encryption = tls.outcome(job) }
  for key, value in pairs(tx:outcome "migrate" or {}) do
    result[key] = value
  end
  result.checks, result.care = tx:outcome("verify").checks, (tx:outcome "care" or {}).care
  local scored = mig.try(forecasts.score, job.uuid, job.dest, result) -- nobody has asked for one, mostly
  result.forecast = type(scored) == "table" and { total_error = scored.total, outage_error = scored.outage } or nil
  local problems = {}
  if work.targets then
    result.targets, result.started, result.ended = work.targets, work.started, work.ended
    result.outage = outages.longest(result.targets, result.started)
    outages.budget(result)
    problems[1] = outages.problem(result.outage, result.max_outage_ms)
  end
  return conclude(tx, result, problems)
end

local function workflow(job)
  local function marked(tx)
    local work = at_work[job.uuid] or {}
    at_work[job.uuid], work.tx = work, tx
    local split = is_split(tx)
    work.plan = not job.args.no_care and not split and announce.begin(job, work.case) or nil
    if work.watches then
      return work.watches:during(migrate, tx, split)
    end
    return migrate(tx, split)
  end
  local title = ("%s: %s -> %s, live"):format(job.name, job.source, job.dest)
  local list = {
    { name = "check", title = title, harmless = true, run = function(tx)
      local here = whereabouts.on(job.source, job.uuid)
      if not (here and here.state == "running") and not has_moved(tx) and not is_split(tx) then
        fail("state", nil, "%s is %s", job.on_source, here and here.state or "not there")
      end
    end },
    { name = "autostart", title = "off on " .. job.source, about = { node = job.source }, run = function()
      return stop_autostart(job)
    end, undo = function()
      undo_autostart(job)
    end },
    { name = "define", title = "on " .. job.dest, about = { node = job.dest }, run = definition.put_ahead,
      undo = definition.take_back },
    { name = "limit", title = job.limit and ("downtime %d ms, was %d"):format(job.limit, job.old_limit) or "as it is",
      about = { node = job.source }, run = set_limit, undo = undo_limit },
    { name = "queue", title = send_queue.title(job), about = { node = job.source }, run = function()
      return send_queue.set(job)
    end, undo = function()
      send_queue.put_back(job)
    end },
    { name = "migrate", title = title, about = { node = job.dest }, commit = true, undo_at_once = true, run = marked,
      verify = has_moved,
      undo = function()
        definition.clean(job)
      end, point = ("the guest runs on %s"):format(job.dest) },
    { name = "carry", title = "autostart", run = function()
      definition.unmark(job)
      return carry_autostart(job)
    end },
    { name = "retire", title = (job.args.undefine_source and "undefine on " or "keep on ") .. job.source,
      about = { node = job.source }, run = retire },
    { name = "verify", title = "on " .. job.dest, harmless = true, run = function()
      return { checks = verify(job) }
    end },
    { name = "care", title = job.args.no_care and "the way back" or "announced, looked at, and the way back",
      harmless = true, run = function()
        return care_for(job)
      end },
  }
  return { steps = list, finish = finish, truth = judge, quiet = true, ended = function(tx)
    local work = at_work[job.uuid]
    if work and work.tx == tx then
      leave(work, job)
    end
    keep.failure(tx)
  end }
end

-- This QEMU may lose an emulated guest's memory: the more of it, the more is sent while the guest runs.
local function is_hazard(found)
  for _, f in ipairs(found.findings) do
    if f.subject == "tcg-memory" then
      return f.seen
    end
  end
end

-- How it will go: the policy, what holds before it begins, and whether the definition goes ahead.
local function choose_way(job, case, found)
  local a = job.args
  job.policy = a.as_virsh and PLAIN or a.policy or a.deadline and "deadline" or "low"
  local hazard = not a.as_virsh and not a.policy and not a.deadline and is_hazard(found)
  if hazard then
    mig.warn(("%s: %s: libvirt's plain way is taken (--policy low insists)"):format(job.name, hazard))
    job.policy = PLAIN
  end
  job.predefine = job.policy ~= PLAIN and case.mode == "live" and job.xml ~= nil or nil
  job.old_limit = mig.try(mig.migrate_getmaxdowntime, { job.on_source })
  job.old_speed = mig.try(mig.migrate_getspeed, { job.on_source })
  local eng, _, options = steering(job)
  shadow_of(job, options) -- what is wrong with it is told before anything is touched
  local limit = eng:start().limit
  job.limit = job.old_limit and limit ~= job.old_limit and limit or nil
  if job.policy ~= PLAIN then
    send_queue.choose(job, case)
  end
end

local function run(a)
  after.check_post(a.post)
  a.metrics = metrics.open(a.metrics)
  local job = gather(a)
  local _ <close> = metrics.begin(job, not a.plan and a.metrics or nil)
  local found, unsafe, case = judge_way(job, job.source, job.dest)
  local mended <close> = not a.plan and fix.for_a_move(a, found) or nil
  if mended then
    found, unsafe, case = judge_way(job, job.source, job.dest)
  end
  job.unsafe = unsafe or nil
  choose_way(job, case, found)
  tls.choose(job, case)
  if a.plan then
    local eng, policy = steering(job)
    return plan(job, found, workflow(job).steps, eng, policy, call_of(job, eng:start()), a.forecast)
  end
  gate.heed(found)
  if unsafe then
    mig.notice(("%s: libvirt is told --unsafe, as all its disks are proved to be the same on both hosts"):format(
      job.name))
  end
  local watches <close> = not a.no_watch and open_watches(job, a, case) or nil
  if watches then
    watches:check_answers()
  end
  local work <close> = setmetatable({ watches = watches, case = case }, { __close = function(work)
    leave(work, job)
  end })
  at_work[job.uuid] = work
  return mig.transaction("live-migrate", job)
end

return {
  description = "move a running domain, and measure what its users felt",
  group = "Migration",
  help = [[
Judges first whether it can move (preflight), and touches nothing where a check fails: --ignore ID lets one pass, and is
kept in the journal; --clone gives the destination first the pools, networks, packet filters and secrets that it lacks,
--fix mends all that can be mended safely, opens ports there until it has ended, and puts media back then into their
drives where they are; --plan shows all of it with the steps, libvirt's flags, and what it would cost by the last
forecast or run (--forecast measures it). Where every disk is proved to be the same on both hosts, and libvirt would
still call it unsafe, --unsafe is passed on by itself.
Then watches the guest's address, migrates it live (defined on the destination; its definition on the source stays,
marked as moved, unless --undefine-source), waits until it answers again, and verifies: it runs on the destination and
nowhere else, is defined there with the same XML, was not restarted (as libvirt tells; --witness asks the guest
itself), and starts with the right host. The report shows the total time, libvirt's downtime, the outage on the wire
as an interval that contains the true one, and round trips before, during and after. When the migration fails or is
cancelled the guest goes on running on the source, and the destination has no definition of it. But with
--copy-storage-all the volumes stay that libvirt has made there for the copy, under the names of the guest's disks:
domblklist NAME names these, and vol-delete PATH --node DEST removes one there, once it is certain that no guest of the
destination and no other node uses it. Exit status 12 if it moved, but a check or --max-outage was not met. If the
console is killed meanwhile, journal-list shows it, and resume ID or rollback ID end it. Options that migrate has too
mean the same here.

How it comes to an end a policy says. low, the default, lets QEMU stop the guest for 10 ms only, and for longer when
passes over its memory gain nothing, but never above --max-outage (300 ms); a guest that writes too fast is slowed down
(auto-converge); after a minute in which none of it gained anything it gives up, and the guest stays. The definition is
on the destination before the guest is. Others: virsh (the same as --as-virsh), deadline (be there by --deadline),
gentle (least effect on the guest), and nova, proxmox, vdsm and kubevirt as those do it. One of your own is a file of a
few lines: --policy ./mine.lua; scripts/policy/engine.lua tells its form. --shadow tells what another one would have
done. The limit that the source had is put back when it stays there, and what migrate-setmaxdowntime or migrate-setspeed
change meanwhile is heeded. While it runs, connections of the source keep 64 KiB at most that is not sent yet
(net.ipv4.tcp_notsent_lowat): what waits there is sent during the stop, and no limit counts it. Then the host has the
bound that it had; --as-virsh leaves it alone. Post-copy only with --postcopy; when that is broken off (domjobabort
--postcopy, a lost link), the guest needs both hosts, and resume ID takes it up again.

Its memory is encrypted where tls-check finds no fault and it has 8 GiB at most, or with --parallel: some versions of
GnuTLS end QEMU when 64 GiB have gone over one connection. --tls asks for it in any case, --no-tls leaves it out.

Afterwards, and none of it fatal: as soon as it runs there, the destination sends RARP, and neighbour advertisements of
the IPv6 addresses that are known, out of its bridge, at once and 100 and 300 ms later (needs perl there); the bridges
of both hosts are looked at; where an agent is in the guest, its clock is set if it is off by a tenth of a second or
more, and --fstrim gives back what is free on disks that were copied. --no-care leaves these out. It tells whether
connections through the source end there, and whether the way back is open. --post RECIPE runs a recipe of your own
then, with those of domain, source and dest that it takes.]],
  example = "live-migrate share dest --max-outage 1s\n"
    .. "live-migrate share@source dest --target 192.0.2.10:22 --target http://192.0.2.10/ --undefine-source\n"
    .. "live-migrate busy dest --deadline 10m --postcopy --max-outage 500ms --shadow kubevirt",
  args = args,
  passes = "migrate",
  except = not_passed,
  run = run,
  workflow = workflow,
}
