# shellcheck shell=bash
# Commands of this machine, and ssh to a node, without a terminal.
r() { m "$@"; echo "[$?]"; }
mkdir bin
cat >bin/ssh <<'SSH'
#!/bin/sh
for word; do echo "<$word>"; done
exit 4
SSH
chmod 755 bin/ssh
export PATH="$PWD/bin:$PATH"
r -c '!echo a; echo "b  c" | tr b c; echo err >&2; exit 3' -c 'domname 1'
r -c '  !cat # no input' -c 'domname 1'
r -k -c '!false' -c 'domname 1'
printf '!echo "\ndomname 1\n' | r
r -c 'shell "echo a; echo b" | wc -l; shell -- echo "a  b" ";" --x'
r -c 'shell echo away > f & wait' -c '!cat f'
r -j -c 'shell echo "a  b" ";"' -c '!exit 5'
r -c '!' </dev/null
r shell echo words
r shell --help | sed -n 2p
printf "node-add a u@127.0.0.1 --port 1\nnode-add b ::1\nnode-add c --uri test:///default\n" >nodes
chmod 600 nodes
r -i nodes -c 'ssh a'
r -i nodes -c 'ssh b "df -h | tail -1"'
r -i nodes -c 'ssh a -- -rf "a b" $(x) > away'
cat away
r -i nodes -c 'ssh c'
r -i nodes -c 'ssh nosuch'
r -c 'ssh'
