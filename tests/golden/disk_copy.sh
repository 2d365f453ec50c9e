# shellcheck shell=bash
# disk-copy with both ends on this machine: the copy engine without a network. (Between nodes: tests/lab.)
command -v qemu-img >/dev/null || { echo "qemu-img is not installed (scripts/packages.txt, group lab)"; exit 1; }
name="a 'b'; \$(touch pwned) \"c\""
quoted="'$PWD/a '\\''b'\\''; \$(touch pwned) \"c\"'"
truncate -s 64M -- "$name"
printf one | dd of="$name" bs=1 seek=1000000 conv=notrunc status=none
printf two | dd of="$name" bs=1M seek=63 conv=notrunc status=none
chmod 640 -- "$name"
c() { m -c "disk-copy $*" 2>&1 | grep -v -e ': sending' -e ': comparing' -e ': verifying' -e ': done' | sed -E 's/ in [0-9.]+ s \(relay, [0-9.]+ MiB\/s\), verified by [a-z0-9]+/ in N/; s/ in [0-9.]+ s.*/ in N/'; }
c "$quoted" "$PWD/copy.img"
cmp -- "$name" copy.img && stat -c '%s %a' copy.img
[ "$(du -k copy.img | cut -f 1)" -lt 1024 ] && echo "holes are holes"
echo "--- there already, then made equal"
c "$quoted" "$PWD/copy.img"
printf X | dd of=copy.img bs=1 seek=1000000 conv=notrunc status=none
c "$quoted" "$PWD/copy.img" --update
cmp -- "$name" copy.img && echo equal
echo "--- into a directory"
mkdir d
c "$PWD/copy.img" "$PWD/d/"
cmp copy.img d/copy.img && echo equal
echo "--- refused"
c "$PWD/copy.img" "$PWD/copy.img" --update
c "$PWD/nosuch" "$PWD/x"
c "$PWD/copy.img" "$PWD/nosuch/x"
c "$PWD/d" "$PWD/x"
c copy.img "$PWD/x"
c "$PWD/copy.img" "$PWD/x" --route direct
exec 7<>copy.img
c "$PWD/copy.img" "$PWD/x" | sed -E 's/in use by .*/in use by SOMEBODY/'
exec 7>&-
echo "--- a digest program without end"
mkdir bin
printf '#!/bin/sh\nexec yes 0123456789abcdef0123456789abcdef\n' >bin/xxhsum
chmod 755 bin/xxhsum
cp --sparse=always copy.img other.img
PATH=$PWD/bin:$PATH timeout 60 "$MIGSH" -C test:///default -c "disk-copy $PWD/copy.img $PWD/other.img --update" >said 2>&1
echo "status $?"
sed -n "s|^error: (admin):$PWD/[a-z.]*: |error: |p" said
rm -rf bin other.img said .*.migsh-part
echo "--- a link in place of the part file"
echo mine >victim
ln -s "$PWD/victim" .linked.migsh-part
c "$PWD/copy.img" "$PWD/linked"
cat victim
rm victim .linked.migsh-part
ls -A
