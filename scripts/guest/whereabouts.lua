-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where a domain is: who defines and who runs it. A node that does not answer is no answer: what it may run is unknown.
local whereabouts = {}

function whereabouts.is_active(row)
  return row.state ~= "shut off" and row.state ~= "crashed"
end

function whereabouts.hypervisors()
  local names = {}
  for _, node in ipairs(mig.nodes()) do
    if node.hypervisor then
      names[#names + 1] = node.name
    end
  end
  return names
end

-- A node that has never answered is waited for so long, then no more, but asked each time: an answer that is there is
-- taken. One that has answered may have its network back in a moment. Where all are slow today, nobody is silent yet:
-- SLOWER times as long as the slowest that answered, or as the first wait where nobody has.
local PATIENCE_MS <const>, AGAIN_MS <const>, SLOWER <const> = 5000, 300, 4
local known = {} -- true: it has answered; false: it has kept silent

-- The rows of `list` of a node, or nil, the error, and how long it was waited for. group: {begun =, slowest =} of those
-- that are asked at once.
local function ask(name, group)
  local all = { all = true, node = name }
  if known[name] then
    return mig.try(mig.list, all)
  end
  local task <close> = mig.spawn(mig.try, mig.list, all)
  local least = known[name] == nil and PATIENCE_MS or AGAIN_MS
  while not task:done() do
    local limit, waited = SLOWER * (group.slowest or least), mig.clock() - group.begun
    if waited >= math.max(least, limit) then
      known[name] = false
      return nil, { code = "timeout" }, waited
    end
    mig.try(mig.timeout, math.max(least, limit) - waited, task.wait, task)
  end
  local rows, err = task:wait()
  if not err then
    known[name], group.slowest = true, math.max(group.slowest or 0, mig.clock() - group.begun)
  end
  return rows, err
end

-- {copies = rows of `list` that match, silent = {{node, msg}}: who did not answer}
function whereabouts.look(matches, nodes)
  local found = { copies = {}, silent = {} }
  local work, group = {}, { begun = mig.clock() }
  for i, name in ipairs(nodes or whereabouts.hypervisors()) do
    work[i] = function()
      local rows, err, waited = ask(name, group)
      if err and err.code == "cancelled" then
        error(err, 0)
      elseif err then
        found.silent[#found.silent + 1] = { node = name, msg = waited
          and ("no answer within %.0f s"):format(waited / 1000) or err.msg }
      end
      for _, row in ipairs(rows or {}) do
        if matches(row) then
          row.node = name
          found.copies[#found.copies + 1] = row
        end
      end
    end
  end
  mig.all(work)
  table.sort(found.copies, function(a, b)
    return a.node < b.node
  end)
  return found
end

local hints = { define = "list --all shows what there is", run = "start it first, or use migrate --offline" }

-- The node that a name without @NODE is looked for on, as commands have it; nil: on all.
local function current_node(text)
  local here = mig.current()
  if here and not here.node then
    mig.fail("usage", ("say which: %s@NODE, or connect NODE first"):format(text), "the current host %s is not a node "
      .. "of the inventory", here.uri)
  end
  return here and here.node
end

-- The one that TEXT means, NAME[@NODE] or a uuid, on the current host if there is one: its row of `list`, and who did
-- not answer; where the node is named, no more than {name, node, named}. choose(rows) leaves those that can be meant.
-- verb: what a node does with it, as in `hints`.
function whereabouts.find(text, verb, choose)
  local name, at = text:match "^(.+)@([^@]+)$"
  if name and mig.try(mig.node_show, { at }) then
    return { name = name, node = at, named = true }, {}
  end
  local here = current_node(text)
  local found = whereabouts.look(function(row)
    return row.name == text or row.uuid == text
  end, here and { here })
  local rows, silent = choose and choose(found.copies) or found.copies, found.silent[1]
  if #rows > 1 then
    mig.fail("usage", ("say which: %s@NODE, or connect NODE first"):format(text), "several nodes %s a domain '%s'",
      verb, text)
  elseif #rows == 0 and silent then
    mig.fail("unreachable", nil, "no node that answers %ss a domain '%s'; %s: %s", verb, text, silent.node, silent.msg)
  elseif #rows == 0 then
    mig.fail("not-found", hints[verb], here and "%s, the current host, %ss no domain '%s'" or "%s %ss a domain '%s'",
      here or "no node", verb, text)
  end
  return rows[1], found.silent
end

-- Where it runs: as find(), but of running copies alone.
function whereabouts.running(text)
  return (whereabouts.find(text, "run", function(copies)
    local active = {}
    for _, row in ipairs(copies) do
      active[#active + 1] = whereabouts.is_active(row) and row or nil
    end
    return active
  end))
end

function whereabouts.of_uuid(uuid, nodes)
  return whereabouts.look(function(row)
    return row.uuid == uuid
  end, nodes)
end

-- Its row on that one node, or nil; raises when the node does not answer.
function whereabouts.on(name, uuid)
  local info, err = mig.try(mig.dominfo, { uuid .. "@" .. name })
  if err and err.code ~= "not-found" then
    error(err, 0)
  end
  return info or nil
end

-- Raises if any node runs it, but for opts.allowed, or if one does not answer, unless opts.force. Returns the nodes
-- that define it.
function whereabouts.assert_off(uuid, what, opts)
  local found, defined = whereabouts.of_uuid(uuid), mig.array {}
  for i, row in ipairs(found.copies) do
    defined[i] = row.node
    if whereabouts.is_active(row) and row.node ~= opts.allowed then
      mig.error { code = "state", msg = ("%s is %s on %s"):format(what, row.state, row.node),
        hint = "cleanup " .. what .. " tells where it is, and what is safe" }
    end
  end
  local silent = found.silent[1]
  if silent and not opts.force then
    mig.fail("unreachable", ("make it answer, or node-remove %s if it is gone for good; --force continues "
      .. "without its answer"):format(silent.node), "%s does not answer, so it may run %s: %s", silent.node, what,
      silent.msg)
  end
  return defined
end

return whereabouts
