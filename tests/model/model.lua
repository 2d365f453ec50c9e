-- SPDX-License-Identifier: GPL-3.0-or-later
-- migsh model.lua stories | story N | search FROM COUNT | seed N. TAP lines without numbers; of what failed, the
-- shortest list of acts that still does. See README.md.
package.path = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/?.lua"
local search = require "search"

local function scene_words(s)
  local words = { "disks " .. s.disks, s.running and "running" or "off" }
  words[#words + 1] = s.autostart and "autostart" or nil
  words[#words + 1] = s.deaf and "deaf to shutdown" or nil
  words[#words + 1] = s.twins and "the hosts' file systems number their files alike" or nil
  return table.concat(words, ", ")
end

local function tell(found)
  print("#   a guest on source: " .. scene_words(found.scene))
  for _, line in ipairs(found.lines) do
    print("# " .. line:gsub("\n", "\n#      "))
  end
  for _, w in ipairs(found.wrongs) do
    print(("#   %s: %s"):format(w.kind, w.text))
  end
  if found.fatal then
    print("#   the model: " .. found.fatal:gsub("\n", "\n#      "))
  end
end

local function stories(only)
  local failed = 0
  for i, story in ipairs(require "stories") do
    if only == nil and story.open and not os.getenv "MODEL_OPEN" then
      print(("ok - story: %s # SKIP not mended yet"):format(story.name))
    elseif not only or only == i then
      local found = search.play(story.scene, story.acts)
      local ok = #found.wrongs == 0 and not found.fatal
      print(("%s - story: %s"):format(ok and "ok" or "not ok", story.name))
      if not ok or only then
        tell(found)
      end
      failed = failed + (ok and 0 or 1)
    end
  end
  return failed
end

-- Of each promise that is broken the first story is told in full; of the others the number.
local function look(from, count)
  local kinds, failed = {}, 0
  for seed = from, from + count - 1 do
    local found = search.run(seed)
    local kind = search.kind_of(found)
    if kind then
      failed = failed + 1
      kinds[kind] = (kinds[kind] or 0) + 1
      if kinds[kind] <= (math.tointeger(os.getenv "MODEL_TELL") or 1) and failed < 30 then
        print(("not ok - seed %d: %s (in run %d)"):format(seed, kind, seed - from + 1))
        tell(search.shrink(found))
      end
    end
  end
  if failed == 0 then
    print(("ok - %d runs, seeds %d to %d"):format(count, from, from + count - 1))
  else
    for kind, n in pairs(kinds) do
      print(("# %s: %d of %d runs, seeds %d to %d"):format(kind, n, count, from, from + count - 1))
    end
  end
  return failed
end

local what, n, count = arg[1], math.tointeger(arg[2]), math.tointeger(arg[3])
local failed
if what == "stories" then
  failed = stories()
elseif what == "story" then
  failed = stories(n)
elseif what == "search" then
  failed = look(n, count)
elseif what == "seed" then
  local found = search.run(n)
  tell(search.play(found.scene, found.acts))
  failed = search.kind_of(found) and 1 or 0
end
if failed ~= 0 then
  mig.fail("verdict", nil, "%d of them failed", failed)
end
