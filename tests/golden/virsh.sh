# shellcheck shell=bash
# Where virsh has the command, a virsh user reads the same thing: outputs compared, blank lines at the end aside.
plain() { sed -E -e 's/^(CPU time: +)[0-9.]+s/\1TIMEs/' -e 's/ +$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }
same() {
    if diff <(virsh -c test:///default "$1" 2>/dev/null | plain) <(m "$1" 2>/dev/null | plain) >diff.txt; then
        echo "same: $1"
    else
        echo "differs: $1"
        cat diff.txt
    fi
}
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 1; }
for c in list 'list --all' 'list --inactive' 'list --uuid' 'list --name' 'list --id' 'list --uuid --name' \
    'list --id --uuid --name' 'list --state-paused' 'list --autostart --all' 'dominfo test' 'domstate test' \
    'domstate test --reason' 'domid test' 'domname 1' 'domuuid test' 'dumpxml test' 'dumpxml test --inactive' \
    'dumpxml test --xpath //disk/source/@file' 'dumpxml test --xpath //name' 'domblklist test' \
    'domblklist test --details' 'domiflist test' 'domifaddr test' 'domifaddr test --full --source agent' \
    'domifaddr test testnet0 agent' 'domtime test' 'domtime test --pretty' domstats \
    'domstats --raw --state test' nodeinfo hostname uri version 'version --daemon' capabilities 'event --list' \
    'suspend test' 'shutdown test' 'reboot test' 'destroy test' 'autostart test' 'autostart test --disable' \
    'undefine test'; do
    same "$c"
done
# A stopped one, in one connection; virsh goes on after ";", and sets outputs apart by blank lines.
many='destroy test; list --all; domid test; dominfo test; start test; list'
diff <(virsh -c test:///default "$many" | grep -v '^$' | plain) <(m "$many" | plain) && echo "same: $many"
