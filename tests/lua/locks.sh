# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # run.sh has them
# The lock of a workflow on a node without an ssh login, which is held on this machine for consoles with other journals,
# and journals that cannot be read. The same on real nodes: tests/lab/test_locks.sh. Sourced by run.sh only.
cp "$here/../lab/recipes/steps.lua" "$dir/recipes/steps.lua"
echo "node-add here --uri test:///default" >"$dir/nodes-locks"
chmod 644 "$dir/nodes-locks" "$dir/recipes/steps.lua"
name="locks-$$" l="$dir/l"
lock_as() { # lock_as NAME STATUS PATTERN STATE ARG…
    local state=$4 arg=("$1" "$2" "$3" -i "$dir/nodes-locks")
    shift 4
    XDG_STATE_HOME="$dir/$state" expect "${arg[@]}" "$@"
}
# lock_begin WHAT: a console is in its first step, with its journal in state-1.
lock_begin() {
    rm -rf "$l" && mkdir "$l"
    XDG_STATE_HOME="$dir/state-1" "$migsh" -i "$dir/nodes-locks" steps "$l" "$1" --nodes here >"$dir/locked" 2>&1 </dev/null &
    pid=$!
    for _ in $(seq 400); do [ -e "$l/did-one" ] && break; sleep 0.05; done
}
# lock_end NAME STATUS PATTERN
lock_end() {
    local rc=0
    wait $pid || rc=$?
    [ $rc = "$2" ] && tr '\n' '~' <"$dir/locked" | grep -E -- "$3" >/dev/null
    report $? "$1" "status $rc (wanted $2): $(cat "$dir/locked")"
}
lock_begin "$name"
lock_as "another console, with journals elsewhere, is told who is at work" 10 \
    "another console is at work on '$name': steps by .*@.* since [0-9][0-9]:[0-9][0-9], journal .*-steps-.*hint: .*who" state-2 steps "$l" "$name" --nodes here
lock_as "who lists it" 0 "\(admin\) +$name +steps" state-2 who
lock_as "break-lock needs a reason" 2 "needs --reason" state-2 break-lock "$name"
lock_as "break-lock asks" 2 "there is no terminal to ask on, so nothing was done~hint: --yes" state-2 break-lock "$name" --reason x
lock_as "break-lock of what nobody holds" 3 "nobody holds a lock on 'no-$name'" state-2 break-lock "no-$name" --reason x --yes
lock_as "break-lock" 0 "was taken away" state-2 break-lock "$name" --reason "it hangs" --yes
lock_as "who does not list it then" 0 "^~$" state-2 -c "lua for _, r in ipairs(mig.who{}) do assert(r.domain ~= '$name') end"
touch "$l/go-one" "$l/go-two"
lock_end "its console stops before the next step, and tells why" 10 "taken away on \(admin\): break-lock by .*: it hangs~hint: resume .* goes on, rollback"
[ ! -e "$l/did-two" ]
report $? "which was not begun"
id=$(basename "$(find "$dir/state-1" -name '*-steps-*.jsonl')" .jsonl)
touch "$l/go-three"
lock_as "it is gone on with" 0 "done" state-1 resume "$id"
lock_begin "$name"
kill -KILL $pid
wait $pid 2>/dev/null
lock_as "a killed console holds nothing" 3 "nobody holds" state-2 break-lock "$name" --reason x --yes
lock_as "nodes have to be a list" 2 "about.nodes has to be a list" state-2 -c "lua mig.transaction('steps', {dir = '$l', lock = 'x', nodes = 'here'})"
lock_as "an unknown node is no node without a lock" 3 "gone" state-2 -c "lua mig.transaction('steps', {dir = '$l', lock = 'x', nodes = {'gone'}})"

bad=$dir/state-3/migsh/journal/20261121-041914.120-steps-3fa9c1.jsonl
(umask 077 && mkdir -p "${bad%/*}" && : >"$bad")
touch "$l/go-one" "$l/go-two" "$l/go-three"
lock_as "a journal that cannot be read holds" 10 "is empty: nobody can tell.*hint: .*rollback 20261121-041914.120-steps-3fa9c1 --forget" state-3 steps "$l" "$name" --nodes here
lock_as "until it is set aside" 0 "set aside as $bad.aside" state-3 rollback 20261121-041914.120-steps-3fa9c1 --forget
[ -e "$bad.aside" ] && [ ! -e "$bad" ]
report $? "which removes nothing"
lock_as "then it may begin" 0 "done" state-3 steps "$l" "$name" --nodes here

# --- the record of a plain migrate whose console was killed
uuid=0d0c7e0e-6b1c-4b37-9c7e-6f2a1a9b0c01
echo "<node><domain type='test'><name>one</name><uuid>$uuid</uuid><memory>8192</memory><os><type>hvm</type></os></domain></node>" >"$dir/one.xml"
echo "node-add here --uri test://$dir/one.xml" >"$dir/nodes-locks"
record_begin="lua j = mig.journal_begin('migrate', {record = true, domain = 'one', uuid = '$uuid', source = 'here', dest = 'there'}); j:intent('migrate', {})"
lock_as "a record that nobody closed" 0 '' state-4 -c "$record_begin; j:close()"
record=$(basename "$(find "$dir/state-4" -name '*-migrate-*.jsonl')" .jsonl)
lock_as "cleanup names it, and the way out" 12 "journal +$record: interrupted~.*leftover: the console of a migrate to there was gone.*the way out: rollback $record --forget, which touches nothing~" \
    state-4 cleanup one
lock_as "and closes it" 0 "~done~$" state-4 cleanup one --apply
lock_as "then all is well" 0 "clean: it is running on here" state-4 cleanup one
lock_as "while a console is at work, nothing is done" 12 "busy: another console is at work: migrate" state-4 -c "$record_begin" -c "cleanup one --apply"
