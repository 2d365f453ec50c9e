# shellcheck shell=bash
# Descriptions from files and from values, whatever these hold; --json; options that contradict each other.
cat >dir.xml <<'END'
<pool type='dir'><name>px</name><uuid>11111111-2222-3333-4444-555555555555</uuid><target><path>/px</path></target></pool>
END
echo '<volume><name>vv</name><capacity>1000</capacity></volume>' >vol.xml
printf 'pool-define dir.xml\npool-list --all\npool-start px\nvol-create px vol.xml\nvol-info vv px --bytes\n' | m
printf 'pool-define dir.xml\npool-start px\nvol-create px vol.xml\nvol-list px --details\nvol-delete vv px\npool-destroy px\npool-info px\npool-list --all --details\npool-undefine px\n' | m --json
m pool-create dir.xml
m pool-define nosuch.xml
m pool-create vol.xml
m vol-create default-pool dir.xml
m pool-define-as '<a>&b' dir --target "/it's \"here\"" --print-xml
m pool-define-as $'two\nlines' dir --target /x --source-dev $'a\nb' --print-xml
m -k pool-define-as '--name' dir
m pool-define-as -- -x dir --print-xml
m pool-define-as p iscsi --source-host h --source-dev iqn --source-initiator i --source-name n --source-format f \
    --source-protocol-ver 3 --auth-type chap --auth-username u --secret-usage s --adapter-name x --target /dev --print-xml
m pool-define-as p scsi --adapter-wwnn 1 --adapter-wwpn 2 --adapter-parent scsi_host3 --print-xml
m pool-define-as p scsi --adapter-wwnn 1 --adapter-wwpn 2 --adapter-parent-wwnn 3 --adapter-parent-wwpn 4 --print-xml
m pool-define-as p scsi --adapter-wwnn 1
m pool-define-as p scsi --adapter-parent x
m pool-define-as p rbd --secret-uuid u
m pool-define-as p rbd --auth-type ceph
m pool-define-as p rbd --auth-type ceph --auth-username u --secret-uuid a --secret-usage b
m pool-define-as p nosuchtype --target /x
m pool-create-as p dir --target /x --overwrite --no-overwrite
m vol-create-as default-pool '</name><x>' 1K --format '"><y/>' --print-xml
m -k -c 'vol-create-as default-pool $(touch\ x) 1M; vol-list default-pool; vol-delete "/default-pool/$(touch x)"' || ls
