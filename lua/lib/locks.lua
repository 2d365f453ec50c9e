-- SPDX-License-Identifier: GPL-3.0-or-later
-- The lock of a workflow on its nodes (core/node/lock.h), for transaction.lua: what other consoles see of it, whoever
-- runs them and wherever their journals are. A workflow without about.lock or without nodes has none.
local core, errors, sched, mig = ...
local locks = {}
local Hold = {}
Hold.__index = Hold

-- Journals from before about.nodes name them so.
local function nodes_of(about)
  if about.nodes == nil then
    local list = { about.source }
    list[#list + 1] = about.dest
    return list
  elseif type(about.nodes) ~= "table" then
    errors.raise("usage", "workflow: about.nodes has to be a list of nodes, not a %s", type(about.nodes))
  end
  return about.nodes
end

-- On all of its nodes, or an error. As a <close> variable it is let go at the end of the block.
function locks.take(journal)
  local about = journal.about
  local nodes = nodes_of(about)
  local hold = setmetatable({ journal = journal, nodes = {} }, Hold)
  if type(about.lock) ~= "string" or #nodes == 0 then
    return hold
  end
  hold.nodes = nodes
  sched.await("mig.transaction", function()
    local op
    op, hold.raw = core.lock_take(nodes, about.lock, { command = journal.command, domain = about.domain,
      journal = journal.id })
    return op
  end)
  return hold
end

-- Before a change: raises when the lock is not held any more, and the journal tells it.
function Hold:check()
  if not self.raw then
    return
  end
  local ok, err = pcall(self.raw.check, self.raw)
  if ok then
    return
  end
  if not self.told then
    self.told = true
    local record = self.journal:intent("lock", { title = "the lock on the nodes" })
    self.journal:outcome(record, "failed", { code = err.code, msg = err.msg })
  end
  error(err, 0)
end

function Hold:__close()
  local raw = self.raw
  if raw then
    self.raw = nil
    sched.await("mig.transaction", core.lock_drop, raw)
    raw:close()
  end
end

-- Is it a journal that nobody can tell what it holds of?
function locks.is_unreadable(id)
  for _, j in ipairs(mig.journals()) do
    if j.id == id then
      return j.state == "unreadable"
    end
  end
  return false
end

return locks
