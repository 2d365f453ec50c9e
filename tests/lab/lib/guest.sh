# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2153 # STATE and NAME come from `lab`
# The lab's guests: their disks, where those lie, their definitions on source, and how to tell that they answer.
# Sourced by `lab` only; runs outside the hosts and enters them for each step.

UEFI_CODE=/usr/share/OVMF/OVMF_CODE_4M.fd

virsh_on() {
    local host=$1
    shift
    in_host "$host" "${CLEAN[@]}" virsh --quiet --connect qemu:///system "$@"
}

guest_disk() {
    case $1 in
    share) echo "$EXPORT_DIR/share.qcow2" ;;
    test1) echo "$POOL_TARGET/test1.qcow2" ;;
    local1) echo /var/lib/libvirt/images/local1.qcow2 ;;
    esac
}

# The same in every lab and after every `define`, so that defining again is allowed.
guest_uuid() {
    local n=${GUEST_NUMBER[$1]:-99}
    [[ $1 != uefi1 ]] || n=98
    printf '6d696773-6800-4c41-8000-%012d' "$n"
}

guest_mac() { printf '52:54:00:4d:53:%02x' "${GUEST_NUMBER[$1]}"; }

# Makes what the guest's disk needs below it, and the disk unless it is there.
guest_storage() {
    case $1 in
    share)
        export_dir "$EXPORT_DIR"
        mount_share source
        mount_share dest
        in_host source sh -c "test -e $(guest_disk share) || qemu-img create -q -f qcow2 $(guest_disk share) 64M"
        ;;
    test1)
        export_dir "$POOL_EXPORT"
        netfs_pool source
        netfs_pool dest
        make_volume nfspool test1.qcow2
        ;;
    local1)
        virsh_on source pool-info default >/dev/null 2>&1 || define_pool source default dir --target /var/lib/libvirt/images
        make_volume default local1.qcow2
        ;;
    uefi1)
        in_host source test -r "$UEFI_CODE" || die "$UEFI_CODE is missing: run scripts/install-packages.sh lab"
        in_host source sh -c "cd /var/lib/libvirt/images && { test -e uefi1.qcow2 || {
            qemu-img create -q -f qcow2 uefi1-base.qcow2 64M &&
            qemu-io -f qcow2 -c 'write -q -P 0xa5 1M 2M' uefi1-base.qcow2 &&
            qemu-img create -q -f qcow2 -b uefi1-base.qcow2 -F qcow2 uefi1.qcow2 &&
            qemu-io -f qcow2 -c 'write -q -P 0x5a 2M 1M' uefi1.qcow2 &&
            truncate -s 32M uefi1-data.img && head -c 1M /dev/urandom | dd of=uefi1-data.img bs=1M seek=7 conv=notrunc status=none &&
            head -c 512K /dev/urandom >uefi1.iso; }; }"
        ;;
    esac
}

netfs_pool() {
    virsh_on "$1" pool-info nfspool >/dev/null 2>&1 && return
    define_pool "$1" nfspool netfs --source-host "$(address_of nfs)" --source-path "$POOL_EXPORT" --target "$POOL_TARGET"
}

define_pool() {
    local host=$1 pool=$2 command
    shift 2
    virsh_on "$host" pool-define-as "$pool" "$@" >/dev/null
    for command in pool-build pool-start pool-autostart; do
        virsh_on "$host" "$command" "$pool" >/dev/null
    done
}

make_volume() {
    virsh_on source vol-info "$2" --pool "$1" >/dev/null 2>&1 && return
    virsh_on source vol-create-as "$1" "$2" 64M --format qcow2 >/dev/null
}

# UEFI with variables of its own, an emulated TPM, an image with another one below it, a raw one, a CD-ROM. Nothing to
# boot: it runs the firmware.
uefi_xml() {
    cat <<XML
<domain type='qemu'>
  <name>uefi1</name>
  <uuid>$(guest_uuid uefi1)</uuid>
  <title>UEFI and TPM</title>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' type='pflash'>$UEFI_CODE</loader>
    <nvram template='${UEFI_CODE/CODE/VARS}'/>
    <boot dev='hd'/>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/uefi1.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/var/lib/libvirt/images/uefi1-data.img'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='/var/lib/libvirt/images/uefi1.iso'/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
    <tpm model='tpm-crb'>
      <backend type='emulator' version='2.0'/>
    </tpm>
    <serial type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>
XML
}

guest_xml() {
    local name=$1
    [[ $name != uefi1 ]] || { uefi_xml; return; }
    cat <<XML
<domain type='qemu'>
  <name>$name</name>
  <uuid>$(guest_uuid "$name")</uuid>
  <memory unit='MiB'>$([[ $name = busy ]] && echo 32 || echo 128)</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
XML
    if [[ $name = busy ]]; then
        echo "    <boot dev='hd'/>"
    else
        cat <<XML
    <kernel>/lab/vmlinuz</kernel>
    <initrd>/lab/initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=1 cryptomgr.notests lab.ip=$(address_of "$name")/24</cmdline>
XML
    fi
    cat <<XML
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
XML
    guest_devices "$name"
    cat <<XML
    <serial type='pty'/>
    <console type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>
XML
}

guest_devices() {
    if [[ $1 = busy ]]; then
        # read-only and the same on every host, so it needs no shared storage and no --unsafe
        cat <<XML
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/lab/busy.img'/>
      <target dev='vda' bus='virtio'/>
      <readonly/>
    </disk>
XML
        return
    fi
    cat <<XML
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='$(guest_disk "$1")'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'>
      <mac address='$(guest_mac "$1")'/>
      <source bridge='br0'/>
      <model type='virtio'/>
    </interface>
XML
}

guest_define() {
    local file
    guest_storage "$1"
    # in the host's own directory: seen by both sides, and gone with the lab
    file=$STATE/$1.xml
    guest_xml "$1" >"$file"
    virsh_on source define "$file"
}

guest_start() {
    local where
    # a second running copy would ruin the disk
    where=$(guest_state "$1" | grep -v 'shut off' || true)
    [[ -z $where ]] || die "guest '$1' has been started: $where"
    guest_define "$1"
    virsh_on source start "$1"
}

# Stops the guest wherever it runs; its definitions and disk stay.
guest_stop() {
    local host
    for host in source dest; do
        if [[ $(virsh_on "$host" domstate "$1" 2>/dev/null) = @(running|paused|"in shutdown"|pmsuspended|crashed) ]]; then
            virsh_on "$host" destroy "$1"
        fi
    done
}

guest_answers() {
    if [[ $1 = busy || $1 = uefi1 ]]; then
        guest_state "$1" | grep running >/dev/null
        return
    fi
    local ip
    ip=$(address_of "$1")
    in_host admin ping -q -n -c 1 -W 1 "$ip" >/dev/null 2>&1 &&
        [[ $(in_host admin curl --silent --max-time 2 "http://$ip/" 2>/dev/null) = hello ]]
}

# "HOST STATE" for each host that knows the guest.
guest_state() {
    local host state
    for host in source dest; do
        state=$(virsh_on "$host" domstate "$1" 2>/dev/null | head -n 1) && [[ -n $state ]] && echo "$host: $state"
    done
    return 0
}
