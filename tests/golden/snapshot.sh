# shellcheck shell=bash
# Snapshots: where the test driver can, the outputs are virsh's; times and blanks aside.
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 1; }
plain() { grep -v '^ *$' | sed -E -e 's/( +-)? +$//' -e 's/ +-$//' -e 's/[0-9]{4}-[0-9-]+ [0-9:]+ [+-][0-9]{4}/TIME/' -e 's/<creationTime>[0-9]+/<creationTime>N/' -e 's/^error: //'; }
same() {
    if diff <(virsh -c test:///default "$1" 2>/dev/null | plain) <(m -k "$1" 2>/dev/null | plain) >diff.txt; then
        echo "same: $1"
    else
        echo "differs: $1"
        cat diff.txt
    fi
}
tree='snapshot-create-as test a; snapshot-create-as test b; snapshot-create-as test c; snapshot-current test a;
 snapshot-create-as test d; snapshot-create-as test e'
for c in "$tree; snapshot-list test" "$tree; snapshot-list test --tree" "$tree; snapshot-list test --parent" \
    "$tree; snapshot-list test --name; snapshot-list test --roots; snapshot-list test --leaves --name" \
    "$tree; snapshot-list test --no-leaves --name; snapshot-list test --from a --name; snapshot-list test a --descendants --name" \
    "$tree; snapshot-list test --from a --tree; snapshot-list test --from a --descendants --tree; snapshot-list test --topological --name; snapshot-list test --metadata" \
    "$tree; snapshot-list test --current --name; snapshot-current test --name; snapshot-current test a --name" \
    "$tree; snapshot-dumpxml test b; snapshot-dumpxml test b --xpath //parent --wrap; snapshot-current test" \
    "$tree; snapshot-delete test a --children-only; snapshot-list test --tree" \
    "$tree; snapshot-delete test --current; snapshot-delete test b --children; snapshot-list test --tree" \
    "$tree; snapshot-revert test b; snapshot-current test --name; snapshot-revert test --current; snapshot-list test --name" \
    'snapshot-create-as test --print-xml n "a <d>" --memspec file=/m,,x,snapshot=external --diskspec vda,snapshot=external,file=/a,,b,driver=qcow2 --diskspec vdb,snapshot=no --diskspec vdc,stype=block,file=/dev/x' \
    'snapshot-create-as test --print-xml --name n --diskspec vda'; do
    same "$c"
done
for c in 'schedinfo test' 'schedinfo test --set weight=77' 'schedinfo test --weight 88'; do same "$c"; done
echo "--- XML from a file, and defined again"
m -c 'snapshot-create-as test s1; snapshot-dumpxml test s1' | sed 1d >s1.xml
m -c "snapshot-create test s1.xml --redefine --current; snapshot-current test --name; snapshot-list test --name
      snapshot-delete test s1 --metadata; snapshot-list test --name"
m --json -c 'snapshot-create-as test s1; snapshot-list test' | sed -E 's/"time":[0-9]+,/"time":N,/; s/[0-9]{4}-[0-9-]+ [0-9:]+ [+-][0-9]{4}/TIME/'
echo "--- errors"
m -k -c 'snapshot-current test
snapshot-list test --tree --roots
snapshot-list test --from nosuch
snapshot-list test --current
snapshot-dumpxml test nosuch
snapshot-delete test
snapshot-delete test --current
snapshot-delete test x --current
snapshot-delete test x --children --children-only
snapshot-create test --redefine
snapshot-create test --current
snapshot-create test nosuch.xml
snapshot-create-as test s --memspec file=/m,bogus=1
snapshot-create-as test s --diskspec vda,bogus=1
snapshot-create-as test s --diskspec vda,stype=net
snapshot-revert test x --running --paused
checkpoint-create test --redefine
checkpoint-delete test nosuch
checkpoint-dumpxml test nosuch
checkpoint-list test
managedsave test --running --paused
managedsave-remove test
schedinfo test --set bogus=1
schedinfo test weight
schedinfo test weight=x
schedinfo test --current --live'
