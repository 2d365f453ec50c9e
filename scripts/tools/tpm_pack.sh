# SPDX-License-Identifier: GPL-3.0-or-later
# The directory $1 of a TPM's state, a few small files, as text. $2: an option of tar, or nothing.
# shellcheck shell=sh
tar --sort=name ${2:+"$2"} -C "$1" -cf - . | base64
