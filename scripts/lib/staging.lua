-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a workflow makes on a node before it may be seen, and what it sets aside there: files (and the directory of a
-- TPM's state) under names that only its journal has. A staged file gets its own name when it is complete and nothing
-- has that. All that is known of these names is here; what a copy calls its unfinished part, the copy engine knows (its
-- tools copy_forget and copy_parts).
local node = require "lib.node"
local staging = {}

-- The first name of the workflow's `i`th file, which is to be `to`.
function staging.path(id, i, to)
  return ("%s/.migsh-%s-%d"):format(node.directory(to), id:match "%x+$", i)
end

-- What that was like when it got its name is kept there.
local function own(path)
  return path .. ".own"
end

-- Where what was there before it is kept meanwhile.
function staging.aside(path)
  return path .. "-old"
end

-- Gives a complete file its name, unless something has it. What it was like then is kept beside the first name, by
-- which it is known again; where the file system can, the first name stays, too.
function staging.publish(name, path, to)
  mig.node(name):tool("stage_publish", path, to, own(path), node.IDENTITY)
end

-- What staging.publish() was given under that first name: {size, mtime, inode}, or nil. Of a file that it has not named
-- yet there is only the inode.
function staging.published(name, path)
  local out = mig.node(name):tool("stage_published", path, own(path))
  local size, mtime, inode = out:match "^(%S+) (%S+) (%d+)\n$"
  return inode and { size = math.tointeger(tonumber(size)), mtime = mtime, inode = inode } or nil
end

-- Under its first name alone again.
function staging.unpublish(name, path, to)
  mig.node(name):tool("stage_unpublish", path, to, own(path))
end

-- What is there already, until the workflow cannot be taken back any more.
function staging.set_aside(name, path, to)
  mig.node(name):tool("stage_aside", to, staging.aside(path))
end

function staging.is_set_aside(name, path)
  return node.exists(name, staging.aside(path))
end

function staging.put_back(name, path, to)
  mig.node(name):tool("stage_back", staging.aside(path), to)
end

-- For good, if what has replaced it is there.
function staging.drop_aside(name, path, to)
  mig.node(name):tool("stage_drop", staging.aside(path), to)
end

-- Its first name, what was kept beside that, and what a copy to it has left.
function staging.forget(name, path)
  mig.node(name):run { "rm", "-rf", "--", path, own(path) }
  mig.node(name):tool("copy_forget", path)
end

-- No console of ours is at work on these (its journal is locked), and their names are the journal's alone: what still
-- copies to them, on either side, is what a console left that was cut off. True: something was ended on `where`.
function staging.end_copies(where, name, paths)
  return mig.node(where):tool("copy_end", name, table.unpack(paths)) ~= ""
end

-- What is not removed when a workflow is taken back, as somebody has written to it, is kept under this name.
local KEPT <const> = ".kept-"

function staging.kept(path, id)
  return path .. KEPT .. id:match "%x+$"
end

-- What workflows have left in a directory of a node: {path, id = the end of the journal's, i, aside = set aside}.
-- every: also what was kept (id, kept), and parts of copies that no workflow made, which have the path alone.
function staging.list(name, dir, every)
  local list, prefix <const> = {}, ".migsh-"
  local function add(stage, file)
    local id, i, kind = stage:match "^%.migsh%-(%x+)%-(%d+)(.*)$"
    if id or every then
      list[#list + 1] = { path = dir .. "/" .. file, id = id, i = id and math.tointeger(tonumber(i)),
        aside = kind == staging.aside "" }
    end
  end
  for file in mig.node(name):tool("stage_list", dir, prefix):gmatch "[^\n]+" do
    add(file, file)
  end
  for file in (every and mig.node(name):tool("stage_list", dir, "", KEPT) or ""):gmatch "[^\n]+" do
    local id = file:match "%.kept%-(%x+)$"
    list[#list + 1] = id and { path = dir .. "/" .. file, id = id, kept = true } or nil
  end
  for stage, part in mig.node(name):tool("copy_parts", dir, every and "" or prefix):gmatch "([^\n]+)\n([^\n]+)\n" do
    add(stage, part)
  end
  return list
end

return staging
