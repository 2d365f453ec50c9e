-- SPDX-License-Identifier: GPL-3.0-or-later
-- Checks and findings. Pure: a check sees facts (preflight/facts.lua) and asks nobody.
--
-- A check is a row:
--   id        stable, in small letters and dashes: --ignore, journals and --since name it
--   title     what is so when it passes
--   level     "fail", "warn" or "info": of a finding that does not say its own
--   applies   modes that it is for, one text of words: live paused storage offline cold import; nil: all of them
--   when      function(case): false where it is not asked for (post-copy, TLS); nil: always
--   needs     facts that have to be known, "source.caps" or "pair.disks"; else it is skipped, and says why
--   judge     function(case): nothing (it passes), a finding, or a list of findings
-- A finding of a check: {seen =, wanted =, why =, libvirt =, remedy =, fix =, node =, subject =, level =}; seen is a
-- must. quiet: a note that is only shown with --verbose. libvirt: the text libvirt or QEMU would give. remedy: a line
-- for the prompt, or a sentence. fix: an act of preflight/fix.lua by its name, with what it needs, where --fix can do
-- it. judge.skip("why") in place of one: it cannot be told.
--
-- The case: guest, source, dest (preflight/facts.lua), pair (as preflight-facts has it), mode, options, there (the
-- guest's XML as the destination would get it), elsewhere ({copies, silent} of guest.whereabouts, or nil).
local judge = {}

-- The modules of preflight/checks, and the headings of what they find.
local modules <const> = { { "guest", "guest" }, { "devices", "devices" }, { "cpu", "CPU" }, { "memory", "memory" },
  { "storage", "storage" }, { "network", "network" }, { "host", "hosts" }, { "way", "the way there" },
  { "versions", "versions" } }
local rank <const> = { fail = 1, warn = 2, info = 3, skip = 4, pass = 5 }

-- The modes, and what they are called in a heading.
judge.modes = { live = "live", paused = "live, paused", storage = "live, copying its disks", offline = "offline",
  cold = "cold", import = "import" }

local function check_row(row, origin)
  if type(row) ~= "table" or type(row.id) ~= "string" or not row.id:match "^[%l%d]+[%l%d-]*$"
    or type(row.title) ~= "string" or type(row.judge) ~= "function" or not rank[row.level or "fail"] then
    mig.fail("usage", "a check is {id =, title =, level =, judge = function(case) … end}", "%s: this is no check",
      origin)
  end
  return row
end

-- All rows: those of preflight/checks, then the operator's own, {checks/NAME.lua} of the recipes' directories.
function judge.rows(own)
  local rows, seen = {}, {}
  local function add(list, origin, area)
    for _, row in ipairs(list.id and { list } or list) do
      check_row(row, origin)
      if seen[row.id] then
        mig.fail("usage", "give it another id", "%s: there is a check %s already (%s)", origin, row.id, seen[row.id])
      end
      row.area = area
      seen[row.id], rows[#rows + 1] = origin, row
    end
  end
  for _, m in ipairs(modules) do
    add(require("preflight.checks." .. m[1]), m[1], m[2])
  end
  for _, module in ipairs(own or {}) do
    add(require(module), module, "checks of your own")
  end
  return rows
end

-- The section of the facts that such a fact is made of.
local sections <const> = { doc = "xml", caps = "capabilities" }

-- Why a fact of "PART.NAME" is not known; nil: it is.
local function unknown(case, need)
  local part, name = need:match "^(%w+)%.([%w_]+)$"
  local owner = case[part]
  if owner == nil then
    return part .. " is not known"
  elseif owner[name] ~= nil then
    return nil
  end
  local missing = owner.missing or {}
  local why = missing[sections[name] or name] or missing.look or missing.libvirt
  return ("%s%s"):format(owner.node and owner.node .. ": " or "", why or name .. " is not known")
end

-- In place of a finding: this cannot be told.
function judge.skip(why, subject)
  return { seen = why, level = "skip", subject = subject }
end

local function fill(row, case, finding)
  finding.id, finding.title, finding.area = row.id, row.title, row.area
  finding.level = finding.level or row.level or "fail"
  if finding.level ~= "skip" and finding.node == nil then
    finding.node = case.dest and case.dest.node
  end
  finding.fixable = finding.fix ~= nil
  return finding
end

local function run_one(row, case, add)
  if row.applies and not (" " .. row.applies .. " "):find(" " .. case.mode .. " ", 1, true) then
    return
  elseif row.when and not row.when(case) then
    return
  end
  for _, need in ipairs(row.needs or {}) do
    local why = unknown(case, need)
    if why and case.mode == "import" and not need:find "^dest" then
      return -- nobody has it yet
    end
    if why then
      return add(fill(row, case, judge.skip(why)))
    end
  end
  local found, why = row.judge(case), nil
  if type(found) ~= "table" then
    found = {}
  elseif found.seen then
    found = { found }
  end
  for _, finding in ipairs(found) do
    if type(finding.seen) ~= "string" then
      why = "a finding without `seen`"
    end
    add(fill(row, case, finding))
  end
  if why then
    mig.fail("usage", nil, "check %s: %s", row.id, why)
  elseif not found[1] then
    add(fill(row, case, { level = "pass" }))
  end
end

-- All findings of a case, in the order of the rows' areas, and the worst of each first. ignore: {ID = true}; what would
-- fail or warn is told as info then.
function judge.case(rows, case, ignore)
  local findings, seen, areas = mig.array {}, {}, {}
  for i, row in ipairs(rows) do
    seen[row.id], areas[row.area] = true, areas[row.area] or i
    run_one(row, case, function(finding)
      if ignore and ignore[row.id] and (finding.level == "fail" or finding.level == "warn") then
        finding.ignored, finding.level = finding.level, "info"
      end
      finding.order = #findings
      findings[#findings + 1] = finding
    end)
  end
  for id in pairs(ignore or {}) do
    if not seen[id] then
      mig.fail("usage", "preflight --list-checks tells what there is", "there is no check '%s' to ignore", id)
    end
  end
  table.sort(findings, function(a, b)
    if a.area ~= b.area then
      return areas[a.area] < areas[b.area]
    elseif rank[a.level] ~= rank[b.level] then
      return rank[a.level] < rank[b.level]
    end
    return a.order < b.order
  end)
  for _, finding in ipairs(findings) do
    finding.order = nil
  end
  return findings
end

-- {fail = N, warn = N, …}
function judge.count(findings)
  local n = { fail = 0, warn = 0, info = 0, skip = 0, pass = 0 }
  for _, finding in ipairs(findings) do
    n[finding.level] = n[finding.level] + 1
  end
  return n
end

return judge
