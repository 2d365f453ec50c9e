-- SPDX-License-Identifier: GPL-3.0-or-later
-- A domain's XML: what it needs of a host, its mark, and defining it. It is asked by XPath (mig.xml); what it means is
-- mig.xml_map's to change, and the mark of a migration mig.xml_mark's.
local xml = {}

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

-- Does such a mark (nil: none) say that the guest went elsewhere?
function xml.is_moved(mark)
  return mark ~= nil and mark.role == "moved"
end

-- `text`, dumped without passwords, with those that `from`, another definition of the domain, has for its displays.
function xml.with_passwords(text, from)
  local doc, displays <const> = mig.xml(text), "/domain/devices/graphics"
  local has = mig.xml(from):each(displays)
  for i, display in ipairs(doc:each(displays)) do
    local same = has[i] and has[i]:get "@type" == display:get "@type" and not display:get "@passwd"
    for _, name in ipairs(same and { "passwd", "passwdValidTo" } or {}) do
      local value = has[i]:get("@" .. name)
      if value then
        display:set(name, value)
      end
    end
  end
  return tostring(doc)
end

-- Texts of all that is found, each once.
local function values(doc, xpath)
  local list, seen = mig.array {}, {}
  for _, found in ipairs(doc:each(xpath)) do
    local value = found:get "."
    if not seen[value] then
      seen[value], list[#list + 1] = true, value
    end
  end
  return list
end

-- {networks, bridges, pools, nwfilters, secrets}: what the host has to have by these names (secrets by UUID).
function xml.needs(text)
  local doc <close> = mig.xml(text)
  return { networks = values(doc, "/domain/devices/interface/source/@network"),
    bridges = values(doc, "/domain/devices/interface/source/@bridge"),
    pools = values(doc, "/domain/devices//source/@pool"),
    nwfilters = values(doc, "/domain/devices/interface/filterref/@filter"), secrets = values(doc, "//secret/@uuid") }
end

-- A line for each element, but for migsh's mark and for what a host fills in for itself.
local function lines(text)
  local doc <close> = mig.xml(xml.unmarked(text))
  doc:remove "//emulator|//seclabel"
  local list, count = {}, {}
  for line in tostring(doc):gmatch "[^\n]+" do
    line = line:match "^%s*(.-)%s*$"
    if line ~= "" then
      list[#list + 1] = line
      count[line] = (count[line] or 0) + 1
    end
  end
  return list, count
end

-- What one inactive definition has and the other has not, as "-line" and "+line". libvirt writes every definition in
-- one canonical form, a line for each element, so comparing lines compares the definitions.
function xml.differences(before, after)
  local old, in_old = lines(before)
  local new, in_new = lines(after)
  local out = {}
  local function add(sign, list, others)
    for _, line in ipairs(list) do
      if (others[line] or 0) > 0 then
        others[line] = others[line] - 1
      else
        out[#out + 1] = sign .. line
      end
    end
  end
  add("-", old, in_new)
  add("+", new, in_old)
  return out
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

-- Marks what a node still defines of the guest as left behind by that journal, which took it to another node; nothing
-- is written where it says so already.
function xml.mark_moved(uuid, node, journal, to)
  local text = mig.dumpxml { uuid .. "@" .. node, inactive = true, security_info = true }
  local mark = xml.mark(text)
  if not (xml.is_moved(mark) and mark.journal == journal and mark.node == to) then
    xml.define(xml.marked(text, { role = "moved", journal = journal, node = to }), node)
  end
end

-- Removes a definition (`text`) and the records of snapshots and checkpoints with it, and nothing else: NVRAM and TPM
-- stay, which libvirt wants to be told where there are any.
function xml.undefine(domain, text, managed_save)
  local doc <close> = mig.xml(text)
  mig.undefine { domain, keep_nvram = doc:get "/domain/os/nvram" ~= nil or nil,
    keep_tpm = doc:get "/domain/devices/tpm" ~= nil or nil, snapshots_metadata = true, checkpoints_metadata = true,
    managed_save = managed_save or nil }
end

return xml
