-- SPDX-License-Identifier: GPL-3.0-or-later
-- A workflow for the lab's tests: three steps, each of which makes the file did-NAME in a directory, and then waits
-- there for the file go-NAME. Undoing makes undid-NAME. The console's pid is in the file pid.
local function exists(name)
  local f = io.open(name)
  return f and f:close()
end

local function touch(name)
  assert(io.open(name, "w")):close()
end

local function make(about, name)
  return { name = name, title = "step " .. name, run = function()
    os.execute(("echo $PPID >'%s/pid'"):format(about.dir))
    touch(about.dir .. "/did-" .. name)
    while not exists(about.dir .. "/go-" .. name) do
      mig.sleep(50)
    end
  end, undo = function()
    touch(about.dir .. "/undid-" .. name)
  end }
end

return {
  description = "a workflow of the tests", example = "steps /tmp/x web source dest",
  args = { { name = "dir", required = true, positional = true, help = "where" },
    { name = "domain", required = true, positional = true, help = "what it says that it works on" },
    { name = "nodes", type = "nodes", required = true, help = "which nodes it locks" } },
  run = function(a)
    local nodes = {}
    for name in a.nodes:gmatch "[^,]+" do
      nodes[#nodes + 1] = name
    end
    return mig.transaction("steps", { dir = a.dir, lock = "domain:" .. a.domain, domain = a.domain, nodes = nodes })
  end,
  workflow = function(about)
    return { steps = { make(about, "one"), make(about, "two"), make(about, "three") } }
  end,
}
