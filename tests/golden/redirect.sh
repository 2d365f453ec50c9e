# shellcheck shell=bash
# What a command shows, led into a program of this machine or a file.
r() { m "$@"; echo "[$?]"; }
export HOME="$TMP"
r -c 'list | grep test; domname 1'
r -c 'list | grep nosuch; domname 1' # the program's status is the line's
r -c 'domstate nosuch | cat; domname 1'
r -c 'list |sort -r | head -n 2 # and no more'
r -c "domname 1 | sh -c 'cat >&2; exit 7'"
r -j -c "domname 1 | sh -c 'cat >&2; exit 7'"
r -j -c 'list | tr a-z A-Z'
r -c 'help migrate | wc -l; list | cat >&2'
r -c 'domname 1 | kill -9 $$'
r -c 'list > a; domname 1 >> a; domname 1 >>"b c"; domid test >> "~/b c"'
cat a 'b c'
r -c 'domstate nosuch > a' # nothing to write: what is there stays
tail -n 2 a
r -k -j -c 'domstate nosuch > a; domname 1' -c 'list > j'
cat j
r -t -c 'domname 1 > a' | sed 's/[0-9.]* ms/N ms/'
cat a
r -c 'list > nosuch/a; destroy test; list'
r -c 'destroy test > nosuch/a' -c 'domstate test'
r -c 'list > .'
r -c 'domname 1 > /dev/full; domname 1'
r -c 'domname 1 > a & wait; domname 1 | cat & wait; domname 1 | false & wait'
cat a
ln a old
r -c 'list > a' # a new file, once all of it is there
cat old
r -k -c 'domname > a' -c 'domname > unborn' # a command that cannot begin touches no file
mkfifo pipe
r -c 'domname 1 > pipe'
r -c 'domname 1 >> pipe'
exec 9<>pipe
r -c 'domname 1 > pipe'
read -r line <&9
echo "read: $line"
exec 9>&-
rm old pipe
r -c "domname 1 > '\$(touch x); \"y'" # a name is a name
ls -1
r domname 1 '>' x # words of the shell's are words
r -c 'domname 1 "|" cat'
r -c 'domname 1|cat'
r -c 'nonsense | cat'
r -c '=1 | 2' # Lua's own
r -c 'domname 1 |'
r -c 'domname 1 || domname 1'
r -c '| cat'
r -c 'domname 1 >'
r -c 'domname 1 > a > b'
r -c 'domname 1 2>&1'
r -c 'domname 1 >& a'
r -c "domname 1 | cat 'x"
printf 'domname 1 |\\\n cat\ndomname 1 > f\n' | r
cat f
printf 'node-add x root@x | cat\n' >nodes
chmod 600 nodes
"$MIGSH" -i nodes node-list
