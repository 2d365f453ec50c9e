# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # work, server, export_dir, a and b come from test_mountnfs.sh
# What mount.nfs is as a file system: files and names, two hosts at once, QEMU's images. Functions only, each one test.
# Sourced by test_mountnfs.sh, which runs them in a subshell with set -e.

# ---- files ----

test_write_read() {
    echo one >"$a/f"
    echo two >>"$a/f"
    same "$(cat "$export_dir/f")" $'one\ntwo'
    same "$(cat "$a/f")" $'one\ntwo'
    echo three >"$a/f"
    same "$(cat "$export_dir/f")" three
}
test_truncate() {
    truncate -s 10M "$a/t"
    same "$(stat -c %s "$export_dir/t")" 10485760
    truncate -s 5 "$a/t"
    same "$(stat -c %s "$export_dir/t")" 5
}
test_rename() {
    echo new >"$a/r1"
    echo old >"$a/r2"
    mv -f "$a/r1" "$a/r2"
    same "$(cat "$export_dir/r2")" new
    [ ! -e "$a/r1" ]
}
test_links() {
    echo target >"$a/target"
    ln -s target "$a/soft"
    same "$(readlink "$a/soft")" target
    same "$(cat "$a/soft")" target
    ln "$a/target" "$a/hard"
    same "$(stat -c %h "$a/target")" 2
    ln -s nowhere "$a/dangling"
    [ -L "$a/dangling" ] && [ ! -e "$a/dangling" ]
}
test_directories() {
    mkdir -p "$a/d/e"
    fails rmdir "$a/d" 2>said
    grep -q 'not empty' said
    rmdir "$a/d/e" "$a/d"
    [ ! -e "$export_dir/d" ]
}
no_hidden_file() { [ -z "$(find "$export_dir" -name '.fuse_hidden*')" ]; }
test_unlink_while_open() {
    echo kept >"$a/open"
    exec 5<"$a/open"
    rm "$a/open"
    [ ! -e "$a/open" ]
    same "$(cat <&5)" kept
    exec 5<&-
    wait_until no_hidden_file
}
test_odd_names() {
    local name
    # shellcheck disable=SC2016 # nothing here is to be expanded
    for name in ' a b ' "quo'te\"s" $'new\nline' '-dash' '$(touch x)' 'ünï' "$(printf 'x%.0s' {1..255})"; do
        printf '%s' "$name" >"$a/./$name"
        same "$(cat "$export_dir/./$name")" "$name"
        rm -- "$a/./$name"
    done
    fails touch "$a/$(printf 'x%.0s' {1..256})" 2>said
    grep -q 'too long' said
}
test_mode_owner_times() {
    touch "$a/m"
    chmod 640 "$a/m"
    same "$(stat -c %a "$export_dir/m")" 640
    chown 12:34 "$a/m"
    same "$(stat -c %u:%g "$export_dir/m")" 12:34
    chown :56 "$a/m"
    same "$(stat -c %u:%g "$export_dir/m")" 12:56
    touch -m -d '2001-02-03 04:05:06.789 UTC' "$a/m"
    touch -a -d '2002-02-03 04:05:06 UTC' "$a/m"
    same "$(TZ=UTC stat -c '%.3Y %X' "$export_dir/m")" '981173106.789 1012709106'
}
test_permissions() {
    local user=(setpriv --reuid 1000 --regid 1000 --clear-groups)
    echo secret >"$a/secret"
    chmod 600 "$a/secret"
    fails "${user[@]}" cat "$a/secret" 2>said
    grep -q 'Permission denied' said
    mkdir -m 777 "$a/common"
    # shellcheck disable=SC2016 # expanded by the inner shell
    "${user[@]}" bash -c 'umask 027; cd "$0" && echo mine >mine && mkdir dir && ln -s x sym && mkfifo fifo' "$a/common"
    same "$(cd "$export_dir/common" && stat -c '%n %u:%g %a' mine dir fifo)" \
        $'mine 1000:1000 640\ndir 1000:1000 750\nfifo 1000:1000 640'
}
test_statfs() {
    same "$(stat -f -c '%b' "$a")" "$(($(stat -f -c '%b*%S' "$export_dir") / $(stat -f -c %S "$a")))"
    [ "$(stat -f -c %f "$a")" -gt 0 ]
}
test_readdir_500() {
    local i
    mkdir "$a/many"
    for ((i = 0; i < 500; i++)); do : >"$export_dir/many/file-$i"; done
    same "$(find "$a/many" -type f | sort | md5sum)" \
        "$(cd "$export_dir/many" && find . -type f | sed "s|^\.|$a/many|" | sort | md5sum)"
    same "$(find "$a/many" -name 'file-*' | wc -l)" 500
    same "$(stat -c %i "$a/many/file-7")" "$(stat -c %i "$export_dir/many/file-7")"
    rm -r "$a/many"
    [ ! -e "$export_dir/many" ]
}
test_sparse() {
    dd if=/dev/urandom of="$a/sparse" bs=4096 count=1 seek=25600 status=none
    same "$(stat -c %s "$export_dir/sparse")" 104861696
    [ "$(du -k "$a/sparse" | cut -f1)" -lt 100 ]
    same "$(md5 "$a/sparse")" "$(md5 "$export_dir/sparse")"
}
test_200_mib() {
    head -c 200M /dev/urandom >random
    cp random "$a/random"
    same "$(md5 "$export_dir/random")" "$(md5 random)"
    same "$(md5 "$b/random")" "$(md5 random)"
}
# One figure a line, for the log: they depend on what else the machine does, so none is judged.
show_speed() {
    local how
    for how in "bs=1M oflag=direct" "bs=64k" "bs=4k count=2048"; do
        # shellcheck disable=SC2086 # words
        echo "# write $how: $(LC_ALL=C dd if=random of="$a/speed" $how conv=fsync 2>&1 | tail -n 1)"
        # shellcheck disable=SC2086
        echo "# read ${how/oflag/iflag}: $(LC_ALL=C dd if="$a/speed" of=/dev/null ${how/oflag/iflag} 2>&1 | tail -n 1)"
    done
}
test_o_direct() {
    dd if=random of="$a/direct" bs=1M count=64 oflag=direct conv=fsync status=none
    dd if="$b/direct" of=direct-back bs=512 count=4096 skip=100 iflag=direct status=none
    cmp direct-back <(tail -c +51201 random | head -c 2097152)
    same "$(md5 "$export_dir/direct")" "$(head -c 64M random | md5sum)"
}
test_odd_sizes_and_offsets() {
    python3 - "$a/odd" "$export_dir/odd" <<'PY'
import os, random, sys
random.seed(7)
model = bytearray()
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
for _ in range(200):
    at, size = random.randrange(3 << 20), random.randrange(1, 2 << 20)
    if random.random() < 0.1:
        os.ftruncate(fd, at)
        model = model[:at] + bytes(max(0, at - len(model)))
    elif random.random() < 0.5:
        data = random.randbytes(size)
        assert os.pwrite(fd, data, at) == size
        model += bytes(max(0, at - len(model)))
        model[at:at + size] = data
    else:
        assert os.pread(fd, size, at) == bytes(model[at:at + size]), (at, size)
assert os.fstat(fd).st_size == len(model)
os.close(fd)
assert open(sys.argv[2], "rb").read() == bytes(model)
PY
}
test_parallel_writers() {
    python3 - "$a" "$b" "$export_dir" <<'PY'
import hashlib, os, sys, threading
a, b, export = sys.argv[1:]
wrong = []
def work(i):
    data, name = os.urandom(1 << 20) * 4, f"par-{i}"
    with open(os.path.join((a, b)[i % 2], name), "wb", buffering=0) as f:
        for at in range(0, len(data), 70001):
            f.write(data[at:at + 70001])
        os.fsync(f.fileno())
    for root in (a, b, export):
        if open(os.path.join(root, name), "rb").read() != data:
            wrong.append((root, name))
threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
[t.start() for t in threads]
[t.join() for t in threads]
sys.exit(str(wrong) if wrong else 0)
PY
}
test_fsync_commits() {
    # The only proof from outside: the server's own count of COMMIT calls is not exported, so watch the wire.
    timeout 20 python3 - "$a/synced" <<'PY'
import os, socket, struct, sys
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
sniffer.bind(("lo", 0))
sniffer.settimeout(0.5)
def commits():
    seen = 0
    try:
        while True:
            packet = sniffer.recv(65536)
            # RPC CALL (0), RPC version 2, program NFS, version 3, procedure COMMIT (21): RFC 5531 and RFC 1813
            seen += struct.pack(">IIIII", 0, 2, 100003, 3, 21) in packet
    except socket.timeout:
        return seen
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
os.write(fd, b"x" * 5000)
assert commits() == 0, "a COMMIT before the fsync: this test proves nothing"
os.fsync(fd)
assert commits() >= 1, "fsync sent no COMMIT"
os.fdatasync(fd)
assert commits() >= 1, "fdatasync sent no COMMIT"
PY
}
test_locks_local() {
    timeout 20 python3 - "$a/locked" <<'PY'
import fcntl, os, struct, sys
F_OFD_SETLK, lock = 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
one = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
two = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(one, F_OFD_SETLK, lock)
try:
    fcntl.fcntl(two, F_OFD_SETLK, lock)
    sys.exit("two owners of one lock")
except BlockingIOError:
    pass
os.close(one)
fcntl.fcntl(two, F_OFD_SETLK, lock)
PY
}
test_no_space() {
    mkdir -p /run/small
    "$work/mount.nfs" "$server:$work/small" /run/small
    fails fallocate -l 64K /run/small/fallocated 2>said
    grep -q 'not supported' said
    fails dd if=/dev/zero of=/run/small/too-large bs=64k count=100 2>said
    grep -q 'No space left on device' said
    umount /run/small
}

# ---- two hosts ----

test_coherent() {
    timeout 60 python3 - "$a/shared" "$b/shared" <<'PY'
import os, sys
a = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
os.pwrite(a, bytes(8192), 0)
b = os.open(sys.argv[2], os.O_RDWR)
for i in range(300): # both stay open: no close-to-open help
    text = b"%08d" % i
    os.pwrite(a, text, 4092)
    assert os.pread(b, 8, 4092) == text, i
for i in range(300): # and each writes: a write must not be what makes its host look again
    text = b"%08d" % i
    os.pwrite(b, text, 8192 + 8 * i)
    assert os.pread(a, 8, 8192 + 8 * i) == text, i
    assert os.fstat(a).st_size == 8192 + 8 * (i + 1), i
PY
}
test_coherent_names() {
    local i
    for ((i = 0; i < 30; i++)); do
        [ ! -e "$b/name" ]
        echo "$i" >"$a/name"
        same "$(cat "$b/name")" "$i"
        mv "$a/name" "$a/name2"
        [ ! -e "$b/name" ]
        rm "$b/name2"
        [ ! -e "$a/name2" ]
    done
}
test_append_from_both() {
    local i
    exec 6>>"$a/log" 7>>"$b/log"
    for ((i = 0; i < 50; i++)); do
        echo "a $i" >&6
        echo "b $i" >&7
    done
    exec 6>&- 7>&-
    same "$(md5sum <"$export_dir/log")" "$(for ((i = 0; i < 50; i++)); do echo "a $i"; echo "b $i"; done | md5sum)"
}

# ---- QEMU ----

test_qcow2() {
    local cache
    qemu-img create -q -f qcow2 "$a/disk.qcow2" 1G
    for cache in none writeback writethrough directsync; do
        qemu-io -f qcow2 -t "$cache" -c 'write -P 7 0 8M' -c 'write -P 8 700M 3M' -c 'flush' -c 'read -P 7 0 8M' \
            -c 'write -z 1M 1M' -c 'read -P 0 1M 1M' -c 'discard 2M 1M' "$a/disk.qcow2" | tee io.log
        fails grep -qi 'fail\|error' io.log
        qemu-io -f qcow2 -t "$cache" -c 'read -P 8 700M 3M' "$b/disk.qcow2" | tee io.log
        fails grep -qi 'fail\|error' io.log
    done
    qemu-img check -q "$b/disk.qcow2"
}
test_raw_native_aio() {
    qemu-img create -q -f raw "$a/disk.raw" 64M
    qemu-io -f raw -t none -i native -c 'aio_write -P 3 0 4M' -c 'aio_write -P 4 8M 4M' -c 'aio_flush' \
        -c 'read -P 3 0 4M' -c 'read -P 4 8M 4M' "$a/disk.raw" | tee io.log
    fails grep -qi 'fail\|error' io.log
    qemu-img convert -n -f raw -O raw "$a/disk.raw" "$b/disk.raw"
    same "$(md5 "$export_dir/disk.raw")" "$(md5 "$a/disk.raw")"
}
test_qemu_image_lock() {
    qemu-img create -q -f qcow2 "$a/held.qcow2" 16M
    coproc HOLD { exec qemu-io -f qcow2 "$a/held.qcow2" 2>&1; }
    local pid=$HOLD_PID line=
    # Its answer tells that it has the image, with the locks of a writer. (/proc/locks would not: it shows every QEMU's
    # of the machine, and a lock that is still being tried.)
    echo 'write 0 64k' >&"${HOLD[1]}"
    until [[ $line == *wrote* ]]; do
        read -r -t 60 line <&"${HOLD[0]}" || { echo "qemu-io said no more than '$line'"; return 1; }
    done
    fails qemu-io -f qcow2 -c 'write 0 1M' "$a/held.qcow2" >said 2>&1
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    grep -q 'lock' said
}
