# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # run.sh has them
# What recipes' tools say where they cannot find out: never "it is not there". Here, with stand-ins for the programs
# they ask. Sourced by run.sh only.
bin=$dir/bin
tools=$here/../../scripts/tools
mkdir -p "$bin" "$dir/tpm"
# says WHAT STATUS PATTERN TOOL ARG…: as a node runs it; PATTERN is about all its output, lines joined by ~.
says() {
    local what=$1 status=$2 pattern=$3 tool=$4 got=0 said
    shift 4
    said=$(PATH="$bin:$PATH" sh -c "$(cat "$here/../../shell/core/node/tools/ask_prelude.sh" "$tools/$tool.sh")" migsh "$@" 2>&1) || got=$?
    said=$(tail -n +3 <<<"$said" | tr '\n' '~')
    [[ $got == "$status" && $said =~ $pattern ]]
    report $? "$tool: $what" "status $got, wanted $status; output: $said"
}
stand_in() { printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1" && chmod 755 "$bin/$1"; }

stand_in timeout 'exit 124'
echo x >"$dir/tpm/file"
says "who has it open is not known: no answer" 1 'could not be found out' file_users "$dir/tpm/file" "$(stat -c %i "$dir/tpm/file")" here ext2/ext3 '' ''
rm "$bin/timeout"
exec 7<"$dir/tpm/file"
says "who has it open" 0 "open $$ bash~" file_users "$dir/tpm/file" "$(stat -c %i "$dir/tpm/file")" here ext2/ext3 '' ''
own=6d696773-6800-4c41-8000-0000000000aa
mkfifo "$dir/fifo"
bash -c 'read -r line' "$own" <>"$dir/fifo" 7<"$dir/tpm/file" &
holder=$!
until grep -F "$own" "/proc/$holder/cmdline" >/dev/null; do sleep 0.05; done
exec 7<&-
says "what the guest itself has open does not count" 0 '^$' file_users "$dir/tpm/file" "$(stat -c %i "$dir/tpm/file")" here ext2/ext3 '' "$own"
says "... unless another one is asked for" 0 'open [0-9]+ bash~$' file_users "$dir/tpm/file" "$(stat -c %i "$dir/tpm/file")" here ext2/ext3 '' "${own%aa}bb"
kill "$holder"
wait "$holder" 2>/dev/null

long=$dir/$(printf 'x%.0s' {1..300})
says "nothing has that name" 0 '^none~$' file_stat "$dir/nosuch"
says "nor below what is not a directory" 0 '^none~$' file_stat "$dir/tpm/file/x"
says "what the system cannot say is not 'none'" 1 'too long' file_stat "$long"
says "a link that leads nowhere" 0 '^no~$' file_exists "$(ln -s nosuch "$dir/link" && echo "$dir/link")"
says "what the system cannot say is not 'no'" 1 'too long' file_exists "$long"
says "a directory as text" 0 '^[A-Za-z0-9+/=~]+$' tpm_pack "$dir/tpm"
says "an archive that tar cannot finish is none" 1 'tar: ' tpm_pack "$dir/nosuch"
says "what is not there yet" 0 '^2~$' dir_missing "$dir/one/two"
mkdir -p "$dir/one/two"
echo x >"$dir/one/kept"
says "one that is not empty stays, and is named" 0 'one.*not empty' dirs_remove "$dir/one/two" "$dir/one"
says "nothing is left where nothing is" 0 '^$' stage_list "$dir/nosuch" .migsh-
mkdir "$dir/left"
touch "$dir/left/"{.migsh-1,a.migsh-1,a.kept-0f,b}
says "what begins like that" 0 '^\.migsh-1~$' stage_list "$dir/left" .migsh-
says "what has that in its name" 0 '^a\.kept-0f~$' stage_list "$dir/left" '' .kept-

says "nobody here runs that guest" 0 '^none~$' guest_resident "$own"
perl -e '$| = 1; my $m; vec($m, (150 << 20) - 1, 8) = 1; print "ready\n"; sleep 60' -- -uuid "$own" >"$dir/guest" 2>/dev/null &
holder=$!
until grep -q ready "$dir/guest"; do sleep 0.05; done
says "what a guest has of 128 MiB and more in one piece" 0 '^1[5-9][0-9]{4}~$' guest_resident "$own"
kill "$holder"
wait "$holder" 2>/dev/null

# streams WHAT PATTERN TOKEN: stream_send with that token to a stream_receive that wants "ours"; what the latter says.
streams() {
    local port=$((20000 + RANDOM % 10000)) said
    sh "$tools/stream_send.sh" 127.0.0.1 "$port" "$3" 5 >"$dir/sent" 2>&1 &
    said=$(sh "$tools/stream_receive.sh" "$port" ours 3 2>&1 | tr '\n' '~')
    [[ $said =~ $2 ]] && [ -z "$(ss -Hltn "sport = :$port")" ]
    report $? "stream_receive: $1" "said: $said; the sender: $(cat "$dir/sent")"
    wait $!
}
streams "counts for a second what comes, and closes its port" '^[0-9]{7,} [0-9]+~$' ours
streams "a stranger's does not count" '^nothing came within 3 s~$' other
says "nobody listens" 1 'Connection refused' stream_send 127.0.0.1 9 ours 1
says "a host that is not there" 1 'nosuch.invalid: ' stream_send nosuch.invalid 9 ours 1
