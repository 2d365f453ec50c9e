# shellcheck shell=bash disable=SC2154,SC2016 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest's console on a terminal. It follows `share` to dest and back while that is migrated by somebody else.
migsh_line() { echo "'$here/lab' exec admin -- env XDG_STATE_HOME=/root/state '$migsh' -i '$work/nodes' $*"; }
# types STEP… -- ARGS…: migsh with these on a terminal of its own (lib/type.py).
types() {
    local steps=()
    while [ "$1" != -- ]; do
        steps+=("$1")
        shift
    done
    timeout 120 python3 "$here/lib/type.py" "${steps[@]}" -- bash -c "$(migsh_line "${@:2}")"
}
another() { echo "sh:python3 '$here/lib/type.py' $1 -- $(migsh_line "${@:2}")"; }
start_share() { lab guest start share && lab wait share; }
check "ssh NODE COMMAND" gives 0 '^source$' m ssh source 'uname -n'
check "ssh NODE WORD…: each as it is" gives 0 '^a  b;\$\(id\) -rf$' m ssh source printf '%s\n' 'a  b;$(id) -rf'
check "ssh NODE: the status is the command's" gives 3 '^gone$' m ssh source 'echo gone; exit 3'
check "ssh NODE: a login on the terminal, and the prompt is back" gives 0 'on source here.*running' \
    types 'wait:> ' 'type:ssh source\r' 'wait:# ' 'type:echo on $(uname -n) here; exit\r' 'wait:on source here' 'wait:migsh' \
    'type:domstate local1\r' 'wait:running.*> ' 'type:quit\r' --
check "a second guest, on shared storage" start_share
check "console: what is typed is heard; Ctrl-C is the guest's; the prompt is back" gives 0 "Connected to domain 'share'\nEscape character is \^\] \(Ctrl \+ \]\)\n.*heard: one\n" \
    types 'wait:> ' 'type:console share\r' 'wait:Escape' 'mode:raw' 'type:one\r' 'wait:heard: one' 'size:40' \
    'type:\x03\rtwo\r' 'wait:heard: two' 'type:\x1d' 'wait:> ' 'type:domstate share\r' 'wait:running.*> ' 'type:quit\r' --
check "console: nobody's is taken away, but by --force" \
    gives 10 "'share' was closed by source.*where it is running still" \
    types 'wait:Escape' "$(another "'wait:Active console session exists'" console share '; test $? = 1')" \
    "$(another "'wait:Escape' 'type:x'" console share --force --escape x)" -- console share
check "console: it follows the guest through a live migration, and back" \
    gives 0 'heard: here.*-- share runs on dest now --.*heard: there.*-- share runs on source now --.*heard: again' \
    types 'wait:Escape' 'type:here\r' 'wait:heard: here' "sh:$(migsh_line migrate --live --unsafe --persistent share dest)" \
    'wait:share runs on dest now' 'type:there\r' 'wait:heard: there' \
    "sh:$(migsh_line migrate --live --unsafe --persistent share source)" 'wait:runs on source now' 'type:again\r' \
    'wait:heard: again' 'type:\x1d' -- console share
check "console: the end of the guest is its end" gives 0 '-- share is shut off \(destroyed\) --' \
    types 'wait:Escape' "sh:$(migsh_line destroy share@source)" -- console share@source
check "start --console shows it from its first line on" gives 0 "Connected to domain 'share'.*lab: first" \
    types 'wait:Escape' 'wait:lab: first' 'type:\x1d' -- start share@source --console
check "… and it runs" [ "$(v domstate share)" = running ]
lab wait share && v suspend share >/dev/null
check "console --resume, left by the key that the program was told" \
    gives 0 'Escape character is \^Q.*heard: awake' types 'wait:Escape' 'type:awake\r' 'wait:heard: awake' 'type:\x11' -- -e '^q' console share --resume
check "ttyconsole" as_virsh ttyconsole share
undefined() { v undefine share >/dev/null && [ "$(v dominfo share | tr -d ' ' | grep Persistent)" = Persistent:no ]; }
check "the guest has no definition any more" undefined
check "console: the end of a transient guest is its end, too" gives 0 '-- share (has ended|is shut off \(destroyed\)) --' \
    types 'wait:Escape' "sh:$(migsh_line destroy share@source)" -- console share@source
# Whose host breaks off while another one is silent: what is not known is not "no".
check "share runs again" start_share
check "console: why it ended, and who does not answer" \
    gives 7 "the console of 'share' ended on source: .*; whether 'share' runs on dest is not known: " \
    types 'wait:Escape' "sh:'$here/lab' service dest libvirtd stop; '$here/lab' service source libvirtd stop" -- console share@source
lab service dest libvirtd start >/dev/null
lab service source libvirtd start >/dev/null
lab guest stop share >/dev/null
