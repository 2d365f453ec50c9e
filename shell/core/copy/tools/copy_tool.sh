# SPDX-License-Identifier: GPL-3.0-or-later
# Sets $tool to the digest program of algorithm $3, for copy_digester.sh and copy_whole.sh, which come after.
# shellcheck shell=sh disable=SC2034 # tool
case $3 in
xxh128) tool='xxhsum -H2' ;;
b3) tool='b3sum --num-threads 1' ;;
openssl) tool='openssl dgst -sha256 -r' ;;
*) tool=sha256sum ;;
esac
