#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What follows a live migration on real hosts: the announcement as another host hears it, the bridges, the guest's clock
# and its agent, the way back, and recipes behind it. About a minute and a half.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" care 192.168.139
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
guest=$(lab address share) mac=52:54:00:4d:53:0a six=fd6d:6967:7368::10
# QEMU and the guest announce themselves, too, in the same words, by the tap: that is kept off the wire.
for h in source dest; do
    on $h ip -6 addr add "fd6d:6967:7368::$([ $h = source ] && echo 100 || echo 102)/64" dev br0 nodad
    on $h nft 'add table bridge quiet; add chain bridge quiet c { type filter hook forward priority 0; }
        add rule bridge quiet c ether type 0x8035 drop; add rule bridge quiet c icmpv6 type nd-neighbor-advert drop' || exit 1
done
mkdir -m 755 "$work/recipes"
cat >"$work/recipes/note-it.lua" <<'LUA'
return { description = "note what is told", example = "note-it --domain d", args = {
  { name = "domain", help = "which" }, { name = "dest", help = "where" }, { name = "source", help = "where" } },
  run = function(a)
    if a.domain ~= "share" then mig.fail("state", nil, "not for me: %s", a.domain) end
    mig.node(a.dest):run { "touch", "--", ("/run/moved-%s-%s-%s"):format(a.domain, a.source, a.dest) }
  end }
LUA
cat >"$work/recipes/always-fails.lua" <<'LUA'
return { description = "fail", example = "always-fails", run = function() mig.fail("state", nil, "as it likes") end }
LUA
chmod 644 "$work"/recipes/*
m() { lab exec admin -- env XDG_STATE_HOME=/root/state MIGSH_RECIPES="$work/recipes" "$migsh" -i "$work/nodes" "$@" </dev/null; }

lab guest define share >/dev/null
on source virsh dumpxml --inactive share >"$work/plain.xml"
# The guest, on source, with an agent and an IPv6 address. WORDS: more for its kernel.
begins() {
    lab guest stop share >/dev/null 2>&1
    with_agent <"$work/plain.xml" | sed "s,lab\\.ip=[^<]*,& lab.ip6=$six/64 ${1:-}," >"$work/share.xml"
    on source virsh -q define "$work/share.xml" && on source virsh -q start share && lab wait share >/dev/null
    local i
    for ((i = 0; i < 200; i++)); do
        [[ $(on source virsh dumpxml share) != *org.qemu.guest_agent.0*state=\'connected\'* ]] || return 0
        sleep 0.1
    done
    return 1
}
begins || exit 1
knows_six() { # HOST: its neighbour table has the guest's address, which it gives itself some seconds after its start
    local i
    for ((i = 0; i < 30; i++)); do
        on "$1" ping -6 -q -c 1 -W 1 $six >/dev/null && [[ $(on "$1" ip -6 neigh show $six) == *$mac* ]] && return
    done
    return 1
}
# moves JQ ARG…: live-migrate ARG… is a success, with that true of its result, which stays in $work/moved.
moves() {
    local want=$1 rc=0
    shift
    m --json live-migrate "$@" >"$work/said" 2>"$work/errors" || rc=$?
    tail -n 1 "$work/said" >"$work/moved"
    jq -c '.care[]?, .error?, .verdict' "$work/moved"
    cat "$work/errors"
    [ $rc = 0 ] && jq -e "def care(i): .care[] | select(.id == i); .verdict == \"ok\" and ($want)" "$work/moved" >/dev/null
}
hears() { # what the admin's host hears while that is done
    local rc=0 pid
    exec 9> >(lab exec admin -- perl "$here/lib/heard.pl" $mac >"$work/heard" 2>&1)
    pid=$!
    sleep 0.5
    "$@" 9>&- || rc=$?
    exec 9>&-
    wait $pid
    cat "$work/heard"
    return $rc
}
# Three of each, 100 and 300 ms after the first; on a loaded machine they come late, never early.
heard_three() {
    cat "$work/heard"
    awk -v six=$six '$1 == "rarp" { at[n++] = $2 } $1 == "na" && $3 == six { na++ }
        END { exit !(n == 3 && na == want && at[1] >= 85 && at[2] >= 285 && at[2] < 1500) }' want="$1" "$work/heard"
}

# --- announced
check "the source knows the guest's IPv6 address" knows_six source
check "a migration, as it is by default" hears moves '(care("announce") | .state == "ok" and .node == "dest" and .late_ms >= 0
    and (.said | test("^RARP and 1 neighbour advertisement out of br0, 3 times, the first at most [0-9]+ ms after"))) and
    ([care("bridge") | .state] == ["ok", "ok"]) and ([care("bridge").node] == ["dest", "source"]) and
    (care("bridge") | select(.node == "dest").said | test("^'$mac' is behind vnet[0-9]+ of br0$")) and
    (care("clock") | .state == "ok" and .drift_s < 3 and .drift_s > -3) and
    (care("way-back") | .state == "ok" and .said == "way back: open") and (care("conntrack").state == "ok")' share dest
check "another host hears three RARPs and three neighbour advertisements, in the guest's name" heard_three 3
check "and back as virsh does it" hears moves 'care("announce") | .state == "ok" and .node == "source"' share source --as-virsh --no-watch
check "that is heard, too" heard_three 0
check "nobody has spoken to QEMU behind libvirt's back" lab exec source -- sh -c '! virsh dominfo share | grep -i monitor'
check "with --no-care nothing is announced, looked at or set" hears moves '[.care[].id] == ["way-back", "conntrack"]' share dest --no-care --no-watch
check "and nothing is heard" test ! -s "$work/heard"
on source mount --bind /dev/null /usr/bin/perl
check "without perl it is skipped" moves 'care("announce") | .state == "skipped" and .said == "it has no perl"' share source --no-watch
on source umount /usr/bin/perl
expect "the report keeps it" 0 '^afterwards\n  .skipped. announce   source: it has no perl\n' report last

# --- clock and agent
clock_is_right() { local t; t=$(m domtime share@dest) && t=$((${t#Time: } - $(date +%s))) && echo "$t s" && ((t > -4 && t < 4)); }
on source virsh -q domtime share --time 1000000000
check "a clock that is wrong is set, and how far it was off is told" moves 'care("clock") | .state == "ok" and .drift_s < -100000
    and (.said | test("^it was [0-9.]+ s behind; set, now "))' share dest --no-watch --fstrim
check "domtime says so" clock_is_right
check "no disk was copied: none is trimmed" jq -e '.care[] | select(.id == "fstrim") | .state == "skipped" and .said == "no disk was copied"' "$work/moved"
expect "domtime --pretty" 0 '^Time: 20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}$' domtime share@dest --pretty
check "domtime --time" prints '' m domtime share@dest --time 5000
check "domtime --sync: by its own hardware clock" prints '' m domtime share@dest --sync
check "it is right again" clock_is_right
check "domfstrim" prints '' m domfstrim share@dest
check "the guest was told" prints "guest-fstrim 1" lab exec admin -- curl -s "http://$guest/agent"

# --- the way back, and recipes
begins || exit 1
# Until their input ends all ports of the source are taken.
exec 9> >(lab exec source -- perl -MSocket -e '$| = 1; my @s;
    for my $port (49152 .. 49215) {
        socket(my $s, AF_INET, SOCK_STREAM, 0);
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, sockaddr_in($port, INADDR_ANY)) && listen($s, 1) && push @s, $s;
    }
    print "ready\n"; 1 while <STDIN>' >"$work/ports")
taken=$!
for _ in $(seq 300); do
    ! grep -q ready "$work/ports" || break
    sleep 0.1
done
check "a way back that is not open is told, and no failure" moves 'care("way-back") | .state == "failed" and .check == "port-range"
    and (.said | test("^way back: would fail: port-range: "))' share dest --no-watch
exec 9>&-
wait $taken
expect "a recipe that nobody has: nothing is begun" 3 "no recipe 'destroy' for --post" live-migrate share dest --no-watch --post destroy
check "recipes are run, and one that fails is told" moves '[.care[] | select(.id == "post") | .state] == ["ok", "failed"] and
    ([.care[] | select(.id == "post").said] == ["note-it", "always-fails: as it likes"])' share source --no-watch --post note-it --post always-fails
check "with what was moved, and where" on source test -e /run/moved-share-dest-source

# --- an agent that has fallen silent
begins lab.agent=silent || exit 1
check "whoever asks it is told so in time" gives 8 'agent' timeout 60 "$here/lab" exec admin -- "$migsh" -i "$work/nodes" domifaddr share@source --source agent
check "the guest moves all the same, and its clock is not set" moves 'care("clock") | .state == "failed"' share dest --no-watch

finish
