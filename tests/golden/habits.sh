# shellcheck shell=bash disable=SC2154
# What fingers do first: help in other programs' ways, lua alone, an address with its port, and no nodes yet.
MIGSH=${MIGSH:?}
h() { "$MIGSH" "$@" 2>&1; echo "[$?]"; }
h dumpxml --help
h dumpxml -h
h -c 'dumpxml test --help'
h -C test:///default domstate -- -h
h -C test:///default domstate --domain -h
h cleanup --help | head -3
for c in dom-fd-associate lxc-enter-namespace qemu-attach update-memory-device; do h $c; done
h nodedev-dettach --help | head -3
h exec nowhere -- ls --help
h -c '\watch 1' -c list
h -c '\?' | head -n 1
"$MIGSH" -c test:///default domname 1; echo "[$?]"
h lua
h -c 'lua  '
h -c 'list; lua print(1)'
h -c 'lua print(1)'
h node-add n root@192.0.2.1:22
h node-add n host.example:2222
h node-add n '[2001:db8::1]:22'
h node-add six root@2001:db8::1
h node-add seven '[2001:db8::2]'
h -c 'node-show six' -c 'node-show seven'
h -c 'node-remove six' -c 'node-remove seven'
for line in 'exec all -- id' node-test key-verify key-exchange 'list --node all' 'nfs-show' node-list; do h -c "$line"; done
h node-add images 192.0.2.9 --role storage
h list --node all
# From a parent that ignores SIGCHLD: how a command ended is known here, too.
h_of_deaf() { perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$MIGSH" "$@" 2>&1; echo "[$?]"; }
h_of_deaf -c '= io.popen("exit 3"):close()'
