# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest with a screen: where it is, a picture of it, its keys and buttons. It has no disk and stops in its firmware.
mkdir -p "$work/screen"
cat >"$work/screen/screen.xml" <<'XML'
<domain type='qemu'><name>screen</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<graphics type='vnc' port='5907' autoport='no' listen='0.0.0.0' passwd='hidden'/>
<video><model type='vga'/></video><memballoon model='none'/></devices></domain>
XML
check "a guest with a screen" m create "$work/screen/screen.xml" --node source
check "domdisplay: the address by which the host is reached" prints vnc://source:7 m domdisplay screen
check "domdisplay --all --include-password" prints vnc://:hidden@source:7 m domdisplay screen --all --include-password
check "domdisplay --type spice" gives 3 "No graphical display with type 'spice' found" m domdisplay screen --type spice
check "vncdisplay" as_virsh vncdisplay screen
picture() {
    m screenshot screen "$work/screen/shot" && [[ $(od -An -tx1 -N2 "$work/screen/shot") = @(' 50 36'|' 89 50') ]]
}
check "screenshot" picture
check "screenshot: no such screen" gives 10 'no such screen ID\n\Z' m screenshot screen "$work/screen/none" --screen 7
check "… leaves no file" [ ! -e "$work/screen/none" ]
check "send-key" m send-key screen KEY_LEFTCTRL KEY_A
check "send-key: a number of another codeset" m send-key screen --codeset xt --holdtime 50 28
check "inject-nmi" m inject-nmi screen
check "reset" says "Domain 'screen' was reset" m reset screen
check "set-lifecycle-action" m set-lifecycle-action screen crash preserve --live
check "… is set" says '<on_crash>preserve<' v dumpxml screen
check "dompmsuspend: without an agent" gives 11 'not configured' m dompmsuspend screen mem
check "dompmwakeup: one that does not sleep" gives 1 'not in suspended state' m dompmwakeup screen
check "send-process-signal: not of QEMU's" gives 11 'not supported' m send-process-signal screen 1 term
v destroy screen >/dev/null
