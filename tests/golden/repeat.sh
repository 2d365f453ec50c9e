# shellcheck shell=bash
# A command again and again, where there is no terminal.
r() { m "$@"; echo "[$?]"; }
r repeat --count 2 100ms domid test
r -c 'repeat --every 100ms --count 2 "domid test; domname 1"; domid test'
r -c "repeat 100ms --count 2 domstate 'no such'; domid test" # until the first that fails
r -j -c 'repeat 100ms --count 2 domid test'
r -c 'repeat 100ms --count 2 =1+1'
printf 'domid test\n' >f
chmod 600 f
r -c 'repeat 100ms --count 2 source f'
r -c 'repeat 100ms --count 2 repeat 100ms --count 2 domid test'
r -c 'repeat 100ms quit' -c 'domid test'
r -c 'repeat 10ms list'
r -c 'repeat 2d list'
r -c 'repeat 5'
r -c 'repeat'
r -c 'repeat --count 0 list'
r -c 'repeat nonsense'
r -c 'repeat list | cat'
r -c 'alias r3 repeat 100ms --count 3' -c 'r3 domid test'
