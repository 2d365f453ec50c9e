# shellcheck shell=bash
# Every command has its help, under both ways to ask, and nothing of it is empty.
for c in $(m self-commands); do
    m help "$c" >"$c.txt" || echo "help $c failed"
    for part in NAME SYNOPSIS; do grep -q "$part" "$c.txt" || echo "help $c: no $part"; done
done
m self-test
m help list
m help nosuch
