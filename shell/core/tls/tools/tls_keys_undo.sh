# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the keys that tls_keys.sh made under the mark $1 in $2, and the directories behind them, innermost first, that
# are empty. A key that is another now is somebody else's. One name may be noted twice: tls_keys.sh was cut off between
# the note and the name, and begun again.
# shellcheck shell=sh
d=$2 m=$d/.migsh-tls-$1
shift 2
rm -f -- "$m".*
if [ -f "$m" ]; then
  while read -r _ n; do
    f=$d/$n
    [ -e "$f" ] || continue
    s=$(sha256sum <"$f") && grep -qxF -- "${s%% *} $n" "$m" || { echo "$f is not the key that was made" >&2; exit 1; }
    rm -f -- "$f" || exit 1
  done <"$m"
  rm -f -- "$m" || exit 1
fi
for p; do
  rmdir -- "$p" 2>/dev/null || :
done
exit 0
