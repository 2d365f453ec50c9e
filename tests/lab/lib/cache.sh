# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What is made once and kept: the enter helper, mount.nfs, the guests' kernel, initramfs and boot sector; and a newer
# QEMU (qemu.sh).
# Everything is built under a name that holds a hash of its sources and renamed into place, so a killed build leaves
# nothing half-made in use. Sourced by `lab` only.

CACHE=${XDG_CACHE_HOME:-/var/cache}/migsh-lab
# In this order insmod finds every symbol it needs.
GUEST_MODULES=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover
    virtio_net virtio_blk virtio_console button evdev)
BUSYBOX=/bin/busybox

hash_of() { sha256sum "$@" | sha256sum | cut -c1-12; }

cache_paths() {
    KERNEL=$CACHE/kernel-$(sha256sum <<<"${GUEST_MODULES[*]}" | cut -c1-12)
    BUILT_ENTER=$CACHE/enter-$(hash_of "$LAB_DIR/enter.c")
    BOOT_HASH=$(hash_of "$LAB_DIR/guest-init" "$LAB_DIR/busy.S" "$LAB_DIR/lib/cache.sh" "$BUSYBOX")
    if kernel_has_nfs; then
        MOUNT_NFS=
    else
        MOUNT_NFS=$CACHE/mount.nfs-$(hash_of "$LAB_DIR"/mountnfs/*.[ch])
    fi
}

kernel_has_nfs() {
    grep -qw nfs /proc/filesystems || modprobe --quiet nfs 2>/dev/null
}

# The newest kernel directory that is complete, with all the modules; empty when there is none yet.
kernel_dir() {
    find "$CACHE" -maxdepth 1 -path "$KERNEL-*" -type d 2>/dev/null | sort -V | tail -n 1
}

boot_dir() {
    local k
    k=$(kernel_dir)
    [[ -n $k ]] && echo "$CACHE/boot-$BOOT_HASH-${k##*/kernel-}"
}

cache_complete() {
    [[ -x $BUILT_ENTER && (-z $MOUNT_NFS || -x $MOUNT_NFS) && -n $(kernel_dir) && -d $(boot_dir) ]] &&
        qemu_settled
}

# Makes what is missing, saying so. One at a time on the machine.
cache_fill() {
    cache_complete && return
    mkdir -p "$CACHE"
    (
        flock 8
        rm -rf "$CACHE"/tmp.*
        tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
        chmod 755 "$tmp"
        # not an EXIT trap alone: `set -e` in a subshell still runs it, a kill -9 is cleaned up by the next run
        trap 'rm -rf "$tmp"' EXIT
        [[ -x $BUILT_ENTER ]] || make_enter "$tmp"
        [[ -z $MOUNT_NFS || -x $MOUNT_NFS ]] || make_mount_nfs "$tmp"
        [[ -n $(kernel_dir) ]] || fetch_kernel "$tmp"
        [[ -d $(boot_dir) ]] || make_boot "$tmp"
        qemu_settled || fetch_qemu "$tmp"
    ) 8>"$CACHE/lock"
    cache_complete || die "the cache in $CACHE could not be filled"
}

make_enter() {
    echo "lab: compiling enter"
    cc -std=c17 -O2 -o "$1/enter" "$LAB_DIR/enter.c"
    mv "$1/enter" "$BUILT_ENTER"
}

make_mount_nfs() {
    echo "lab: compiling mount.nfs (this kernel has no NFS client)"
    # shellcheck disable=SC2046 # the flags are separate words
    cc -O2 -o "$1/mount.nfs" "$LAB_DIR"/mountnfs/*.c $(pkg-config --cflags --libs fuse3 libnfs)
    mv "$1/mount.nfs" "$MOUNT_NFS"
}

kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/.*Depends: \(linux-image-[0-9].*-cloud-amd64\)$/\1/p' | head -n 1
}

# The package is unpacked for its kernel and modules, never installed.
fetch_kernel() {
    local tmp=$1 package m path out
    package=$(kernel_package)
    if [[ -z $package ]]; then
        apt-get -qq update || true
        package=$(kernel_package)
        [[ -n $package ]] || die "no package lists name the kernel that linux-image-cloud-amd64 depends on"
    fi
    echo "lab: downloading $package for the guests"
    (cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
        die "cannot download $package"
    dpkg-deb -x "$tmp/$package"_*.deb "$tmp/x"
    out=$tmp/kernel
    mkdir "$out"
    cp "$tmp"/x/boot/vmlinuz-* "$out/vmlinuz"
    for m in "${GUEST_MODULES[@]}"; do
        path=$(find "$tmp/x" -name "$m.ko" -print -quit)
        [[ -n $path ]] || die "$package has no module $m"
        cp "$path" "$out/"
    done
    mv "$out" "$KERNEL-${package#linux-image-}"
}

# What the hosts see as /lab: kernel, initramfs, and the boot sector of the guest `busy`.
make_boot() {
    local tmp=$1 kernel root out m
    kernel=$(kernel_dir)
    echo "lab: building the guests' initramfs"
    out=$tmp/boot root=$tmp/initramfs
    mkdir -p "$out" "$root"/{bin,dev,proc,sys,tmp,www,modules}
    chmod 755 "$out"
    cp "$BUSYBOX" "$root/bin/busybox"
    for m in "${GUEST_MODULES[@]}"; do
        cp "$kernel/$m.ko" "$root/modules/"
    done
    printf '%s\n' "${GUEST_MODULES[@]}" >"$root/modules/order"
    cp "$LAB_DIR/guest-init" "$root/init"
    chmod 755 "$root/init"
    (cd "$root" && find . | cpio --quiet -o -H newc) >"$out/initrd"
    cp "$kernel/vmlinuz" "$out/vmlinuz"
    as --32 -o "$tmp/busy.o" "$LAB_DIR/busy.S"
    ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o "$out/busy.img" "$tmp/busy.o"
    truncate -s 1M "$out/busy.img" # the BIOS does not boot from a disk of one sector
    mv "$out" "$(boot_dir)"
    find "$CACHE" -maxdepth 1 -name 'boot-*' ! -path "$(boot_dir)" -mtime +7 -exec rm -rf {} +
}
