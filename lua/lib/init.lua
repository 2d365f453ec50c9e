-- SPDX-License-Identifier: GPL-3.0-or-later
-- Puts the library together. Called once with the C functions (`core`); returns the functions that C calls by name.
local core = ...

local function lib(name, ...)
  return core.lib(name)(...)
end

local errors = lib("errors", core)
local sched = lib("sched", core, errors)
local recipe_dirs = core.recipe_dirs()
local sandbox = lib("sandbox", core, errors, sched, recipe_dirs)
local tool = lib("tools", core, errors, recipe_dirs)
local verbs = lib("verbs", core, errors, sched)
local mig = lib("mig", core, errors, sched, verbs, tool, recipe_dirs)
lib("objects", core, errors, sched, verbs, mig)
lib("journal", core, errors, sched, mig)
local api = lib("api")
local recipe = lib("recipe", core, errors, sched, sandbox, recipe_dirs, api)
lib("transaction", errors, mig, recipe, lib("locks", core, errors, sched, mig), lib("told", mig))

_G.mig = mig
package.preload["migsh.api"] = function()
  return api
end
package.preload["migsh.report"] = function()
  return lib("report", core)
end
local prompt = sandbox.environment() -- after all that goes into one
local entry = lib("run", core, errors, sched, sandbox, recipe, prompt)

for name, fn in pairs(sched.entry) do
  entry[name] = fn
end
entry.recipes = recipe.list
entry.completions = lib("completion", verbs, prompt)
entry.manual = api
return entry
