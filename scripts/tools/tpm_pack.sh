# SPDX-License-Identifier: GPL-3.0-or-later
# The directory $1 of a TPM's state, a few small files, as text. $2: an option of tar, or nothing. A pipe's status is
# its last command's, and an archive that tar could not finish is none.
# shellcheck shell=sh
exec 3>&1
failed=$({ { tar --sort=name ${2:+"$2"} -C "$1" -cf - . || echo yes >&4; } | base64 >&3; } 4>&1) && [ -z "$failed" ]
