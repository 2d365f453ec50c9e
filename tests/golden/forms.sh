# shellcheck shell=bash
# The ways to hand over commands, and their exit statuses.
try() { "$@"; echo "[$?]"; }
try m domstate test
try m 'domstate test; domid test'
try m -c 'domid test' -c 'domname 1'
printf 'domid test\nquit\ndomname 1\n' >script
try m -f script
try m -f - <script
try m <script
try m -f nosuch
try m -c 'domstate nosuch; domid test'
try m -k -c $'domstate nosuch; domid test\ndomname 1'
try m -c $'nosuch\ndomid test'
try m -k -c $'nosuch\ndomid test'
try m -c 'domid test; nosuch'
try m -q start test
try m -q suspend test
try m -q list
try m domid -- test
try m -j domstate nosuch
try m -c ''
try m -f script domid test
try m '# only a comment'
try m <<'END'
domid \
  test
domname "1
"
END
try "$MIGSH" -C nosuch list
try "$MIGSH" -C "qemu+unix:///system?socket=/nosuch/sock" list
try "$MIGSH" --nosuch
printf 'domid test' | try m
printf 'domid test\0 x\n' >nul
try m -f nul
printf 'domid test\n\0domid test\n' | try m -k
printf 'domid test\ndomid te\0st\n' | try m -j
{ echo "domid 'not closed"; yes "one line of many" | head -n 5000; } | try m
try m --envelope -c 'domstate test; domid test' -c 'domid nosuch'
try m --envelope -c 'nosuch'
echo "output that nobody can receive:"
m list >&-; echo "[$?]"
m list >/dev/full; echo "[$?]"
m domstate nosuch >/dev/full; echo "[$?]"
"$MIGSH" --version >/dev/full; echo "[$?]"
gone=$({ (sleep 0.5; m list; echo "[$?]" >&2) | true; } 2>&1)
echo "$gone"
echo "no standard input:"
try m <&-
m list 2>&- | head -n 1
m -t hostname | sed -E 's/[0-9]+\.[0-9]+ ms/N ms/'
{ m -j -t -c "domid test; domid nosuch" || :; } | sed -E "s/\"ms\":[0-9.]+/\"ms\":N/" # with --json an event, and as well of what fails
try m -e '^a' -K 2 --keepalive-interval 0 domid test
try m --escape no domid test
try m -K 0 domid test
try m --keepalive-interval x domid test
