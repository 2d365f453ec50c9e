# SPDX-License-Identifier: GPL-3.0-or-later
# Restarts the daemon $1 if it runs ($2 "start": or if it does not, or does not answer), and waits until it answers.
# Guests go on without it; while a job of one is at work it is left as it is. Behind access_jobs.sh.
# shellcheck shell=sh
pidof -s "$1" >/dev/null || [ "${2:-}" = start ] || exit 0
busy=$(at_work) || [ "${2:-}" = start ] || {
  echo "$1 does not tell whether a job of a guest is at work, which a restart would end: try again" >&2
  exit 1
}
for g in $busy; do
  echo "a job of the guest $g is at work, and a restart of $1 would end it: try again when it is done" >&2
  exit 1
done
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then systemctl restart "$1.service" || exit
elif command -v rc-service >/dev/null && rc-service --exists "$1"; then rc-service "$1" restart || exit
elif [ -x "/etc/init.d/$1" ]; then "/etc/init.d/$1" restart || exit
else
  echo "nothing there restarts services (systemd, OpenRC, /etc/init.d/$1): restart $1 by hand" >&2
  exit 1
fi
n=0
until timeout 20 virsh -q -c qemu:///system uri >/dev/null 2>&1 </dev/null; do
  n=$((n + 1))
  pidof -s "$1" >/dev/null || n=$((n + 4))
  [ $n -lt 20 ] || { echo "$1 does not answer after its restart: journalctl -u $1 -n 50 tells why, and --revert puts the old settings back" >&2; exit 1; }
  sleep 0.5
done
