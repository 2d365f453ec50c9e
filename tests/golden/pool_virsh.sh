# shellcheck shell=bash
# Pools and volumes as virsh shows them: outputs compared, blank lines, blanks at line ends and new uuids aside.
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 1; }
plain() { grep -v '^ *$' | sed -E -e 's/ +$//' -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/'; }
same() {
    if diff <(virsh -c test:///default "$1" 2>/dev/null | plain) <(m -k "$1" 2>/dev/null | plain) >diff.txt; then
        echo "same: $1"
    else
        echo "differs: $1"
        cat diff.txt
    fi
}
nfspool='pool-define-as nfspool --type netfs --source-host 192.168.1.101 --source-path /nfs --target /mykvm/nfspool/'
for c in pool-list 'pool-list --all' 'pool-list --details' 'pool-list --uuid' 'pool-list --name' \
    'pool-list --uuid --name' 'pool-list --type netfs' 'pool-info default-pool' 'pool-info default-pool --bytes' \
    'pool-dumpxml default-pool' 'vol-list default-pool' 'vol-list default-pool --details' "$nfspool" \
    "$nfspool --print-xml" "$nfspool; pool-list --all --details; pool-info nfspool; pool-dumpxml nfspool" \
    "$nfspool; pool-build nfspool; pool-start nfspool; pool-autostart nfspool; pool-refresh nfspool; pool-list" \
    "$nfspool; pool-autostart nfspool --disable; pool-list --inactive; pool-delete nfspool; pool-undefine nfspool" \
    'pool-create-as t dir --target /t; pool-list --transient; pool-list --persistent; pool-destroy t; pool-list --all' \
    'pool-define-as b dir - - - - /g --print-xml' 'pool-list dir' 'pool-list netfs' \
    'pool-define-as p iscsi h - d n /t f chap u use --print-xml' \
    'vol-create-as default-pool test01 5G --format qcow2; vol-list default-pool; vol-list default-pool --details;
     vol-info test01 default-pool; vol-info test01 --pool default-pool --bytes; vol-path test01 default-pool;
     vol-dumpxml test01 default-pool; vol-dumpxml test01 default-pool --xpath //key --wrap;
     vol-clone test01 test02 --pool default-pool; vol-delete test01 default-pool; vol-list default-pool' \
    'vol-create-as default-pool v 1M; vol-create-as default-pool z 10M --backing-vol v --backing-vol-format raw --print-xml' \
    'vol-create-as default-pool v 1M 512K raw; vol-create-as default-pool z 10M 1M qcow2 v raw --print-xml'; do
    same "$c"
done
