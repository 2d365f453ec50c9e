# shellcheck shell=bash
# Snapshots: XML from a file, and errors (what virsh shows too is in tests/virsh).
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
