# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $work
# SPDX-License-Identifier: GPL-3.0-or-later
# Pools, secrets, ports of networks and filter bindings, beyond what tests/lab/test_nets.sh and test_pools.sh do.
check "pool-capabilities" as_virsh pool-capabilities
check "pool-uuid" as_virsh pool-uuid default
check "pool-name" says "default" m -C source pool-name "$(v pool-uuid default)"
# told KIND: the event that comes of what the function $2 does.
told() {
    local what=$1
    shift
    (sleep 1; "$@" >/dev/null 2>&1) &
    m -C source "${what%%:*}" --event "${what#*:}" --timeout 30
}
uuid=11111111-2222-3333-4444-555555555555
echo "<secret ephemeral='no' private='no'><uuid>$uuid</uuid></secret>" >"$work/secret.xml"
echo "<network><name>ports</name><forward mode='bridge'/><bridge name='br0'/></network>" >"$work/net.xml"
echo "<networkport><uuid>09a5e1ed-9a42-4ee7-a5cb-61c9f2f4dd21</uuid><owner><name>x</name><uuid>$uuid</uuid></owner><mac address='52:54:00:7b:35:93'/></networkport>" >"$work/port.xml"
read -r vnet _ _ _ mac < <(v domiflist local1)
echo "<filterbinding><owner><name>local1</name><uuid>$(v domuuid local1)</uuid></owner><portdev name='$vnet'/>" \
    "<mac address='$mac'/><filterref filter='clean-traffic'/></filterbinding>" >"$work/binding.xml"
chmod 644 "$work"/*.xml
check "pool-event" says "event 'refresh' for storage pool default" told pool-event:refresh v pool-refresh default
check "secret-event" says "event 'lifecycle' for secret $uuid: Defined" told secret-event:lifecycle v secret-define "$work/secret.xml"
check "secret-event, of its value" says "event 'value-changed' for secret $uuid" \
    told secret-event:value-changed v secret-set-value "$uuid" --base64 AQBz
check "secret-undefine" m -C source secret-undefine "$uuid"
check "net-create" m -C source net-create "$work/net.xml"
check "net-port-create" says "created from $work/port.xml" m -C source net-port-create ports "$work/port.xml"
port=$(v net-port-list ports --uuid)
check "net-port-delete" says "Network port $port deleted" m -C source net-port-delete ports "$port"
check "… is gone" [ -z "$(v net-port-list ports --uuid)" ]
check "net-destroy" m -C source net-destroy ports
check "nwfilter-binding-create" says "on $vnet created from" m -C source nwfilter-binding-create "$work/binding.xml"
check "nwfilter-binding-dumpxml" as_virsh nwfilter-binding-dumpxml "$vnet"
check "nwfilter-binding-delete" says "on $vnet deleted" m -C source nwfilter-binding-delete "$vnet"
check "nwfilter-binding-dumpxml: there is none" refused 3 'no nwfilter binding for port dev .vnet99.\nhint: nwfilter-binding-list' \
    nwfilter-binding-dumpxml vnet99
check "nwfilter-binding-delete: there is none" refused 3 'no nwfilter binding for port dev .vnet99.\nhint: nwfilter-binding-list' \
    nwfilter-binding-delete vnet99
check "iface-begin: no netcf here" refused 11 'not supported by the connection driver: virInterfaceChangeBegin' iface-begin
