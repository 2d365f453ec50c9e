# SPDX-License-Identifier: GPL-3.0-or-later
# The fault tests' guest: a boot sector that is up at once, waits for ACPI's power button and switches itself off, so that
# `virsh shutdown` works within 60 ms. It writes nothing to its disk. ACPI's registers are where SeaBIOS puts them, at 0x600.
        .code16
        .globl _start
_start:
        cli
        movw    $0x602, %dx             # enable the power button's event, or it is not even recorded
        movw    $0x0100, %ax
        outw    %ax, %dx
look:
        sti
        hlt                             # until the BIOS's timer ticks, 18 times a second
        cli
        movw    $0x600, %dx
        inw     %dx, %ax
        testw   $0x0100, %ax
        jz      look
off:
        movw    $0x604, %dx             # sleep type 0, enabled: soft off
        movw    $0x2000, %ax
        outw    %ax, %dx
        hlt
        jmp     off

        .org    510
        .word   0xaa55
