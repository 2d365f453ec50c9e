# shellcheck shell=bash disable=SC2154
# Where recipes look for a domain: as commands do, on the current host if there is one; and what they say when it fails.
MIGSH=${MIGSH:?}
on() { "$MIGSH" "$@"; echo "[$?]"; }
on node-add one --uri test:///default
on node-add two --uri test:///default

for current in "" one test:///default; do
    echo "--- current host: ${current:-none}"
    for line in "live-migrate test two" "export-domain test $TMP/x" "live-migrate nope two" "export-domain test@two $TMP/x"; do
        on ${current:+-C "$current"} -c "$line" 2>&1
    done
done
on -c 'connect one' -c 'export-domain test x' 2>&1

echo "--- an inner command's value is not shown as text"
on -c '=mig.exec{"one", command = {"true"}}' 2>&1
on -j -c '=mig.exec{"one", command = {"true"}}' 2>&1
on -c 'cleanup test' 2>&1

echo "--- a journal about no domain does not hold up a migration of one"
on -c 'lua j = mig.journal_begin("prepare-nodes", {workflow = true}); j:intent("x", {}); j:release()' 2>&1
on -c 'cold-migrate nope two' 2>&1
