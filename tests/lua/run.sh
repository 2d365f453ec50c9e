#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Lua tests, all through the real binary ($MIGSH, else build/shell/migsh) on libvirt's test driver: each *.lua here
# is a script of checks; what concerns a whole process (statuses, signals, recipes, several lines) is below.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
here=$PWD
migsh=$(realpath -m "${MIGSH:-$here/../../build/shell/migsh}")

dir=$(mktemp -d "${TMPDIR:-/tmp}/migsh-lua.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/config" "$dir/recipes" "$dir/broken" "$dir"/{recipes,other}/helpers
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" MIGSH_TEST_DIR="$dir" MIGSH_RECIPES="$dir/recipes:relative/ignored:$dir/other:$here/recipes"
export LUA_PATH="/from-the-environment/?.lua" LUA_CPATH="/from-the-environment/?.so"
unset MIGSH_DEBUG LUA_INIT

n=0 passed=0 failed=0 skipped=0
# report OK NAME [DETAIL]
report() {
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok $n - $2"
    else
        failed=$((failed + 1))
        echo "not ok $n - $2"
        printf '%s\n' "${3:-}" | sed 's/^/# /'
    fi
}

run() { timeout 300 "$migsh" -C test:///default "$@" 2>&1; }

# expect NAME STATUS PATTERN ARG…: migsh ARG… ends with that status, and its output matches the extended expression.
expect() {
    local name=$1 want=$2 pattern=$3 out rc
    shift 3
    out=$(run "$@" </dev/null)
    rc=$?
    [ "$rc" = "$want" ] && tr '\n' '~' <<<"$out" | grep -E -- "$pattern" >/dev/null
    report $? "$name" "status $rc (wanted $want), output: $out"
}

printf 'return {answer = 42}\n' >"$dir/recipes/helpers/mymodule.lua"
printf 'return 1\n' >"$dir/other/helpers/badmodule.lua"
chmod 666 "$dir/other/helpers/badmodule.lua"

# --- the scripts of checks
for f in *.lua; do
    [ "$f" != check.lua ] || continue
    out=$(run "$here/$f" </dev/null)
    rc=$?
    while read -r line; do
        case $line in
        "ok - "*) report 0 "${f%.lua}: ${line#ok - }" ;;
        "not ok - "*) report 1 "${f%.lua}: ${line#not ok - }" "$(grep -A8 -F -- "$line" <<<"$out" | tail -n +2)" ;;
        esac
    done <<<"$out"
    [ $rc = 0 ] && grep -q '^ok - ' <<<"$out"
    report $? "${f%.lua}: ends well" "status $rc: $(tail -n 20 <<<"$out")"
done

# --- lines and expressions
expect "an expression" 0 '^2~$' -c '=1+1'
expect "several values" 0 $'^1\ta\tnil~$' -c '=1, "a", nil'
expect "a table is indented and sorted" 0 '^\{~  "a": 1,~  "b": \[~    2~  \]~\}~$' -c '={b={2}, a=1}'
expect "a table within itself" 0 'again' -c 'lua t = {}; t.t = t; return t'
expect "values that JSON does not know" 0 '"f": "function: ' -c '={f=print, n=0/0}'
expect "64 bits, both ways" 0 '^9223372036854775807~$' -c '=math.maxinteger'
expect "integers and floats" 0 '^\[1,1.0,0.5\]~$' --json -c '={1, 1.0, 0.5}'
expect "null, empty list, empty table" 0 '^\{"a":\[\],"n":null,"o":\{\}\}~$' --json -c '={n=mig.null, a=mig.array{}, o={}}'
expect "bytes that are no UTF-8" 0 '^"a.+b"~$' --json -c '="a\xffb"'
expect "globals stay from line to line" 0 '^5~$' -c 'lua x = 5' -c '=x'
expect "a statement shows nothing" 0 '^~$' -c 'lua local a = 1'
expect "lua shows a value, too" 0 '^3~$' -c 'lua 1+2'
expect "a syntax error" 2 'error: lua:1: .*near' -c '=1+*'
expect "a plain error, with its position" 1 '^error: lua:1: boo~$' -c 'lua error("boo")'
expect "an error object decides the status" 10 '^error: not now~hint: later~$' -c 'lua error{code="state", msg="not now", hint="later"}'
expect "an unknown code is a failure" 1 '^error: m~$' -c 'lua error{code="nonsense", msg="m"}'
expect "code none does not make a failure a success" 1 'error: m' -c 'lua error{code="none", msg="m"}'
expect "an error that is no text" 1 'error: ' -c 'lua error(nil)'
expect "errors as JSON" 3 '^\{"error":\{"code":"not-found"' --json -c '=mig.domstate"nosuch"'
expect "print with --json is an event" 0 '^\{"event":"print","text":"hi\\t1"\}~' --json -c 'lua print("hi", 1)'
expect "nobody can be asked without a terminal" 5 'error: ' -c '=mig.ask("go on? ")'
expect "no stack for operators" 1 '^error: [^~]*~$' -c 'lua local t = nil; t.x = 1'
MIGSH_DEBUG=1 expect "a stack with MIGSH_DEBUG" 1 'stack traceback' -c 'lua local t = nil; t.x = 1'
expect "a failing line stops the rest" 1 '^error: lua:1: a~$' -c 'lua error"a"' -c '=2'
expect "help lua" 0 'mig\.spawn\(FUNCTION' help lua
expect "help names the topic" 0 ' Topics:~.*~    lua ' help topics

# piped NAME STATUS WANTED TEXT: the same for text on standard input.
piped() {
    local out rc
    out=$(printf '%s' "$4" | run)
    rc=$?
    [ "$rc" = "$2" ] && [ "$out" = "$3" ]
    report $? "$1" "status $rc (wanted $2), output: $out"
}
piped "an expression goes on to the next line" 0 2 $'=1+\n1\n'
piped "a chunk goes on until it is complete" 0 $'1\n2\nrunning' $'lua for i = 1, 2 do\nprint(i)\nend\ndomstate test\n'
piped "a long string goes on" 0 $'a\nb' $'=[[a\nb]]\n'
piped "an unfinished chunk at the end of the input" 2 "error: lua:1: '=' or 'in' expected near <eof>" $'lua for i'
piped "commands and Lua mixed" 0 $'running\n1' $'domstate test\nlua x = 1\n=x\n'

# --- tasks beyond their line, and at the end
expect "a task outlives its line" 0 '^running~$' -c 'lua t = mig.spawn(mig.domstate, "test")' -c '=t:wait().state'
expect "a task's failure behind the prompt is told" 0 'warning: task .*: lua:1: lost~' -c 'lua mig.spawn(function() error"lost" end)' -c 'lua mig.sleep(50)'
expect "leaving cancels tasks, and they clean up" 0 $'^cleaned\trunning~$' -c \
    'lua mig.spawn(function() local _ <close> = setmetatable({}, {__close = function() print("cleaned", mig.domstate"test".state) end}); mig.sleep"60s" end); mig.sleep(20)'

script() { printf '%s\n' "$2" >"$dir/$1.lua"; }
script words '#!/usr/bin/env migsh
return {arg[0]:match "[^/]*$", n = #arg, arg[1], ...}'
expect "a script gets its words, as they are" 0 '^\{"1":"words.lua","2":"--x","3":"--x","4":"a b;c","n":2\}~$' --json "$dir/words.lua" --x 'a b;c'
script quiet 'local x = 1'
expect "a script without a result prints nothing" 0 '^~$' "$dir/quiet.lua"
script lost 'mig.spawn(function() error({code = "state", msg = "nobody waited"}) end); mig.sleep(20)'
expect "a script fails with a task that nobody waited for" 10 '^error: nobody waited~$' "$dir/lost.lua"
script waits 'mig.spawn(function() mig.sleep(30); print "task" end); print "main"'
expect "a script ends when its tasks have ended" 0 '^main~task~$' "$dir/waits.lua"
script fails 'mig.spawn(function() local _ <close> = setmetatable({}, {__close = function() print "cleaned" end}); mig.sleep "60s" end); mig.sleep(10); error "x"'
expect "a failing script cancels its tasks" 1 '^cleaned~error: .*fails.lua:1: x~$' "$dir/fails.lua"
script syntax 'return +'
expect "a script's syntax error" 2 'error: .*syntax.lua:1: unexpected symbol near' "$dir/syntax.lua"
expect "a script that is not there" 3 'error: .*nothere.lua' "$dir/nothere.lua"
script shared 'print "run"'
chmod 666 "$dir/shared.lua"
expect "a script that others can write is refused" 9 '^error: .*can be written by others.*~hint: ' "$dir/shared.lua"

# --- signals
# interrupted NAME STATUS PATTERN SIGNALS ARG…: runs it until it has printed "go", sends the signals, 0.3 s apart.
interrupted() {
    local name=$1 want=$2 pattern=$3 signals=$4 pid rc s out
    shift 4
    : >"$dir/out" # the one of before may say "go", and SIGINT is ignored until there is a migsh
    "$migsh" -C test:///default "$@" >"$dir/out" 2>&1 </dev/null &
    pid=$!
    for _ in $(seq 1200); do
        grep -q go "$dir/out" && break
        sleep 0.05
    done
    sleep 0.1
    for s in $signals; do
        kill -s "$s" $pid 2>/dev/null
        sleep 0.3
    done
    for _ in $(seq 1200); do
        kill -0 $pid 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL $pid 2>/dev/null && echo "(did not end)" >>"$dir/out"
    wait $pid 2>/dev/null
    rc=$?
    out=$(cat "$dir/out")
    [ "$rc" = "$want" ] && tr '\n' '~' <<<"$out" | grep -E -- "$pattern" >/dev/null
    report $? "$name" "status $rc (wanted $want), output: $out"
}
cleanup='local _ <close> = setmetatable({}, {__close = function(_, e) mig.sleep(10); print("cleaned", e.code, mig.domstate("test").state) end})'
script sleeper "$cleanup; print 'go'; mig.sleep '60s'"
interrupted "Ctrl-C while it waits: clean-up, 130" 130 $'^go~cleaned\tcancelled\trunning~' INT "$dir/sleeper.lua"
interrupted "SIGTERM while it waits: clean-up, 143" 143 $'^go~cleaned\tcancelled\trunning~' TERM "$dir/sleeper.lua"
script busy "$cleanup; print 'go'; while true do end"
interrupted "Ctrl-C in a busy loop: clean-up, 130" 130 $'^go~cleaned\tcancelled\trunning~' INT "$dir/busy.lua"
interrupted "SIGTERM in a busy loop: 143" 143 $'cleaned' TERM "$dir/busy.lua"
script inner "print 'go'; local co = coroutine.wrap(function() while true do end end); co()"
interrupted "Ctrl-C in a busy coroutine of the script's own" 130 'error: cancelled' INT "$dir/inner.lua"
script task "mig.spawn(function() $cleanup; mig.sleep '60s' end); mig.sleep(5); print 'go'; while true do end"
interrupted "Ctrl-C in a busy loop reaches the other tasks" 130 $'cleaned\tcancelled\trunning~' INT "$dir/task.lua"
script deaf "print 'go'; while true do pcall(function() while true do end end) end"
interrupted "a busy loop that catches everything ends at the third" 130 '^go~' "INT INT INT" "$dir/deaf.lua"
interrupted "Ctrl-C at a line" 130 '^go~' INT -c "lua print 'go'; mig.sleep '60s'" -c '="not reached"'

# --- recipes
cat >"$dir/recipes/greet.lua" <<'RECIPE'
return {
  description = "say hello", help = "Longer.", example = "greet you", group = "Tests",
  args = {
    { name = "who", positional = true, required = true, help = "whom" },
    { name = "max-wait", type = "duration", unit = "s", default = 2, help = "how long" },
    { name = "count", type = "int", help = "how often" },
    { name = "loud", type = "bool", help = "shout" },
    { name = "tag", multi = true, help = "marks" },
    { name = "how", type = "enum", choices = { "plain", "fancy" }, default = "plain", help = "manner" },
  },
  run = function(args)
    accidental = args.who
    return { who = args.who, max_wait = args.max_wait, count = args.count, loud = args.loud, tags = #args.tag, how = args.how },
      "hello " .. args.who .. "\n"
  end,
}
RECIPE
cat >"$dir/recipes/verdict.lua" <<'RECIPE'
return { description = "fail with a report", example = "verdict", run = function()
  mig.error { code = "verdict", msg = "not good", value = { n = 1 }, text = "the report\n" }
end }
RECIPE
cat >"$dir/recipes/nested.lua" <<'RECIPE'
return { description = "call another", example = "nested", run = function()
  local ok, err = mig.try(mig.verdict)
  return { inner = mig.greet { "inner", tag = { "a", "b" } }, code = err.code, value = err.value, ok = ok }
end }
RECIPE
cat >"$dir/recipes/slow.lua" <<'RECIPE'
return { description = "wait", example = "slow", run = function()
  local _ <close> = setmetatable({}, { __close = function() print("undone", mig.domstate("test").state) end })
  print "go"
  mig.sleep "60s"
end }
RECIPE
cat >"$dir/recipes/passer.lua" <<'RECIPE'
return { description = "list, counted", example = "passer", passes = "list", except = { "table" },
  args = { { name = "node", type = "string", help = "its own", excludes = "title", needs = "all|inactive" },
    { name = "more", type = "bool", help = "h", needs = "node" } },
  run = function(a) local n = #mig.list(a.passed); a.passed.n = n; return a.passed end }
RECIPE
cat >"$dir/recipes/stats.lua" <<'RECIPE'
return { description = "of domains", example = "stats", passes = "domstats", run = function(a)
  a.passed.how, a.passed.what = #a.passed.domain, mig.domstats(a.passed)[1].name
  return a.passed
end }
RECIPE
printf 'return {description = "shadowed", example = "greet", run = function() return "wrong" end}\n' >"$dir/other/greet.lua"
expect "a recipe is a command" 0 '^hello you~$' greet you
expect "its values are typed" 0 '^\{"count":3,"how":"fancy","loud":true,"max_wait":1500.0,"tags":2,"who":"you"\}~$' --json greet you --count 3 --max-wait 1.5 --loud --tag a --tag b --how fancy
expect "its defaults" 0 '"how":"plain","loud":false,"max_wait":2000.0,"tags":0' --json greet you
printf 'return {description = "plain values", run = function() local t = {a = 1}; t.self = t; return t end}\n' >"$dir/recipes/table.lua"
printf 'return {description = "a NUL", run = function() return "a\\0b" end}\n' >"$dir/recipes/nul.lua"
expect "a recipe's table is shown, without a text of its own and an example" 0 '^\{~  "a": 1,~.*\}~$' table
# As it is, like any result into a pipe; on a terminal it is shown (tests/repl).
[ "$(run nul </dev/null | od -An -c | tr -d ' ')" = 'a\0b\n' ]
report $? "a NUL in a recipe's text is passed on" "$(run nul </dev/null | od -c)"
expect "its rows judge its words" 2 'greet needs --who' greet
expect "its choices, too" 2 'plain, fancy' greet you --how odd
expect "it has help" 0 'greet - say hello.*--max-wait DURATION +how long \(default 2\)' help greet
expect "it is a function" 0 '^you~$' -c '=mig.greet{"you"}.who'
expect "it is a command at a line, too" 0 '^hello a~running~hello b~$' -c 'greet a; domstate test; greet b'
expect "its globals are its own" 0 '^nil~$' -c 'lua mig.greet"x"; return accidental'
expect "a failure with a report shows both" 12 '^the report~error: not good~$' verdict
expect "the same as JSON" 12 '^\{"n":1\}~\{"error":\{"code":"verdict","msg":"not good"\}\}~$' --json verdict
expect "recipes call each other" 0 '"code":"verdict","inner":\{.*"tags":2,"who":"inner"\},"value":\{"n":1\}' --json nested
expect "it passes on another command's options" 0 '^\{"all":true,"n":1,"name":true\}~$' --json passer --all --name
expect "none of them need be given" 0 '^\{"n":1\}~$' --json passer
expect "as lists, too" 0 '^\{"domain":\["test","1"\],"how":2,"state":true,"what":"test"\}~$' --json stats --state --domain test --domain 1
expect "but for what it excepts" 2 'passer has no option --table' passer --table
expect "its help has them" 0 '--node STRING +its own \(needs --all or --inactive; not with[ ~]+--title\).*--all +list inactive & active.*--managed-save' help passer
expect "what its rows exclude is refused" 2 '^error: --node and --title are mutually exclusive~$' passer --title --all --node x
expect "and what they need, asked for" 2 '^error: --node needs --all or --inactive~$' passer --node x
expect "also of its own" 2 '^error: --more needs --node~$' passer --more
expect "and of a command, from Lua" 2 'name and --table are mutually exclusive' -c '=mig.list{name = true, table = true}'
interrupted "Ctrl-C in a recipe" 130 $'^go~undone\trunning~' INT slow
interrupted "Ctrl-C in a recipe called from Lua" 130 $'^go~undone\trunning~' INT -c '=mig.slow{}'
expect "the program's own recipes are found beside the build" 0 'live-migrate \[OPTION\]... <domain> <dest>' help live-migrate

# --- workflows
# shellcheck source=tests/lua/workflow.sh
. "$here/workflow.sh"
# shellcheck source=tests/lua/locks.sh
. "$here/locks.sh"

# --- who may make root run what
# shellcheck source=tests/lua/trust.sh
. "$here/trust.sh"

# --- few descriptors
# shellcheck source=tests/lua/tools.sh
. "$here/tools.sh"
# shellcheck source=tests/lua/limits.sh
. "$here/limits.sh"

# --- pages in a browser
# shellcheck source=tests/lua/page.sh
. "$here/page.sh"

# broken NAME PATTERN TEXT: a recipe of that text is left out, and said why, once.
broken() {
    local out
    rm -f "$dir"/broken/*
    printf '%s\n' "$3" >"$dir/broken/broken.lua"
    out=$(MIGSH_RECIPES="$dir/broken" run -c 'domstate test' -c '=mig.try(function() return mig.broken end)' -c 'lua for _ = 1, 3 do mig.help{} end' </dev/null)
    [ "$(grep -c 'warning: recipe .*/broken.lua is left out: ' <<<"$out")" = 1 ] && grep -qE -- "left out: .*$2" <<<"$out" && grep -q '^running' <<<"$out"
    report $? "a broken recipe: $1" "$out"
}
head='description = "d", example = "e", run = print'
broken "syntax" "unexpected symbol near <eof>" 'return {'
broken "it raises" "broken.lua:1: boo" 'error "boo"'
broken "it returns no table" "has to return a table" 'return 5'
broken "no description" "description has to be a text" 'return {example = "e", run = print}'
broken "no run" "run has to be a function" 'return {description = "d", example = "e"}'
broken "an unknown key" "unknown key 'ags'" "return {$head, ags = {}}"
broken "args that are no list" "args has to be a list" "return {$head, args = {x = 1}}"
broken "an argument without a name" "args\[1\]: a name" "return {$head, args = {{help = 'h'}}}"
broken "an argument's bad name" "args\[1\]: a name" "return {$head, args = {{name = 'A b', help = 'h'}}}"
broken "an argument twice" "argument a appears twice" "return {$head, args = {{name = 'a', help = 'h'}, {name = 'a', help = 'h'}}}"
broken "an argument without help" "argument a: help" "return {$head, args = {{name = 'a'}}}"
broken "an unknown type" "unknown type 'text'" "return {$head, args = {{name = 'a', type = 'text', help = 'h'}}}"
broken "an unknown key of an argument" "unknown key 'requird'" "return {$head, args = {{name = 'a', requird = true, help = 'h'}}}"
broken "an enum without choices" "an enum needs choices" "return {$head, args = {{name = 'a', type = 'enum', help = 'h'}}}"
broken "a positional switch" "a switch is neither" "return {$head, args = {{name = 'a', type = 'bool', positional = true, help = 'h'}}}"
broken "required behind optional" "required behind an optional" "return {$head, args = {{name = 'a', positional = true, help = 'h'}, {name = 'b', positional = true, required = true, help = 'h'}}}"
broken "an argument that needs none" "argument a: there is no argument b" "return {$head, args = {{name = 'a', help = 'h', needs = 'b'}}}"
broken "it passes on no command's" "passes: there is no command nosuch" "return {$head, passes = 'nosuch'}"
broken "it excepts no option" "except: list has no option --nosuch" "return {$head, passes = 'list', except = {'nosuch'}}"
broken "it excepts without passing" "except has to be a list, beside passes" "return {$head, except = {'all'}}"
broken "an argument in the way" "args.passed is what" "return {$head, passes = 'list', args = {{name = 'passed', help = 'h'}}}"
broken "it waits while it is loaded" "nothing can be waited for" 'mig.sleep(1)'
broken "it loops" "it takes too long to load" 'while true do end'
chmod 777 "$dir/broken"
printf 'return {%s}\n' "$head" >"$dir/broken/broken.lua"
MIGSH_RECIPES="$dir/broken" expect "a recipe in a directory that others can write is left out" 2 "left out: .*can be written by others.*unknown command" broken

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
