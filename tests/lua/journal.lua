-- SPDX-License-Identifier: GPL-3.0-or-later
-- Journals of recipes, and the texts of commands' values. run.sh gives this a state directory of its own.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises

local function read(id)
  local f <close> = assert(io.open(("%s/migsh/journal/%s.jsonl"):format(os.getenv "XDG_STATE_HOME", id)))
  return f:read "a"
end

local function state_of(id)
  for _, j in ipairs(mig.journals()) do
    if j.id == id then
      return j.state
    end
  end
end

test("a journal is written before a step acts, and read again", function()
  local id
  local hostile = "a b;$(c)\n'\"\0\u{1F512}"
  do
    local j <close> = mig.journal_begin("a-recipe", { name = hostile, list = mig.array {} })
    id = j.id
    equal(j.state, "running")
    equal(j.command, "a-recipe")
    equal(state_of(id), "running")
    match(read(id), '"rec":"begin"')
    local one = j:intent("first", { text = hostile, n = 3 })
    match(read(id), '"rec":"intent","step":1')
    equal(one.number, 1)
    equal(one.state, "intent")
    j:outcome(one, "done", { was = true })
    equal(one.state, "done")
    match(read(id), '"state":"done"')
    j:intent("second")
    j:finish "done"
    equal(j.state, "done")
  end
  equal(state_of(id), "done")
  local j <close> = mig.journal_open(id)
  local steps = j:steps()
  equal(j.about.name, hostile)
  equal(#j.about.list, 0)
  equal(#steps, 2)
  equal(steps[1].name, "first")
  equal(steps[1].about.text, hostile)
  equal(steps[1].about.n, 3)
  equal(steps[1].state, "done")
  equal(steps[1].outcome.was, true)
  equal(steps[2].state, "intent")
  for _, state in ipairs { "undoing", "undo-failed", "undoing", "undone" } do
    j:outcome(steps[1], state)
    equal(steps[1].state, state)
  end
  j:finish "reverted"
  j:close()
  equal(state_of(id), "reverted")
end)

test("without an end it is an interrupted one; closing twice is fine", function()
  local j = mig.journal_begin("a-recipe")
  j:intent "x"
  j:close()
  j:close()
  equal(state_of(j.id), "interrupted")
  raises("failed", "closed journal", j.intent, j, "y")
end)

test("one without a step is dropped, unless it is released", function()
  local j = mig.journal_begin("a-recipe")
  j:close()
  equal(state_of(j.id), nil)
  local kept = mig.journal_begin("a-recipe")
  kept:release()
  equal(state_of(kept.id), "interrupted")
  mig.journal_open(kept.id):close()
  equal(state_of(kept.id), nil)
end)

test("the collector closes it", function()
  local id
  do
    local j = mig.journal_begin("a-recipe")
    j:intent "x"
    id = j.id
  end
  collectgarbage()
  collectgarbage()
  mig.journal_open(id):close()
end)

test("several steps at once", function()
  local j <close> = mig.journal_begin("a-recipe")
  local work = {}
  for i = 1, 20 do
    work[i] = function()
      local step = j:intent("step", { i = i })
      j:outcome(step, "done", i)
    end
  end
  mig.all(work)
  local again, seen = j.id, {}
  j:close()
  local old <close> = mig.journal_open(again)
  for _, step in ipairs(old:steps()) do
    equal(step.about.i, step.outcome)
    seen[step.about.i] = true
  end
  equal(#seen, 20)
end)

test("only one has it open", function()
  local j <close> = mig.journal_begin("a-recipe")
  raises("state", "another console", mig.journal_open, j.id)
end)

test("journals of one command", function()
  local other = mig.journal_begin("b-recipe", { n = 1 })
  local list = mig.journals "b-recipe"
  equal(#list, 1)
  equal(list[1].about.n, 1)
  equal(list[1].state, "running")
  equal(math.type(list[1].time), "float")
  other:close()
  equal(#mig.journals "b-recipe", 0)
end)

test("what makes no sense is refused", function()
  raises("failed", "a command's name", mig.journal_begin, "../../x")
  raises("failed", "a command's name", mig.journal_begin, "")
  raises("failed", "a command's name", mig.journals, "a/b")
  raises("usage", "not the id", mig.journal_open, "../x")
  raises("not-found", "no journal", mig.journal_open, "nosuch")
  local j <close> = mig.journal_begin("a-recipe")
  raises("usage", "a step is wanted", j.outcome, j, 7, "done")
  raises("usage", "no step 7", j.outcome, j, { number = 7 }, "done")
  local step = j:intent "x"
  raises("failed", "no such state", j.outcome, j, step, "intent")
  raises("failed", "no such state", j.outcome, j, step, "nonsense")
  raises("failed", "no such state", j.finish, j, "running")
end)

test("a directory that cannot be written is an error", function()
  local dir = os.getenv "XDG_STATE_HOME" .. "/migsh/journal"
  assert(os.rename(dir, dir .. ".aside"))
  local f = assert(io.open(dir, "w"))
  f:close()
  local ok, err = pcall(mig.journal_begin, "a-recipe")
  os.remove(dir)
  assert(os.rename(dir .. ".aside", dir))
  equal(ok, false)
  equal(err.code, "io")
end)

test("mig.render is what the prompt shows", function()
  local rows = mig.list { all = true }
  match(mig.render("list", rows), "^ Id +Name +State\n%-+\n.*test +running")
  equal(mig.render("domstate", { state = "running", reason = "booted" }), "running\n")
  equal(mig.render("domstate", nil), "")
  equal(mig.render("dominfo", { name = "x", messages = { "tainted: a\nb", "deprecated: c" } }),
    "Name:           x\nMessages:       tainted: a b\n                deprecated: c\n")
  equal(mig.render("dominfo", { messages = { "one" } }), "Messages:       one\n")
  raises("usage", "no command nosuch", mig.render, "nosuch", 1)
end)
