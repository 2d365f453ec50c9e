# shellcheck shell=bash
# Devices: what virsh says in other words (errors and their hints), and what only migsh has (JSON, what it refuses).
d() { "$MIGSH" -C "test://${here:?}/../virsh/files/devices.xml" "$@"; }
printf '<disk\0' >nul.xml
echo '<disk/>' >disk.xml
d -k <<'END'
attach-device web nosuch.xml
attach-device web nul.xml
attach-device web disk.xml
attach-device web disk.xml --current --persistent
detach-device web disk.xml --config
detach-device-alias web 'ua $(touch x)' --live
update-device web disk.xml --force
attach-disk web /a vdc --mode bogus --print-xml
attach-disk web /a vdc --wwn 5000 --print-xml
attach-disk web /a vdc --address pci:0.0.0 --print-xml
attach-disk web /a vdc --address 'usb:-1.2' --print-xml
attach-disk web /a vdc --sourcetype network --print-xml
attach-disk web e vdc --source-host-name h --print-xml
attach-disk web e vdc --source-protocol nbd --source-host-name 2001:db8::1 --print-xml
attach-disk web e vdc --source-protocol nbd --source-host-name [2001:db8::1] --print-xml
attach-disk web /a vdc
detach-disk web vdx
detach-disk web vda
change-media web vda --eject
change-media web hdd --eject
change-media web hdc /new.iso --insert
change-media web hdc
change-media web hdc --eject
destroy web
attach-disk web /a vdc
END
d -j -k <<'END'
attach-disk web /a vdc --print-xml
detach-disk web vdx
change-media web hdc --eject --print-xml
END
# Two disks in one file: which?
cat >two.xml <<'END'
<node><domain type='test'><name>two</name><memory>1024</memory><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><source file='vdb'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><source file='/x'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='disk'><source file='/x'/><target dev='vdc' bus='virtio'/></disk>
</devices></domain></node>
END
"$MIGSH" -C "test://$TMP/two.xml" -k <<'END'
detach-disk two /x --print-xml
detach-disk two vdb --print-xml
END
# Counters.
d -k <<'END'
domblkinfo web
domblkinfo web nosuch
domblkstat web
domblkstat web nosuch
domifstat web nosuch
dommemstat web --period -1
dommemstat web 3
destroy web
domblkstat web vda
domifstat web testnet0
dommemstat web
domcontrol web
END
d -j -k <<'END'
domblkinfo web vda
domblkinfo web --all
domblkerror web
domcontrol web
destroy web
domblkerror web
END
d -j domifstat web testnet0 | grep -oE '"[a-z_]+"' | paste -sd ' '
d -j domblkstat web vda | grep -oE '"[a-z_]+"' | paste -sd ' '
d -c '=mig.domblkinfo{"web", "vda"}.capacity' -c '=#mig.domblkinfo{"web", all = true}'
