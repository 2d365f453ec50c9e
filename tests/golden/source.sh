# shellcheck shell=bash
# Files of commands, from a line.
r() { m "$@"; echo "[$?]"; }
printf '# two\ndomname 1\ndomid \\\n test\n' >good
printf 'domname 1\n\ndomstate nosuch\ndomname 1\n' >bad
printf 'source good; source bad; domname 1\n' >outer
printf 'source round\n' >round
printf 'domname 1\nquit\ndomname 1\n' >quits
printf 'domname 1 >>kept & wait\ndomnam 1\n' >behind
cp good writable
chmod 666 writable
r -c 'source good; domstate test'
r -c 'source bad; domstate test'
r -k -c 'source bad' -c 'domstate test'
r -c 'source outer'
r -c 'source round' 2>&1 | tail -n 3
r -c 'source quits; domname 1' -c 'domname 1'
r -c 'source behind'
cat kept
r -c 'source good & wait; domstate test'
r -c 'source bad & wait'
r -c 'source good > f'
r -c 'source writable'
r -c 'source nosuch'
r -j -c 'source good' -c 'source bad'
