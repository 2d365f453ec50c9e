# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the directory $1 of a foreign archive, which is kept as the file $2 meanwhile: only files and directories come
# out of it, below the new directory, readable by their owner alone.
# shellcheck shell=sh
umask 077
rm -rf -- "$1" "$2" && mkdir -m 711 -- "$1" && input >"$2" || exit
if base64 -d <"$2" | tar -tvf - | grep -v '^[-d]' >/dev/null; then
  echo 'the archive of the TPM holds more than files' >&2
  exit 1
fi
base64 -d <"$2" | tar --no-same-permissions --same-owner --no-overwrite-dir -C "$1" -xf - && rm -f -- "$2" &&
  chmod 711 -- "$1" # the user of swtpm has to get through
