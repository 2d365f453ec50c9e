-- SPDX-License-Identifier: GPL-3.0-or-later
-- --metrics: the file is OpenMetrics, whatever names are in it, and no other file is replaced by it.
local folder = arg[0]:match "^(.*)/"
local check = dofile(folder .. "/check.lua")
local results = dofile(folder .. "/record/results.lua")
local test, equal, raises = check.test, check.equal, check.raises
local keep = require "record.keep"
local metrics = require "record.metrics"

-- OpenMetrics, as its ABNF has it -------------------------------------------------------------------------------------

local units <const> = { seconds = true, bytes = true, ratio = true }

-- "a" of 'a"…': a quoted text with its escapes undone, and what follows.
local function unquote(text)
  local out, at = {}, 1
  while true do
    local c = text:sub(at, at)
    if c == "\\" then
      local escaped = ({ ["\\"] = "\\", ['"'] = '"', n = "\n" })[text:sub(at + 1, at + 1)]
      out[#out + 1], at = escaped or error("a wrong escape in " .. text), at + 2
    elseif c == '"' then
      return table.concat(out), text:sub(at + 1)
    elseif c == "" or c == "\n" then
      error("no end of a quoted text: " .. text)
    else
      out[#out + 1], at = c, at + 1
    end
  end
end

local function labels_of(text)
  local labels = {}
  while true do
    local name, rest = text:match '^([%a_][%w_]*)="(.*)$'
    assert(name and not labels[name], "labels: " .. text)
    labels[name], text = unquote(rest)
    if text:sub(1, 1) == "}" then
      return labels, text:sub(2)
    end
    assert(text:sub(1, 1) == ",", "labels: " .. text)
    text = text:sub(2)
  end
end

local function take_meta(family, families, kind, name, rest)
  if kind == "TYPE" then
    assert(not families[name], "a family twice: " .. name)
    assert(name:find "^[%a_:][%w_:]*$" and rest == "gauge", "type: " .. rest)
    families[name] = { name = name, samples = {}, n = 0 }
    return families[name]
  end
  assert(family and family.name == name and not family[kind] and family.n == 0, kind .. " out of place: " .. name)
  family[kind] = rest
  if kind == "UNIT" then
    assert(units[rest] and name:sub(-#rest - 1) == "_" .. rest, "unit: " .. name)
  else
    assert(not rest:gsub("\\[\\n\"]", ""):find '[\\"]', "help: " .. rest)
  end
  return family
end

local function take_sample(family, line)
  local name, rest = line:match "^([%a_:][%w_:]*){(.*)$"
  assert(family and name == family.name, "a sample outside of its family: " .. line)
  local labels, tail = labels_of(rest)
  assert(tail:find "^ [+-]?%d+$" or tail:find "^ [+-]?%d+%.%d+$", "number: " .. line)
  local keys = {}
  for key, value in pairs(labels) do
    keys[#keys + 1] = ("%s=%q"):format(key, value)
  end
  table.sort(keys)
  local key = table.concat(keys, ",")
  assert(not family.samples[key], "a series twice: " .. line)
  family.samples[key], family.n = { labels = labels, value = tonumber(tail) }, family.n + 1
end

-- {[family] = {samples = {[labels] = {labels, value}}}} of a text, or an error.
local function parse(text)
  assert(utf8.len(text), "not UTF-8")
  assert(text:sub(-6) == "# EOF\n" and not text:find("# EOF\n", 1, true) == false, "no end")
  local families, family, ended = {}, nil, false
  for line in text:gmatch "([^\n]*)\n" do
    assert(not ended, "something behind the end: " .. line)
    local kind, name, rest = line:match "^# (%u+) (%S+) (.*)$"
    if line == "# EOF" then
      ended = true
    elseif kind then
      assert(kind == "TYPE" or kind == "UNIT" or kind == "HELP", "line: " .. line)
      family = take_meta(family, families, kind, name, rest)
    else
      take_sample(family, line)
    end
  end
  assert(ended, "no end")
  return families
end

-- The value of a family's sample with these labels.
local function value_of(families, name, want)
  local family = families["migsh_migration_" .. name] or error("no " .. name)
  for _, sample in pairs(family.samples) do
    local fits = true
    for key, value in pairs(want or {}) do
      fits = fits and sample.labels[key] == value
    end
    if fits then
      return sample.value
    end
  end
  error("no such sample of " .. name)
end

-- The checker knows what is wrong.
test("what is no OpenMetrics is told", function()
  local good = '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds x\na_seconds{b="c"} 1\n# EOF\n'
  parse(good)
  for _, change in ipairs { { "# EOF\n$", "" }, { "# EOF\n$", "# EOF\n\n" }, { '"c"', '"c\\x"' }, { '"c"', '"c' },
    { "} 1", "} one" }, { "gauge", "best" }, { "UNIT a_seconds seconds", "UNIT a_seconds bytes" },
    { "1\n", '1\na_seconds{b="c"} 2\n' },
    { "a_seconds{", "b_seconds{" }, { "# TYPE[^\n]*\n", "" }, { '{b="c"}', '{b="c",}' }, { '"c"', '"\xff"' } } do
    local bad, n = good:gsub(change[1], (change[2]:gsub("%%", "%%%%")))
    equal(n > 0, true, change[1])
    equal(pcall(parse, bad), false, bad)
  end
end)

-- What is written -----------------------------------------------------------------------------------------------------

local dir = os.getenv "MIGSH_TEST_DIR" .. "/metrics"
os.execute(("rm -rf '%s' && mkdir '%s' && chmod 755 '%s'"):format(dir, dir, dir))
local path = dir .. "/a b;$(id)'.prom"
local about = { domain = "share", uuid = "0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01", source = "source", dest = "dest" }

local function read()
  local f <close> = assert(io.open(path))
  return f:read "a"
end

local function stat(format)
  local pipe <close> = io.popen(("stat -c '%s' \"$(ls -d '%s'/*.prom)\""):format(format, dir))
  return pipe:read "l"
end

local function copy(t)
  local out = {}
  for key, value in pairs(t) do
    out[key] = value
  end
  return out
end

-- A run of that command as recipes make one.
local function run(command, own, result, at)
  local _ <close> = metrics.begin(own, metrics.open(at or path))
  results.journal(command, own, result.ok == false and "failed" or "done", function(tx)
    if result.ok == false then
      tx.failure = { code = "io", msg = result.verdict }
      keep.failure(tx)
    else
      keep.run(tx, result)
    end
  end)
end

test("while it runs, and when it has ended", function()
  local own = copy(about)
  do
    local _ <close> = metrics.begin(own, metrics.open(path))
    local text = parse(read())
    equal(value_of(text, "running"), 1)
    equal(text["migsh_migration_success"], nil)
    equal(own.metrics, path)
    equal(stat "%a", "644")
  end
  equal(value_of(parse(read()), "running"), 0, "left without a journal")
  equal(value_of(parse(read()), "success"), 0)
  local full = results.full()
  full.forecast = { total_error = 0.125, outage_error = -0.5 }
  run("live-migrate", own, full)
  local text = parse(read())
  local labels = { domain = "share", source = "source", destination = "dest" }
  equal(value_of(text, "success", labels), 1)
  equal(value_of(text, "running", labels), 0)
  equal(value_of(text, "total_seconds"), 3.4982)
  equal(value_of(text, "downtime_seconds"), 0.081)
  equal(value_of(text, "outage_seconds", { bound = "min" }), 0.0925)
  equal(value_of(text, "outage_seconds", { bound = "max" }), 0.10125)
  equal(value_of(text, "stop_seconds"), 0.0705)
  equal(value_of(text, "transferred_bytes"), 1234567890)
  equal(value_of(text, "passes"), 9)
  equal(value_of(text, "forecast_error_ratio", { of = "total" }), 0.125)
  equal(value_of(text, "forecast_error_ratio", { of = "outage" }), -0.5)
  equal(math.abs(value_of(text, "timestamp_seconds") - os.time()) < 100, true)
end)

test("one that failed has no success, and no figures", function()
  run("cold-migrate", copy(about), { ok = false, verdict = "step copy: cut off" })
  local text = parse(read())
  equal(value_of(text, "success"), 0)
  equal(value_of(text, "running"), 0)
  equal(text["migsh_migration_transferred_bytes"], nil)
end)

test("hostile names are labels", function()
  local own = copy(about)
  own.domain, own.source, own.dest = results.HOSTILE .. '\\" 1\n# EOF', 'a"} 1\n', "b\\"
  local hostile = results.hostile()
  hostile.domain, hostile.source, hostile.destination = own.domain, own.source, own.dest
  run("live-migrate", own, hostile)
  local labels = { domain = own.domain, source = 'a"} 1\n', destination = "b\\" }
  equal(value_of(parse(read()), "success", labels), 0)
end)

test("several guests of one command are in one file", function()
  local at, list = metrics.open(path), {}
  for i, name in ipairs { "one", "two", "three" } do
    list[i] = copy(about)
    list[i].domain, list[i].uuid = name, name
    metrics.begin(list[i], at)
  end
  for i, ok in ipairs { true, false } do
    results.journal("cold-migrate", list[i], "done", function(tx)
      keep.run(tx, { ok = ok, verdict = "x", bytes = i, kind = "cold" })
    end)
  end
  local text = parse(read())
  equal(value_of(text, "success", { domain = "one" }), 1)
  equal(value_of(text, "success", { domain = "two" }), 0)
  equal(value_of(text, "running", { domain = "three" }), 1)
  equal(value_of(text, "transferred_bytes", { domain = "two" }), 2)
  equal(value_of(text, "total_seconds", { domain = "one" }) >= 0, true)
end)

test("a path that cannot be written is refused", function()
  local function put(name, text)
    local f <close> = assert(io.open(dir .. "/" .. name, "w"))
    f:write(text)
  end
  put("mine", "mine")
  os.execute(("cd '%s' && ln -s '%s' link && mkdir open && chmod 777 open"):format(dir, "mine"))
  raises("exists", "is no file of these metrics", metrics.open, dir .. "/mine")
  raises("exists", "is no file of these metrics", metrics.open, dir .. "/link")
  raises("exists", "is no file of these metrics", metrics.open, dir)
  raises("exists", "is no file of these metrics", metrics.open, "/dev/null")
  raises("not-found", "is no directory", metrics.open, dir .. "/nowhere/x.prom")
  raises("usage", "names no file", metrics.open, dir .. "/")
  raises("unsafe", "can be written by others", run, "live-migrate", copy(about), results.full(), dir .. "/open/x.prom")
  equal(metrics.open(path), path, "one of ours may be replaced")
  equal(metrics.open(nil), nil)
end)

test("a run does not fail by a file that cannot be written any more", function()
  local own = copy(about)
  own.metrics = dir .. "/open/x.prom"
  results.journal("live-migrate", own, "done", function(tx)
    keep.run(tx, results.full())
    equal(tx.kept, true)
  end)
end)
