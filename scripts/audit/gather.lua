-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the nodes say, all at once and each once for each kind of thing: its guests with their definitions and files,
-- its pools, its saved states, what copies left there. What a node does not say goes to the findings as not looked at.
-- Nothing is changed.
local evidence = require "guest.evidence"
local leftovers = require "guest.leftovers"
local users = require "guest.users"
local node = require "lib.node"
local pools = require "lib.pools"
local whereabouts = require "guest.whereabouts"
local xml = require "guest.xml"
local gather = {}

-- The questions to one node: each that fails is noted, and none is asked any more once it keeps silent.
local Node = {}
Node.__index = Node

function Node:note(what, err)
  if err.code == "cancelled" then
    error(err, 0)
  elseif err.code == "unreachable" or err.code == "timeout" then
    self.gone = err.msg
  end
  self.findings:skip(self.name, what, err.msg)
end

-- What fn returns, or nil and the error: it has failed, which is noted as `what`, or the node is not asked any more.
function Node:ask(what, fn, ...)
  if self.gone then
    self.findings:skip(self.name, what, self.gone)
    return nil, { code = "unreachable", msg = self.gone }
  end
  local value, err = mig.try(fn, ...)
  if err then
    self:note(what, err)
  end
  return value, err
end

-- As ask(), of a domain, which may be gone by now: that is no finding.
function Node:ask_of(row, what, fn, ...)
  if self.gone then
    return self:ask(what)
  end
  local value, err = mig.try(fn, ...)
  if err and err.code ~= "not-found" then
    self:note(("%s of %s"):format(what, row.name), err)
  end
  return value, err
end

-- The uuids that a list with this option has, as a set; nil: not known.
function Node:set(what, option)
  local rows, err = self:ask(what, mig.list, { all = true, node = self.name, [option] = true })
  local set = not err and {} or nil
  for _, row in ipairs(rows or {}) do
    set[row.uuid] = true
  end
  return set
end

-- A domain's files: the rows of domfiles, or where the node has no login what its definition names.
function Node:files_of(row)
  local on = row.uuid .. "@" .. self.name
  if not self.no_files then
    local files, err = mig.try(mig.domfiles, { on })
    if files then
      return files
    elseif err.code == "not-found" then
      return {}
    elseif err.code == "unsupported" then
      self.no_files = true
      self.findings:skip(self.name, "files of guests and snapshots", err.msg)
    else
      self:note("files of " .. row.name, err)
      return {}
    end
  end
  local files = {}
  for path in pairs(self:ask_of(row, "disks", users.disks_of, self.name, row.uuid, row) or {}) do
    files[#files + 1] = { kind = "disk", type = "file", path = path, exists = mig.null, readonly = false,
      shareable = false }
  end
  return files
end

function Node:guests(rows)
  local starts, defined = self:set("autostart", "autostart"), self:set("which domains are transient", "persistent")
  for _, row in ipairs(rows) do
    row.autostart = starts ~= nil and starts[row.uuid] or false
    row.persistent = defined ~= nil and defined[row.uuid] or false
    local text = self:ask_of(row, "definition", mig.dumpxml, { row.uuid .. "@" .. self.name,
      inactive = row.persistent or nil })
    row.mark = text and xml.mark(text) or nil
    row.files = self:files_of(row)
  end
end

-- The directories where parts of copies may be.
function Node:directories(rows, journals)
  local paths = {}
  for _, row in ipairs(rows) do
    for _, file in ipairs(row.files) do
      paths[#paths + 1] = file.path ~= mig.null and file.path or nil
    end
  end
  for _, pool in ipairs(self:ask("pools", pools.list, self.name, true) or {}) do
    paths[#paths + 1] = not pool.devices and pool.dir ~= "" and pool.dir .. "/x" or nil
  end
  return leftovers.directories(self.name, paths, journals)
end

-- Is somebody at work on it? nil: not known.
local function is_open(part)
  local there = node.stat(part.node, part.path)
  return there ~= nil and #users.of(part.node, part.path, there.inode, { nodes = { part.node } }) > 0
end

function Node:parts(rows, journals, index)
  local parts, seen = {}, {}
  for _, dir in ipairs(self:directories(rows, journals)) do
    local list, err = self:ask("parts of copies", leftovers.find, self.name, dir, index, true)
    for _, part in ipairs(list or {}) do
      local inode = self:ask("parts of copies", node.stat, self.name, part.path)
      local key = inode and inode.device .. ":" .. inode.inode .. part.path:match "[^/]*$"
      if key and not seen[key] then -- a directory may have two names
        seen[key], parts[#parts + 1] = true, part
        part.useless = self:ask("parts of copies", leftovers.is_useless, part)
        part.open = not part.journal and self:ask("parts of copies", is_open, part) or false
      end
    end
    if err then
      break
    end
  end
  return parts
end

-- Saved states, by the domains' names; the system daemon's alone have a known place.
function Node:saves()
  local names, suffix <const> = {}, ".save"
  local text = self:ask("saved states", function()
    return mig.node(self.name):tool("stage_list", evidence.SAVES, "")
  end)
  for file in (text or ""):gmatch "[^\n]+" do
    names[#names + 1] = file:sub(-#suffix) == suffix and file:sub(1, -#suffix - 1) or nil
  end
  return names
end

-- Of one node: {name, rows, parts, saves, gone = it fell silent}.
local function ask_node(name, rows, o)
  local one = setmetatable({ name = name, rows = rows, findings = o.findings }, Node)
  one:guests(rows)
  one.parts = one:parts(rows, o.journals, o.index)
  one.saves = one:saves()
  return one
end

-- Everything: {nodes = {[name] = as above}, rows = those of all, silent = {[name] = why}}. names: the nodes that are
-- asked; o: {findings, journals, index}.
function gather.run(names, o)
  local found = whereabouts.look(function()
    return true
  end, names)
  local facts = { nodes = {}, rows = found.copies, silent = {} }
  local by_node, work = {}, {}
  for _, s in ipairs(found.silent) do
    facts.silent[s.node] = s.msg
    o.findings:skip(s.node, "its guests and files", s.msg)
  end
  for _, row in ipairs(found.copies) do
    by_node[row.node] = by_node[row.node] or {}
    table.insert(by_node[row.node], row)
  end
  for _, name in ipairs(names) do
    if not facts.silent[name] then
      work[#work + 1] = function()
        facts.nodes[name] = ask_node(name, by_node[name] or {}, o)
        facts.silent[name] = facts.nodes[name].gone
      end
    end
  end
  mig.all(work)
  return facts
end

return gather
