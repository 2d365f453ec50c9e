#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Does preflight know beforehand what libvirt says afterwards? A healthy pair is spoiled in one way after the other;
# each time preflight has to name it, and virsh really has to fail (or to do harm), with the text that was foretold.
# What libvirt refuses and preflight let pass fails the test. A lab of its own (MIGSH_PREDICT_SUBNET). About three
# minutes.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" predict 192.168.103

images=/var/lib/libvirt/images
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
cat >"$work/tiny.xml" <<XML
<domain type='qemu'><name>NAME</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type>OS</os><features><acpi/></features><cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>DEVICES<memballoon model='none'/></devices></domain>
XML

# tiny NAME [DEVICES [OS]]: a guest without a system, running on source. Its name is the case's.
tiny() {
    local xml
    xml=$(cat "$work/tiny.xml")
    xml=${xml//NAME/$1} xml=${xml//DEVICES/${2:-}} xml=${xml//OS/${3:-}}
    printf '%s\n' "$xml" >"$work/$1.xml"
    on source virsh -q define "$work/$1.xml" && on source virsh -q start "$1"
}
drop() {
    local host
    for host in source dest; do
        on "$host" sh -c "virsh -q destroy '$1'; virsh -q undefine '$1' --snapshots-metadata --checkpoints-metadata" >/dev/null 2>&1
    done
    true
}
disk() { printf "<disk type='file' device='%s'><driver name='qemu' type='%s'/><source file='%s'/><target dev='%s' bus='%s'/></disk>" "${3:-disk}" "${2:-raw}" "$1" "${4:-vda}" "${5:-virtio}"; }
bridge() { printf "<interface type='bridge'><source bridge='%s'/><model type='virtio'/></interface>" "$1"; }
# encrypted: an image on the share whose secret source has; $luks is its disk.
encrypted() {
    local secret
    secret=$(cat /proc/sys/kernel/random/uuid)
    printf "<secret ephemeral='no' private='no'><uuid>%s</uuid></secret>" "$secret" >"$work/secret.xml"
    on source sh -c "virsh -q secret-define $work/secret.xml; virsh -q secret-set-value $secret --base64 $(printf secret | base64) >/dev/null 2>&1
        qemu-img create -q -f luks --object secret,id=s,data=secret -o key-secret=s,iter-time=10 /srv/nfs/luks.img 1M"
    luks="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/nfs/luks.img'><encryption format='luks'><secret type='passphrase' uuid='$secret'/></encryption></source><target dev='vda' bus='virtio'/></disk>"
}
network() { printf "<network><name>%s</name><forward mode='bridge'/><bridge name='br0'/></network>" "$1" >"$work/$1.xml"; }
# conf NODE LINE…: put before all others of qemu.conf there, as the first one counts; without a line they are taken out
# again. libvirtd reads it anew.
conf() {
    local host=$1
    shift
    on "$host" sh -c 'cd /etc/libvirt && { [ -e good.conf ] || cp qemu.conf good.conf; }'
    printf '%s\n' "$@" | lab exec "$host" -- sh -c 'cd /etc/libvirt && { cat; cat good.conf; } >qemu.conf'
    lab service "$host" libvirtd restart >/dev/null
}

# What was found of each: agreement, for the table at the end.
table=() missed=0
# predict NAME ID LEVEL TEXT [VIRSH-OPTION… [-- PREFLIGHT-OPTION…]]: the guest NAME, live from source to dest. LEVEL as
# it has to be told. TEXT: a regex in what virsh says; "passes": it says nothing, and the harm is done.
predict() {
    local name=$1 id=$2 level=$3 text=$4 told refused='passes' rc
    local -a options=() more=()
    shift 4
    while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
    [ $# -eq 0 ] || { shift; more=("$@"); }
    m preflight "$name@source" dest "${more[@]}" >"$work/told" 2>&1
    told=$(sed -n -E "s/^ +\[(fail|warn|info)\] $id .*/\1/p" "$work/told" | head -n 1)
    timeout 60 "$here/lab" exec admin -- virsh -c "qemu+ssh://$(lab address source)/system" migrate --live --unsafe "${options[@]}" \
        "$name" "qemu+ssh://$(lab address dest)/system" </dev/null >"$work/virsh" 2>&1
    rc=$?
    [ "$rc" = 0 ] || refused=$(sed -n 's/^error: //p' "$work/virsh" | head -n 1)
    table+=("$(printf '%-16s %-5s %s' "$id" "${told:--}" "${refused:-no answer}")")
    if [ "$rc" != 0 ] && ! grep -qE '^ +\[fail\]' "$work/told" && [ "$level" = fail ]; then missed=$((missed + 1)); fi
    { echo "told: ${told:-nothing}; virsh: $rc"; cat "$work/virsh" "$work/told"; } >"$work/out"
    [ "$told" = "$level" ] && { [[ $text = passes && $rc = 0 ]] || { [ "$rc" != 0 ] && grep -qE -- "$text" "$work/virsh"; }; }
    report "$id: $name"
    drop "$name"
}
# The same of a guest that is made for it: spoiled NAME DEVICES OS, and then as predict.
spoiled() {
    local name=$1 devices=$2 os=$3
    shift 3
    tiny "$name" "$devices" "$os" >"$work/out" 2>&1 || { report "$1: $name: the guest starts"; drop "$name"; return; }
    predict "$name" "$@"
}

# --- healthy
lab guest start share >/dev/null && lab wait share >/dev/null || exit 1
m preflight share@source dest --strict --ignore probe-target >"$work/out" 2>&1
report "a healthy pair: nothing fails, and no warning that is not true"
check "virsh moves it" on admin virsh -c "qemu+ssh://$(lab address source)/system" migrate --live --unsafe share "qemu+ssh://$(lab address dest)/system"
m preflight share@dest source --strict --ignore probe-target,overwrite >"$work/out" 2>&1
report "and the way back"
on admin virsh -c "qemu+ssh://$(lab address dest)/system" migrate --live --unsafe share "qemu+ssh://$(lab address source)/system" >/dev/null
spoiled healthy '' '' overwrite "" passes

# --- remedies
# remedied NAME ID: what is printed as its remedy is typed, and virsh then moves the guest NAME.
remedied() {
    local name=$1 id=$2 remedy
    m --json preflight "$name@source" dest >"$work/told" 2>/dev/null
    remedy=$(grep '"findings"' "$work/told" | py "print(next(f['remedy'] for f in d['findings'] if f['id'] == '$id' and f['fixable']))" 2>&1)
    echo "remedy: $remedy"
    m -c "$remedy" || return
    m preflight "$name@source" dest || return
    on admin virsh -c "qemu+ssh://$(lab address source)/system" migrate --live --unsafe "$name" "qemu+ssh://$(lab address dest)/system"
}
of_network="<interface type='network'><source network='n'/><model type='virtio'/></interface>"
volume="<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='share' volume='v'/><target dev='vda' bus='virtio'/></disk>"
network n
on source sh -c "virsh -q net-define $work/n.xml && virsh -q net-start n && mkdir /srv/nfs/p && virsh -q pool-define-as share dir --target /srv/nfs/p &&
    virsh -q pool-start share && virsh -q vol-create-as share v 1M && truncate -s 1M $images/own.iso && ip link add br8 type bridge && ip link set br8 up"
on dest sh -c "ip link add br8 type bridge"
tiny cdrom "$(disk $images/own.iso raw cdrom hda ide | sed 's,</disk>,<readonly/></disk>,')"
check "removable: its remedy" remedied cdrom removable
drop cdrom
# A medium goes back into its drive, where that is.
inside() { on "$1" virsh -q domblklist "$2" | grep -F "$images/own.iso" >/dev/null; }
iso=$(disk $images/own.iso raw cdrom hda ide | sed 's,</disk>,<readonly/></disk>,')
tiny stays "$iso<shmem name='s'><model type='ivshmem-plain'/><size unit='M'>1</size></shmem>"
expect "live-migrate --fix: it cannot be moved all the same" 12 'rollback .*stays is not moved to dest: shmem' live-migrate stays@source dest --no-watch --fix
check "… and has its medium" inside source stays
drop stays
tiny goes "$iso"
expect "live-migrate --fix: moved, without its medium" 0 'own.iso stays out of hda of goes@dest: it is not there' live-migrate goes@source dest --no-watch --fix
journal=$(grep -oE '2[0-9]+-[0-9.]+-preflight-[0-9a-f]+' "$work/out" | head -n 1)
on dest truncate -s 1M $images/own.iso
expect "rollback puts it in" 0 '' rollback "$journal"
check "… where the guest is by now" inside dest goes
on dest rm $images/own.iso
drop goes
tiny volume "$volume"
check "pool: its remedy" remedied volume pool
drop volume
on dest virsh -q pool-destroy share
tiny volume "$volume"
check "pool that is off: its remedy" remedied volume pool
drop volume
tiny network "$of_network"
check "network: its remedy" remedied network network
drop network
on dest virsh -q net-destroy n
tiny network "$of_network"
check "network that is off: its remedy" remedied network network
drop network
tiny bridge "$(bridge br8)"
check "bridge that is down: its remedy" remedied bridge bridge
drop bridge
echo "<filter name='alone'><rule action='drop' direction='in'><mac srcmacaddr='02:00:00:00:00:01'/></rule></filter>" >"$work/alone.xml"
on source virsh -q nwfilter-define "$work/alone.xml"
tiny nwfilter "$(bridge br8 | sed "s,<model,<filterref filter='alone'/>&,")"
check "nwfilter: its remedy" remedied nwfilter nwfilter
drop nwfilter
encrypted
tiny secret "$luks"
check "secrets: its remedy" remedied secret secrets
drop secret
on dest nft "add table ip shut; add chain ip shut input { type filter hook input priority 0; }; add rule ip shut input tcp dport 49152-49215 drop"
tiny port
check "ports: its remedy" remedied port ports
drop port
m firewall-close dest --all --apply >/dev/null 2>&1
on dest nft delete table ip shut
# All that it lacks, by live-migrate --clone.
on dest sh -c 'virsh -q net-destroy n; virsh -q net-undefine n; virsh -q pool-destroy share; virsh -q pool-undefine share' >/dev/null 2>&1
echo "<filter name='base'><rule action='drop' direction='in'><mac srcmacaddr='02:00:00:00:00:01'/></rule></filter>" >"$work/base.xml"
echo "<filter name='mine'><filterref filter='base'/></filter>" >"$work/mine.xml"
on source sh -c "virsh -q nwfilter-define $work/base.xml && virsh -q nwfilter-define $work/mine.xml" >"$work/out"
named() { on dest sh -c 'virsh -q pool-list --all; virsh -q net-list --all; virsh -q nwfilter-list'; }
named >"$work/named"
tiny lacking "$volume${of_network/<model/<filterref filter=\'mine\'/><model}"
expect "what it lacks: not moved" 12 'lacking is not moved to dest: pool: .*, and 2 other' live-migrate lacking@source dest --no-watch
expect "--plan --clone: what it is given" 0 'info. pool .*--clone makes it there first.*info. network .*info. nwfilter ' live-migrate lacking@source dest --no-watch --clone --plan
check "… and nothing is made" same "$work/named" named
expect "live-migrate --clone: given, and moved" 0 'rollback 2[0-9a-z.-]+-preflight-[0-9a-f]+ takes it back.*lacking' live-migrate lacking@source dest --no-watch --clone
journal=$(grep -oE '2[0-9]+-[0-9.]+-preflight-[0-9a-f]+' "$work/out" | head -n 1)
expect "nothing is taken away from the guest" 10 'is used by lacking: it is not taken back' rollback "$journal"
drop lacking
expect "rollback takes it back" 0 '' rollback "$journal"
check "… all of it" same "$work/named" named
# All at once, and taken back.
on dest ip link set br8 down
tiny all "$volume$of_network$(bridge br8)$(disk $images/own.iso raw cdrom hda ide | sed 's,</disk>,<readonly/></disk>,')"
expect "all that is spoiled, in one list" 12 'fail. removable.*fail. pool .*fail. bridge .*fail. network .*preflight --fix mends all' preflight all@source dest
expect "live-migrate does not begin" 12 'all is not moved to dest: removable: .*, and 3 other checks fail.*hint: mend it, or pass --ignore' \
    live-migrate all@source dest --no-watch
check "it runs as before" prints running on source sh -c 'virsh domstate all | head -n 1'
expect "--fix mends all of it" 0 'rollback 2[0-9a-z.-]+-preflight-[0-9a-f]+ takes it back' preflight all@source dest --fix
journal=$(grep -oE '2[0-9]+-[0-9.]+-preflight-[0-9a-f]+' "$work/out" | head -n 1)
sed "s,<name>all<,<name>newcomer<," "$work/network.xml" | sed "s,<name>network<,<name>newcomer<," >"$work/newcomer.xml"
on dest virsh -q define "$work/newcomer.xml"
expect "rollback does not take a network away from a guest" 10 'n of dest is used by newcomer: it is not taken back' rollback "$journal"
on dest virsh -q undefine newcomer
expect "rollback takes it back" 0 '' rollback "$journal"
expect "all is as it was" 12 'fail. removable.*fail. pool .*fail. bridge .*fail. network ' preflight all@source dest
expect "live-migrate --plan: findings, steps, policy and flags" 0 'fail. removable.*steps.*  retire .*policy low: .*downtime limit 10 ms .was 300.*flags VIR_MIGRATE_LIVE . VIR_MIGRATE_AUTO_CONVERGE' \
    live-migrate all@source dest --no-watch --plan
mkdir -p "$work/recipes/checks"
cat >"$work/recipes/checks/never.lua" <<'LUA'
return { id = "never", title = "it is a good day", judge = function(c)
  return { seen = ("not on a %s"):format(c.mode), remedy = "wait" }
end }
LUA
own() { lab exec admin -- env MIGSH_RECIPES="$work/recipes" XDG_STATE_HOME=/root/state "$migsh" -i "$work/nodes" "$@" </dev/null; }
on dest sh -c "virsh -q net-start n; ip link set br8 up"
check "a check of one's own keeps a cold migration back" gives 12 'all is not moved to dest: never: not on a cold' own cold-migrate all@source dest --no-watch --clone
check "unless it is ignored" gives 12 'checks of your own.*fail. never .*never .*ignored: it would be a fail' own -k -c 'preflight all@source dest --mode cold' -c 'preflight all@source dest --ignore never --verbose'
expect "a check that is none" 2 "there is no check 'nosuch' to ignore" preflight all@source dest --ignore nosuch
check "and it still runs" prints running on source sh -c 'virsh domstate all | head -n 1'
expect "targets: a row for each node" 0 ' dest +fail .*removable: ' targets all@source
drop all
on source sh -c "virsh -q net-destroy n; virsh -q net-undefine n; virsh -q pool-destroy share; virsh -q pool-undefine share; ip link del br8"
on dest sh -c "virsh -q net-destroy n; virsh -q net-undefine n; ip link del br8" 2>/dev/null

# --- the guest's devices
spoiled shmem "<shmem name='s'><model type='ivshmem-plain'/><size unit='M'>1</size></shmem>" '' shmem fail 'only shmem with role|peer mode'
on source qemu-img create -q -f qcow2 $images/t.qcow2 1M
spoiled transient "$(disk $images/t.qcow2 qcow2 | sed 's,</disk>,<transient/></disk>,')" '' transient-disk fail 'transient disk is not supported'
on source qemu-img create -q -f vmdk $images/t.vmdk 1M
on dest qemu-img create -q -f vmdk $images/t.vmdk 1M
spoiled vmdk "$(disk $images/t.vmdk vmdk)" '' disk-format fail 'does not support live migration'
spoiled listens "<graphics type='vnc' autoport='yes' listen='$(lab address source)'/>" '' graphics-listen fail 'assign requested address|[Ff]ailed to find an available port|Failed to start VNC'
on source sh -c "truncate -s 1M $images/own.iso"
spoiled cdrom "$(disk $images/own.iso raw cdrom hda ide | sed 's,</disk>,<readonly/></disk>,')" '' removable fail "Cannot access storage file|No such file"
on source cp /usr/share/seabios/bios-256k.bin /srv/bios.bin
spoiled firmware '' "<loader type='rom'>/srv/bios.bin</loader>" firmware fail 'No such file|could not load|Could not open'

# --- its state
tiny snapshot "$(disk $images/t.qcow2 qcow2)" >/dev/null && on dest qemu-img create -q -f qcow2 $images/t.qcow2 1M
on source virsh -q snapshot-create-as snapshot one >/dev/null
predict snapshot snapshots fail 'cannot migrate domain with 1 snapshots'
tiny copying "$(disk $images/t.qcow2 qcow2)" >/dev/null
on source virsh -q blockcopy copying vda $images/copy.qcow2 --transient-job --bandwidth 1 >/dev/null 2>&1
predict copying block-job fail 'active block job'
lab guest define busy >/dev/null && on source virsh -q start busy
lab exec admin -- virsh -c "qemu+ssh://$(lab address source)/system" migrate --live --bandwidth 1 busy "qemu+ssh://$(lab address dest)/system" </dev/null >/dev/null 2>&1 &
moving=$!
for _ in {1..100}; do
    [[ $(on source virsh domjobinfo busy 2>/dev/null) != *Unbounded* ]] || break
    sleep 0.1
done
predict busy job fail 'another migration job is already running|state change lock|is not running|already exists'
kill "$moving" 2>/dev/null
wait "$moving" 2>/dev/null
tiny off >/dev/null && on source virsh -q destroy off
predict off state fail 'domain is not running' -- --mode live
tiny named >/dev/null && sed "s,<vcpu>1,<uuid>11111111-2222-4333-8444-555555555555</uuid><vcpu>1," "$work/named.xml" >"$work/other.xml"
on dest virsh -q define "$work/other.xml"
predict named name-clash fail 'already exists with uuid'
tiny twin >/dev/null
on source virsh dumpxml --inactive twin >"$work/twin.xml"
on dest virsh -q create --paused "$work/twin.xml" >/dev/null
predict twin twin fail "already active|already exists"
tiny left >/dev/null
on source virsh dumpxml --inactive left | sed 's,<vcpu[^<]*<,<title>mine</title>&,' >"$work/left.xml"
on dest virsh -q define "$work/left.xml"
predict left overwrite warn passes --persistent

# --- disks
on source truncate -s 1M $images/only.img
spoiled disk "$(disk $images/only.img)" '' disk-reach fail 'Cannot access storage file|No such file|Could not open'
on source sh -c "cd $images && qemu-img create -q -f qcow2 base.qcow2 1M && qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2"
on source cp $images/top.qcow2 /srv/nfs/top.qcow2
on source sh -c "qemu-img rebase -u -F qcow2 -b $images/base.qcow2 /srv/nfs/top.qcow2"
spoiled backing "$(disk /srv/nfs/top.qcow2 qcow2)" '' disk-reach fail 'Cannot access backing file|Cannot access storage file|No such file|Could not open'
on source sh -c "head -c 1M /dev/urandom >$images/same.img"
on dest sh -c "head -c 1M /dev/urandom >$images/same.img"
spoiled same "$(disk $images/same.img)" '' shared-proof fail passes
on source sh -c "mkdir -p $images/p; virsh -q pool-define-as p dir --target $images/p && virsh -q pool-start p && virsh -q vol-create-as p v 1M"
volume="<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='p' volume='v'/><target dev='vda' bus='virtio'/></disk>"
spoiled pool "$volume" '' pool fail 'no storage pool with matching name|Storage pool not found'
on dest sh -c "mkdir -p $images/p; virsh -q pool-define-as p dir --target $images/p"
spoiled poweroff "$volume" '' pool fail 'not active'
spoiled copied "$(disk $images/only.img)" '' copy-place fail 'no storage pool with matching target path' --copy-storage-all -- --mode storage
on source truncate -s 1M /srv/nfs/ro.img
on dest mount -o remount,bind,ro /srv/nfs
spoiled readonly "$(disk /srv/nfs/ro.img)" '' read-only fail 'Read-only file system|Permission denied'
on dest mount -o remount,bind,rw /srv/nfs
on source chmod 600 /srv/nfs/ro.img
conf dest 'user = "nobody"' 'group = "nogroup"' 'dynamic_ownership = 0'
spoiled user "$(disk /srv/nfs/ro.img)" '' disk-access fail 'Permission denied'
conf dest
encrypted
spoiled secret "$luks" '' secrets fail 'no secret with matching uuid'

# --- networks
on source sh -c "ip link add br7 type bridge && ip link set br7 up"
spoiled bridge "$(bridge br7)" '' bridge fail "Cannot get interface MTU on 'br7'"
on dest ip link add br7 type bridge
spoiled down "$(bridge br7)" '' bridge fail passes
on dest sh -c "ip link set br7 up mtu 1400"
spoiled mtu "$(bridge br7)" '' mtu warn passes
on dest ip link set br7 mtu 1500 type bridge stp_state 1 forward_delay 1500
spoiled stp "$(bridge br7)" '' bridge-stp warn passes
on dest ip link del br7
network n
on source sh -c "virsh -q net-define $work/n.xml && virsh -q net-start n"
spoiled network "<interface type='network'><source network='n'/><model type='virtio'/></interface>" '' network fail 'no network with matching name'
on dest virsh -q net-define "$work/n.xml"
spoiled netoff "<interface type='network'><source network='n'/><model type='virtio'/></interface>" '' network fail 'not active'

sed "s,'br0','br6'," "$work/n.xml" >"$work/n6.xml"
on dest sh -c "virsh -q net-undefine n; virsh -q net-define $work/n6.xml; virsh -q net-start n"
spoiled nobridge "<interface type='network'><source network='n'/><model type='virtio'/></interface>" '' network fail "'br6': No such device|interface.*br6"
on dest sh -c "virsh -q net-destroy n; virsh -q net-undefine n"
echo "<network><name>n</name><bridge name='virbr7'/><dns enable='no'/></network>" >"$work/n7.xml"
on dest sh -c "virsh -q net-define $work/n7.xml && virsh -q net-start n"
spoiled isolated "<interface type='network'><source network='n'/><model type='virtio'/></interface>" '' network-kind warn passes
on dest sh -c "virsh -q net-destroy n; virsh -q net-undefine n"
for host in source dest; do
    action=drop
    [ $host = source ] || action=accept
    echo "<filter name='inner'><rule action='$action' direction='in'><mac srcmacaddr='02:00:00:00:00:01'/></rule></filter>" >"$work/inner.xml"
    echo "<filter name='other'><filterref filter='inner'/></filter>" >"$work/other.xml"
    on $host sh -c "virsh -q nwfilter-define $work/inner.xml && virsh -q nwfilter-define $work/other.xml"
done
spoiled filters "$(bridge br0 | sed "s,<model,<filterref filter='other'/>&,")" '' nwfilter-rules warn passes

# --- hosts and the way between them
tiny port >/dev/null
on dest nft "add table ip spoiled; add chain ip spoiled input { type filter hook input priority 0; }; add rule ip spoiled input tcp dport 49152-49215 reject with tcp reset"
predict port ports fail 'Connection refused|unable to connect'
on dest nft delete table ip spoiled
tiny resolve >/dev/null
on source sh -c "cp /etc/hosts /etc/hosts.good; sed -i '/dest/d' /etc/hosts; echo 127.0.0.1 dest >>/etc/hosts"
predict resolve resolve warn 'Connection refused|unable to connect|refused'
on source sh -c "cat /etc/hosts.good >/etc/hosts"
tiny known >/dev/null
on source mv /root/.ssh/known_hosts /root/.ssh/known_hosts.off
predict known p2p fail 'Host key verification failed|Failed to connect to remote' --p2p -- --p2p
on source mv /root/.ssh/known_hosts.off /root/.ssh/known_hosts
tiny certificates >/dev/null
predict certificates tls fail 'Unable to access credentials|TLS' --tls -- --tls
tiny forced >/dev/null
conf dest 'migrate_tls_force = 1'
predict forced tls fail 'allows migration only with VIR_MIGRATE_TLS'
conf dest 'migration_port_min = 49160' 'migration_port_max = 49161'
tiny taken >/dev/null
lab exec dest -- perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(LocalPort => $_, Listen => 1, ReuseAddr => 1) or die } 49160, 49161; sleep 60' </dev/null >/dev/null 2>&1 &
holder=$!
sleep 0.5
predict taken port-range fail "[Uu]nable to find an unused port|Failed to reserve port|in use"
kill "$holder"
conf dest
tiny uuid >/dev/null
on dest sh -c "cp /etc/libvirt/libvirtd.conf /root/libvirtd.conf; sed -i '/^host_uuid/d' /etc/libvirt/libvirtd.conf"
on source sh -c 'grep ^host_uuid /etc/libvirt/libvirtd.conf' | lab exec dest -- sh -c 'cat >>/etc/libvirt/libvirtd.conf'
lab service dest libvirtd restart >/dev/null
predict uuid host-uuid fail 'same host'
on dest cp /root/libvirtd.conf /etc/libvirt/libvirtd.conf
lab service dest libvirtd restart >/dev/null
tiny plain >/dev/null
on dest hostname localhost
predict plain hostname fail 'hostname on destination resolved to localhost'
on dest hostname dest
tiny daemon >/dev/null
lab service dest libvirtd stop >/dev/null
predict daemon daemon fail 'failed to connect|Failed to connect|Connection'
lab service dest libvirtd start >/dev/null
on source cp /usr/bin/qemu-system-x86_64 /srv/qemu
sed -i 's,<emulator>[^<]*,<emulator>/srv/qemu,' "$work/tiny.xml"
spoiled emulator '' '' emulator fail '/srv/qemu'
sed -i 's,<emulator>[^<]*,<emulator>/usr/bin/qemu-system-x86_64,' "$work/tiny.xml"
# The machine's own QEMU, which is older than the one that the lab has bound over it.
bound() { on dest awk '$4 ~ "/qemu-[0-9.]+/usr/" { print $5 }' /proc/self/mountinfo; }
if [ -n "$(bound)" ]; then
    while targets=$(bound) && [ -n "$targets" ]; do xargs -n 1 "$here/lab" exec dest -- umount -l <<<"$targets"; done
    lab service dest libvirtd restart >/dev/null
    spoiled machine '' '' machine fail 'does not support machine type|[Uu]nsupported machine type'
else
    skip_one "machine: an older QEMU on the destination" "both hosts run the machine's own"
fi

printf '# %s\n' "${table[@]}"
[ "$missed" = 0 ] || printf '%s\n' "$missed" >"$work/out"
[ "$missed" = 0 ]
report "agreement: nothing that libvirt refused was let pass, of ${#table[@]} ways to spoil it"
finish
