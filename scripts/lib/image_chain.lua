-- SPDX-License-Identifier: GPL-3.0-or-later
-- What images say of other files: their headers travel with the bytes, and QEMU opens what they name. Whoever made an
-- image could name any file of the host it is brought to, so after the copy, and before anything is defined, each is
-- asked on that host. Nothing but the headers is read.
local policy = require "lib.path_policy"
local chain = {}

-- Without "." and "..", of which there may be some in what is relative to an image.
local function normal(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

local function add_paths(value, list)
  if type(value) == "table" then
    for _, item in pairs(value) do
      add_paths(item, list)
    end
  elseif type(value) == "string" then
    local path = value:gsub("^file:/*", "/")
    list[#list + 1] = path:sub(1, 1) == "/" and normal(path) or nil
  end
end

-- The paths that a reference names, and whether it is anything else than a path. `base`: the image's directory. Pure.
function chain.paths_of(reference, base)
  local list = {}
  if reference:find "^json:" then
    local value = mig.try(mig.json_decode, (reference:gsub("^json:", "")))
    add_paths(value or reference, list)
    return list, true
  end
  local remote = reference:find "^[%w+.-]+:" ~= nil and not reference:find "^file:"
  add_paths(reference:find "^file:" and reference or remote and "" or reference:sub(1, 1) == "/" and reference
    or base .. "/" .. reference, list)
  return list, remote
end

-- What `qemu-img info` says that an image refers to, itself aside.
function chain.references(info)
  local data = type(info["format-specific"]) == "table" and info["format-specific"].data or {}
  local list = { info["full-backing-filename"] or info["backing-filename"], nil }
  list[#list + 1] = data["data-file"]
  for _, extent in ipairs(type(data.extents) == "table" and data.extents or {}) do
    list[#list + 1] = extent.filename ~= info.filename and extent.filename or nil
  end
  return list
end

-- The files of a workflow of which copies were made.
function chain.copied(tx)
  local list = {}
  for _, file in ipairs(tx.about.files) do
    local made = tx:outcome("copy", file.path)
    list[#list + 1] = made and made.action == "copied" and file or nil
  end
  return list
end

-- Raises "unsafe" if one of `files` ({to =, kind =}), which are on about.dest now, names a file that is neither another
-- one of about.files there nor allowed. `remote`: names of other kinds are refused, too.
function chain.check(about, files, remote)
  local own, allowed = {}, about.options.allow_host_path
  for _, file in ipairs(about.files) do
    own[normal(file.to)] = true
  end
  for _, file in ipairs(files) do
    if file.kind == "disk" or file.kind == "backing" or file.kind == "snapshot" then
      local text = mig.node(about.dest):run { "qemu-img", "info", "-U", "--output=json", "--", file.to }
      for _, reference in ipairs(chain.references(mig.json_decode(text))) do
        local paths, other = chain.paths_of(reference, (file.to:gsub("/[^/]*$", "")))
        for _, path in ipairs(paths) do
          if not own[path] and not policy.is_allowed(path, allowed) then
            mig.fail("unsafe", ("if %s is to use it: --allow-host-path %s"):format(about.domain, path),
              "%s was copied to %s, and names %s there, which is not of %s", file.path, about.dest, path, about.domain)
          end
        end
        if other and remote then
          mig.fail("unsafe", "if that is right: --allow-host remote", "%s names %s, which is not a regular file",
            file.path, reference)
        end
      end
    end
  end
end

return chain
