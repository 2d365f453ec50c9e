# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# QEMU's monitor past libvirt, its events, and its words that libvirt has calls for.
check "qemu-monitor-command --hmp" says 'VM status: running' m qemu-monitor-command local1 --hmp info status
check "qemu-monitor-command --hmp 'info migrate'" m qemu-monitor-command local1 --hmp 'info migrate'
check "qemu-monitor-command --return-value" says '"running":true' m qemu-monitor-command local1 --return-value '{"execute":"query-status"}'
check "as virsh: qemu-monitor-command --pretty" as_virsh qemu-monitor-command local1 --pretty --return-value '{"execute":"query-version"}'
check "as virsh: qemu-monitor-command of a word" as_virsh qemu-monitor-command local1 --return-value query-status
check "as virsh: qemu-monitor-command of a word and its arguments" \
    as_virsh qemu-monitor-command local1 --return-value human-monitor-command '"command-line":"info status"' '"cpu-index":0'
check "as virsh: qemu-monitor-command of a word and an object" \
    as_virsh qemu-monitor-command local1 --return-value human-monitor-command '{"command-line":"info status"}'
check "qemu-monitor-command: arguments that are no JSON" \
    refused 1 'json|JSON' qemu-monitor-command local1 human-monitor-command 'command-line=info'
check "qemu-monitor-command: what QEMU does not know" says CommandNotFound m qemu-monitor-command local1 '{"execute":"nosuch"}'
sees_events() {
    m qemu-monitor-event local1 --timeout 20 --event 'STO.' --regex --no-case >"$work/events" &
    local waiting=$!
    until m list --name >/dev/null && [ -s "$work/events" ]; do
        kill -0 $waiting 2>/dev/null || break
        v suspend local1 && v resume local1
    done
    wait $waiting && cat "$work/events" && grep -q "^event STOP at [0-9.]* for domain 'local1'" <(sed 's/^source: //' "$work/events")
}
check "qemu-monitor-event" sees_events
v resume local1 >/dev/null 2>&1
# Of two nodes at once, until Ctrl-C, which waits for no daemon.
ends_beside_a_frozen_daemon() {
    local waiting daemon status
    interruptible qemu-monitor-event --node source,dest --event STOP --loop >"$work/events" &
    waiting=$!
    until grep -q "^source: event STOP at [0-9.]* for domain 'local1'" "$work/events"; do
        kill -0 $waiting 2>/dev/null || return 1
        v suspend local1 && v resume local1
    done
    daemon=$(on source pidof libvirtd)
    on source kill -STOP "$daemon"
    kill -INT $waiting
    timeout 60 tail --pid=$waiting -f /dev/null
    status=$?
    on source kill -CONT "$daemon"
    wait $waiting
    [[ $? == @(0|130) && $status == 0 ]] # 130: dest had not begun to listen
}
check "qemu-monitor-event of two nodes: Ctrl-C ends it, though a daemon is frozen" ends_beside_a_frozen_daemon
v resume local1 >/dev/null 2>&1
check "info migrate is domjobinfo" gives 0 "libvirt's: domjobinfo local1.*Job type" m info migrate local1
check "migrate_cancel is domjobabort" gives 10 "libvirt's: domjobabort local1" m migrate_cancel local1
check "migrate_set_downtime is migrate-setmaxdowntime" gives 0 "libvirt's: migrate-setmaxdowntime local1 150" m migrate_set_downtime local1 0.15
check "… in seconds" prints 150 eval "m migrate-getmaxdowntime local1 | tr -dc 0-9"
check "migrate_set_speed is migrate-setspeed" gives 0 "libvirt's: migrate-setspeed local1 1024" m migrate_set_speed local1 1g
check "… in MiB" prints 1024 m migrate-getspeed local1
