#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# disk-copy and vol-copy between two real nodes: what arrives is compared byte for byte by sha256sum, not by migsh. A
# lab of its own (MIGSH_COPYTEST_SUBNET); the files are on a tmpfs of each node. Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" copytest 192.168.88

S() { on source sh -c "cd /mnt/t && $1" sh "${@:2}"; }
D() { on dest sh -c "cd /mnt/t && $1" sh "${@:2}"; }
# Content, length, owner and mode.
sum() { on "$1" sh -c 'sha256sum <"$1"; stat -c "%s %U:%G %a" -- "$1"' sh "$2"; }
same() { # WHAT SOURCE-PATH DEST-PATH
    { sum source "$2"; sum dest "$3"; } >"$work/out" 2>&1
    [ "$(sum source "$2" 2>&1)" = "$(sum dest "$3" 2>&1)" ]
    verdict "$1" $?
}
# No process of a copy and no file of one, but for the part files that are wanted.
clean() { # WHAT [PARTS]
    local i left
    for i in 1 2 3 4 5 6 7 8 9 10; do
        left=$(for h in source dest; do
            on $h sh -c 'for p in /proc/[0-9]*; do [ "$p" = /proc/$$ ] || tr "\0\n" "  " <$p/cmdline 2>/dev/null; echo; done |
                grep -E "^(perl -e|dd |ssh -T|qemu-img|xxhsum|sh -c .*migsh-part)" | grep -v frozen; ls -d /mnt/t/.migsh-mark* 2>/dev/null'
        done)
        [ -n "$left" ] || break
        sleep 0.5
    done
    { echo "$left"; D 'find . -name ".*migsh-part"'; } >"$work/out"
    [ -z "$left" ] && [ "$(D 'find . -name ".*migsh-part" | wc -l')" = "${2:-0}" ]
    verdict "$1: no process and no file left" $?
}
by_perl() { # yes or no
    local h
    for h in source dest; do
        if [ "$1" = no ]; then on $h sh -c 'printf "#!/bin/sh\nexit 1\n" >/usr/local/sbin/perl; chmod 755 /usr/local/sbin/perl'
        else on $h rm /usr/local/sbin/perl; fi
    done
}
blocks() { D 'stat -c %b "$1" 2>/dev/null || echo 0' "$1"; }
# Waits until the part file of $1 has $2 MiB, at most 30 s.
until_mib() {
    local i
    for ((i = 0; i < 300; i++)); do
        [ "$(blocks ".$1.migsh-part")" -ge $(($2 * 2048)) ] && return
        sleep 0.1
    done
}
field() { grep '^{"from"' "$work/out" | tail -n 1 | jq -r ".$1"; }

cat >"$work/nodes" <<NODES
node-add source root@source
node-add dest root@dest
NODES
chmod 644 "$work/nodes"
up --ready
for h in source dest; do on $h sh -c 'mkdir -p /mnt/t && mount -t tmpfs none /mnt/t'; done

# --- writers that are frozen, one of them when all has been handed out: noticed within 30 s, so they run beside the
# others
writers() { # SIGNAL
    on dest sh -c 'for p in /proc/[0-9]*; do tr "\0\n" "  " <$p/cmdline | grep "^perl -e.*\.frozen[a-z]*\.migsh-part" >/dev/null && kill "$1" ${p#/proc/}; done' sh "$1" 2>/dev/null
}
S 'head -c 64M /dev/urandom >frozen; head -c 4M /dev/urandom >frozenlast'
# Their status is in a file: minutes later another child may have had their number, and bash forgets them.
behind() { # FILE ARGS…
    { m disk-copy "source:/mnt/t/$1" dest:/mnt/t/ "${@:2}" >"$work/$1" 2>&1 </dev/null; echo $? >"$work/$1.status"; } &
}
behind frozen --route relay --bwlimit 4M
behind frozenlast --bwlimit 1M
until_mib frozen 2
until_mib frozenlast 1
writers -STOP

# --- what arrives
S ': >zero; echo x >one; head -c 1048576 /dev/urandom >mib; head -c 3000001 /dev/urandom >odd; truncate -s 20M hole
   head -c 24M /dev/urandom >dense; chown 7:12 dense; chmod 640 dense
   truncate -s 256M sparse; for i in 1 3 77 130 131 132 250; do head -c 300000 /dev/urandom | dd of=sparse bs=1M seek=$i conv=notrunc status=none; done
   qemu-img create -q -f qcow2 q.qcow2 5G; qemu-io -c "write -P 5 1G 2M" q.qcow2 >/dev/null; :'
for f in zero one mib odd hole; do
    expect "copy: $f" 0 "copied" disk-copy "source:/mnt/t/$f" dest:/mnt/t/ --route relay
    same "copy: $f is the same" "/mnt/t/$f" "/mnt/t/$f"
done
expect "copy: direct by itself" 0 '"route": ?"direct".*"verified": ?true' --json disk-copy source:/mnt/t/dense dest:/mnt/t/
same "copy: owner and mode as at the source" /mnt/t/dense /mnt/t/dense
expect "copy: sparse" 0 '"sent": ?2[01]' --json disk-copy source:/mnt/t/sparse dest:/mnt/t/ --route direct
same "copy: sparse is the same" /mnt/t/sparse /mnt/t/sparse
[ "$(blocks sparse)" -le $(($(S 'stat -c %b sparse') * 102 / 100)) ]
verdict "copy: holes are holes" $?
expect "copy: qcow2" 0 "copied" disk-copy source:/mnt/t/q.qcow2 dest:/mnt/t/q2.qcow2
same "copy: qcow2 is the same" /mnt/t/q.qcow2 /mnt/t/q2.qcow2
expect "copy: owner and mode as told" 0 "copied" disk-copy source:/mnt/t/one dest:/mnt/t/owned --owner 3:4 --mode 604
[ "$(D 'stat -c "%u:%g %a" owned')" = "3:4 604" ]
verdict "copy: they are so" $?
clean "copy" 2 # the frozen ones'
evil=$'a b\'";$(touch pwned)\n-rf'
S 'echo "evil" >"$1"' "$evil"
expect "names: any byte may be in them" 0 "copied" disk-copy "source:/mnt/t/$evil" dest:/mnt/t/
expect "names: by the other route, and again" 0 "copied" disk-copy "source:/mnt/t/$evil" "dest:/mnt/t/$evil" --update --route relay
same "names: it is the same" "/mnt/t/$evil" "/mnt/t/$evil"
[ -z "$(D 'ls pwned 2>/dev/null'; S 'ls pwned 2>/dev/null')" ]
verdict "names: nothing of it was run" $?

# --- refusals
expect "refused: it is there" 4 "it already exists.*--update" disk-copy source:/mnt/t/one dest:/mnt/t/one
expect "refused: no such file" 3 "source:/mnt/t/nosuch: no such file" disk-copy source:/mnt/t/nosuch dest:/mnt/t/x
expect "refused: no such directory" 3 "no such directory" disk-copy source:/mnt/t/one dest:/mnt/nosuch/x
expect "refused: a directory" 2 "neither a file" disk-copy source:/mnt/t dest:/mnt/t/x
expect "refused: no path" 2 "neither NODE:/PATH nor /PATH" disk-copy source dest:/mnt/t/x
expect "refused: onto itself" 2 "onto itself" disk-copy source:/mnt/t/one source:/mnt/t/../t/one
S 'sleep 300 <one & echo $!' >"$work/pid"
expect "refused: in use" 10 "in use by sleep" disk-copy source:/mnt/t/one dest:/mnt/t/x
expect "--readers: not of who only reads" 0 "copied" disk-copy source:/mnt/t/one dest:/mnt/t/read --readers
S 'sleep 300 <>one & echo $!' >"$work/pid2"
expect "--readers: of who could write" 10 "in use by sleep" disk-copy source:/mnt/t/one dest:/mnt/t/x --readers
on source kill "$(cat "$work/pid2")"
on source kill "$(cat "$work/pid")"
on source sh -c 'qemu-img create -q -f raw /srv/locked 8M; mkfifo /srv/ctl; (sleep 60 >/srv/ctl) & qemu-io /srv/locked <>/srv/ctl >/dev/null 2>&1 & sleep 0.3'
expect "refused: QEMU has it open" 10 "in use by qemu-io" disk-copy source:/srv/locked dest:/mnt/t/x
on source sh -c 'dd if=/dev/zero of=/srv/nfs/shared.img bs=1M count=1 status=none'
expect "shared: is seen, and not copied" 0 '"copied": ?false, ?"shared": ?true' --json disk-copy source:/srv/nfs/shared.img dest:/srv/nfs/shared.img
[ "$(on nfs sh -c 'ls -A /srv/nfs | grep migsh')" = "" ]
verdict "shared: no mark is left" $?
on source sh -c 'mkdir -p /srv/nfs/dir; sleep 300 </srv/nfs/shared.img & echo $!' >"$work/pid"
expect "plan: shared, and in use" 0 "both nodes see the same file" disk-copy source:/srv/nfs/shared.img dest:/srv/nfs/shared.img --plan
on source kill "$(cat "$work/pid")"
expect "plan: a directory" 0 "both nodes see the same file" disk-copy source:/srv/nfs/dir dest:/srv/nfs/dir --plan
expect "plan: a directory of each" 0 "t: not the same directory" disk-copy source:/mnt/t dest:/mnt/t --plan
on source sh -c 'cp /srv/nfs/shared.img /srv/nfs/other.img'
expect "plan: another file of the same storage" 0 '"shared": ?false.*"to_kind": ?"file"' --json disk-copy source:/srv/nfs/shared.img dest:/srv/nfs/other.img --plan --update
expect "plan: a file of each" 0 "one: 2 bytes would be copied, to a file that is there" disk-copy source:/mnt/t/one dest:/mnt/t/one --plan --update
expect "plan: it is there" 4 "it already exists" disk-copy source:/mnt/t/one dest:/mnt/t/one --plan
expect "plan: nothing is there" 0 "x: 2 bytes would be copied, to a new file" disk-copy source:/mnt/t/one dest:/mnt/t/x --plan
D '[ ! -e x ] && [ ! -e .x.migsh-part ]'
verdict "plan: nothing was copied" $?
expect "plan: no such file" 3 "source:/mnt/t/nosuch: no such file" disk-copy source:/mnt/t/nosuch dest:/mnt/t/x --plan
[ "$(on nfs sh -c 'ls -A /srv/nfs | grep migsh')$(S 'ls -A | grep migsh-mark')$(D 'ls -A | grep migsh-mark')" = "" ]
verdict "plan: no mark is left" $?

# --- update
S 'cp dense up; cp --sparse=always sparse ups'
expect "update: of what is not there" 0 "copied" disk-copy source:/mnt/t/up dest:/mnt/t/ --update
S 'for i in 3 9 17; do printf changed | dd of=up bs=1000000 seek=$i conv=notrunc status=none; done; fallocate -p -o 0 -l 100M ups; truncate -s 249999999 ups'
D 'cp --sparse=always sparse ups'
expect "update: sends only what differs" 0 '"sent": ?3145728,' --json disk-copy source:/mnt/t/up dest:/mnt/t/up --update
same "update: the same" /mnt/t/up /mnt/t/up
expect "update: nothing to do" 0 '"verified": ?true.*"sent": ?0,' --json disk-copy source:/mnt/t/up dest:/mnt/t/up --update
expect "update: shorter, with a hole where there was data" 0 '"sent": ?0,' --json disk-copy source:/mnt/t/ups dest:/mnt/t/ups --update --route relay
[ "$(S 'sha256sum <ups')" = "$(D 'sha256sum <ups')" ]
verdict "update: the same there too" $?

# --- ways and means
S 'head -c 96M /dev/urandom >big; head -c 6M /dev/urandom >six'
expect "streams: three" 0 '"streams": ?3' --json disk-copy source:/mnt/t/big dest:/mnt/t/big --streams 3 --route relay
same "streams: the same" /mnt/t/big /mnt/t/big
D 'rm big'
expect "streams: direct" 0 '"streams": ?2' --json disk-copy source:/mnt/t/big dest:/mnt/t/big --streams 2 --route direct
same "streams: direct, the same" /mnt/t/big /mnt/t/big
expect "compress" 0 "copied" disk-copy source:/mnt/t/q.qcow2 dest:/mnt/t/qz --compress --route relay
same "compress: the same" /mnt/t/q.qcow2 /mnt/t/qz
expect "compress: direct" 0 "copied" disk-copy source:/mnt/t/odd dest:/mnt/t/oddz --compress --route direct
same "compress: direct, the same" /mnt/t/odd /mnt/t/oddz
expect "bwlimit" 0 "copied" --json disk-copy source:/mnt/t/six dest:/mnt/t/six --bwlimit 2M
[ "$(field 'seconds * 10 | floor')" -ge 22 ]
verdict "bwlimit: 6 MiB take 3 s" $?
expect "no-verify" 0 '"digest": ?null, ?"verified": ?false' --json disk-copy source:/mnt/t/odd dest:/mnt/t/nv --no-verify
by_perl no
expect "no perl: sparse" 0 "copied" disk-copy source:/mnt/t/sparse dest:/mnt/t/sp2
same "no perl: sparse is the same" /mnt/t/sparse /mnt/t/sp2
D 'printf wrong | dd of=up bs=1000000 seek=5 conv=notrunc status=none'
expect "no perl: update" 0 '"sent": ?1048576,' --json disk-copy source:/mnt/t/up dest:/mnt/t/up --update --route relay
same "no perl: update, the same" /mnt/t/up /mnt/t/up
by_perl yes
on source sh -c 'mv /root/.ssh/known_hosts /root/.ssh/kh'
expect "auto: no way from node to node" 0 "cannot send to dest itself.*relay" disk-copy source:/mnt/t/dense dest:/mnt/t/dense3
expect "direct: no way" 7 "key-exchange" disk-copy source:/mnt/t/odd dest:/mnt/t/odd4 --route direct
on source sh -c 'mv /root/.ssh/kh /root/.ssh/known_hosts'
D 'rm -f .odd4.migsh-part'
clean "ways" 2

# --- cuts, and going on from there
cut() { # WHAT ROUTE COMMAND: it runs when 8 MiB have arrived
    local what=$1 route=$2 pid
    shift 2
    D 'rm -f cut .cut.migsh-part'
    m --json disk-copy source:/mnt/t/dense dest:/mnt/t/cut --route "$route" --bwlimit 10M >"$work/out" 2>&1 </dev/null &
    pid=$!
    until_mib cut 8
    "$@" >/dev/null 2>&1
    wait $pid
    cut_status=$?
    clean "$what" 3
    [ "$(blocks cut)" = 0 ]
    verdict "$what: the copy has not got its name" $?
}
again() { # WHAT
    expect "$1: goes on" 0 '"verified": ?true' --json disk-copy source:/mnt/t/dense dest:/mnt/t/cut
    [ "$(field reused)" -ge 8000000 ]
    verdict "$1: what was there is not sent again" $?
    same "$1: the same" /mnt/t/dense /mnt/t/cut
}
console() { lab exec admin -- sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep "migsh.*/mnt/t/cut" >/dev/null && kill -'"$1"' ${p#/proc/}; done'; }
for route in direct relay; do
    cut "kill -9, $route" $route console KILL
    again "kill -9, $route"
done
cut "Ctrl-C" direct console INT
[ "$cut_status" = 130 ]
verdict "Ctrl-C: is told" $?
again "Ctrl-C"
cut_sshd() { on "$1" sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep "^sshd: root@notty" >/dev/null && kill -9 ${p#/proc/}; done'; }
cut "connection of the destination" relay cut_sshd dest
[ "$cut_status" = 7 ] || [ "$cut_status" = 13 ] || [ "$cut_status" = 1 ]
verdict "connection of the destination: an error" $? "status $cut_status"
again "connection of the destination"
cut "connection of the source" direct cut_sshd source
again "connection of the source"

# --- a dead line: the console is gone, and the programs on the nodes, whose sshd are frozen, never hear of it
logins() { # SIGNAL
    local h
    for h in source dest; do
        on $h sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep "^sshd: root@notty" >/dev/null && kill "$1" ${p#/proc/}; done' sh "$1" 2>/dev/null
    done
}
ended() { # TARGET: what is left of copies to it is ended on both nodes
    echo "=mig.node 'dest':tool('copy_end', 'dest', '$1') .. '-' .. mig.node 'source':tool('copy_end', 'dest', '$1')"
}
dead() { # WHAT ROUTE: a copy to dest:/mnt/t/cut whose console is gone; others are beside it that look alike
    local what=$1 token alive bystander
    D 'rm -f cut .cut.migsh-part alive'
    m disk-copy source:/mnt/t/dense dest:/mnt/t/cut --route "$2" --bwlimit 4M >"$work/dead" 2>&1 </dev/null &
    until_mib cut 4
    logins -STOP
    console KILL
    wait $!
    token=$(printf dest:/mnt/t/cut | sha256sum)
    token=migsh-copy-${token%% *}
    bystander=$(D 'setsid sh -c "sleep 300; :" migsh-copy "x$1" "$1 " /mnt/t/cut dest:/mnt/t/cut >/dev/null 2>&1 & echo $!' "$token")
    m disk-copy source:/mnt/t/six dest:/mnt/t/alive --route "$2" --bwlimit 512K >"$work/alive" 2>&1 </dev/null &
    alive=$!
    until_mib alive 1
    expect "$what: what writes it still is told" 10 "/mnt/t/(cut|dense): in use by " disk-copy source:/mnt/t/dense dest:/mnt/t/cut
    expect "$what: of another target nothing is ended" 0 "^-\$" -c "$(ended /mnt/t/cu)"
    expect "$what: it is ended on both nodes" 0 "^[0-9]+[^-]*\n-[0-9]+" -c "$(ended /mnt/t/cut)"
    expect "$what: and nothing is left to be ended" 0 "^-\$" -c "$(ended /mnt/t/cut)"
    expect "$what: it is gone on with" 0 '"verified": ?true' --json disk-copy source:/mnt/t/dense dest:/mnt/t/cut
    [ "$(field reused)" -ge 4000000 ]
    verdict "$what: what was there is not sent again" $?
    D 'kill $1' "$bystander"
    verdict "$what: who has the same words is left alone" $?
    wait $alive
    verdict "$what: and so is another copy" $? "$(cat "$work/alive")"
    logins -CONT
    clean "$what" 2
}
dead "a dead line, relay" relay
dead "a dead line, direct" direct
by_perl no
dead "a dead line, no perl" relay
by_perl yes

# --- what it left, given up
D 'mkdir "left
x"; : >left.img; : >.left.img.migsh-part; : >..migsh-1-2.migsh-part; : >".left
.migsh-part"; mkdir .left.dir.migsh-part'
expect "part files are listed" 0 "^left.img\n.left.img.migsh-part\n" -c "=mig.node 'dest':tool('copy_parts', '/mnt/t', 'left')"
expect "those of a workflow" 0 "^.migsh-1-2\n..migsh-1-2.migsh-part\n" -c "=mig.node 'dest':tool('copy_parts', '/mnt/t', '.migsh-')"
expect "and given up, where there is one" 0 "^\$" -c "=mig.node 'dest':tool('copy_forget', '/mnt/t/left.img') .. mig.node 'dest':tool('copy_forget', '/mnt/t/.migsh-1-2') .. mig.node 'dest':tool('copy_forget', '/mnt/t/left.dir') .. mig.node 'dest':tool('copy_forget', '/nosuch/x')"
[ "$(D 'ls -d left.img .left.img.migsh-part ..migsh-1-2.migsh-part .left.dir.migsh-part 2>/dev/null' | tr '\n' ' ')" = ".left.dir.migsh-part left.img " ]
verdict "and nothing else" $?
D 'rm -rf left* .left*'

# --- no space
D 'mkdir small && mount -t tmpfs -o size=16M none small'
expect "space: too little is seen before the first byte" 13 "bytes are needed, and [0-9]+ are free" disk-copy source:/mnt/t/dense dest:/mnt/t/small/d
m disk-copy source:/mnt/t/six dest:/mnt/t/small/six --bwlimit 2M >"$work/out" 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 100; i++)); do [ "$(D 'ls -A small')" ] && break; sleep 0.1; done
D 'head -c 15M /dev/zero >small/fill' 2>/dev/null
wait $pid
[ $? = 13 ] && grep -q 'dest:/mnt/t/small/six: .*No space left' "$work/out"
verdict "space: gone meanwhile, named" $?
D 'rm small/fill'
expect "space: goes on" 0 "copied" disk-copy source:/mnt/t/six dest:/mnt/t/small/six
same "space: the same" /mnt/t/six /mnt/t/small/six

# --- a directory that is somebody else's: no link of his is followed, nothing that he puts there is taken for ours
victim() { # WHAT: the file of root's that he would like to have changed is as it was
    D 'cat victim; stat -c "%u:%g %a %h" victim' >"$work/out"
    [ "$(cat "$work/out")" = "$(printf 'secret\n0:0 600 %s' "${2:-1}")" ]
    verdict "$1: the file of root's is as it was" $?
}
D 'echo secret >victim; chmod 600 victim; mkdir -m 755 his; chown nobody his; S() { setpriv --reuid nobody --clear-groups "$@"; }
   S ln -s /mnt/t/victim his/.link.migsh-part; ln victim his/.hard.migsh-part; S ln -s /mnt/t/victim his/up; S ln -s /mnt/t his/dir
   S sh -c ": >his/.file.migsh-part"; ln -s /mnt/t/his fixed; chown -h nobody his/.hard.migsh-part' 2>/dev/null
D 'chown 0:0 victim'
for name in link:'it is a link' hard:'it is a hard link' file:'it belongs to nobody'; do
    expect "his: a part file: ${name#*:}" 9 "not migsh's: ${name#*:}.*hint: .*nothing was written" disk-copy source:/mnt/t/one "dest:/mnt/t/his/${name%%:*}"
done
victim "his: a part file" 2
D 'rm his/.hard.migsh-part'
expect "his: a link in the place of the copy" 9 "the link /mnt/t/his/up leads to it" disk-copy source:/mnt/t/one dest:/mnt/t/his/up --update
expect "his: a link on the way" 9 "the link /mnt/t/his/dir leads to it" disk-copy source:/mnt/t/one dest:/mnt/t/his/dir/stray
[ "$(D 'ls -A stray .stray.migsh-part 2>/dev/null')" = "" ]
verdict "his: nothing was made behind it" $?
victim "his: links"
expect "his: a link of root's is followed" 0 "copied" disk-copy source:/mnt/t/one dest:/mnt/t/fixed/own
expect "his: the copy is told by inode, ctime and birth" 0 '"made":' --json disk-copy source:/mnt/t/one dest:/mnt/t/fixed/own2
[ "$(field 'made | "\(.inode) \(.ctime)"')" = "$(D 'stat -c "%i %.9Z" his/own2')" ]
verdict "his: it is so" $?
# swapped WHAT STATUS PATTERN COMMAND ARGS…: COMMAND on dest, in his, when something has arrived
swapped() {
    local what=$1 status=$2 pattern=$3 command=$4 got=0
    shift 4
    D 'rm -f his/swap his/.swap.migsh-part his/away'
    m disk-copy source:/mnt/t/six dest:/mnt/t/his/swap "$@" >"$work/out" 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 300; i++)); do [ "$(blocks his/.swap.migsh-part)" -ge 2048 ] && break; sleep 0.1; done
    D "cd his && setpriv --reuid nobody --clear-groups sh -c '$command'"
    wait $pid || got=$?
    [ $got = "$status" ] && grep -qzP "(?s)$pattern" "$work/out"
    verdict "his: $what" $? "status $got, wanted $status /$pattern/"
    victim "his: $what"
    [ "$(D 'ls his/swap 2>/dev/null')" = "" ]
    verdict "his: $what: the copy has not got its name" $?
}
S 'head -c 6M /dev/urandom >six; chown 7:12 six; chmod 644 six' # slow: the swap has to come before the end
for route in direct relay; do
    swapped "a link in place of the part file, $route" 10 "dest:/mnt/t/his/swap: it was removed meanwhile, or is another file now" \
        'mv .swap.migsh-part away; ln -s /mnt/t/victim .swap.migsh-part' --route $route --bwlimit 400K
    swapped "another file in its place, $route" 10 "dest:/mnt/t/his/swap: it was removed meanwhile, or is another file now" \
        'mv .swap.migsh-part away; : >.swap.migsh-part' --route $route --bwlimit 400K --no-verify
done
[ "$(D 'stat -c %u his/away')" = 0 ]
verdict "his: what was ours is not given away" $?
by_perl no
swapped "a link in place of the part file, no perl" 10 "dest:/mnt/t/his/swap: it was removed meanwhile, or is another file now" \
    'mv .swap.migsh-part away; ln -s /mnt/t/victim .swap.migsh-part' --route relay --bwlimit 400K
by_perl yes
D 'rm -f his/away his/.*.migsh-part; mkdir -m 711 pool; mkdir -m 1777 sticky'
for name in his pool sticky; do
    expect "his: into $name, as ever" 0 "copied" disk-copy source:/mnt/t/six dest:/mnt/t/$name/six
    same "his: into $name, the same" /mnt/t/six /mnt/t/$name/six
done
# Root is nobody there, as on an export with root_squash.
expect "his: onto the share" 0 "copied" disk-copy source:/mnt/t/six dest:/srv/nfs/six --owner 0:0 --mode 600
[ "$(S 'sha256sum <six')" = "$(on dest sh -c 'sha256sum </srv/nfs/six; rm /srv/nfs/six')" ]
verdict "his: onto the share, the same" $?
S 'cp "$(command -v sleep)" notudev; ./notudev 300 <one >/dev/null 2>&1 & echo $!' >"$work/pid"
expect "in use by what only has udev's name" 10 "in use by notudev" disk-copy source:/mnt/t/one dest:/mnt/t/x
on source kill "$(cat "$work/pid")"

# --- changes meanwhile
S 'chown 0:0 six' # in a sticky directory root may not write to another's file (fs.protected_regular, as Debian has it)
meanwhile() { # WHAT STATUS PATTERN COMMAND [RATE]
    D 'rm -f mw .mw.migsh-part'
    m disk-copy source:/mnt/t/six dest:/mnt/t/mw --bwlimit "${5:-3M}" >"$work/out" 2>&1 </dev/null &
    pid=$!
    until_mib mw 1
    eval "$4"
    local got=0
    wait $pid || got=$?
    [ $got = "$2" ] && grep -qP "$3" "$work/out"
    verdict "meanwhile: $1" $? "status $got, wanted $2 /$3/"
}
meanwhile "the source grows" 10 "changed while it was being copied" "S 'echo x >>six'"
meanwhile "the source shrinks" "13" "shorter" "S 'truncate -s 3M six'"
[ "$(D 'ls mw 2>/dev/null')" = "" ]
verdict "meanwhile: no copy has got its name" $?
S 'head -c 6M /dev/urandom >six'
meanwhile "what has arrived is damaged, and is sent again" 0 "sent again" "D 'printf bad | dd of=.mw.migsh-part bs=1 seek=100 conv=notrunc status=none'"
same "meanwhile: the same in the end" /mnt/t/six /mnt/t/mw
meanwhile "a second copy to the same place is refused" 0 "copied" 'm disk-copy source:/mnt/t/six dest:/mnt/t/mw >"$work/second" 2>&1 </dev/null; grep -q "in use by\|another copy" "$work/second" || echo "not refused" >>"$work/out"' 1M
! grep -q "not refused" "$work/out"
verdict "meanwhile: the second was refused" $?

# --- devices
loop_s=$(S 'cp dense dev && losetup -f --show dev' 2>/dev/null) && loop_d=$(D 'truncate -s 32M dev && head -c 1M /dev/urandom | dd of=dev conv=notrunc status=none; losetup -f --show dev' 2>/dev/null)
if [ -b "$loop_s" ] && [ -b "${loop_d:-}" ]; then
    expect "device: onto a device needs --update" 4 "it already exists" disk-copy "source:$loop_s" "dest:$loop_d"
    D 'mkfs.ext4 -q -L "a b" "$1"' "$loop_d"
    S 'sleep 300 <"$1" >/dev/null 2>&1 & echo $!' "$loop_s" >"$work/pid"
    expect "device: --plan tells what it holds, though the source is in use" 0 \
        "would be copied, to a device of 33554432 bytes that holds .*ext4" disk-copy "source:$loop_s" "dest:$loop_d" --update --plan
    expect "device: … but to copy is refused" 10 "source:$loop_s: in use by sleep" disk-copy "source:$loop_s" "dest:$loop_d" --update
    on source kill "$(cat "$work/pid")"
    D 'wipefs -qa "$1" && head -c 32M /dev/zero >"$1" && printf x | dd of="$1" bs=1M seek=31 status=none' "$loop_d"
    expect "device: --plan, something at its end" 0 '"to_holds": ?"data"' --json disk-copy "source:$loop_s" "dest:$loop_d" --update --plan
    D 'head -c 32M /dev/zero >"$1"' "$loop_d"
    expect "device: --plan, nothing on it" 0 '"copied": ?false.*"to_holds": ?null' --json disk-copy "source:$loop_s" "dest:$loop_d" --update --plan
    expect "device: onto a device" 0 '"copied": ?true' --json disk-copy "source:$loop_s" "dest:$loop_d" --update
    [ "$(S 'sha256sum <dense')" = "$(D 'head -c 24M "$1" | sha256sum' "$loop_d")" ]
    verdict "device: the same" $?
    expect "device: to a file" 0 "copied" disk-copy "source:$loop_s" dest:/mnt/t/fromdev
    [ "$(S 'sha256sum <dense')" = "$(D 'sha256sum <fromdev')" ]
    verdict "device: to a file, the same" $?
    S 'head -c 20M /dev/zero | dd of="$1" status=none' "$loop_s"
    expect "device: zeros are not sent" 0 '"sent": ?[0-4][0-9]{6},' --json disk-copy "source:$loop_s" dest:/mnt/t/mostzero
    expect "device: the file behind one is in use" 10 "in use by loop" disk-copy source:/mnt/t/dev dest:/mnt/t/x
    expect "device: too small" 13 "the device has" disk-copy source:/mnt/t/big "dest:$loop_d" --update
    # Another node of the same device, as libvirt makes one for QEMU; and what only the kernel knows of.
    D 'mknod dev2 b $(stat -c "0x%t 0x%T" "$1") && chmod 600 dev2 && sleep 300 <dev2 >/dev/null 2>&1 & sleep 0.3; echo $!' "$loop_d" >"$work/pid"
    expect "device: open by another name" 10 "dest:$loop_d: in use by sleep" disk-copy source:/mnt/t/one "dest:$loop_d" --update
    on dest sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep "^sleep 300" >/dev/null && kill ${p#/proc/}; done' 2>/dev/null
    if D 'mkswap "$1" && swapon "$1"' "$loop_d" >/dev/null 2>&1; then
        expect "device: swap" 10 "dest:$loop_d: in use by the kernel" disk-copy source:/mnt/t/one "dest:$loop_d" --update
        D 'swapoff "$1"' "$loop_d"
    fi
    on source losetup -d "$loop_s"
    on dest losetup -d "$loop_d"
else
    echo "# no loop devices here: copies of devices are not tested"
fi

# --- neither is root, and sudo wants a password
if command -v sudo >/dev/null; then
    for h in source dest; do
        on $h sh -c 'useradd -m -s /bin/sh -d /srv/oper oper && echo oper:secret | chpasswd && mkdir -m 700 /srv/oper/.ssh &&
            cp /root/.ssh/authorized_keys /srv/oper/.ssh/ && chown -R oper: /srv/oper &&
            echo "oper ALL=(ALL) ALL" >/etc/sudoers.d/oper && chmod 440 /etc/sudoers.d/oper'
    done
    cp "$work/nodes" "$work/nodes.root"
    printf 'node-add source oper@%s.100\nnode-add dest oper@%s.102\n' "$subnet" "$subnet" >"$work/nodes"
    S 'head -c 20M /dev/urandom >by-sudo; chmod 600 by-sudo'
    words='a b'\''";$(touch pwned) -rf'
    run="local n = mig.node \"source\"; return n:run('id -un; echo \"<\$1>\"; input; exit \$2', [[$words]], 0, {input = [[$words]]}) .. n:run{'id', '-un'}"
    check "node:run: root's by sudo, the password asked for once" gives 0 "^root\r?\n<\Q$words\E>\r?\n\Q$words\Eroot" person -c "=(function() $run end)()"
    [ "$(grep -c 'sudo password' "$work/said")" = 1 ]
    verdict "node:run: once, and it was the password's own input that sudo read" $?
    expect "node:run: nobody to ask" 5 "sudo wants a password" -c 'lua mig.node "source":run{"true"}'
    expect "sudo with a password, nobody to ask" 5 "sudo wants a password.*hint: log in as root" disk-copy source:/mnt/t/by-sudo dest:/mnt/t/by-sudo
    check "sudo with a password: by relay, said aloud" gives 0 "source cannot send.*sudo wants a password.*through this machine.*copied.*relay" \
        person disk-copy source:/mnt/t/by-sudo dest:/mnt/t/by-sudo
    same "sudo with a password: the same" /mnt/t/by-sudo /mnt/t/by-sudo
    check "sudo with a password: --route direct" gives 7 "sudo wants a password.*--route relay.*asks for the password" \
        person disk-copy source:/mnt/t/by-sudo dest:/mnt/t/by-sudo2 --route direct
    D 'rm -f .by-sudo2.migsh-part'
    for h in source dest; do on $h sh -c 'echo "oper ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/oper'; done
    on source sh -c 'cp /root/.ssh/id_ed25519 /root/.ssh/known_hosts /srv/oper/.ssh/ && chown oper: /srv/oper/.ssh/*'
    expect "sudo without one: direct" 0 "copied.*direct" disk-copy source:/mnt/t/by-sudo dest:/mnt/t/by-sudo2 --route direct
    mv "$work/nodes.root" "$work/nodes"
else
    skip_one "sudo" "no sudo here"
fi

# --- volumes
for h in source dest; do on $h sh -c 'mkdir -p "/mnt/t/pool x"; virsh -q pool-define-as px dir --target "/mnt/t/pool x"; virsh -q pool-start px' >/dev/null; done
on source sh -c 'virsh -q vol-create-as px "v 1" 10M --format qcow2; qemu-io -c "write -P 7 1M 3M" "/mnt/t/pool x/v 1"' >/dev/null
expect "vol-copy" 0 "copied" vol-copy "v 1" dest --pool px --node source
same "vol-copy: the same" "/mnt/t/pool x/v 1" "/mnt/t/pool x/v 1"
expect "vol-copy: the pool knows it" 0 "v 1.*10.00 MiB" vol-list px --node dest --details
expect "vol-copy: it is there" 4 "already" vol-copy "v 1" dest px --node source
expect "vol-copy: under another name" 0 '"name": ?"v2"' --json vol-copy "v 1" dest px --node source --name v2
expect "vol-copy: no such pool there" 3 "pool-clone" vol-copy "v 1" dest px --node source --to-pool py
expect "vol-copy: no name" 2 "not a volume name" vol-copy "v 1" dest px --node source --name ../x
echo 'local r = mig.disk_copy{"source:/mnt/t/six", "dest:/mnt/t/lua", route = "relay"}; print(r.verified, r.size)' >"$work/t.lua"
chmod 644 "$work/t.lua"
expect "Lua" 0 "true\s+6291456" "$work/t.lua"

# --- a slow line: what is handed out at once takes longer than a stall may
S 'head -c 4M /dev/urandom >slow'
on source tc qdisc add dev eth0 root tbf rate 1mbit burst 32k latency 400ms
expect "slow: it is copied" 0 "copied" disk-copy source:/mnt/t/slow dest:/mnt/t/
on source tc qdisc del dev eth0 root
same "slow: it is the same" /mnt/t/slow /mnt/t/slow

# --- the frozen writers
noticed() { # FILE
    local status i
    for ((i = 0; i < 1200; i++)); do
        [ ! -s "$work/$1.status" ] || break
        sleep 0.1
    done
    status=$(cat "$work/$1.status")
    cp "$work/$1" "$work/out"
    [ "$status" = 8 ] && grep -q "no data for 25 s" "$work/out"
    verdict "$1: noticed" $? "status $status"
    grep -q "dest:/mnt/t/$1" "$work/out"
    verdict "$1: named" $?
}
noticed frozen
noticed frozenlast
writers -CONT
clean "the end" 2

finish
