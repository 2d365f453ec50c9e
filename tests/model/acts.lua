-- SPDX-License-Identifier: GPL-3.0-or-later
-- What happens in a run: acts of migsh (who = "migsh"), of the operator with virsh and a shell ("operator"), and of
-- hosts ("host"). An act is a table {NAME, …} that can be done again in another run: where it makes no sense, or no
-- sane operator would do it, it is skipped. run(r, act) returns nil when it was skipped, or what came of it, as
-- words.
local World = require "world"
local judge = require "judge"
local load_real = require "load"
local acts = { list = {} }

local function act(name, who, describe, run)
  acts.list[name] = { who = who, describe = describe, run = run }
end

local function the_guest(r)
  return r.world.guests[r.uuid]
end

local function node_of(r, name)
  return r.world.nodes[name]
end

-- Nobody uses by hand what does not answer, nor a node that an admin has taken out of his inventory.
local function is_out(r, node)
  for _, admin in ipairs(r.admins) do
    if not admin.inventory[node.name] then
      return true
    end
  end
  return r.world.silent[node.name] ~= nil
end

local function on(r, name)
  return node_of(r, name).doms[r.uuid]
end

-- Where it is active, and rather where it runs than where a migration left it paused.
local function runs_anywhere(r)
  local active = r.world:active_places(r.uuid)
  for _, p in ipairs(active) do
    if p.d.active.state == "running" then
      return p
    end
  end
  return active[1]
end

-- migsh ---------------------------------------------------------------------------------------------------------------

local function killed_text(kill)
  if not kill then
    return ""
  elseif kill.how == "silent" then
    return (", %s falls silent at point %d"):format(kill.node, kill.at)
  elseif kill.how then
    return (", \"%s\" at its point %d"):format(kill.how, kill.at)
  elseif kill.at then
    return (", console killed at its point %d"):format(kill.at)
  end
  return (", console killed at %s's %s%s"):format(kill.step, kill.when, kill.stored and " (stored)" or "")
end

local function admin_of(r, a)
  return r.admins[a.admin or 1]
end

local function whose(a)
  return a.admin == 2 and "another admin: " or ""
end

local function outcome(result)
  if result.killed then
    return "killed " .. result.killed
  end
  local struck = result.struck and (" (%s)"):format(result.struck) or ""
  if result.ok then
    return "ok" .. struck
  end
  local e = result.value
  return ("%s: %s%s"):format(e.code, e.msg, struck)
end

-- The words of a cold migration's options, for people.
local function option_words(o)
  local words = {}
  for key, value in pairs(o) do
    local name = "--" .. key:gsub("_", "-")
    words[#words + 1] = value == true and name or ("%s %s"):format(name, type(value) == "table" and value[1] or value)
  end
  table.sort(words)
  return #words > 0 and " " .. table.concat(words, " ") or ""
end

local function recipe(r, a, name, args)
  local result = load_real.recipe(r.world, admin_of(r, a), a.kill, name, args)
  r.points = result.points
  return outcome(result), result
end

local function named(r, a)
  return a.at and ("%s@%s"):format(the_guest(r).name, a.at) or the_guest(r).name
end

act("cold", "migsh", function(a)
  return ("%scold-migrate %s %s%s%s"):format(whose(a), a.at and "vm@" .. a.at or "vm", a.dest,
    option_words(a.opts or {}), killed_text(a.kill))
end, function(r, a)
  local args = { domain = named(r, a), dest = a.dest, no_watch = true, timeout = 1000, destroy_after = true }
  for key, value in pairs(a.opts or {}) do
    args[key] = value
  end
  return recipe(r, a, "cold-migrate", args)
end)

act("live", "migsh", function(a)
  return ("%slive-migrate %s %s%s%s"):format(whose(a), a.at and "vm@" .. a.at or "vm", a.dest,
    option_words(a.opts or {}), killed_text(a.kill))
end, function(r, a)
  local at = runs_anywhere(r)
  local there = at and node_of(r, a.dest)
  for _, disk in ipairs(at and World.disks(at.d.active.xml) or {}) do -- libvirt would copy a shared disk onto itself
    local shared = r.world:fs_of(at.node, disk.path) == r.world:fs_of(there, disk.path)
    if shared == ((a.opts or {}).copy_storage_all == true) then
      return nil
    end
    for head in pairs(r.world:heads(r.uuid .. " " .. disk.target)) do -- and another file over whatever has its name
      local file = not shared and r.world:get(there, disk.path)
      if file and file.content.ver == head and r.world:get(at.node, disk.path).content.ver ~= head then
        return nil
      end
    end
  end
  local args = { domain = named(r, a), dest = a.dest, no_watch = true, unsafe = true }
  for key, value in pairs(a.opts or {}) do
    args[key] = value
  end
  local said, result = recipe(r, a, "live-migrate", args)
  r.left = result.ok and at and at.node.name or nil
  return said, result
end)

act("import", "migsh", function(a)
  return ("%simport-domain DIR %s%s%s"):format(whose(a), a.dest, option_words(a.opts or {}), killed_text(a.kill))
end, function(r, a)
  if not r.export then
    return nil
  end
  local args = { dir = r.export, dest = a.dest }
  for key, value in pairs(a.opts or {}) do
    args[key] = value
  end
  return recipe(r, a, "import-domain", args)
end)

local function open_journal(r, a)
  for i = #admin_of(r, a).journals, 1, -1 do
    local j = admin_of(r, a).journals[i]
    if j.ended ~= "done" and j.ended ~= "reverted" then
      return j
    end
  end
end

for name, verb in pairs { resume = "journal-resume", rollback = "rollback" } do
  act(name, "migsh", function(a)
    return ("%s%s the journal%s"):format(whose(a), name, killed_text(a.kill))
  end, function(r, a)
    local j = open_journal(r, a)
    if not j then
      return nil
    end
    return recipe(r, a, verb, { id = j.id })
  end)
end

act("cleanup", "migsh", function(a)
  return ("%scleanup vm%s%s"):format(whose(a), a.apply and " --apply" or "", killed_text(a.kill))
end, function(r, a)
  local text, result = recipe(r, a, "cleanup", { domain = the_guest(r).name, apply = a.apply })
  r.told_well = result.ok and a.apply
  local said = result.ok and result.text or not result.ok and result.value and result.value.text or ""
  local way = tostring(said):match "\n(the way out: [^\n]*)" or tostring(said):match "\n(%l+: [^\n]*)\n$"
  return way and text .. "; " .. way or text, result
end)

-- What an operator tries with migsh's own start: what he knows to be the guest, what cleanup has just left as the
-- only one that can be used, and what was left behind, of which migsh has to tell him.
local function may_ask_start(r, name)
  local usable = 0
  for _, p in ipairs(r.world:places(r.uuid)) do
    usable = usable + (p.d.xml and not World.is_moved(p.d) and 1 or 0)
  end
  local d = on(r, name)
  return acts.may_start(r, node_of(r, name), d) or d.xml and (World.is_moved(d) or r.left == name)
    or r.told_well and usable == 1
end

act("migsh-start", "migsh", function(a)
  return ("%smigsh start vm@%s"):format(whose(a), a.node)
end, function(r, a)
  if not on(r, a.node) or not may_ask_start(r, a.node) then
    return nil
  end
  local result = load_real.command(r.world, admin_of(r, a), "start", { ("%s@%s"):format(r.uuid, a.node) })
  return outcome(result), result
end)

act("migsh-migrate", "migsh", function(a)
  return ("%smigsh migrate vm %s --live --persistent%s"):format(whose(a), a.dest,
    a.undefine and " --undefinesource" or "")
end, function(r, a)
  local at = runs_anywhere(r)
  if not at or at.node.name == a.dest or a.shared_only and not node_of(r, a.dest) then
    return nil
  end
  local result = load_real.command(r.world, admin_of(r, a), "migrate", { ("%s@%s"):format(r.uuid, at.node.name), a.dest,
    live = true, persistent = true, undefinesource = a.undefine, unsafe = true })
  return outcome(result), result
end)

-- The operator, by virsh ----------------------------------------------------------------------------------------------

-- Would a sane operator start this copy? It is off everywhere, its disks are the newest, nothing is saved elsewhere,
-- and it is not one that he has moved away.
local function may_start(r, node, d)
  if not d or not d.xml or World.is_moved(d) or runs_anywhere(r) or not judge.has_newest(r.world, node, d) then
    return false
  end
  for _, p in ipairs(r.world:places(r.uuid)) do
    local save = r.world:get(p.node, World.save_path(p.d))
    if save and p.node ~= node and p.d.xml and not World.is_moved(p.d) then
      return false
    end
  end
  return true
end

acts.may_start = may_start

-- Who uses it on another node from now on sees to it that it starts there by itself, and nowhere else.
local function take_autostart_along(r, node)
  local was = false
  for _, p in ipairs(r.world:places(r.uuid)) do
    was = was or p.d.autostart
    p.d.autostart = false
  end
  local d = node.doms[r.uuid]
  d.autostart = was and d.xml ~= nil
end

act("start", "operator", function(a)
  return ("virsh start vm, on %s"):format(a.node)
end, function(r, a)
  local node, d = node_of(r, a.node), on(r, a.node)
  the_guest(r).was_on = the_guest(r).last_on
  if is_out(r, node) or not may_start(r, node, d) then
    return nil
  end
  r.world.actor = "virsh" -- a saved state that does not fit was left by somebody else
  local ok, err = r.world:start(node, d)
  if ok and the_guest(r).was_on ~= a.node then
    take_autostart_along(r, node)
  end
  return ok and "ok" or err
end)

act("stop", "operator", function(a)
  return ("virsh %s vm"):format(a.how or "shutdown")
end, function(r, a)
  local at = runs_anywhere(r)
  if not at or is_out(r, at.node) then
    return nil
  elseif a.how ~= "destroy" and at.d.active.state ~= "running" then
    return nil
  elseif a.how ~= "destroy" and not a.quiet then
    r.world:guest_writes(at.d)
  end
  r.world:stop(at.node, at.d, a.how == "destroy" and "destroyed" or "shutdown")
  return "ok, on " .. at.node.name
end)

-- What a migration left paused, and nothing runs elsewhere.
act("unpause", "operator", function()
  return "virsh resume vm"
end, function(r)
  local active = r.world:active_places(r.uuid)
  if #active ~= 1 or active[1].d.active.state ~= "paused" or is_out(r, active[1].node) then
    return nil
  end
  active[1].d.active.state, active[1].d.active.reason = "running", "unpaused"
  return "ok, on " .. active[1].node.name
end)

act("write", "operator", function()
  return "the guest writes"
end, function(r)
  local at = runs_anywhere(r)
  if not at or at.d.active.state ~= "running" then
    return nil
  end
  r.world:guest_writes(at.d)
  return "ok, on " .. at.node.name
end)

act("migrate", "operator", function(a)
  return ("virsh migrate --live --persistent%s%s vm %s"):format(a.undefine and " --undefinesource" or "",
    a.copy and " --copy-storage-all" or "", a.to)
end, function(r, a)
  local at, w = runs_anywhere(r), r.world
  local to = node_of(r, a.to)
  if not at or at.node == to or is_out(r, at.node) or is_out(r, to) or #r.world:active_places(r.uuid) > 1
    or at.d.active.state ~= "running" then
    return nil
  end
  for _, disk in ipairs(World.disks(at.d.active.xml)) do
    local shared = w:fs_of(at.node, disk.path) == w:fs_of(to, disk.path)
    if shared == (a.copy == true) or a.copy and w:get(to, disk.path) then
      return nil -- he does not copy over what is there
    end
    local c = w:get(at.node, disk.path).content
    if a.copy and c.backing then
      return nil
    end
  end
  local ok, err = w:migrate(at.node, at.d, to, { copy = a.copy, undefine_source = a.undefine, persistent = true })
  if ok then
    take_autostart_along(r, to)
  end
  return ok and ("ok, %s to %s"):format(at.node.name, a.to) or err
end)

act("undefine", "operator", function(a)
  return ("virsh undefine vm, on %s"):format(a.node)
end, function(r, a)
  local node, d = node_of(r, a.node), on(r, a.node)
  if not d or not d.xml or d.active or is_out(r, node) then
    return nil
  end
  for _, p in ipairs(r.world:places(r.uuid)) do -- only where another one is the guest
    if p.node ~= node and p.d.xml and not World.is_moved(p.d) and judge.has_newest(r.world, p.node, p.d) then
      r.world:undefine(node, d, true)
      return "ok"
    end
  end
end)

act("redefine", "operator", function(a)
  return ("virsh undefine vm, and virsh define of a text without the mark, on %s"):format(a.node)
end, function(r, a)
  local node, d = node_of(r, a.node), on(r, a.node)
  if not d or not d.xml or d.active or is_out(r, node) then
    return nil
  end
  local text = World.xml(d.name, r.uuid, World.disks(d.xml))
  r.world:undefine(node, d, true)
  r.world:define(node, text)
  return "ok"
end)

act("managedsave", "operator", function()
  return "virsh managedsave vm"
end, function(r)
  local at = runs_anywhere(r)
  if not at or not at.d.xml or at.d.active.state ~= "running" or is_out(r, at.node) then
    return nil
  end
  r.world:managed_save(at.node, at.d)
  return "ok, on " .. at.node.name
end)

-- Files ---------------------------------------------------------------------------------------------------------------

local function closed_file(r, a)
  local file = not is_out(r, node_of(r, a.node)) and r.world:get(node_of(r, a.node), a.path)
  return file and next(file.users) == nil and file or nil
end

-- Is there another copy of it, under a name that is a disk's?
local function is_spare(r, file)
  for _, fs in ipairs(r.world.all_fs) do
    for path, other in pairs(fs.files) do
      if other ~= file and other.content.ver == file.content.ver and not path:find "/%.[^/]*$" then
        return true
      end
    end
  end
  return false
end

act("remove-file", "operator", function(a)
  return ("rm %s, on %s"):format(a.path, a.node)
end, function(r, a)
  if not closed_file(r, a) or not is_spare(r, closed_file(r, a)) then
    return nil
  end
  r.world:unlink(node_of(r, a.node), a.path)
  return "ok"
end)

act("overwrite-file", "operator", function(a)
  return ("cp another-image %s, on %s"):format(a.path, a.node)
end, function(r, a)
  if not closed_file(r, a) then
    return nil
  end
  r.world:overwrite(node_of(r, a.node), a.path, { ver = r.world:version("foreign") })
  return "ok"
end)

act("copy-file", "operator", function(a)
  return ("cp -a %s %s, on %s"):format(a.path, a.to, a.node)
end, function(r, a)
  local node = node_of(r, a.node)
  if not closed_file(r, a) or r.world:get(node, a.to) then
    return nil
  end
  r.world:create(node, a.to, World.copy_of(r.world:get(node, a.path).content))
  return "ok"
end)

-- Another guest is made on a base image that is there.
act("neighbour", "operator", function(a)
  return ("another guest is made on %s, on %s"):format(a.base, a.node)
end, function(r, a)
  local w, node = r.world, node_of(r, a.node)
  local base, uuid = w:get(node, a.base), "99999999-2222-3333-4444-555555555555"
  if w.guests[uuid] or is_out(r, node) or not base or base.content.backing or not base.content.ver then
    return nil
  end
  local path = World.parent(a.base) .. "/other.qcow2"
  local content = { ver = w:version(uuid .. " vda"), backing = a.base, base = base.content.ver }
  w:create(node, path, content)
  w:heads(uuid .. " vda")[content.ver] = true
  w.guests[uuid] = { name = "other", owed = true }
  w:define(node, World.xml("other", uuid, { { path = path, target = "vda" } }))
  return "ok"
end)

-- Hosts, and what is known of them ------------------------------------------------------------------------------------

act("reboot", "host", function(a)
  return a.node .. " reboots"
end, function(r, a)
  r.world:reboot(node_of(r, a.node))
  return "ok"
end)

act("restart-libvirtd", "host", function(a)
  return "libvirtd is restarted on " .. a.node
end, function(r, a)
  r.world:restart_libvirtd(node_of(r, a.node))
  return "ok"
end)

act("silent", "operator", function(a)
  return a.node .. (a.answers and " answers again" or " falls silent")
end, function(r, a)
  if (r.world.silent[a.node] == nil) == (a.answers == true) then
    r.world.silent[a.node] = not a.answers or nil
    return "ok"
  end
end)

act("inventory", "operator", function(a)
  return ("%s%s %s"):format(whose(a), a.add and "node-add" or "node-remove", a.node)
end, function(r, a)
  local inventory = admin_of(r, a).inventory
  if (inventory[a.node] == nil) ~= (a.add == true) then
    return nil
  end
  inventory[a.node] = a.add or nil
  return "ok"
end)

-- --------------------------------------------------------------------------------------------------------------------

local workflows = { cold = true, live = true, import = true, resume = true, rollback = true, cleanup = true }

function acts.describe(a)
  return acts.list[a[1]].describe(a)
end

-- A console was killed before the guest was let go here or ran there, and the first that happens then is that its admin
-- goes on or takes it back: nothing may be in the way.
local function judge_way(r, a, result)
  if a[1] == "cold" or a[1] == "live" or a[1] == "import" then
    local dest, source = on(r, a.dest), on(r, "source")
    local is_open = a[1] == "import" or source and not World.is_moved(source)
    if a[1] == "live" then -- what was in the middle of it holds still, until libvirt has noticed
      is_open = is_open and source.active and source.active.state == "running"
    end
    r.left_by = result.killed and not a.kill.how and r.acts == 0 and not (dest and dest.active) and is_open
      and (a.admin or 1) or nil
  elseif (a[1] == "resume" or a[1] == "rollback") and r.left_by == (a.admin or 1) and not a.kill then
    judge.way_on(r.world, a[1], result)
    r.left_by = nil
  else
    r.left_by = nil
  end
  r.acts = r.acts + 1
end

-- What was left behind by a live migration is still that after these.
local goes_on = { live = true, write = true, stop = true, ["migsh-start"] = true, ["restart-libvirtd"] = true }

-- Does it, and judges. nil: it was skipped.
function acts.run(r, a)
  local kind, w, told_well = acts.list[a[1]], r.world, r.told_well
  local seen = judge.look(w)
  w.actor = kind.who
  local text, result = kind.run(r, a)
  if text and kind.who == "operator" then
    judge.forgive(w)
  elseif text then
    judge.check(w, seen, result ~= nil and result.ok, workflows[a[1]] and (a[1] ~= "cleanup" or a.apply))
  end
  w.actor = "operator"
  if text then
    judge_way(r, a, result or {})
  end
  r.told_well = a[1] == "cleanup" and r.told_well or text == nil and told_well
  r.left = (text == nil or goes_on[a[1]]) and r.left or nil
  return text, result
end

return acts
