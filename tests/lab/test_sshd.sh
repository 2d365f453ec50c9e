#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# io/remote against real sshds: host keys, every way to log in, jump hosts, commands, frozen and refusing peers.
# Runs in namespaces of its own (mount, net, pid): nothing of it is seen outside, nothing is left behind, and the
# password files, root's home and PAM's rules are private copies. Prints "ok N - …"; exit 77 where that is not possible.
#     tests/lab/test_sshd.sh [remote_driver [migsh]]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
driver=${1:-$here/../../build-asan/tests/lab/remote_driver}
migsh=${2:-${MIGSH:-$here/../../build-asan/shell/migsh}}

if [ "${SSHD_TEST_INSIDE:-}" != 1 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "skipped: needs root"
        exit 77
    fi
    if ! unshare --mount --net --pid --fork --mount-proc true 2>/dev/null; then
        echo "skipped: namespaces are refused here"
        exit 77
    fi
    [ -x "$driver" ] || { echo "no driver at $driver: build first"; exit 1; }
    driver=$(realpath "$driver")
    migsh=$(realpath "$migsh")
    export SSHD_TEST_INSIDE=1
    exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$(realpath "$0")" "$driver" "$migsh"
fi

# --- the private world
ip link set lo up
dir=/run/sshd-test
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd "$dir/root/.ssh" "$dir/home"
chmod 700 "$dir/root" "$dir/root/.ssh"
mount --bind "$dir/root" /root
export HOME=/root SHELL=/bin/sh
unset SSH_AUTH_SOCK
cp /etc/passwd /etc/shadow "$dir/"
echo "tester:x:4711:4711::$dir/home:/bin/sh" >>"$dir/passwd"
echo "tester:$(openssl passwd -6 'pass word'):19000:0:99999:7:::" >>"$dir/shadow"
chmod 644 "$dir/passwd"
chmod 640 "$dir/shadow"
chown 4711:4711 "$dir/home"
mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/shadow" /etc/shadow
printf 'auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >"$dir/pam"
mount --bind "$dir/pam" /etc/pam.d/sshd

cd "$dir"
for k in ed25519 rsa ecdsa; do
    ssh-keygen -q -t "$k" -N '' -f "host_$k" -C ''
    ssh-keygen -q -t "$k" -N '' -f "other_$k" -C ''
done
ssh-keygen -q -t ed25519 -N '' -f client -C client
ssh-keygen -q -t ed25519 -N '' -f stranger -C stranger
ssh-keygen -q -t rsa -b 2048 -N 'sesame' -f locked -C locked
cat client.pub locked.pub >authorized_keys

# server NAME ADDRESS [sshd_config line…]: its log is NAME.log, its pid NAME.pid
server() {
    local name=$1 address=$2
    shift 2
    {
        printf '%s\n' "ListenAddress $address" "PidFile $dir/$name.pid" "AuthorizedKeysFile $dir/authorized_keys" \
            "StrictModes no" "PermitRootLogin yes" "LogLevel VERBOSE" "$@"
        # The first value wins in sshd_config, so the defaults of these tests come last.
        printf '%s\n' "Port 22" "UsePAM no" "PasswordAuthentication no" "KbdInteractiveAuthentication no"
    } >"$name.conf"
    grep -q '^HostKey' "$name.conf" || printf 'HostKey %s\n' "$dir/host_ed25519" "$dir/host_rsa" >>"$name.conf"
    /usr/sbin/sshd -f "$dir/$name.conf" -E "$dir/$name.log"
}
server key 127.0.0.11
server password 127.0.0.12 "PasswordAuthentication yes" "PubkeyAuthentication no"
server kbdint 127.0.0.13 "UsePAM yes" "KbdInteractiveAuthentication yes" "PubkeyAuthentication no"
server rsa 127.0.0.14 "HostKey $dir/host_rsa"
server port 127.0.0.15 "Port 2222"
server both 127.0.0.16 "AuthenticationMethods publickey,password" "PasswordAuthentication yes"
server frozen 127.0.0.17
server full 127.0.0.18 "MaxStartups 1:100:1" "LoginGraceTime 20"
server many 127.0.0.19 "MaxStartups 5:100:5"
for name in key password kbdint rsa port both frozen full many; do
    for _ in $(seq 100); do [ -s "$name.pid" ] && break; sleep 0.05; done
done

cat >config <<CONF
Host jumped
    HostName 127.0.0.15
    Port 2222
    ProxyJump 127.0.0.11
Host jumped2
    HostName 127.0.0.15
    Port 2222
    ProxyJump root@127.0.0.14,127.0.0.11:22
Host loop
    ProxyJump loop
Host via-command
    HostName 127.0.0.15
    Port 2222
    ProxyCommand bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3; kill %%1'
Host closed-behind
    HostName 127.0.0.15
    Port 9
    ProxyJump 127.0.0.11
Host trusting
    HostName 127.0.0.11
    StrictHostKeyChecking no
    UserKnownHostsFile $dir/known_trusting
Host locked
    HostName 127.0.0.11
    IdentityFile $dir/locked
    UserKnownHostsFile $dir/known_hosts
    GlobalKnownHostsFile /dev/null
Match originalhost only-stranger
    HostName 127.0.0.11
    IdentityFile $dir/stranger
    IdentitiesOnly yes
Host agent-only
    HostName 127.0.0.11
    IdentityFile $dir/client.away.pub
    IdentitiesOnly yes
Host * !only-stranger !agent-only
    IdentityFile $dir/client
Host *
    UserKnownHostsFile $dir/known_hosts
    GlobalKnownHostsFile $dir/global_known_hosts
CONF

work=$dir
# shellcheck source=tests/lab/lib/tap.sh
. "$here/lib/tap.sh"
# result NAME OK [details]: 1 is good
result() {
    local bad=1
    [ "$2" != 1 ] || bad=0
    verdict "$1" $bad "${3:-}"
}
# expect NAME STATUS PATTERN ARGS…: runs the driver, compares its status, and its output with a Perl regex (^ and $ mean
# lines)
expect() {
    local name=$1 status=$2 pattern=$3 got=0
    shift 3
    "$driver" -F "$dir/config" "$@" >out 2>&1 </dev/null || got=$?
    if [ "$got" = "$status" ] && grep -qzP -- "(?ms)$pattern" out; then
        result "$name" 1
    else
        result "$name" 0 "status $got, wanted $status; wanted /$pattern/ in: $(cat out)"
    fi
}
millis() { date +%s%3N; }
# within NAME MS: the time since $since
within() {
    local took=$(($(millis) - since))
    result "$1 (within $2 ms)" "$((took <= $2))" "took $took ms"
}
fingerprint() { ssh-keygen -l -f "$1" | cut -d' ' -f2; }
literal() { printf '\\Q%s\\E' "$1"; }
AUTH=105 HOSTKEY=106 UNREACHABLE=107 TIMEOUT=108 CANCELLED=230 USAGE=102

# --- host keys
expect "an unknown key is refused, its fingerprint shown" $HOSTKEY "$(literal "$(fingerprint host_ed25519)")" 127.0.0.11 true
result "and nothing is written down" "$([ ! -e known_hosts ] && echo 1 || echo 0)"
expect "also under StrictHostKeyChecking no" $HOSTKEY "not known" trusting true
expect "a person's no refuses it" $HOSTKEY "asked\[2\].*$(literal "$(fingerprint host_ed25519)").*not known" -a no 127.0.0.11 true
expect "a wrong pin refuses it without a question" $HOSTKEY "is pinned" -f SHA256:AAAA -a yes 127.0.0.11 true
expect "a right pin accepts it" 0 "^hello" -f "$(fingerprint host_ed25519)" 127.0.0.11 "echo hello"
result "and the key is written down, mode 0600" \
    "$([ "$(stat -c %a known_hosts)" = 600 ] && grep -q '^127.0.0.11 ssh-ed25519 AAAA' known_hosts && echo 1 || echo 0)"
expect "the second time nobody is asked" 0 "^hello" 127.0.0.11 "echo hello"
printf '# no newline at the end' >>known_hosts
expect "a person's yes accepts another host" 0 "asked\[2\]" -a yes -p 2222 127.0.0.15 true
result "on a line of its own, with the port" "$(grep -c '^\[127.0.0.15\]:2222 ssh-ed25519 ' known_hosts)" "$(cat known_hosts)"
expect "a server with only an RSA key" 0 "^rsa" -a yes 127.0.0.14 "echo rsa"
cp known_hosts good_hosts

echo "127.0.0.11 $(cut -d' ' -f1,2 other_ed25519.pub)" >known_hosts
expect "a changed key is refused, with file and line" $HOSTKEY "HAS CHANGED.*known_hosts line 1" -a yes 127.0.0.11 true
result "without a question" "$(grep -c asked out | sed 's/0/1/;t;s/.*/0/')"
cp known_hosts known_trusting
expect "a changed key is refused under StrictHostKeyChecking no" $HOSTKEY "HAS CHANGED" -a yes trusting true
expect "and under a pin" $HOSTKEY "HAS CHANGED" -f "$(fingerprint host_ed25519)" 127.0.0.11 true
expect "a changed key of a jump host is refused" $HOSTKEY "jump host 127.0.0.11.*HAS CHANGED" -a yes -a yes jumped true
echo "127.0.0.14 $(cut -d' ' -f1,2 host_ed25519.pub)" >known_hosts
expect "a key of another type than the known one is refused" $HOSTKEY "type that is not the known one" -a yes 127.0.0.14 true
{
    echo "127.0.0.11 $(cut -d' ' -f1,2 host_ed25519.pub)"
    echo "@revoked * $(cut -d' ' -f1,2 host_ed25519.pub)"
} >known_hosts
expect "a revoked key is refused though it is also known" $HOSTKEY "revoked.*line 2" -a yes 127.0.0.11 true
echo "127.0.0.11 $(cut -d' ' -f1,2 host_rsa.pub)" >known_hosts
expect "of several keys the known type is asked for" 0 "^ok" 127.0.0.11 "echo ok"
ssh-keygen -q -H -f known_hosts >/dev/null 2>&1
rm -f known_hosts.old
expect "hashed names are understood" 0 "^ok" 127.0.0.11 "echo ok"
rm known_hosts
echo "127.0.0.1* $(cut -d' ' -f1,2 host_ed25519.pub)" >global_known_hosts
expect "the global file and patterns count" 0 "^ok" 127.0.0.11 "echo ok"
rm global_known_hosts
mkdir known_hosts
expect "an unreadable known_hosts trusts nobody" 113 "known_hosts" -a yes 127.0.0.11 true
rmdir known_hosts
ssh-keyscan -t ed25519 127.0.0.{11,12,13,16,17,18,19} >known_hosts 2>/dev/null
cat good_hosts >>known_hosts

# --- ways in
expect "a key file" 0 "^tester" -l tester 127.0.0.11 "id -un"
expect "a key nobody knows: what was tried, and a hint" $AUTH "login refused.*stranger.*authorized_keys" only-stranger true
expect "a passphrase is asked for" 0 "asked\[1\]: Passphrase for .*locked.*in$" -a sesame locked "echo in"
expect "a wrong passphrase thrice, then the next key" 0 "Wrong. Passphrase" -a x -a y -a z locked true
expect "a password" 0 "asked\[1\]: Password of tester@127.0.0.12.*^tester" -a "pass word" -l tester 127.0.0.12 "id -un"
expect "a wrong password, then the right one" 0 "Wrong. Password" -a x -a "pass word" -l tester 127.0.0.12 true
expect "wrong passwords only" $AUTH "login refused" -a x -a y -a z -l tester 127.0.0.12 true
expect "nobody to ask" $AUTH "nobody to ask" -l tester 127.0.0.12 true
expect "keyboard-interactive" 0 "asked\[1\]: tester@127.0.0.13 asks:\n.*Password.*tester" -a "pass word" -l tester 127.0.0.13 "id -un"
expect "keyboard-interactive, wrong" $AUTH "login refused" -a x -a y -a z -l tester 127.0.0.13 true
expect "key and password, one after the other" 0 "Password of tester.*in" -a "pass word" -l tester 127.0.0.16 "echo in"
result "no secret is left in the logs" "$(grep -l 'pass word' ./*.log | wc -l | sed 's/^0$/1/;t;s/.*/0/')"
eval "$(ssh-agent -s)" >/dev/null
ssh-add -q client 2>/dev/null
mv client client.away
expect "the agent's key" 0 "^agent" 127.0.0.11 "echo agent"
expect "IdentitiesOnly hides the agent's other keys" $AUTH "tried: agent \(0 keys\), .*stranger" only-stranger true
cp client.pub client.away.pub
expect "IdentitiesOnly with the agent's key" 0 "^agent" agent-only "echo agent"
since=$(millis)
kill -STOP "$SSH_AGENT_PID"
expect "a frozen agent does not hang a cancelled login" $CANCELLED "cancelled" -c 500 127.0.0.11 true
within "a frozen agent" 3000
since=$(millis)
expect "nor any login" $AUTH "agent" -s 2000 127.0.0.11 true
within "a frozen agent" 15000
kill -CONT "$SSH_AGENT_PID"
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK
mv client.away client
chmod 644 client
expect "a private key others can read is not used" $AUTH "others can read it" 127.0.0.11 true
chmod 600 client

# --- ways there
before=$(grep -c '^Accepted publickey' key.log)
expect "ProxyJump" 0 "^127.0.0.15 2222" jumped "echo \$SSH_CONNECTION | cut -d' ' -f3,4"
result "went through the jump host, once" "$(($(grep -c '^Accepted publickey' key.log) - before == 1))" "$before, now $(grep -c '^Accepted publickey' key.log)"
expect "ProxyJump over two hosts" 0 "^far" jumped2 "echo far"
expect "a ProxyJump circle" $USAGE "circle" loop true
expect "a closed port behind a jump host" $UNREACHABLE "127.0.0.11 cannot connect to 127.0.0.15 port 9" closed-behind true
expect "ProxyCommand" 0 "^far" via-command "echo far"
expect "a closed port" $UNREACHABLE "cannot reach 127.0.0.11 port 9: Connection refused.*hint" -p 9 127.0.0.11 true
expect "a name nobody knows" $UNREACHABLE "name-of-nobody" name-of-nobody.invalid true
since=$(millis)
expect "no route" $UNREACHABLE "cannot reach 192.0.2.1" 192.0.2.1 true
within "no route" 2000
chmod 666 config
expect "a config others can write is refused" 109 "written by others" 127.0.0.11 true
chmod 600 config

# --- commands
expect "stdout, stderr and the exit status" 7 "^(out|err){2}" 127.0.0.11 "printf out; printf err >&2; exit 7"
expect "death by a signal" 143 "signal TERM" 127.0.0.11 'kill -TERM $$'
expect "one connection carries many commands" 0 "a.a.a" -n 3 127.0.0.11 "echo a"
head -c 30000000 /dev/urandom >blob
"$driver" -F config -i 127.0.0.11 cat <blob >blob.back
result "30 MB there and back" "$(cmp -s blob blob.back && echo 1 || echo 0)"
got=0
timeout 20 "$driver" -F config -i 127.0.0.11 "head -c 5; exit 3" <blob >out 2>&1 || got=$?
result "a command that does not read its input" "$((got == 3))" "status $got: $(head -c 300 out)"
got=0
timeout 20 "$driver" -F config -i 127.0.0.11 "cat >/dev/full" <blob >out 2>&1 || got=$?
result "a command that fails while it is fed" "$((got == 1))" "status $got: $(head -c 300 out)"
expect "too much output is an error" 101 "printed more than" 127.0.0.11 "head -c 70000000 /dev/zero"
expect "and the session survives it" 101 "usable yes" 127.0.0.11 "head -c 70000000 /dev/zero"
hostile=$'\'; touch /run/sshd-test/pwned; $(touch pwned) `touch pwned` "\\\n-rf \e[2J'
"$driver" -F config -q 127.0.0.11 printf '%s' "$hostile" >out
result "hostile words arrive as data" "$([ "$(cat out; echo x)" = "${hostile}x" ] && [ ! -e pwned ] && echo 1 || echo 0)" "$(cat -v out)"

# --- a shell that is kept
expect "kept shell: each script in a subshell of one shell" 4 "^(\\d+) 1 /tmp\nbye\n\\1 1 /tmp\nbye\n\\1 1 /tmp\nbye\n" -k "cd / && exec sh" -n 3 \
    127.0.0.11 'x=$((x + 1)); cd /tmp; trap "echo bye" EXIT; echo "$$ $x $PWD"; exit 4'
expect "kept shell: stdout, stderr and the exit status, no stdin" 7 "^(out|err){2}" -k "exec sh" 127.0.0.11 "printf out; printf err >&2; cat; exit 7"
expect "kept shell: one that dies is replaced" 137 "^(\\d+)\n(signal KILL\n)?(?!\\1\n)\\d+\n" -k "exec sh" -n 2 127.0.0.11 'echo $$; kill -KILL $$'
expect "kept shell: not to be had" 119 "^no$" -k "echo no; exit 119" 127.0.0.11 "echo never"
expect "kept shell: too much output, and the session survives" 101 "usable yes.*printed more than" -k "exec sh" 127.0.0.11 "head -c 70000000 /dev/zero"
since=$(millis)
expect "kept shell: cancel" $CANCELLED "usable yes" -k "exec sh" -c 2000 -l tester 127.0.0.11 "sleep 4243"
within "kept shell: cancel" 6000
"$driver" -F config -k "exec sh" 127.0.0.11 "base64 $PWD/blob" | base64 -d >blob.back
result "kept shell: 40 MB come back" "$(cmp -s blob blob.back && echo 1 || echo 0)"

# --- ends
since=$(millis)
expect "cancel ends a command" $CANCELLED "usable yes" -c 2000 -l tester 127.0.0.11 "exec sleep 4242"
within "cancel" 6000
sleep 0.3
result "and the process at the far side (not root's)" "$(pgrep -f '^sleep 4242' >/dev/null && echo 0 || echo 1)"
"$driver" -F config -s 1500 127.0.0.17 "sleep 30" >out 2>&1 &
pid=$!
sleep 1
since=$(millis)
mapfile -t sessions < <(pgrep -f 'sshd: root')
for p in "${sessions[@]}"; do kill -STOP "$p"; done
got=0
wait $pid || got=$?
result "a peer frozen during a command is noticed" "$([ $got = $TIMEOUT ] && grep -q 'silent for' out && echo 1 || echo 0)" "$got $(cat out)"
within "a frozen peer" 6000
for p in "${sessions[@]}"; do kill -KILL "$p"; done
kill -STOP "$(cat frozen.pid)"
since=$(millis)
expect "a frozen listener" $TIMEOUT "timed out.*key exchange" -s 1500 127.0.0.17 true
within "a frozen listener" 4000
since=$(millis)
expect "cancel while it is frozen" $CANCELLED "cancelled" -c 300 127.0.0.17 true
within "cancel" 2000
kill -CONT "$(cat frozen.pid)"
"$driver" -F config 127.0.0.17 "sleep 30" >out 2>&1 &
pid=$!
for _ in $(seq 100); do
    ! pgrep -f 'sshd: root' >/dev/null || break
    sleep 0.1
done
sleep 0.7 # for the login, whose process has that name, too
pgrep -f 'sshd: root' | xargs -r kill -KILL || true
got=0
wait $pid || got=$?
result "a peer that dies during a command" "$([ $got = $UNREACHABLE ] && grep -q 'connection lost' out && echo 1 || echo 0)" "$got $(cat out)"
exec 9<>/dev/tcp/127.0.0.18/22 # takes the one place before login
sleep 0.2
expect "a server that is full (MaxStartups)" $UNREACHABLE "connection lost|closed" 127.0.0.18 true
exec 9>&-
pids=()
for i in $(seq 16); do
    "$driver" -F config 127.0.0.19 "sleep 0.2; echo in" >"many.$i" 2>&1 &
    pids+=($!)
done
for p in "${pids[@]}"; do wait "$p" || true; done
result "16 logins at once to a server that takes 5: all get in" "$(($(cat many.* | grep -c '^in$') == 16))" \
    "$(cat many.*; grep -c 'past MaxStartups' many.log || true)"

# --- migsh exec and node-test
mkdir -p /root/.ssh
cp config /root/.ssh/config
chmod 600 /root/.ssh/config
cat >nodes <<NODES
node-add one root@127.0.0.11
node-add two tester@127.0.0.11
node-add rsa root@127.0.0.14 --role storage
node-add stranger root@127.0.0.11 --fingerprint SHA256:AAAA
node-add gone root@127.0.0.11 --port 9
NODES
# shell NAME STATUS PATTERN ARGS…: runs migsh; its stdout is in out, its stderr in errors, the pattern is for both
shell() {
    local name=$1 status=$2 pattern=$3 got=0
    shift 3
    "$migsh" -i "$dir/nodes" "$@" >out 2>errors </dev/null || got=$?
    if [ "$got" = "$status" ] && cat out errors | grep -zP -- "(?ms)$pattern" >/dev/null; then
        result "$name" 1
    else
        result "$name" 0 "status $got, wanted $status; wanted /$pattern/ in: $(cat out errors)"
    fi
}
shell "exec: stdout and the exit status of one node" 7 "^out$" exec one -- "echo out; echo err >&2; exit 7"
result "exec: stdout apart from stderr" "$([ "$(cat out)" = out ] && [ "$(cat errors)" = err ] && echo 1 || echo 0)" "$(cat out errors)"
shell "exec: two nodes, each line with its node" 0 "^one: root\n(one: x\n)two: tester\ntwo: x" exec one,two -- "id -un; echo x"
shell "exec: a failing node does not stop the other" 3 "^two: stderr: no$" exec one,two -- '[ $(id -un) = root ] || { echo no >&2; exit 3; }'
shell "exec: a node that cannot be reached, by name" 7 "^one: hi$.*error: gone: cannot reach 127.0.0.11 port 9" exec one,gone -- "echo hi"
shell "exec: words arrive literally" 0 "^<a b><[$]\(id\)><'><>$" exec one -- printf '<%s><%s><%s><%s>\n' 'a b' '$(id)' "'" ''
shell "exec: into a file, bytes stay as they are" 0 '^\x1b\[31mred$' exec one -- 'printf "\033[31mred\n"'
shell "exec --json" 3 '^\[\{"node": ?"one", ?"status": ?3, ?"stdout": ?"o\\n", ?"stderr": ?"e\\n"\}\]$' --json exec one -- "echo o; echo e >&2; exit 3"
shell "exec: a timeout" 8 "timed out" exec one --timeout 500ms -- "exec sleep 20"
shell "exec: a pinned key that is not the server's" 6 "is pinned" exec stranger -- true
before=$(grep -c '^Accepted publickey' key.log)
shell "several commands" 0 "a.b.c" -c "exec one -- echo a; exec one -- echo b; exec one -- echo c"
result "use one connection" "$(($(grep -c '^Accepted publickey' key.log) - before == 1))"
shell "a connection that died while it was idle is replaced" 0 "back" -c \
    "exec one -- '(sleep 0.4; kill -9 \$PPID) >/dev/null 2>&1 &'; exec rsa -- sleep 1; exec one -- echo back"
"$migsh" -i nodes exec two -- "exec sleep 4243" >out 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do pgrep -f '^sleep 4243' >/dev/null && break; sleep 0.1; done
since=$(millis)
kill -TERM $pid # as Ctrl-C, which background processes ignore
wait $pid && got=0 || got=$?
result "exec: cancelling it" "$((got == 143 || got == 130))" "$got $(cat out)"
within "exec: cancelling it" 3000
sleep 0.3
result "and the command at the far side has ended" "$(pgrep -f '^sleep 4243' >/dev/null && echo 0 || echo 1)" "$(cat out)"
shell "node-test of a storage node: ssh only" 0 "rsa +ssh +pass +[0-9.]+ +SSH-2.0-OpenSSH" node-test rsa
shell "node-test: a table of every transport" 7 "one +ssh +pass.*one +qemu\+ssh +fail.*qemu\+libssh +fail.*qemu\+tcp +fail.*refused.*qemu\+tls +fail" node-test one
shell "node-test: a node that is not there" 7 "gone +ssh +fail.*not reached: gone \(ssh\)" node-test gone --timeout 3s

finish
