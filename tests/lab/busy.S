# SPDX-License-Identifier: GPL-3.0-or-later
# The guest `busy`: a boot sector that writes to every page of 16 MiB, 18 times a second, for ever. A migration capped
# below about 290 MiB/s never converges; halting between two passes keeps the host's processor nearly idle.
# Real mode with 4 GiB data segments, so that the BIOS's own timer interrupt goes on waking the halt.
        .code16
        .globl _start
_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        inb     $0x92, %al              # A20: addresses above 1 MiB
        orb     $2, %al
        outb    %al, $0x92
        lgdtl   gdt_register
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        jmp     protected
protected:
        movw    $8, %bx                 # loads the 4 GiB limit, which stays after leaving protected mode
        movw    %bx, %ds
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmp    $0, $real
real:
        xorw    %bx, %bx
        movw    %bx, %ds
        sti
pass:
        movl    $0x00200000, %edi       # from 2 MiB on
        movl    $4096, %ecx             # pages of 4 KiB
page:
        incl    (%edi)
        addl    $4096, %edi
        decl    %ecx
        jnz     page
        hlt
        jmp     pass

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf92000000ffff      # data, base 0, limit 4 GiB
gdt_register:
        .word   . - gdt - 1
        .long   gdt

        .org    510
        .word   0xaa55
