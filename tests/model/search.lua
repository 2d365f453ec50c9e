-- SPDX-License-Identifier: GPL-3.0-or-later
-- Runs at random: a scene, an undertaking whose console may be killed anywhere, and whatever people and hosts do then.
-- All of a run follows from its seed. What is found is made short: acts are dropped, kills taken away, scenes made
-- plainer, as long as the same promise is broken.
local World = require "world"
local acts = require "acts"
local scene = require "scene"
local search = {}

local NODES <const> = { "source", "dest", "third" }

local function any(list)
  return list[math.random(#list)]
end

local function any_node()
  return any { "source", "source", "source", "dest", "dest", "dest", "third" }
end

local function chance(p)
  return math.random() < p
end

local function random_scene()
  local disks = any { "local", "local", "shared", "shared", "both", "overlay", "overlay and base",
    "export" }
  local running = disks ~= "export" and chance(0.5)
  return { disks = disks, running = running or nil, autostart = chance(0.3) or nil, deaf = chance(0.15) or nil,
    twins = chance(0.2) or nil }
end

-- POINTS: about as many as the undertaking has; one behind its end kills nothing.
local function random_kill(points, p)
  if not chance(p) then
    return nil
  end
  local kill = { at = math.random(points) }
  if chance(0.25) then
    kill.how = any { "cancelled", "cancelled", "io", "silent" }
    kill.node = kill.how == "silent" and any_node() or nil
  end
  return kill
end

local function admin()
  return chance(0.12) and 2 or nil
end

local function other_node(r)
  local at = r.world:active_places(r.uuid)[1] or r.world:places(r.uuid)[1]
  local list = {}
  for _, name in ipairs(NODES) do
    list[#list + 1] = not (at and at.node.name == name) and name or nil
  end
  return chance(0.75) and list[1] ~= "third" and list[1] or any(list)
end

local undertake = {}

function undertake.cold(r)
  local opts = {}
  opts.undefine_source = chance(0.3) or nil
  opts.remove_disks = opts.undefine_source and chance(0.6) or nil
  opts.carry_save = chance(0.3) or nil
  if not opts.carry_save and chance(0.15) then
    opts.map = { ("path=%s:%s"):format(scene.IMAGES, scene.SHARE) }
  end
  return { "cold", dest = other_node(r), opts = opts, kill = random_kill(70, 0.75), admin = admin() }
end

function undertake.live(r)
  return { "live", dest = other_node(r), opts = { copy_storage_all = chance(0.5) or nil, undefine_source = chance(0.3)
    or nil }, kill = random_kill(22, 0.75), admin = admin() }
end

function undertake.import()
  return { "import", dest = "dest", opts = { autostart = chance(0.3) or nil }, kill = random_kill(20, 0.75),
    admin = admin() }
end

local function some_path()
  return any { scene.IMAGES .. "/vm.qcow2", scene.SHARE .. "/vm.qcow2" }
end

-- {weight, maker}
local menu = {
  { 3, function(r)
    if r.export and chance(0.7) then
      return undertake.import()
    end
    return undertake[#r.world:active_places(r.uuid) > 0 and chance(0.6) and "live" or "cold"](r)
  end },
  { 3, function()
    return { "resume", kill = random_kill(40, 0.2), admin = admin() }
  end },
  { 3, function()
    return { "rollback", kill = random_kill(25, 0.2), admin = admin() }
  end },
  { 5, function()
    return { "cleanup", apply = true, kill = random_kill(25, 0.15), admin = admin() }
  end },
  { 1, function()
    return { "cleanup", admin = admin() }
  end },
  { 2, function()
    return { "migsh-start", node = any_node(), admin = admin() }
  end },
  { 5, function()
    return { "start", node = any_node() }
  end },
  { 3, function()
    return { "stop", how = any { "shutdown", "destroy" }, quiet = chance(0.3) or nil }
  end },
  { 3, function()
    return { "write" }
  end },
  { 3, function()
    return { "migrate", to = any_node(), undefine = chance(0.5) or nil, copy = chance(0.4) or nil }
  end },
  { 1, function()
    return { "unpause" }
  end },
  { 2, function()
    return { "undefine", node = any_node() }
  end },
  { 1.5, function()
    return { "managedsave" }
  end },
  { 1, function()
    return { "remove-file", node = any_node(), path = some_path() }
  end },
  { 0.5, function()
    return { "overwrite-file", node = any_node(), path = scene.IMAGES .. "/base.qcow2" }
  end },
  { 0.5, function()
    return { "neighbour", node = any_node(), base = any { scene.IMAGES, scene.SHARE } .. "/base.qcow2" }
  end },
  { 0.5, function()
    local path = some_path()
    return { "copy-file", node = any_node(), path = path, to = path .. ".copy" }
  end },
  { 2, function()
    return { "reboot", node = any_node() }
  end },
  { 1, function()
    return { "restart-libvirtd", node = any_node() }
  end },
  { 2, function()
    return { "silent", node = any_node(), answers = chance(0.6) or nil }
  end },
  { 1.2, function()
    return { "inventory", node = any_node(), add = chance(0.5) or nil, admin = chance(0.3) and 2 or nil }
  end },
}

-- What often comes after an undertaking that was cut off; each act of it may be left out.
local ways <const> = { "cleanup", "cleanup", "rollback", "resume" }

local plots = {
  function() -- it is used where it was to go
    return { { "start", node = "dest" }, { "write" }, { "stop", how = any { "shutdown", "destroy" } } }
  end,
  function() -- or where it came from
    return { { "start", node = "source" }, { "write" }, { "stop" } }
  end,
  function() -- it is moved by hand
    return { { "write" }, { "migrate", to = any_node(), undefine = chance(0.6) or nil, copy = chance(0.3) or nil },
      { "write" }, { "stop" } }
  end,
  function() -- a host boots
    return { { "write" }, { "reboot", node = any_node() } }
  end,
  function() -- something is taken away
    return { { "remove-file", node = any_node(), path = some_path() } }
  end,
  function()
    return { { "overwrite-file", node = "dest", path = any { scene.IMAGES, scene.SHARE } .. "/base.qcow2" } }
  end,
  function()
    return { { "undefine", node = any_node() }, { "undefine", node = any_node() } }
  end,
  function() -- it is saved
    return { { "start", node = any_node() }, { "managedsave" }, { "start", node = any_node() }, { "write" },
      { "stop" } }
  end,
  function() -- another admin does it all again
    return { { any { "cold", "cold", "live" }, dest = any_node(), admin = 2 }, { "start", node = any_node() },
      { "write" }, { "stop" } }
  end,
  function() -- a node is not known any more
    return { { "start", node = "dest" }, { "write" }, { "inventory", node = "dest", admin = admin() } }
  end,
}

local function act_out(plot, try)
  local well = true
  for _, a in ipairs(plot()) do
    well = well and (chance(0.15) or try(a))
  end
  if well and chance(0.8) then
    local way = any(ways)
    return try { way, apply = way == "cleanup" or nil, kill = random_kill(40, 0.1) }
  end
  return well
end

local total = 0
for _, entry in ipairs(menu) do
  total = total + entry[1]
end

local function next_act(r)
  local at = math.random() * total
  for _, entry in ipairs(menu) do
    at = at - entry[1]
    if at < 0 then
      return entry[2](r)
    end
  end
  return { "write" }
end

-- {seed, scene, acts, wrongs, fatal}
function search.run(seed)
  math.randomseed(seed)
  local s = random_scene()
  local r = scene.make(s)
  local list = {}
  local function try(a)
    list[#list + 1] = acts.run(r, a) and a or nil
    return r.world.fatal == nil and #r.world.wrongs == 0
  end
  local first = s.disks == "export" and "import" or s.running and chance(0.5) and "live" or "cold"
  local well = try(undertake[first](r))
  if well and chance(0.6) then
    well = act_out(any(plots), try)
  end
  local wanted, left = #list + math.random(0, 9), 60 -- most of what comes to mind makes no sense
  while well and #list < wanted and left > 0 do
    well, left = try(next_act(r)), left - 1
  end
  -- In the end all answer, and the one who looks after it cleans up, as often as he is told to.
  for _, name in ipairs(NODES) do
    well = well and try { "silent", node = name, answers = true } and try { "inventory", node = name, add = true }
  end
  for _ = 1, 3 do
    well = well and try { "cleanup", apply = true }
  end
  return { seed = seed, scene = s, acts = list, wrongs = r.world.wrongs, fatal = r.world.fatal }
end

-- Given acts once more.
function search.play(s, list)
  local r = scene.make(s)
  local lines, skipped, last = {}, false, nil
  for i, a in ipairs(list) do
    local text = acts.run(r, a)
    lines[#lines + 1] = ("  %2d. %s -> %s"):format(i, acts.describe(a), text or "(skipped)")
    skipped = skipped or text == nil
    last = a
    if r.world.fatal or #r.world.wrongs > 0 then
      break
    end
  end
  return { scene = s, acts = list, last = last, wrongs = r.world.wrongs, lines = lines, fatal = r.world.fatal,
    skipped = skipped }
end

-- Making it short -----------------------------------------------------------------------------------------------------

-- Which promise, and what broke it.
local function kind_of(found)
  local kind = found.fatal and "fatal" or found.wrongs[1] and found.wrongs[1].kind
  local last = found.last or found.acts[#found.acts]
  return kind and ("%s by %s"):format(kind, last[1])
end

search.kind_of = kind_of

local function without(list, from, n)
  local out = {}
  for i, a in ipairs(list) do
    if i < from or i >= from + n then
      out[#out + 1] = a
    end
  end
  return out
end

local function drop_acts(s, list, fails)
  local n = #list // 2
  while n >= 1 do
    local from = #list - n + 1
    while from >= 1 do
      local shorter = without(list, from, n)
      if fails(s, shorter) then
        list = shorter
      end
      from = from - n
    end
    n = n // 2
  end
  return list
end

-- The same act with less in it, one thing at a time.
local function plainer(a)
  local list = {}
  for key in pairs(a) do
    if key == "kill" or key == "admin" or key == "quiet" then
      local b = World.copy_of(a)
      b[key] = nil
      list[#list + 1] = b
    end
  end
  for key in pairs(a.opts or {}) do
    local b = World.copy_of(a)
    b.opts = World.copy_of(a.opts)
    b.opts[key] = nil
    list[#list + 1] = b
  end
  return list
end

local function replaced(list, i, a)
  local out = { table.unpack(list) }
  out[i] = a
  return out
end

local function make_plainer(s, list, fails)
  for i in ipairs(list) do
    local again = true
    while again do
      again = false
      for _, a in ipairs(plainer(list[i])) do
        if not again and fails(s, replaced(list, i, a)) then
          list, again = replaced(list, i, a), true
        end
      end
    end
  end
  for _, key in ipairs { "deaf", "twins", "autostart", "running" } do
    local plain = World.copy_of(s)
    plain[key] = nil
    if s[key] and fails(plain, list) then
      s = plain
    end
  end
  if s.disks == "both" or s.disks:find "^overlay" then
    for _, disks in ipairs { "local", "shared" } do
      local plain = World.copy_of(s)
      plain.disks = disks
      if s.disks ~= "local" and fails(plain, list) then
        s = plain
      end
    end
  end
  return s, list
end

-- The shortest that was found to break the same promise, played.
function search.shrink(found)
  local kind = kind_of(found)
  local function fails(s, list)
    return kind_of(search.play(s, list)) == kind
  end
  local s, list = found.scene, found.acts
  if not fails(s, list) then
    return search.play(s, list)
  end
  local before
  repeat
    before = #list
    list = drop_acts(s, list, fails)
    s, list = make_plainer(s, list, fails)
  until #list == before
  return search.play(s, list)
end

return search
