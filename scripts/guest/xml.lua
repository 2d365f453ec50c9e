-- SPDX-License-Identifier: GPL-3.0-or-later
-- A domain's XML: what it needs of a host, its mark, and defining it. What is read here was written by libvirt, so it
-- has one form; what it means is mig.xml_map's to change, and the mark of a migration mig.xml_mark's.
local report = require "migsh.report"
local xml = {}

function xml.escape(text)
  return (text:gsub("[&<>\"']", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
    ["'"] = "&apos;" }))
end

function xml.unescape(text)
  return (text:gsub("&(%w+);", { lt = "<", gt = ">", quot = '"', apos = "'", amp = "&" }))
end

-- As libvirt quotes it, whoever wrote it: to be looked at, not to be defined.
local function quoted(text)
  return (text:gsub("=\"([^\"']*)\"", "='%1'"))
end

-- Without the mark, and without a <metadata> that held nothing else.
function xml.unmarked(text)
  return mig.xml_unmarked(text)
end

-- With the mark: {role = "copy" or "moved", journal =, node = the other one}.
function xml.marked(text, mark)
  return mig.xml_marked(text, mark)
end

function xml.mark(text)
  return mig.xml_mark(text)
end

-- `text`, dumped without passwords, with those that `from`, another definition of the domain, has for its displays.
function xml.with_passwords(text, from)
  local has, n = {}, 0
  for kind, rest in from:gmatch "<graphics type=['\"](%w+)['\"]([^>]*)>" do
    local words = {}
    for name, value in rest:gmatch " (passwd%w*)=(%b'')" do
      words[#words + 1] = (" %s=%s"):format(name, value)
    end
    has[#has + 1] = { kind = kind, words = table.concat(words) }
  end
  return (text:gsub("(<graphics type=['\"](%w+)['\"])([^>]*)", function(start, kind, rest)
    n = n + 1
    local words = has[n] and has[n].kind == kind and not rest:find " passwd" and has[n].words or ""
    return start .. words .. rest
  end))
end

-- {bridges, networks, pools, files (read at boot: kernel, loader, emulator …), machine, tpm}
function xml.needs(text)
  text = quoted(text)
  local function all(pattern)
    local list, seen = mig.array {}, {}
    for value in text:gmatch(pattern) do
      value = xml.unescape(value)
      if not seen[value] then
        seen[value], list[#list + 1] = true, value
      end
    end
    return list
  end
  local files = mig.array {}
  for _, name in ipairs { "kernel", "initrd", "dtb", "loader", "emulator" } do
    for _, path in ipairs(all("<" .. name .. "[^>]*>(/[^<]*)</" .. name .. ">")) do
      files[#files + 1] = path
    end
  end
  return { bridges = all "<source[^>]* bridge='([^']*)'", networks = all "<source[^>]* network='([^']*)'",
    pools = all "<source[^>]* pool='([^']*)'", files = files, machine = text:match "<type [^>]*machine='([^']*)'",
    hostdev = text:find("<hostdev ", 1, true) ~= nil }
end

-- Lines in which they differ, migsh's mark aside.
function xml.differences(before, after)
  return report.xml_differences(quoted(xml.unmarked(before)), quoted(xml.unmarked(after)))
end

-- Adapted to the destination: new XML, its diff. By --map, and by what was a file and will be a device, or was one.
function xml.map(text, about)
  local map = { table.unpack(about.options.map) }
  for _, file in ipairs(about.files) do
    if file.type ~= "volume" and (file.block or false) ~= (file.to_block or false) then
      map.disk = map.disk or {}
      map.disk[file.to] = file.to_block and "block" or "file"
    end
  end
  if #map == 0 and not map.disk then
    return text, ""
  end
  return mig.xml_map(text, map)
end

-- The text as a file, for as long as fn needs it. It may hold passwords: it is never on a disk.
function xml.with_file(text, fn)
  local file <close> = mig.text_file(text)
  local ok, err = pcall(fn, file)
  if not ok and type(err) == "table" and err.msg then
    err.msg = err.msg:gsub(" from " .. tostring(file), "") -- a name that would tell nobody anything
  end
  if not ok then
    error(err, 0)
  end
end

function xml.define(text, where)
  xml.with_file(text, function(path)
    mig.define { path, node = where }
  end)
end

return xml
