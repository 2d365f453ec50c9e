# SPDX-License-Identifier: GPL-3.0-or-later
# tools says which digests and compressors there are; show_map FILE tells, at last, what of it is data. Without a
# qemu-img it tells nothing, and all of it may be data.
# shellcheck shell=sh
tools() {
  t=
  ! command -v xxhsum >/dev/null || t="$t xxh128"
  ! command -v b3sum >/dev/null || t="$t b3"
  ! command -v openssl >/dev/null || t="$t openssl"
  say digests "$t sha256 "
  ! command -v zstd >/dev/null || say zstd yes
}
show_map() {
  if command -v qemu-img >/dev/null; then
    echo @text
    qemu-img map --output=json -f raw -- "$1" 2>&1
  fi
}
