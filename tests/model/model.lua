-- SPDX-License-Identifier: GPL-3.0-or-later
-- lua5.4 model.lua stories | story N | search FROM TO | seed N: TAP lines without numbers, and of what failed the
-- shortest list of acts that still does. See README.md.
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua"
local acts = require "acts"
local scene = require "scene"

-- A run of given acts: {wrongs, lines, fatal}.
local function play(s, list)
  local r = scene.make(s)
  local lines, skipped = {}, {}
  for i, a in ipairs(list) do
    local text = acts.run(r, a)
    lines[#lines + 1] = ("  %2d. %s -> %s"):format(i, acts.describe(a), text or "(skipped)")
    skipped[i] = text == nil
    if r.world.fatal or #r.world.wrongs > 0 then
      break
    end
  end
  return { wrongs = r.world.wrongs, lines = lines, fatal = r.world.fatal, skipped = skipped }
end

local function scene_words(s)
  local words = { "disks " .. s.disks, s.running and "running" or "off" }
  words[#words + 1] = s.autostart and "autostart" or nil
  words[#words + 1] = s.deaf and "deaf to shutdown" or nil
  return table.concat(words, ", ")
end

local function tell(s, found)
  print("#   a guest on source: " .. scene_words(s))
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
    if not only or only == i then
      local found = play(story.scene, story.acts)
      local skipped = false
      for _, s in ipairs(found.skipped) do
        skipped = skipped or s
      end
      local ok = #found.wrongs == 0 and not found.fatal
      print(("%s - %s"):format(ok and "ok" or "not ok", story.name))
      if not ok or only then
        tell(story.scene, found)
      end
      failed = failed + (ok and 0 or 1)
      if skipped and os.getenv "MODEL_SKIPS" then
        print "# (an act was skipped)"
      end
    end
  end
  return failed
end

local what, n = arg[1], math.tointeger(tonumber(arg[2]))
if what == "stories" then
  os.exit(stories() == 0 and 0 or 1)
elseif what == "story" then
  os.exit(stories(n) == 0 and 0 or 1)
end
