# shellcheck shell=bash
# Who has no node yet: what the empty listings and the missing libvirt say.
try() { "$@"; echo "[$?]"; }
export XDG_STATE_HOME=$TMP/state
try "$MIGSH" node-list
try "$MIGSH" -q node-list
try "$MIGSH" -j node-list
"$MIGSH" node-list 2>/dev/null | wc -l
try "$MIGSH" journal-list
try "$MIGSH" log
try m snapshot-list test
try m snapshot-list test --name
try m list --all --state-paused --title
export XDG_RUNTIME_DIR=$TMP LIBVIRT_DEFAULT_URI=
"$MIGSH" list 2>&1 | sed -n 's/; here .*//p'
"$MIGSH" node-add n 192.0.2.1 --role none 2>&1
"$MIGSH" list 2>&1 | grep -c 'node-add NAME'
