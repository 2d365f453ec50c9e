-- SPDX-License-Identifier: GPL-3.0-or-later
-- What may be removed of that which we made on a node. A file goes only if it is at this moment what was made, if no
-- definition of any node names it and if nobody has it open. One that was written to since is set aside under a name
-- that says so; one that is needed stays where it is. The operator is told of both.
local node = require "lib.node"
local staging = require "lib.staging"
local users = require "guest.users"
local discard = {}

-- Takes back a file or directory on a node. made: its node.stat() when it was made, as the journal keeps it, or nil if
-- that is not known. o: as users.of(). Returns nil when it is gone, or else what became of it, for the record.
function discard.file(tx, where, path, made, o)
  local there = node.stat(where, path)
  if not there then
    return nil
  elseif not made or made.inode ~= there.inode then
    tx:say(("%s on %s is not the copy that was made: it is left alone"):format(path, where))
    return "left alone"
  end
  local needed = users.of(where, path, there.inode, o)
  if #needed > 0 then
    tx:say(("%s on %s is left alone: it is used by %s"):format(path, where, table.concat(needed, ", ")))
    return "left alone"
  elseif node.remove_if(where, path, made) then
    return nil
  end
  local kept = staging.kept(path, tx.id)
  node.rename(where, path, kept)
  tx:say(("%s on %s was written to since it was made: it is kept as %s"):format(path, where, kept))
  return "kept as " .. kept
end

return discard
