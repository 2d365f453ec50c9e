-- SPDX-License-Identifier: GPL-3.0-or-later
-- What `help lua`, migsh-lua(7) and migsh-recipes(5) say: one row for each function of `mig` (a test compares the two).
-- `names`: what a row documents. Groups with page = "recipes" tell of a recipe's table; lib/recipe.lua accepts what
-- their rows have as `key`, and nothing else.
return {
  intro = [[
Lua 5.4 runs the console: at the prompt behind "=" or "lua ", as a script (migsh FILE.lua WORD…, the words in arg), and
as recipes, which are commands. Everything is in the table mig. A function that has to wait lets other tasks and the
prompt go on meanwhile. Nothing may be waited for while a file is being loaded (at a recipe's or module's top level).]],
  recipes = [[
A recipe is a Lua file that becomes a command, with help, completion and a Lua function: NAME.lua in a directory of
$MIGSH_RECIPES (absolute ones, ":" between), in $XDG_CONFIG_HOME/migsh/recipes or among the installed recipes is the
command NAME and mig.NAME, with underscores for dashes. The first that has the name wins, and a built-in command before
all. Modules for require go into a directory below (require "lib.x" is lib/x.lua), and what node:tool runs into tools/.
Files and directories that others than root and you can write are left out, and told of, as is a file that is wrong.

The file returns a table. What is in it is checked when the console starts, before anything runs; what runs may call
all of migsh-lua(7).]],
  example = [[
-- ~/.config/migsh/recipes/evacuate.lua
return {
  description = "move every running guest of a node to another one",
  example = "evacuate source dest",
  args = {
    { name = "from", type = "node", positional = true, required = true, help = "the node to empty" },
    { name = "to", type = "node", positional = true, required = true, help = "where they go" },
    { name = "max-outage", type = "duration", unit = "s", help = "what their users may feel of it" },
  },
  run = function(args)
    local moved = mig.array {}
    for _, guest in ipairs(mig.list { node = args.from }) do
      mig.live_migrate { guest.name .. "@" .. args.from, args.to, max_outage = args.max_outage }
      moved[#moved + 1] = guest.name
    end
    return { moved = moved }, ("%d moved"):format(#moved)
  end,
}]],
  groups = {
    { title = "COMMANDS", rows = {
      { form = "mig.VERB{POSITIONAL…, OPTION = VALUE…}", names = {}, text = [[
Every command and recipe; dashes become underscores (mig.node_add, or mig["node-add"]). true is a switch, false and nil
are left out, a list repeats an option that may be repeated, words behind "--" are given by their name. Returns the
command's value (what --json prints) and prints nothing. Failing, it raises an error object. One plain argument may
stand alone: mig.domstate"share".]], example = [[
for _, d in ipairs(mig.list{all = true, node = "source"}) do print(d.name, d.state) end
mig.exec{"nfs", command = {"exportfs", "-ra"}}]] },
      { form = "mig.job(VERB, ARGUMENTS) -> task", names = { "job" }, text = "Starts a command without waiting for it.",
        example = [[local job = mig.job("migrate", {"share", "dest", live = true})]] },
      { form = "mig.start.VERB{…} -> task", names = { "start" }, text = [[
The same, written as a call. (mig.start{"share"} itself is the command start.)]],
        example = [[local job = mig.start.migrate{"share", "dest", live = true}; job:cancel()]] },
      { form = "mig.render(VERB, VALUE) -> text", names = { "render" }, text = [[
What the prompt shows for a value of that command, such as a recipe wants within its own text.]],
        example = [[print(mig.render("list", mig.list{all = true}))]] },
      { form = "mig.recipe_options(NAME) -> {NAME, …}", names = { "recipe_options" }, text = [[
The names of what a recipe takes, or nil where no recipe has that name: for a recipe that runs others.]],
        example = [[for _, name in ipairs(mig.recipe_options "verify") do print(name) end]] },
      { form = "mig.null, mig.array(TABLE)", names = { "null", "array" }, text = [[
JSON's null, as found in values; and a mark that makes a table a JSON array even when it is empty.]],
        example = [[if info.title ~= mig.null then print(info.title) end]] },
      { form = "mig.json_encode(VALUE) -> text, mig.json_decode(TEXT) -> value",
        names = { "json_encode", "json_decode" }, text = [[
JSON, indented and with sorted keys; text that is none raises "usage" with the line.]],
        example = [[print(mig.json_encode(mig.list{all = true}))]] },
      { form = "mig.text_file(TEXT) -> file", names = { "text_file" }, text = [[
The text where a command wants a file: it is in memory, and gone with this console. As a <close> variable it is closed
at the end of its block; tostring() is its path, good in this console alone.]],
        example = [[local f <close> = mig.text_file(xml); mig.define{f, node = "dest"}]] },
      { form = "mig.sha256(TEXT) -> text", names = { "sha256" }, text = "Its SHA-256, as sha256sum prints it.",
        example = [[print(mig.sha256 "hello")]] },
    } },
    { title = "TASKS", rows = {
      { form = "mig.spawn(FUNCTION, …) -> task", names = { "spawn" }, text = [[
Runs the function beside the caller. A script ends when its tasks have ended; a failure that nobody waited for is the
script's. At the prompt tasks go on behind the prompt.
task:wait() returns its results or raises its error; task:cancel(); task:status() is "running", "done", "failed" or
"cancelled"; task:done(). As a <close> variable it is cancelled at the end of its block.]],
        example = [[local t = mig.spawn(function() return mig.domstate"share".state end); print(t:wait())]] },
      { form = "mig.all{FUNCTION|TASK, …} -> results", names = { "all" }, text = [[
All of them at once, results in order. The first failure cancels the others and is raised when they have ended.]],
        example = [[local r = mig.all{function() return mig.list{} end, function() return mig.node_list{} end}]] },
      { form = "mig.sleep(DURATION)", names = { "sleep" }, text = [[
"1.5s", "250ms", "2m", or a number of milliseconds.]], example = [[mig.sleep("1s")]] },
      { form = "mig.timeout(DURATION, FUNCTION, …) -> results", names = { "timeout" }, text = [[
Runs the function, and cancels it if it takes longer; then raises an error with code "timeout".]],
        example = [[mig.timeout("30s", mig.shutdown, {"share"})]] },
      { form = "mig.clock() -> milliseconds", names = { "clock" }, text = "A clock that nobody sets, for differences.",
        example = [[local begun = mig.clock(); mig.list{}; print(mig.clock() - begun)]] },
      { form = "mig.ms(DURATION) -> milliseconds", names = { "ms" }, text = "Reads a duration as mig.sleep does.",
        example = [[local limit = mig.ms("1s")]] },
    } },
    { title = "ERRORS", rows = {
      { form = "mig.try(FUNCTION, …) -> results, or nil, ERROR", names = { "try" }, text = [[
An error is a table {code, msg, hint}; code is one of failed, usage, not-found, exists, auth, hostkey, unreachable,
timeout, unsafe, state, unsupported, verdict, io, cancelled. err.value is what a failed command returned all the same.
A function that returns nothing gives true. Ctrl-C passes through: use <close> or pcall to clean up.]],
        example = [[local now, err = mig.try(mig.domstate, {"share"}); if not now then print(err.code, err) end]] },
      { form = "mig.error{code =, msg =, hint =}, mig.fail(CODE, HINT or nil, FORMAT, …)", names = { "error", "fail" },
        text = [[
Raises an error object; error{…} with the same table does too, and error("text") has code "failed". mig.fail makes the
message by string.format. The code decides migsh's exit status. MIGSH_DEBUG=1 in the environment, and at the prompt set
traceback on, show where an uncaught one came from.]],
        example = [[mig.error{code = "state", msg = "share is not running", hint = "start share"}]] },
      { form = "mig.undo() -> list", names = { "undo" }, text = [[
Steps to take back: undo:add(TEXT, FUNCTION); undo:commit() drops them all. As a <close> variable it runs them, the last
one first, when the block is left without commit(), be it by an error or by Ctrl-C. A step returns false if it had
nothing to do.]],
        example = [[local undo <close> = mig.undo(); undo:add("stop it again", function() mig.destroy"share" end)]] },
    } },
    { title = "OBJECTS", rows = {
      { form = "mig.node(NAME), mig.nodes()", names = { "node", "nodes" }, text = [[
A node of the inventory, or all: fields name, address, user, port, uri, roles; node:exec(TEXT or {WORD…}, {OPTION…});
node:domain(NAME); node:run and node:tool, see below. Stands for its name in commands.]],
        example = [[print(mig.node"source":exec("uptime").stdout)]] },
      { form = "mig.current() -> {node =} or {uri =}, or nil", names = { "current" }, text = [[
The current host (connect, --connect): a node of the inventory, or a URI. A recipe that looks for a domain by itself
looks on that node alone, as commands do.]],
        example = [[local here = mig.current(); print(here and (here.node or here.uri))]] },
      { form = "node:run(SCRIPT or {WORD…}, ARGUMENT…, {input =, timeout =}) -> text, node:tool(NAME, …) -> text",
        names = {}, text = [[
Runs a script for sh there as root, be it by sudo, whose password is asked for once where it wants one; with its
ARGUMENTs as $1 …, or words that are one command. Returns what it prints; an exit status but 0 is raised, with what it
said. The script's own function `input` prints input, once; words have it as their standard input. node:tool runs a
tool: the file tools/NAME.sh in a directory of recipes.]],
        example = [[
mig.node"dest":run{"rm", "-f", "--", path}
mig.node"dest":run('mkdir -p -- "$1" && input >"$1/hello"', "/srv/hello", {input = "hello\n", timeout = "10s"})]] },
      { form = "mig.tool(NAME) -> text", names = { "tool" }, text = [[
What node:tool runs, without its comments. tools/NAME.sh is read once, and only if nobody but root and you could have
written it.]], example = [[print(mig.tool "file_stat")]] },
      { form = "mig.memo(NAME) -> table or nil, mig.memo(NAME, TABLE)", names = { "memo" }, text = [[
What consoles of this user remember under a name such as "preflight/web", kept in the state directory. A memory, not
evidence; nothing secret belongs there.]],
        example = [[mig.memo("mine/last", {at = os.time()}); print(mig.memo("mine/last").at)]] },
      { form = "mig.replace_file(PATH, TEXT)", names = { "replace_file" }, text = [[
A file of this machine with that text, readable for all (0644), under its name at once: synced, then renamed. Refused
("unsafe") where others than root and you can write its directory. What was there is gone.]],
        example = [[mig.replace_file("/srv/www/guests.json", mig.json_encode(mig.list{all = true}))]] },
      { form = "mig.modules(FOLDER) -> list", names = { "modules" }, text = [[
Names for `require` of the Lua files in FOLDER of every directory of recipes: what others may add to a recipe, as the
operator's own checks to preflight.]], example = [[for _, name in ipairs(mig.modules "checks") do print(name) end]] },
      { form = "mig.domain(NAME[@NODE])", names = { "domain" }, text = [[
A method is the command of that name with the domain first: dom:start(), dom:migrate{"dest", live = true}; and short
ones: info, state, id, uuid, xml, stats, blocks, interfaces, addresses, job, abort.]],
        example = [[print(mig.domain"share@source":state().state)]] },
      { form = "mig.watch_start{TARGET…, interval =, timeout =, late_min =, duration =, count =, expect =} -> watch",
        names = { "watch_start" }, text = [[
Probes the targets ("HOST", "tcp:HOST:PORT", "http://HOST/") until watch:stop(), which returns what the command watch
does; late_min is the least that the first second may make of a missing timeout (100 ms); watch:mark(NAME) names an
instant, watch:snapshot() tells how it goes, watch:wait() waits for count or duration, watch:timeline(I, FROM, TO,
BUCKETS) draws target I between two epoch seconds, watch:close() drops it. As a <close> variable it is closed at the end
of its block.]],
        example = [[local w = mig.watch_start{"192.0.2.10"}; mig.sleep"1s"; print(w:stop()[1].received)]] },
      { form = "mig.events{NODE…, kinds = {KIND…}, domain = UUID} -> events", names = { "events" }, text = [[
What libvirt tells on these nodes from now on, of one domain or of all; kinds are those of `event --list` (default
"lifecycle"). events:next(DURATION) returns the oldest that was not taken yet, as `event` with --json has it and with
the node's name, or waits for one; nil if none came in that time. A node that is lost says nothing. events:close()
ends it, as <close> does.]],
        example = [[local e <close> = mig.events{"source"}; print((e:next"10s" or {}).text)]] },
    } },
    { title = "DESCRIPTIONS", rows = {
      { form = "mig.xml(XML) -> document", names = { "xml" }, text = [[
An XML document, from wherever it comes: nothing is fetched, and one that declares entities is refused. doc:get(XPATH)
is the text of the first thing found (nil where there is none) or what the expression computes, doc:each(XPATH) a list
of all, each with the methods of the document for what is below it; a path without a slash in front begins at the root
element, or there. doc:remove(XPATH) removes all that is found, node:set(NAME, TEXT) gives an element that attribute,
tostring(doc) is the whole. doc:close() drops it, as <close> does.]],
        example = [[for _, disk in ipairs(mig.xml(mig.dumpxml{"share"}):each "devices/disk") do
  print(disk:get "target/@dev", disk:get "source/@file")
end]] },
      { form = "mig.xml_map(XML, MAP) -> XML, diff, changes, unused", names = { "xml_map" }, text = [[
The XML of a domain, snapshot or checkpoint with other names and paths: MAP is {pool = {FROM = TO}, bridge = {…},
network = {…}, path = {…}, machine = {…}, emulator = {…}}, or texts as in {"pool=A:B,path=/old:/new"} (a backslash
before ':' and ',' that belong to a name), or both. path replaces prefixes of whole components, the longest one that
fits, in everything that names a file of the guest. Returns the new XML (as it was, to the byte, where nothing is
changed), a unified diff, the number of changes, and the entries that matched nothing: {{kind =, from =}, …}.]],
        example = [[local xml, diff, n = mig.xml_map(mig.dumpxml{"share"}, {bridge = {br0 = "br1"}}); print(diff)]] },
      { form = "mig.xml_host(XML) -> {root =, domains =, claims =}", names = { "xml_host" }, text = [[
What the XML of a domain, snapshot or checkpoint wants of its host. domains: {name =, uuid =} of the domain, or of those
that a snapshot holds; mig.null where there is not exactly one. claims: {kind =, name =, at =}, where kind is "path"
(whatever begins with a slash, and is not in title, description or metadata), "volume", "remote", "hostdev", "socket",
"shmem", "seclabel" or "namespace" (such as qemu:commandline).]],
        example = [[for _, c in ipairs(mig.xml_host(mig.dumpxml{"share"}).claims) do print(c.kind, c.name) end]] },
      { form = "mig.xml_map_path(PATH, MAP) -> PATH or nil", names = { "xml_map_path" }, text = [[
One path by the map's path alone; nil where none of its entries is a prefix.]],
        example = [[print(mig.xml_map_path("/old/disk", {path = {["/old"] = "/new"}}))]] },
      { form = "mig.xml_map_entries(MAP) -> {KIND = {FROM = TO}}", names = { "xml_map_entries" }, text = [[
All that such a map says, its texts read; raises "usage" for what is none.]],
        example = [[print(mig.xml_map_entries({"pool=A:B,path=/old:/new"}).pool.A)]] },
      { form = "mig.xml_mark(XML) -> {role =, journal =, node =} or nil", names = { "xml_mark" }, text = [[
The mark that a migration has left in a definition: role is "moved" for one that was left behind (node is where the
guest went), "copy" for one that was made (node is where it came from).]],
        example = [[local m = mig.xml_mark(mig.dumpxml{"share", inactive = true}); print(m and m.role)]] },
      { form = "mig.xml_marked(XML, MARK) -> XML, mig.xml_unmarked(XML) -> XML",
        names = { "xml_marked", "xml_unmarked" }, text = [[
The definition with that mark, in place of one that was there, or without any (and without a <metadata> that held
nothing else).]],
        example = [[mig.xml_marked(xml, {role = "moved", journal = id, node = "dest"})]] },
    } },
    { title = "NETWORK", rows = {
      { form = "mig.guest_address(TEXT, {HOST…}) -> true, or false, REASON", names = { "guest_address" }, text = [[
May this, which a guest says is its address, be contacted? It has to be an IPv4 or IPv6 address by which a guest can be
reached, none of this machine's, and none to which the hosts lead.]],
        example = [[print(mig.guest_address("192.0.2.10", {"source", "dest"}))]] },
      { form = "mig.fetch(URL, TIMEOUT) -> text", names = { "fetch" }, text = [[
The body of a small http:// page (up to 1 MiB, status 2xx), within "10s" unless told otherwise.]],
        example = [[print(mig.fetch("http://192.0.2.10/boot_id", "5s"))]] },
    } },
    { title = "OUTPUT", rows = {
      { form = "mig.notice(TEXT), mig.warn(TEXT)", names = { "notice", "warn" }, text = [[
A line for the operator beside the results (standard error; an event with --json). print() writes to the results.]],
        example = [[mig.notice("waiting for the guest")]] },
      { form = "mig.line(TEXT) -> text", names = { "line" }, text = [[
TEXT as one line without control characters: for each name, path or answer from a node or guest that a recipe puts into
a text of its own, so that nobody else can write a line of that text.]],
        example = [[print("the page says: " .. mig.line(mig.fetch "http://192.0.2.10/"))]] },
      { form = "mig.ask(QUESTION) -> boolean", names = { "ask" }, text = [[
Asks the operator, who answers yes or no. Raises "auth" where nobody can be asked (no terminal, --json), and
"cancelled" when Ctrl-C or Ctrl-D was the answer.]],
        example = [[if mig.ask("Go on? (yes/no) ") then print("on") end]] },
      { form = "mig.progress({text =, percent =, job =}, DONE)", names = { "progress" }, text = [[
A state that replaces the last one of the same job on a terminal.]],
        example = [[mig.progress({job = "copy", text = "copying", percent = 40}, false)]] },
    } },
    { title = "JOURNALS", rows = {
      { form = "mig.journal_begin(COMMAND, ABOUT) -> journal, mig.journal_open(ID) -> journal",
        names = { "journal_begin", "journal_open" }, text = [[
What a recipe does, on the disk before it is done, so that another console can take it back days later. COMMAND is the
recipe's name, ABOUT a table of whatever describes this call. One console at a time has a journal open; opening it
elsewhere raises "state". Fields: id, command, about, time, state (running, until finish()).
journal:intent(NAME, ABOUT) -> step, before a step acts; ABOUT has to hold all that taking it back needs.
journal:outcome(STEP, STATE, VALUE), after: "done", "unchanged", "failed"; taking back: "undoing" before, then
"undone" or "undo-failed". A step: {number, name, about, state, outcome}; "intent" is the state of one whose end is not
known.
journal:steps() lists them; journal:finish("done"|"failed"|"reverted", KEPT) is the end of the undertaking; KEPT, if
given, is a table of what is to be remembered of it, which journal-show has as "kept". A journal may be ended again.
journal:close() lets others have it, and drops the file of a journal without a step; as a <close> variable it does so
at the end of its block. journal:release() keeps the file in any case. What was not finished counts as interrupted.
No secret may be put in.]], example = [[
local j <close> = mig.journal_begin("my-recipe", {guest = "share"})
local step = j:intent("stop", {guest = "share", was = mig.domstate"share".state})
mig.destroy"share"; j:outcome(step, "done"); j:finish"done"]] },
      { form = "mig.journals(COMMAND) -> list", names = { "journals" }, text = [[
All journals of a command or recipe (without one: all), oldest first: {id, command, about, time, state}; state is
running, done, failed, reverted, interrupted, or unreadable (then error says why).]],
        example = [[for _, j in ipairs(mig.journals "prepare-nodes") do print(j.id, j.state) end]] },
      { form = "mig.journal_set_aside(ID) -> file", names = { "journal_set_aside" }, text = [[
An unreadable one keeps others from beginning, as it may be of the same. This gives its file another name, after which
it holds nothing. rollback ID --forget does it.]], example = [[print(mig.journal_set_aside(id))]] },
    } },
    { title = "WORKFLOWS", rows = {
      { form = "mig.transaction(COMMAND, ABOUT, OWN) -> value, text", names = { "transaction" }, text = [[
Runs an undertaking of the recipe COMMAND in steps, each in a journal before it acts and after, so that another console
can go on with it (resume ID) or take it back (rollback ID). The recipe has a function workflow(ABOUT) beside run, which
makes the steps anew from ABOUT, all that is kept of a run, and nothing secret: {steps = {…}, finish = function(tx)
return value, text end, begun = function(tx) end (before the first step of a new one), ended = function(tx) end, truth
= function(tx) return {verdict =, said =, why = {…}} end}. What truth finds on the nodes counts more than the records:
"back" (it may be taken back), "forward" (it can only go on), "neither" (somebody has gone on without it) or "unknown"
(not all have answered); said is a clause for a message, why are lines. Without it the records and verify decide.
ABOUT.lock names what nobody else may work on until this is done or taken back, ABOUT.domain is shown. ABOUT.nodes
lists the nodes that it works on: there the lock is held for all consoles, whoever runs them, while this one works, and
looked at before each step; a node that does not answer refuses.
A step: {name =, key = (where several have one name), title =, about = (kept with its intent: all that undo needs;
or a function(tx, step, last), where last is the record of an attempt that may have acted), run = function(tx, step,
record) return outcome, unchanged end, verify = function(tx, step, record) (begun, end unknown: its outcome if it is
done), undo = function(tx, step, record), commit = true (a point of no return once it is done; point, a text), harmless
= true (it changes nothing), undo_at_once = true (when it fails)}. Each has to bear being run twice.
tx:outcome(NAME, KEY), tx:say(TEXT), tx:judge(), tx:forced(), tx.about, tx.id, tx.resumed, tx.failure ({code, msg} where
a step failed).
Beside steps: with quiet = true those that are done are not told of; with redo = true resume also runs those again that
were done before; with undo_done = true rollback takes back what is done, too.
OWN is a table of what only this console has: tx.own, {} where there is none. Whoever gives one tells of the steps.]],
        example = [[
return mig.transaction("my-recipe", {domain = "share", lock = "domain:share", nodes = {"source", "dest"}})]] },
      { form = "mig.transaction_resume(ID, FORCE, OWN) -> value, text; mig.transaction_rollback(ID, FORGET, OWN) "
          .. "-> value; mig.transaction_judge(ID) -> table",
        names = { "transaction_judge", "transaction_resume", "transaction_rollback" }, text = [[
What the commands journal-resume and rollback do; and what an unfinished workflow's truth says now.]],
        example = [[mig.transaction_resume(mig.journals()[1].id)]] },
    } },
    { title = "SCRIPTS", rows = {
      { form = "What a script may use", names = {}, text = [[
All of Lua but: files are loaded only if nobody but root and you could have written them, a link or a directory on their
way, never as bytecode, never from a relative package.path; no os.exit (return, or raise an error), no os.setlocale, and
of debug only traceback and getinfo. Each script, each recipe and the prompt has globals, library tables and modules of
its own: what one sets or replaces is not seen by another. Beyond that a recipe is not fenced in: it may do here and on
the nodes whatever you may, so read one of a foreign author before you install it. io, os.execute and io.popen work but
hold up everything else while they do.
Ctrl-C ends what is being waited for and then raises "cancelled", once; also in a busy loop.]] },
    } },
    { title = "A RECIPE", page = "recipes", keys = "recipe", rows = {
      { form = "description = TEXT", key = "description", names = {}, text = [[
What it does, in one line: the table of commands and the head of its help.]] },
      { form = "args = {ARGUMENT, …}", key = "args", names = {}, text = [[
What it takes, each a table as told below. Without it the command takes nothing.]], example = [[
args = {
  { name = "domain", type = "domain", positional = true, required = true, help = "which" },
  { name = "for", type = "duration", unit = "s", default = "5s", help = "how long" },
}]] },
      { form = "run = function(args) … return VALUE, TEXT end", key = "run", names = {}, text = [[
Does it. In args a dash of a name is an underscore: --max-outage is args.max_outage; what was not given is nil, a list
that was not given is empty. Returns the command's value, which --json prints and mig.NAME{…} returns, and a text for
people, if that should not be the value itself. It fails by raising an error: mig.fail, mig.error. One with code
"verdict" may have value and text, too: both are shown, and the exit status is 12.]], example = [[
run = function(args)
  local state = mig.domstate { args.domain }.state
  if state ~= "running" then
    mig.fail("state", "start it first", "%s is %s", mig.line(args.domain), state)
  end
  return { state = state }, "it runs"
end]] },
      { form = "help = TEXT", key = "help", names = {}, text = "All that its help tells beside; paragraphs." },
      { form = "example = TEXT", key = "example", names = {}, text = "Lines that can be typed." },
      { form = "group = TEXT", key = "group", names = {}, text = [[
The group of commands that `help` lists it in, one of its own or another's; Recipes unless told.]] },
      { form = 'passes = "COMMAND", except = {"OPTION", …}', key = "passes|except", names = {}, text = [[
passes = "migrate" takes the options of that command too, but for what the recipe has itself, what the command cannot do
without, and what except lists. args.passed has what was given, to be completed and handed to mig.migrate.]],
        example = [[
return { description = "mine", passes = "migrate", except = { "live" }, run = my_run }]] },
      { form = "workflow = function(about) … return {steps = {…}} end", key = "workflow", names = {}, text = [[
Makes the steps of an undertaking that can be gone on with and taken back from any console: mig.transaction in
migsh-lua(7) tells what a step is. run then ends in a call of it.]] },
    } },
    { title = "AN ARGUMENT", page = "recipes", keys = "argument", rows = {
      { form = "name = TEXT, help = TEXT", key = "name|help", names = {}, text = [[
Its name, of lower case letters, digits and dashes, and a line of help. Both have to be there.]] },
      { form = "type = TEXT", key = "type", names = {}, text = "What it is, see below; string unless told." },
      { form = "required = true, positional = true", key = "required|positional", names = {}, text = [[
It has to be given; it may stand without --NAME, in the order of the list. A required one does not come behind an
optional positional one.]] },
      { form = "multi = true", key = "multi", names = {}, text = "It may be given again; the recipe gets a list." },
      { form = "default = VALUE, unit = TEXT", key = "default|unit", names = {}, text = [[
What it is where nobody gives it, and the unit of a number without one, as help tells them.]] },
      { form = "choices = {TEXT, …}", key = "choices", names = {}, text = "What an enum may be." },
      { form = 'excludes = "OTHER|OTHER", needs = "OTHER|OTHER"', key = "excludes|needs", names = {}, text = [[
Refused beside any of those; refused without one of those. Completion does not offer it then.]] },
    } },
    { title = "TYPES OF ARGUMENTS", page = "recipes", keys = "type", rows = {
      { form = "bool", key = "bool", names = {}, text = "A switch: true or false. Neither positional nor required." },
      { form = "string, path, uri", key = "string|path|uri", names = {}, text = [[
A text; a file or directory of this machine, which Tab completes; a libvirt URI or a node's name.]] },
      { form = "int", key = "int", names = {}, text = "A whole number." },
      { form = "duration", key = "duration", names = {}, text = [[
"1.5s", "250ms", "2m", or a number of the unit; the recipe gets milliseconds.]] },
      { form = "size", key = "size", names = {}, text = [["64KiB", "8G", or a number; the recipe gets bytes.]] },
      { form = "enum", key = "enum", names = {}, text = "One of choices." },
      { form = "node, nodes", key = "node|nodes", names = {}, text = [[
The name of a node of the inventory; such names with commas between, or all, as
commands take them.]] },
      { form = "domain, pool", key = "domain|pool", names = {}, text = [[
A guest, NAME or NAME@NODE, which Tab completes; the name of a pool.]] },
      { form = "journal, any-journal", key = "journal|any-journal", names = {}, text = [[
The ID of a journal; Tab offers those that are unfinished, or all.]] },
      { form = "words", key = "words", names = {}, text = [[All that is left of the line, as a list of words.]] },
    } },
  },
}
