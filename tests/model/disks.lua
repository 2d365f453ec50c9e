-- SPDX-License-Identifier: GPL-3.0-or-later
-- disk-copy, disk-rebase and the definitions' paths, for the fake `mig` (fake.lua): as shell/core/copy*.c does it. A
-- copy grows beside its name and gets that when it is whole; what is open is refused; one file that both ends see is
-- told.
local World = require "world"
local part_of = require "scripts".part_of

return function(fake)
  local mig, fail = fake.mig, fake.mig.fail

  local function end_of(text)
    local name, path = text:match "^([^/:]+):(/.*)$"
    if name then
      return fake.node_of(name), path, name
    end
    return nil, text, "here"
  end

  -- The inode of one end: a guest's, or this machine's.
  local function file_at(node, path)
    if node then
      return fake.console().world:get(node, path)
    end
    return fake.console().world.admin_files[path]
  end

  local function refuse_open(file, where, path, readers)
    for user, how in pairs(file.users) do
      if how == "writes" or not readers then
        fail("state", "only a file that nobody has open is copied: shut the guest down first",
          "%s:%s: in use by %s", where, path, user)
      end
    end
  end

  local function look_at_copy(args)
    local from, from_path, from_name = end_of(args[1])
    local to, to_path, to_name = end_of(args[2])
    local source = file_at(from, from_path) or fail("not-found", nil, "%s:%s: no such file", from_name, from_path)
    local there = file_at(to, to_path)
    if there and there == source then
      return nil
    end
    if not args.plan then
      refuse_open(source, from_name, from_path, args.readers)
    end
    if not fake.console().world:has_dir(to, World.parent(to_path)) then
      fail("not-found", nil, "%s:%s: there is no such directory", to_name, to_path)
    elseif there and not args.update then
      fail("exists", nil, "%s:%s: it already exists", to_name, to_path)
    elseif there then
      refuse_open(there, to_name, to_path)
    end
    return source, to, to_path, there
  end

  function mig.disk_copy(args)
    local source, to, path, there = look_at_copy(args)
    if not source then
      return { shared = true, verified = false, copied = false, size = 0, data = 0, sent = 0 }
    elseif args.plan then
      return { shared = false, verified = false, copied = false, to_size = mig.null, to_holds = mig.null,
        size = source.size }
    end
    local w, label = fake.console().world, ("the copy to %s:%s"):format(to.name, path)
    fake.point("before " .. label)
    local content = World.copy_of(source.content)
    if there then
      w:overwrite(to, path, { part = tostring(content.ver and content.ver.id) })
      fake.point("in the middle of " .. label)
      refuse_open(there, to.name, path)
      w:overwrite(to, path, content)
    else
      w:create(to, part_of(path), { part = tostring(content.ver and content.ver.id), size = source.size })
      fake.point("in the middle of " .. label)
      w:overwrite(to, part_of(path), content)
      if not w:rename(to, part_of(path), path) then
        fail("exists", nil, "%s:%s: it has been created in the meantime", to.name, path)
      end
    end
    fake.point("after " .. label)
    return { shared = false, verified = true, copied = true, size = source.size, data = source.size, sent = source.size,
      seconds = 1, route = "direct" }
  end

  function mig.disk_rebase(args)
    local node = fake.node_of(args.node)
    fake.changing("disk-rebase of " .. args[1], function()
      local file = fake.console().world:get(node, args[1]) or fail("not-found", nil, "%s: no such file", args[1])
      refuse_open(file, node.name, args[1])
      file.content = World.copy_of(file.content)
      file.content.backing = args[2]
      World.touch(fake.console().world, file)
    end)
  end
end
