# SPDX-License-Identifier: GPL-3.0-or-later
# Which package manager there is, for nfs_add_install(): a fact "pm NAME".
# shellcheck shell=sh
for p in apt-get dnf yum zypper; do
  if command -v $p >/dev/null; then say pm $p; break; fi
done
