# shellcheck shell=bash
# "&" in texts of commands: beside one another, waited for, and what the whole has come to.
r() { m "$@"; echo "[$?]"; }
r -c 'domstate test & wait; domname 1'
r -c 'domstate nosuch & wait; domname 1'
r -c 'domstate nosuch & wait 1' -c 'domname 1'
r -k -c 'domstate nosuch & wait %1; domname 1' -c 'domname 1'
r -c 'domstate test &' # waited for all the same
r -c 'domstate nosuch &'
r -j -c "domstate 'no \"such' & wait; domname 1"
r -j -c 'domstate test & wait; jobs --all' | sed 's/"seconds":[0-9]*/"seconds":0/'
r -q -c 'domstate test & wait; jobs --all' | sed 's/ [0-9]* s  / 0 s  /'
r 'domstate test & wait'
printf 'domstate test &\nwait\ndomname 1 # &\n' | r
r domstate '&'
r -c 'domstate x&' # a part of the word
r -c "domstate '&'"
r -c '& domname 1'
r -c 'domname 1;; &'
r -c 'domstate test & nonsense'
r -c 'quit &'
r -c 'fg'
r -c 'fg 1'
r -c 'cancel'
r -c 'cancel x'
r -c 'domstate test & wait; cancel 1'
r -c 'wait 1'
r -c 'wait'
r jobs
r -j jobs
r help wait
