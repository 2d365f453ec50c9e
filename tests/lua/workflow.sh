# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # run.sh has them
# Workflows (lua/lib/transaction.lua): killed before and after each step, gone on with and taken back by another
# console. Sourced by run.sh only.
w=$dir/w

# work_new [POINT…]: a new directory and no journals; a file for each "crash b", "fail c+" …
work_new() {
    rm -rf "$w" "$XDG_STATE_HOME"
    mkdir "$w"
    local file
    for file; do touch "$w/$file"; done
}
work_id() { basename "$(find "$XDG_STATE_HOME" -name '*-work-*.jsonl' | sort | tail -n 1)" .jsonl; }
made() { (cd "$w" && find . -name '[a-e]*' ! -name 'crash*' ! -name 'fail*' | sort | tr -d './\n'); }
log_is() { [ "$(grep -v ended "$w/log" | tr '\n' ',')" = "$1" ]; }

work_new
expect "a workflow: each step is shown, and the end is its own" 0 \
    'it: \[done\] +a +make a~it: \[done\] +b .*\[done\] +c +make cx~.*make cy~.*d +make d~.*e +make e~finished' work "$w"
log_is 'do a,do b,do cx,do cy,do d,do e,'
report $? "the steps in order, once each" "$(cat "$w/log")"
[ "$(grep -c ended "$w/log")" = 1 ]
report $? "its clean-up ran once"
expect "journal-list: done, and no way on" 0 'work +[-0-9: ]+ done +6 +it +-~' journal-list
id=$(work_id)
expect "what is done cannot be taken back" 10 "is done.*hint: do the opposite" rollback "$id"
expect "or gone on with" 10 "is done: there is nothing to continue" resume "$id"
expect "journal-show tells the steps" 0 'd: make d +done' journal-show "$id"

for point in a a+ b b+ cx cx+ cy cy+ d d+ e e+; do
    work_new "crash $point"
    run work "$w" </dev/null >/dev/null
    id=$(work_id)
    rm -f "$w"/crash*
    expect "killed at $point: its journal says so" 0 "interrupted .*resume" journal-list
    case $point in
    d+ | e*)
        expect "killed at $point: past the point of no return, not taken back" 10 "d was made.*hint: resume $id" rollback "$id"
        [ "$(made)" != "" ]
        report $? "killed at $point: nothing was undone" "$(made)"
        ;;
    *)
        cp -r "$w" "$w.kept" && cp -r "$XDG_STATE_HOME" "$w.state"
        expect "killed at $point: taken back" 0 "taken back" rollback "$id"
        [ "$(made | tr -d a)" = "" ]
        report $? "killed at $point: all is as it was" "$(made)"
        expect "killed at $point: taken back again does nothing" 0 "taken back" rollback "$id"
        expect "killed at $point: cannot be gone on with then" 10 "start again" resume "$id"
        rm -rf "$w" "$XDG_STATE_HOME" && mv "$w.kept" "$w" && mv "$w.state" "$XDG_STATE_HOME"
        ;;
    esac
    expect "killed at $point: gone on with to its end" 0 'finished' resume "$id"
    [ "$(made)" = abcxcyde ] && [ "$(grep -v ended "$w/log" | sort | uniq -d)" = "" ]
    report $? "killed at $point: each step once" "$(cat "$w/log")"
done

for point in -cy -cy+ -b -b+; do
    work_new "fail d" "crash $point"
    run work "$w" </dev/null >/dev/null
    id=$(work_id)
    run rollback "$id" </dev/null >/dev/null
    rm -f "$w"/crash* "$w"/fail*
    expect "killed at $point while undoing: it only goes back" 10 "being taken back.*hint: rollback" resume "$id"
    expect "killed at $point while undoing: back" 0 "taken back" rollback "$id"
    [ "$(made | tr -d a)" = "" ]
    report $? "killed at $point while undoing: all is as it was" "$(made)"
done

# Nothing can be written: as a full disk, but with EFBIG.
work_new
said=$( (trap '' XFSZ; ulimit -f 0; "$migsh" -C test:///default work "$w" </dev/null 2>&1))
rc=$?
[ $rc = 13 ] && grep "cannot write the journal .*$" <<<"$said" >/dev/null && grep "^hint: nothing is done before it is written down" <<<"$said" >/dev/null
report $? "a journal that cannot be written: an error with a hint" "status $rc: $said"
[ -z "$(made)" ] && [ -z "$(find "$XDG_STATE_HOME" -name '*.jsonl')" ]
report $? "... nothing was done, and no empty journal is left" "$(made)$(find "$XDG_STATE_HOME" -name '*.jsonl')"

work_new "fail a"
expect "a failure before anything was done: nothing to take back" 10 'nothing was changed~error: step a: told to fail at a~hint: mend it~$' work "$w"
expect "and the journal is closed" 0 'work .* reverted' journal-list
work_new "fail cy"
expect "a failing step: what, and the way on" 10 '\[failed\] +c +make cy: told.*error: step c y: told to fail at cy~hint: mend it; then: resume [^ ]*-work-[^ ]* goes on, rollback' work "$w" --lock L
expect "the same cannot be begun meanwhile" 10 'earlier work of it was not finished.*hint: resume' work "$w" --lock L
expect "something else can" 10 'told to fail' work "$w" --lock M
rm -f "$w"/fail*
id=$(basename "$(find "$XDG_STATE_HOME" -name '*-work-*.jsonl' | sort | head -n 1)" .jsonl)
touch "$w/fail -b"
expect "an undo that fails says so" 10 'undo-failed.*error: taking back b: told.*rollback .* goes on, once that is mended' rollback "$id"
rm -f "$w"/fail*
expect "and is done by the next one" 0 'undone.*taken back' rollback "$id"
log_is 'do a,do b,do cx,do a,do b,do cx,undo cy,undo cx,undo b,undo a,'
report $? "in reverse order, once each" "$(cat "$w/log")"
expect "then it may begin anew" 0 'finished' work "$w" --lock L
work_new "fail e"
expect "behind the point of no return only one way is offered" 10 'hint: mend it; then: resume [^ ]* goes on~' work "$w"
expect "journal-list offers that one" 0 'failed +6 +it +resume *~' journal-list
expect "it can be closed as it is" 0 'closed' rollback "$(work_id)" --forget
expect "and is done then" 0 'work .* done' journal-list
expect "no journal" 3 "no journal" rollback 20261121-041914.120-work-3fa9c1
work_new "fail cy+"
run work "$w" </dev/null >/dev/null
rm -f "$w"/fail*
touch "$w/fail d"
expect "a step failed behind what it did, and is done again: nothing is left of it to do" 10 'unchanged.*make cy~' resume "$(work_id)"
expect "... it is taken back all the same" 0 'undone.*c +make cy~' rollback "$(work_id)"
[ "$(made | tr -d a)" = "" ]
report $? "... nothing of it is left" "$(made)"
work_new
expect "what only this console has: the end knows it, and the caller tells of the steps" 0 '^finished~mine~$' work "$w" --own mine
work_new "fail d"
run work "$w" --wish </dev/null >/dev/null
rm -f "$w"/fail* "$w/b"
expect "steps that are run again when it is gone on with: what somebody took away is there again" 0 'done.*make b~.*unchanged.*make cx~.*finished' resume "$(work_id)"
expect "what is done is taken back" 0 'undone.*make e~.*undone.*make b~.*taken back' rollback "$(work_id)"
[ "$(made | tr -d a)" = "" ]
report $? "... all is as it was" "$(made)"
expect "... once" 0 'taken back' rollback "$(work_id)"
work_new
run work "$w" --wish </dev/null >/dev/null
expect "what is done is not closed once more" 10 'is done: it is closed already' rollback "$(work_id)" --forget
[ "$(made)" = abcxcyde ]
report $? "... and nothing taken back" "$(made)"
work_new "wait b+"
interrupted "Ctrl-C in a step: 130 and the way on" 130 'step b: .*hint: resume .* goes on, rollback' INT work "$w"
rm -f "$w"/wait*
expect "gone on with" 0 'finished' -c "resume $(work_id)"
work_new "wait b"
: >"$dir/out"
"$migsh" -C test:///default work "$w" --lock L >"$dir/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 1200); do grep -q go "$dir/out" && break; sleep 0.05; done
expect "begun twice at once: the second is refused" 10 'another console is at work on it: work, journal' work "$w" --lock L
expect "a running one cannot be taken back" 10 'another console is at work' rollback "$(work_id)"
expect "or gone on with" 10 'another console is at work' resume "$(work_id)"
kill -KILL $pid
wait $pid 2>/dev/null
work_new
for i in 1 2 3 4 5 6; do run work "$w" --lock L >"$dir/out.$i" 2>&1 </dev/null & done
wait
[ "$(cat "$dir"/out.? | grep -c '^finished')" = "$(grep -c 'do b' "$w/log")" ] && [ "$(cat "$dir"/out.? | grep -cE '^finished|another console')" = 6 ]
report $? "six at once: one at a time" "$(cat "$dir"/out.?)"
