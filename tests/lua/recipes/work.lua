-- SPDX-License-Identifier: GPL-3.0-or-later
-- A workflow for the tests: each step makes a file in a directory, and undoing removes it; "log" there tells in which
-- order. A step whose word is in `crash` kills its console: "b" before it acts, "b+" after, "-b" and "-b+" while it is
-- undone. One in `fail` fails so.
local function path(tx, file)
  return tx.about.dir .. "/" .. file
end

local function exists(name)
  local f = io.open(name)
  return f and f:close()
end

local function log(tx, line)
  local f <close> = assert(io.open(path(tx, "log"), "a"))
  f:write(line, "\n")
end

-- Asked of the directory, so that the next console need not crash at the same place.
local function at(tx, point)
  if exists(path(tx, "crash " .. point)) then
    os.execute "kill -9 $PPID; sleep 60"
  elseif exists(path(tx, "fail " .. point)) then
    mig.error { code = "state", msg = "told to fail at " .. point, hint = "mend it" }
  elseif exists(path(tx, "wait " .. point)) then
    print "go"
    mig.sleep "60s"
  end
end

local function make(name, key, more)
  local word = key and name .. key or name
  local step = { name = name, key = key, title = "make " .. word, about = { made = word } }
  function step.run(tx)
    at(tx, word)
    log(tx, "do " .. word)
    local was = exists(path(tx, word))
    assert(io.open(path(tx, word), "w")):close()
    at(tx, word .. "+")
    return { word = word, before = tx:outcome("b", nil) and true }, was
  end
  function step.verify(tx)
    return exists(path(tx, word)) and { word = word, verified = true }
  end
  function step.undo(tx, _, record)
    at(tx, "-" .. word)
    log(tx, "undo " .. record.about.made)
    os.remove(path(tx, record.about.made))
    at(tx, "-" .. word .. "+")
  end
  for key_of_more, value in pairs(more or {}) do
    step[key_of_more] = value
  end
  return step
end

return {
  description = "a workflow of the tests", example = "work /tmp/x",
  args = { { name = "dir", required = true, positional = true, help = "where" },
    { name = "lock", help = "what it holds" }, { name = "own", help = "a word that only this console has" },
    { name = "wish", type = "bool", help = "what is done is done again, and may be taken back" } },
  run = function(a)
    return mig.transaction("work", { dir = a.dir, lock = a.lock, domain = "it", wish = a.wish }, a.own
      and { word = a.own })
  end,
  workflow = function(about)
    local steps = { make("a", nil, { harmless = true }), make "b", make("c", "x"), make("c", "y"),
      make("d", nil, not about.wish and { commit = true, point = "d was made" }), make "e" }
    return { steps = steps, redo = about.wish, undo_done = about.wish, finish = function(tx)
      return { journal = tx.id, b = tx:outcome "b", y = tx:outcome("c", "y") }, "finished\n" .. (tx.own.word or "")
    end, ended = function(tx)
      log(tx, "ended")
    end }
  end,
}
