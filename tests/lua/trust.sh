# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # run.sh has them
# Who may make root run what: inventories, recipes, files of commands and journals in which somebody else could have had
# a hand. Sourced by run.sh only. What a file does when it is obeyed is to make $t/ran.
t=$dir/trust
mkdir -p "$t"/{theirs,open,real}
ran() { rm -f "$t/ran.was"; [ -e "$t/ran" ] && mv "$t/ran" "$t/ran.was"; }

# never NAME STATUS PATTERN ARG…: as expect, and nothing was run. A pipe that is waited for ends after 120 s, as a
# failure.
never() {
    rm -f "$t/ran"
    expect "$@"
    ! ran
    report $? "$1: nothing was run"
}

recipe="local f <close> = io.open('$t/ran', 'w'); return {description = 'd', example = 'e', run = function() return 1 end}"
echo "node-add one --uri test:///default" >"$t/real/nodes"
echo "$recipe" >"$t/real/evil.lua"
printf 'lua io.open("%s", "w"):close()\n' "$t/ran" >"$t/real/lines"
rm -f "$t/ran"
MIGSH_RECIPES=$t/real expect "a trusted recipe is loaded" 0 '^1~$' evil
ran
report $? "and does what it does"
expect "trusted lines are run" 0 '^true~$' -f "$t/real/lines"
ran
report $? "and do what they do"

chmod 777 "$t/open"
ln -s ../real/evil.lua "$t/open/evil.lua"
ln -s ../real/nodes ../real/lines "$t/open/"
MIGSH_RECIPES=$t/open never "a link in a directory that others can write is no recipe" 2 "left out: .*the directory $t/open can be written by others.*unknown command" evil
never "nor an inventory" 9 "open/nodes is not to be trusted: the directory $t/open can be written by others~hint: chmod go-w '$t/open'" -i "$t/open/nodes" node-list
never "nor lines to run" 9 "the directory $t/open can be written by others" -f "$t/open/lines"
never "nor a script" 9 "the directory $t/open can be written by others" "$t/open/evil.lua"
mkdir "$t/pipes"
mkfifo -m 600 "$t/real/pipe" "$t/pipes/pipe.lua"
never "a pipe is no inventory, and is not waited for" 9 "pipe is not a regular file" -i "$t/real/pipe" node-list
never "a pipe is no file of lines" 9 "pipe is not a regular file~hint: .*-f -" -f "$t/real/pipe"
MIGSH_RECIPES=$t/pipes never "a pipe is no recipe" 0 "left out: .*pipe.lua is not a regular file" -c 'domstate test' -c 'lua mig.help{}'
chmod 664 "$t/real/nodes"
never "a file that its group can write is no inventory, whichever group it is" 9 "real/nodes can be written by others~hint: chmod go-w" -i "$t/real/nodes" node-list
chmod 600 "$t/real/nodes"
chmod 775 "$t"
never "nor one below a directory that a group can write" 9 "the directory $t can be written by others" -i "$t/real/nodes" node-list
chmod 755 "$t"
expect "where there is none, there is none, whoever may write there" 0 '^ *Name.*~$' -i "$t/open/none" node-list
never "but none is made there" 9 "open/none is not to be trusted" -i "$t/open/none" node-add one --uri test:///default
[ ! -e "$t/open/none" ]
report $? "and there is none then"

# The words of nodes that run commands here or there.
for uri in 'qemu+ext:///system?command=/bin/evil' 'qemu+ssh://h/system?no_tty=1&command=/bin/evil' 'qemu:///system?socket=/s;COMMAND=/bin/evil' \
    'qemu+ssh://h/system?n%65tcat=/bin/evil' 'qemu+libssh2://h/system?netcat=/bin/evil' 'QEMU+EXT://h/system'; do
    printf "node-add one --uri '%s'\n" "$uri" >"$t/real/nodes"
    expect "an inventory's $uri" 9 "real/nodes:1: .*runs a program.*~hint: .*--allow-command" -i "$t/real/nodes" node-list
    expect "typed without consent: $uri" 9 "runs a program.*~hint: .*--allow-command" -i "$t/real/typed" node-add one --uri "$uri"
    rm -f "$t/real/typed"
    expect "typed with consent: $uri" 0 "added" -i "$t/real/typed" node-add one --allow-command --uri "$uri"
    expect "which the inventory keeps: $uri" 0 "one " -i "$t/real/typed" node-list
done
for uri in 'qemu+ssh://h/system?no_tty=1&keyfile=/k' 'qemu+unix:///system?socket=/command=x' 'qemu+ssh://command=x@h/system?proxy=native' 'test:///x?commands=1'; do
    printf "node-add one --uri '%s'\n" "$uri" >"$t/real/nodes"
    expect "no program is run by $uri" 0 "one " -i "$t/real/nodes" node-list
done

# Recipes among each other.
mkdir "$t/two" "$t/two/lib"
cat >"$t/two/first.lua" <<'RECIPE'
return { description = "d", example = "e", run = function()
  string.format, mig.domstate, mig.start.x, os.time, leaked, _G.leaked_too = print, print, print, print, 1, 1
  require("lib.common").text = "changed"
  return "done"
end }
RECIPE
cat >"$t/two/second.lua" <<'RECIPE'
return { description = "d", example = "e", run = function()
  return { text = string.format("%d", 5), state = mig.domstate("test").state, time = math.type(os.time()), common = require("lib.common").text,
    start = rawget(mig.start, "x") == nil, leaked = leaked == nil and leaked_too == nil }
end }
RECIPE
echo 'return {text = "as it is"}' >"$t/two/lib/common.lua"
MIGSH_RECIPES=$t/two expect "what a recipe replaces is its own" 0 '\{"common":"as it is","leaked":true,"start":true,"state":"running","text":"5","time":"integer"\}~$' --json -c first -c second
MIGSH_RECIPES=$t/two expect "and not the prompt's" 0 '^done~5~nil~$' -c first -c '=string.format("%d", 5)' -c '=leaked'
expect "the prompt keeps what its lines set" 0 '^2~$' -c 'lua x = 1' -c 'lua x = x + 1' -c '=x'

if [ "$(id -u)" != 0 ]; then
    skipped=$((skipped + 1))
    echo "ok $((n += 1)) - files of other users # SKIP not root"
else
    cp "$t/real/evil.lua" "$t/real/lines" "$t/theirs/"
    echo "node-add one --uri test:///default" >"$t/theirs/nodes"
    ln -s ../real/evil.lua "$t/theirs/linked.lua"
    chown -R nobody "$t/theirs"
    chown root "$t"/theirs/*.lua "$t/theirs/nodes" # hard links, say
    MIGSH_RECIPES=$t/theirs never "a link in another user's directory is no recipe" 2 "linked.lua is not to be trusted: the directory $t/theirs belongs to uid [0-9]+, who could change it.*unknown command" linked
    never "nor an inventory in there" 9 "the directory $t/theirs belongs to uid" -i "$t/theirs/nodes" node-list
    HOME=$t/theirs XDG_CONFIG_HOME='' XDG_STATE_HOME='' expect "nor is a journal kept there" 9 "the directory $t/theirs belongs to uid" -c '=mig.journal_begin "x"'
    rm "$t/theirs/evil.lua"
    chmod 1777 "$t/theirs"
    chown root "$t/theirs"
    chown -h nobody "$t/theirs/linked.lua"
    MIGSH_RECIPES=$t/theirs never "another user's link, in a directory like /tmp" 2 "the link $t/theirs/linked.lua belongs to uid" linked

    rm -rf "$XDG_STATE_HOME"
    expect "a journal of our own" 0 '' -c 'lua local j = mig.journal_begin("hosts-sync", {text = "x"}); j:intent("a"); j:release()'
    id=$(basename "$XDG_STATE_HOME"/migsh/journal/*.jsonl .jsonl)
    expect "is obeyed" 0 "hosts-sync" journal-show "$id"
    chown nobody "$XDG_STATE_HOME/migsh/journal/$id.jsonl"
    for command in "journal-show $id" "journal-revert $id" "resume $id"; do
        # shellcheck disable=SC2086 # two words
        expect "another user's is not: $command" 9 "belongs to uid [0-9]+, who could change it" $command
    done
    expect "another user's is listed as what it is" 0 "unreadable" journal-list
    rm -rf "$XDG_STATE_HOME"
fi
