# shellcheck shell=bash
# --debug and --log: what is asked of libvirt, and what came of it. (Commands by ssh: tests/lab/test_sudo.sh.)
r() { m "$@"; echo "[$?]"; }
log() { sed -E 's/^[0-9]{4}-[0-9-]{5} [0-9:]{8}\.[0-9]{3} /TIME /; s/\([0-9.]+ m?s\)/(N)/' "${1:-log}"; }
r --log log -c 'domstate test; domstate nosuch' -c nonsense
log
stat -c %a log
r -l log -d 3 -c 'domstate nosuch' # behind what is there
log | tail -n 2
r --log only --debug 4 -c 'domstate nosuch'
log only
HOME=$PWD r --log "~"/home -d 4 -c nonsense
log home
"$MIGSH" -C 'test:///default?secret=1' --log uri domid test
log uri | head -n 1
r -d 0 domid test 2>&1 | log -
r -d 3 -j domid nosuch | log -
r -d 1 domid test
r -d 5 list
r -d x list
r --log . list
r -d
