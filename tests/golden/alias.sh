# shellcheck shell=bash
# Names of the operator's own, and the prompt's settings.
r() { m "$@"; echo "[$?]"; }
r -c alias
r -c 'alias st domstate' -c 'alias ll "list --all | cat"' -c 'st test'
r -k -c 'alias st domstate' -c "alias two 'domname 1; domid test'" -c "alias named 'echo \"a  b\" c'" -c 'alias run "list --state-running"' \
    -c 'st test; named d | cat; run > f & wait' -c 'alias' -c 'alias st' -c 'unalias st' -c 'st test' -c 'unalias st' -c 'alias st'
cat f
r -k -c 'alias list domstate' -c 'alias lua list' -c "alias '' list" -c "alias -x list" -c 'alias x nosuch' -c 'alias x "echo \""' \
    -c 'alias x echo' -c 'alias y x' -c 'alias x echo --xml "<" "$(x)"' -c 'x b' -c alias
r -j -c 'alias x echo y' -c 'alias'
printf 'alias x domname\nx 1\n' >f
r -c 'source f; domid test'
r -c 'source f' -c 'x 1'
r -c set
r -c 'set timing on' -c 'set timing'
r -j -c 'set pager'
r -k -c 'set x' -c 'set pager maybe' -c 'history'
