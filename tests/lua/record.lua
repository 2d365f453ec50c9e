-- SPDX-License-Identifier: GPL-3.0-or-later
-- What runs leave in their journals, and what log and report make of it.
local folder = arg[0]:match "^(.*)/"
local check = dofile(folder .. "/check.lua")
local results = dofile(folder .. "/record/results.lua")
local test, equal, raises = check.test, check.equal, check.raises
local html = require "record.html"
local keep = require "record.keep"
local markdown = require "record.markdown"
local runs = require "record.runs"
local text = require "record.text"

-- One that names what would be a markup's or a terminal's has to name it as text.
local function absent(page, plain)
  local at = page:find(plain, 1, true)
  if at then
    error(("'%s' is in it: …%s"):format(plain, page:sub(math.max(1, at - 60), at + 100)), 2)
  end
end

local function has(page, plain)
  if not page:find(plain, 1, true) then
    error(("'%s' is not in '%s'"):format(plain, page:sub(1, 3000)), 2)
  end
end

local function kept_by(result)
  return function(tx)
    keep.run(tx, result)
  end
end

local about = { domain = "share", uuid = "0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01", source = "source", dest = "dest" }

-- Keeping -------------------------------------------------------------------------------------------------------------

test("a result of a usual size is kept as it is", function()
  local full = results.full()
  local value = keep.value(full)
  equal(value.version, 1)
  equal(mig.json_encode(value.result), mig.json_encode(full))
end)

test("of a huge one 64 KiB are kept, with the first, the last and the extremes", function()
  local value = keep.value(results.huge())
  local size = keep.size(value)
  if size > 64 << 10 or size < 16 << 10 then
    error(("%d bytes"):format(size))
  end
  local passes = value.result.passes
  equal(passes[1].pass, 1)
  equal(passes[#passes].pass, 5000)
  local found = {}
  for i, row in ipairs(passes) do
    found[row.remaining], found[row.bandwidth] = true, true
    equal(i == 1 or passes[i - 1].pass < row.pass, true, "order")
  end
  equal(found[3 << 30] and found[17], true, "extremes")
  local longest = 0
  for _, rtt in ipairs(value.result.targets[1].timeline.rtt_max_ms) do
    longest = math.max(longest, rtt ~= mig.null and rtt or 0)
  end
  equal(longest, 987.5)
  equal(utf8.len(value.result.checks[1].detail) ~= nil, true, "whole characters")
end)

test("what cannot be thinned enough leaves the figures", function()
  local all = results.full()
  for i = 1, 3000 do
    all["key" .. i] = { text = ("x"):rep(200) }
  end
  local value = keep.value(all)
  equal(keep.size(value) <= 64 << 10, true)
  equal(value.result.outage.max_ms, 101.25)
  equal(value.result.total_ms, 3498.2)
end)

test("rows keep their extremes, a timeline its longest and all that was lost", function()
  local rows = {}
  for i = 1, 1000 do
    rows[i] = { n = i, v = i == 500 and 99 or i == 501 and -99 or 0 }
  end
  local out = keep.rows(rows, 10)
  equal(#out, 10)
  equal(out[1].n, 1)
  equal(out[10].n, 1000)
  equal(keep.rows(out, 10), out)
  local seen = {}
  for _, row in ipairs(out) do
    seen[row.v] = true
  end
  equal(seen[99] and seen[-99], true)
  local t = keep.timeline({ from = 7, bucket_ms = 10, rtt_max_ms = { 1, 5, mig.null, mig.null, 2 },
    lost = { 0, 1, 2, 0, 4 } }, 3)
  equal(mig.json_encode(t), mig.json_encode { from = 7, bucket_ms = 20, rtt_max_ms = { 5, mig.null, 2 },
    lost = { 1, 2, 4 } })
end)

test("nothing but plain data is kept", function()
  local loop = { a = 1 }
  loop.self = loop
  local value = keep.value { f = print, nan = 0 / 0, inf = math.huge, loop = loop, empty = mig.array {},
    null = mig.null, bool = false, [5] = 6 }
  equal(mig.json_encode(value.result), mig.json_encode { loop = { a = 1 }, empty = mig.array {}, null = mig.null,
    bool = false })
end)

test("a run is kept in its journal, which stays ended, and journal-show has it", function()
  local id = results.journal("live-migrate", about, "done", kept_by { ok = true, verdict = "ok", bytes = 5 })
  local shown = mig.journal_show { id }
  equal(shown.state, "done")
  equal(shown.count, 2)
  equal(mig.json_encode(shown.kept), mig.json_encode { version = 1, result = { ok = true, verdict = "ok", bytes = 5,
    domain = "share", uuid = about.uuid, source = "source", destination = "dest" } })
  equal(shown.steps[1].begun <= shown.steps[2].ended, true)
end)

test("one that failed keeps why; a failure that is not a run's does not", function()
  local id = results.journal("cold-migrate", about, "failed", function(tx)
    keep.failure(tx)
    equal(tx.kept, nil)
    tx.failure = { code = "io", msg = "step copy: cut off" }
    keep.failure(tx)
    equal(tx.kept, true)
  end)
  local shown = mig.journal_show { id }
  equal(shown.kept.result.verdict, "step copy: cut off")
  equal(shown.kept.result.ok, false)
  equal(shown.state, "failed")
end)

test("one that cannot be kept does not fail the run", function()
  local id = results.journal("live-migrate", about, "done", function(tx)
    keep.run({ about = about, id = tx.id, journal = { state = "done", finish = function()
      mig.error { code = "io", msg = "no space" }
    end } }, { ok = true })
  end)
  equal(mig.journal_show { id }.kept, nil)
end)

-- Reading -------------------------------------------------------------------------------------------------------------

test("a run of an older journal is what is known", function()
  equal(runs.get(results.journal("live-migrate", about, "done")).total_ms, nil)
  local run = runs.get(results.journal("cold-migrate", about, "done"))
  equal(run.recorded, false)
  equal(run.ok, true)
  equal(run.verdict, "ok")
  equal(run.source, "source")
  equal(type(run.total_ms), "number")
  equal(run.outage, nil)
  local failed = runs.get(results.journal("import-domain", { domain = "x", dest = "dest", exported_by = "third" },
    "failed"))
  equal(failed.verdict, "cut off")
  equal(failed.ok, false)
  equal(failed.source, "third")
  equal(runs.get "last".id, failed.id)
end)

test("what was kept of an attempt that failed is not what came of it in the end", function()
  local journal = { id = "x", command = "cold-migrate", time = "t", seconds = 100, state = "done", about = about,
    steps = { { name = "a", state = "done", begun = 100.5, ended = 102 } }, kept = { version = 1, result = { ok = false,
      verdict = "cut off", error = { code = "io", msg = "cut off" } } } }
  local run = runs.of(journal)
  equal(run.ok, true)
  equal(run.verdict, "ok")
  equal(run.total_ms, 2000, "total")
  journal.state = "reverted"
  run = runs.of(journal)
  equal(run.ok, false)
  equal(run.verdict, "cut off")
  journal.state, journal.kept = "running", nil
  equal(runs.of(journal).verdict, "running")
  equal(runs.of(journal).total_ms, nil)
end)

-- A plain migrate's journal, as core/migrate/record.c makes it; ended as told, or not at all.
local function plain(state, kept)
  local journal = mig.journal_begin("migrate", { record = true, domain = "plain", uuid = about.uuid, source = "source",
    dest = "dest" })
  local step = journal:intent("migrate", { title = "plain: source -> dest", node = "dest" })
  if state then
    journal:outcome(step, state, state == "failed" and { code = "io", msg = "cut off" } or nil)
    journal:finish(state, kept)
  end
  journal:close()
  return journal.id
end

test("a plain migrate is a run, too", function()
  local id = plain("done", { version = 1, result = { ok = true, verdict = "ok", total_ms = 1500, downtime_ms = 80,
    bytes = 1 << 20, domain = "plain", source = "source", destination = "dest" } })
  local run = mig.log { domain = "plain" }.runs[1]
  equal(run.id, id)
  equal(run.command, "migrate")
  equal(run.ok, true)
  equal(run.total_ms, 1500)
  equal(mig.report { "last" }.result.downtime_ms, 80)
  equal(#mig.log { domain = "plain", failed = true }.runs, 0)
  local shown = mig.render("journal-show", mig.journal_show { id })
  has(shown, "kept: ok, total time 1.50 s, downtime 80.00 ms, 1.00 MiB sent (report " .. id .. " shows all)")
  raises("state", "is closed already", mig.rollback, { id, forget = true })
  raises("state", "it cannot be gone on with", mig.journal_resume, { id })
  raises("state", "cannot be taken back", mig.rollback, { id })
  raises("state", "nothing to take back", mig.journal_revert, { id })
end)

test("one whose console was killed is told, keeps nothing from beginning, and is closed by hand", function()
  local id = plain()
  local run = mig.log { domain = "plain", failed = true }.runs[1]
  equal(run.id, id)
  equal(run.verdict, "interrupted")
  local shown = mig.journal_show { id }
  equal(shown.way_on, "rollback --forget")
  has(mig.render("journal-show", shown), "next: rollback --forget " .. id)
  results.journal("live-migrate", { domain = "plain", lock = "domain:" .. about.uuid }, "done")
  raises("state", "cannot be gone on with", mig.journal_resume, { id })
  raises("state", "cannot be taken back", mig.rollback, { id })
  equal(mig.rollback { id, forget = true }.state, "done")
  run = mig.log { domain = "plain", failed = true }.runs[1]
  equal(run.id, id)
  equal(run.verdict, "given up")
  equal(run.ok, false)
end)

-- What a node's changes did, nothing but journal-revert takes back; --forget is no word for that.
test("a journal of changes of nodes is closed as it is, once, and can be taken back all the same", function()
  local journal = mig.journal_begin("hosts-sync", {})
  journal:intent("edit", { kind = "file", node = mig.null, path = "/nowhere/hosts" })
  journal:close()
  local id = journal.id
  equal(mig.rollback({ id, forget = true }).state, "done")
  local shown = mig.journal_show { id }
  equal(shown.state, "done")
  equal(#shown.steps, 1)
  equal(shown.steps[1].state, "intent")
  raises("state", "is done: it is closed already", mig.rollback, { id, forget = true })
  mig.journal_revert { id }
  equal(mig.journal_show({ id }).state, "reverted")
  raises("state", "is reverted: it is closed already", mig.rollback, { id, forget = true })
end)

test("a workflow that was taken back is not closed once more", function()
  local id = results.journal("live-migrate", about, "reverted")
  raises("state", "is reverted: it is closed already", mig.rollback, { id, forget = true })
  equal(mig.journal_show({ id }).state, "reverted")
end)

test("audit tells of a plain migrate that was killed, and of none that failed", function()
  local found, head = {}, { record = true, domain = "plain" }
  require "audit.left".journals({ { id = "a", command = "migrate", about = head, state = "failed" },
    { id = "b", command = "migrate", about = head, state = "interrupted" },
    { id = "c", command = "migrate", about = head, state = "done" } }, { add = function(_, f)
      found[#found + 1] = f
    end })
  equal(#found, 1)
  equal(found[1].remedy, "cleanup plain shows where the guest is, rollback b --forget closes it")
end)

test("journal-show tells what steps came to, no wider than a screen", function()
  local id = results.journal("cold-migrate", about, "failed", function(tx)
    for _, value in ipairs { { detail = ("long "):rep(40) }, { bytes = 5, ratio = 0.5, checks = { 1, 2 }, said = "é" },
      { msg = "two\nlines \27[31m" }, {} } do
      tx.journal:outcome(tx.journal:intent("copy", { title = "disk", node = "dest" }), "done", value)
    end
    tx.journal:finish "failed"
  end)
  local shown = mig.journal_show { id }
  equal(shown.steps[4].outcome, "bytes 5, checks 2, ratio 0.5, said é")
  equal(shown.steps[2].outcome, "cut off")
  equal(shown.steps[1].outcome, nil)
  local page = mig.render("journal-show", shown)
  has(page, "bytes 5, checks 2, ratio 0.5, s…")
  has(page, "two lines \\x1b[31m")
  has(page, "long long")
  for line in page:gmatch "[^\n]+" do
    equal((utf8.len(line) or 0) <= 80, true, line)
  end
end)

test("percentiles, of three or more", function()
  local list = {}
  for i = 1, 20 do
    list[i] = { state = "done", total_ms = 21 - i, outage = i <= 2 and { max_ms = i } or nil }
  end
  local p = runs.percentiles(list)
  equal(p.total_ms.n, 20)
  equal(p.total_ms.p50, 10)
  equal(p.total_ms.p95, 19)
  equal(p.total_ms.max, 20)
  equal(p.outage_ms, nil)
  equal(runs.percentile({ 7 }, 0.95), 7)
end)

test("log: newest first, by domain, node, time and failure", function()
  results.journal("hosts-sync", { cluster = "c" }, "done")
  local bad = results.journal("live-migrate", { domain = "other", source = "third", dest = "dest" }, "failed")
  local good = results.journal("live-migrate", about, "done", kept_by(results.full()))
  local all = mig.log { limit = 2 }
  equal(#all.runs, 2)
  equal(all.runs[1].id, good)
  equal(all.runs[2].id, bad)
  equal(all.runs[1].policy, "low")
  equal(all.runs[1].outage.max_ms, 101.25)
  equal(all.runs[1].total_ms, 3498.2)
  equal(all.runs[1].result, nil, "brief")
  equal(mig.log { domain = "other" }.runs[1].id, bad)
  equal(#mig.log { domain = about.uuid, limit = 1 }.runs, 1)
  equal(#mig.log { node = "third", domain = "other", limit = 1 }.runs, 1)
  equal(#mig.log { node = "nowhere" }.runs, 0)
  equal(mig.log { failed = true, limit = 1 }.runs[1].id, bad)
  equal(#mig.log { since = "2099-01-01" }.runs, 0)
  equal(#mig.log { since = "1h", limit = 1 }.runs, 1)
  equal(#mig.log { since = os.date "%Y-%m-%d 00:00", limit = 1 }.runs <= 1, true)
  for _, wrong in ipairs { "soon", "2026-13-01", "2026-1-1", "2026-11-29x" } do
    raises("usage", "neither a duration nor a date", mig.log, { since = wrong })
  end
  raises("usage", "1 or more", mig.log, { limit = 0 })
  for _ = 1, 2 do
    results.journal("live-migrate", about, "done", kept_by(results.full()))
  end
  equal(mig.log { limit = 3 }.percentiles.total_ms.n, 3)
end)

test("log compare: a column each, and the ratio", function()
  local slow = results.full()
  slow.total_ms, slow.outage, slow.policy = 6996.4, { min_ms = 185.0, max_ms = 202.5, target = "t" }, nil
  local a = results.journal("live-migrate", about, "done", kept_by(results.full()))
  local b = results.journal("live-migrate", about, "done", kept_by(slow))
  local c = results.journal("live-migrate", about, "done")
  local by_name = {}
  for _, figure in ipairs(mig.log { "compare", a, b }.figures) do
    by_name[figure.name] = figure
  end
  equal(by_name.total_ms.ratio, 2.0)
  equal(by_name.outage_max_ms.ratio, 2.0)
  equal(by_name.bytes.ratio, 1.0)
  equal(by_name.rtt_during_ms.a, 0.52)
  for _, figure in ipairs(mig.log { "compare", a, c }.figures) do
    by_name[figure.name] = figure
  end
  equal(by_name.bytes.b, mig.null)
  equal(by_name.bytes.ratio, mig.null)
  raises("usage", "two runs", mig.log, { "compare", a })
  raises("not-found", "no journal", mig.log, { "compare", a, "20261121-041914.120-live-migrate-3fa9c1" })
end)

test("report refuses what is no run, and what is not there", function()
  raises("state", "moves no domain", mig.report, { results.journal("hosts-sync", { cluster = "c" }, "done") })
  raises("not-found", "no journal", mig.report, { "20261121-041914.120-live-migrate-3fa9c1" })
end)

-- Pages ---------------------------------------------------------------------------------------------------------------

local function run_of(result, state)
  return runs.get(results.journal("live-migrate", about, state or "done", result and kept_by(result)))
end

test("a page has the figures, and is small", function()
  local page = html.page(run_of(results.full()))
  equal(#page <= 80 << 10, true)
  for _, want in ipairs { "share: source → dest", "92.50 ms to 101 ms", "3.50 s", "1.1 GiB", "low",
    "suspended, resumed", "Round trip to 192.0.2.10", "outage, at the most", "Memory that remains",
    "goes within the limit", ">switch<", "dirtied by the guest", "QEMU", "41.50 ms", "passes stall",
    "What virsh would have done", "runs on dest and nowhere else", "migrate: to dest",
    ">Afterwards<", "RARP out of br0, 3 times", '<td class="bad">failed</td>', "it has no bridge br0",
    "The guest was suspended for 70.50 ms. Of the probes meanwhile 18 were lost, 2 answered late." } do
    has(page, want)
  end
  for _, never in ipairs { "<script", "src=", "href=", "url(", "@import", "nan", "inf" } do
    absent(page, never)
  end
end)

test("a page of what is huge, and of nothing, is small too", function()
  local huge = html.page(run_of(results.huge()))
  equal(#huge <= 80 << 10, true, "huge")
  local many = results.full()
  for i = 1, 300 do
    many.checks[i] = { ok = true, title = "check " .. i }
  end
  has(html.page(run_of(many)), "and 60 more")
  local all, empty = results.full(), html.page(run_of(nil))
  has(empty, "No figures were kept of it")
  has(html.page(run_of({})), "share: source → dest")
  for key in pairs(all) do -- whatever is missing
    local less = results.full()
    less[key] = nil
    local run = run_of(less)
    has(html.page(run), "share: source → dest")
    equal(#markdown.page(run) > 100, true, key)
    equal(#text.page(run) > 100, true, key)
    equal(type(mig.report { run.id }), "table", key)
    for _, odd in ipairs { 5, "text", {}, { 7 }, { {} }, mig.null } do
      less[key] = odd
      run = runs.of { id = "x", command = "live-migrate", about = about, state = "done", time = "t", seconds = 1,
        steps = {}, kept = { version = 1, result = less } }
      equal(#html.page(run) + #markdown.page(run) + #text.page(run) > 1000, true, key)
    end
  end
end)

test("many long names do not make a page too long", function()
  local all = results.full(("<&>"):rep(3000))
  all.verdict = ("<"):rep(60000)
  for i = 1, 30 do
    all["checks"][i] = { ok = false, title = ("&"):rep(2000), detail = ("'"):rep(2000) }
  end
  equal(#html.page(run_of(all)) <= 80 << 10, true)
end)

test("hostile names are text: in pages, Markdown and on the terminal", function()
  local run = run_of(results.hostile())
  local page, md = html.page(run), markdown.page(run)
  for _, never in ipairs { "<script", "\27", "\u{202e}", "alert(1)</script>", "'\"&`" } do
    absent(page, never)
  end
  has(page, "&lt;/title&gt;&lt;script&gt;alert(1)")
  for _, never in ipairs { "<script", "\27", "\u{202e}", "x](", "\n-rf", "://evil" } do
    absent(md, never)
  end
  has(md, "&lt;script&gt;")
  local told = text.page(run)
  for _, never in ipairs { "\27", "\u{202e}", "\n-rf" } do
    absent(told, never)
  end
  has(told, "[FAILED] </title><script>")
end)

test("what followed is told on the terminal", function()
  has(text.page(run_of(results.full())), "\nafterwards\n  [ok]      announce   dest: RARP out of br0, 3 times\n"
    .. "  [FAILED]  way-back   source: way back: would fail: bridge: it has no bridge br0\n")
end)

test("Markdown has the figures", function()
  local page = markdown.page(run_of(results.full()))
  for _, want in ipairs { "# share: source → dest", "| total time | 3.50 s |", "| outage, at the most | 101 ms |",
    "- [x] runs on dest and nowhere else", "| dest | migrate: to dest | done |",
    "| dest | announce | ok | RARP out of br0, 3 times |" } do
    has(page, want)
  end
end)

-- Files ---------------------------------------------------------------------------------------------------------------

local dir = os.getenv "MIGSH_TEST_DIR" .. "/pages"
os.execute(("rm -rf '%s' && mkdir '%s'"):format(dir, dir))

local function put(path, what)
  local f <close> = assert(io.open(path, "w"))
  f:write(what)
end

local function read(path)
  local f <close> = assert(io.open(path))
  return f:read "a"
end

test("a page is written at once, over a page of ours, and over nothing else", function()
  local id = run_of(results.full()).id
  local path = dir .. "/a b;$(id)'.html"
  equal(mig.report { id, html = path }.file, path)
  local first = read(path)
  equal(first:sub(1, #html.MARK), html.MARK)
  mig.report { id, html = path }
  equal(read(path), first)
  put(path, "mine")
  raises("exists", "is there, and is no report", mig.report, { id, html = path })
  equal(read(path), "mine")
  mig.report { id, html = path, overwrite = true }
  equal(read(path), first)
  put(dir .. "/kept", "kept")
  os.execute(("ln -s kept '%s/link'"):format(dir))
  raises("exists", "is no report", mig.report, { id, html = dir .. "/link" })
  raises("exists", "is no report", mig.report, { id, html = dir })
  mig.report { id, html = dir .. "/link", overwrite = true }
  equal(read(dir .. "/kept"), "kept")
  raises("io", ".", mig.report, { id, html = dir .. "/nowhere/x.html" })
  local pipe <close> = io.popen(("ls -A '%s'"):format(dir))
  equal(pipe:read "a", "a b;$(id)'.html\nkept\nlink\n")
end)
