# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Devices come, change and go, in the running guest and in what it has at its next start; what is counted of them.
for words in 'domblkerror local1' 'domcontrol local1'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
card=$(v domiflist local1 | awk 'NR == 1 { print $1 }')
fields() { "$@" | awk 'NF { print $1, $(NF > 2 ? 2 : 1) }'; }
same_fields() { diff <(fields on source virsh "$@") <(fields m -C source "$@"); }
for words in 'domblkinfo local1 --all' 'domblkinfo local1 vda --human' 'domblkstat local1 vda' 'domblkstat local1' 'domblkstat local1 vda --human' 'dommemstat local1' \
    "domifstat local1 $card"; do
    read -r -a words <<<"$words"
    check "virsh's fields: ${words[*]}" same_fields "${words[@]}"
done
data="/var/lib/libvirt/images/it's \$(touch x); -rf"
on source truncate -s 8M "$data.img" "$data.iso"
# gone TEXT COMMAND…: what it prints is soon without that.
gone() {
    local i
    for ((i = 0; i < 100; i++)); do
        [[ $("${@:2}") == *"$1"* ]] || return 0
        sleep 0.2
    done
    return 1
}

twice() { # vdb now, vdc at its next start
    v attach-disk local1 "$data.img" vdc --config >/dev/null
    gives 10 "is the disk vdb of the running guest, and vdc of its configuration" m -C source detach-disk local1 "$data.img" --persistent &&
        [[ $(v domblklist local1) == *vdb* && $(v domblklist local1 --inactive) == *vdc* ]] && v detach-disk local1 vdc --config
}
neither() { # a card at its next start alone
    v attach-interface local1 bridge br0 --mac 52:54:00:00:00:77 --config
    gives 3 "the running guest: .* has no interface of type bridge with the MAC" m -C source detach-interface local1 bridge --mac 52:54:00:00:00:77 --live --config &&
        [[ $(v domiflist local1 --inactive) == *:77* ]] &&
        prints "Interface detached successfully" m -C source detach-interface local1 bridge --mac 52:54:00:00:00:77 --config
}
held() { # what the guest has let go of, but libvirt does not say so
    v attach-disk local1 "$data.img" vdb >/dev/null
    says "cannot tell whether 'local1' has released vdb: " loses DETACHED -C source detach-disk local1 vdb
}
check "attach-disk, now" prints "Disk attached successfully" m -C source attach-disk local1 "$data.img" vdb --cache none
check "it is there" says "$data.img" m -C source domblklist local1
check "with its size" says "8388608" m -C source domblkinfo local1 vdb
check "the next start has it not" gives 3 "has no disk 'vdb'" m -C source detach-disk local1 vdb --config
check "detach-disk: not where that is another disk at the next start" twice
check "detach-disk, by where it is stored" prints "Disk detached successfully" m -C source detach-disk local1 "$data.img"
check "it is gone" gone vdb v domblklist local1
check "detach-disk: what is not known is not gone" held
check "it is gone" gone vdb v domblklist local1
check "detach-interface: neither, where one has it not" neither
check "attach-disk: a drive, at its next start" prints "Disk attached successfully" \
    m -C source attach-disk local1 "$data.iso" hdc --type cdrom --mode readonly --config
check "change-media ejects" prints "Successfully ejected media." m -C source change-media local1 hdc --eject --config
check "the drive is empty" says "hdc      -" m -C source domblklist local1 --inactive
check "there is nothing to eject" gives 10 "doesn't have media" m -C source change-media local1 hdc --eject --config
check "change-media inserts" prints "Successfully inserted media." m -C source change-media local1 hdc "$data.iso" --insert --config
check "change-media: neither, where the running guest has no such drive" gives 3 "the running guest: domain 'local1' has no CD or floppy drive 'hdc'" \
    m -C source change-media local1 hdc "$data.img" --live --config
check "change-media updates" prints "Successfully updated media." m -C source change-media local1 hdc "$data.img" --config
check "the drive has it" says "hdc      $data.img" m -C source domblklist local1 --inactive
check "the drive goes" prints "Disk detached successfully" m -C source detach-disk local1 hdc --config
cat >"${work:?}/rng.xml" <<'END'
<rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='ua-rng'/></rng>
END
check "attach-device" prints "Device attached successfully" m -C source attach-device local1 "$work/rng.xml" --live
check "detach-device-alias" prints "Device detach request sent successfully" m -C source detach-device-alias local1 ua-rng --live
check "the guest lets go of it" gone ua-rng v dumpxml local1
check "attach-device for the next start" prints "Device attached successfully" m -C source attach-device local1 "$work/rng.xml" --config
check "detach-device" prints "Device detached successfully" m -C source detach-device local1 "$work/rng.xml" --config
v dumpxml local1 --xpath //interface | sed "s,</interface>,<link state='down'/>&," >"$work/card.xml"
check "update-device" prints "Device updated successfully" m -C source update-device local1 "$work/card.xml" --live
check "the link is down" prints "$card down" m -C source domif-getlink local1 "$card"
check "and up" prints "Device updated successfully" m -C source domif-setlink local1 "$card" up
on source rm -f "$data.img" "$data.iso"
