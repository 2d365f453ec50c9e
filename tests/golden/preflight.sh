# shellcheck shell=bash
# preflight-facts over the test driver: which sections there are, which are missing and why; what it refuses; and that
# a guest more costs its own calls alone. What the node itself tells is this machine's, and left out.
guest() { printf "<domain type='test'><name>%s</name><memory>1024</memory><os><type arch='i686'>hvm</type></os><devices>
<disk type='file'><source file='/old/%s.img'/><target dev='vda'/></disk>
<disk type='file' device='cdrom'><target dev='hda'/><readonly/></disk>
<disk type='network'><source protocol='rbd' name='pool/image'><host name='h'/></source><target dev='vdb'/></disk>
</devices></domain>" "$1" "$1"; }
{ echo '<node>'; guest a; guest b; guest c; echo '</node>'; } >one.xml
echo '<node></node>' >two.xml
printf 'node-add %s\n' "one --uri test://$PWD/one.xml" "two --uri test://$PWD/two.xml" >nodes
chmod 600 nodes
f() { "$MIGSH" -i nodes preflight-facts "$@"; }
shape() { jq -c "$1"; }
# calls DOMAIN[,…]: of the command, to all hosts.
calls() { "$MIGSH" -i nodes --json --timing preflight-facts "$1" two --no-proof | jq 'select(.event == "timing").calls' 2>/dev/null; }

f a@one two --no-proof --ask-qemu --map path=/old:/new >facts
shape '.guests[] | keys_unsorted - ["uuid"]' <facts
shape '.guests[] | del(.uuid, .xml, .inactive, .files)' <facts
shape '.guests[].files[] | [.kind, .target, .type, .path, .name]' <facts
shape '.guests[] | [.xml, .inactive] | map(test("/old/a.img"))' <facts
shape '.hosts | to_entries[] | [.key, (.value | keys_unsorted | map(select(IN("look", "clock", "missing") | not)))]' <facts
shape '.hosts | to_entries[] | [.key, (.value.machines[]? | [.emulator, .arch, .machine, .virttype])]' <facts
shape '.hosts[].missing | del(.look, .clock) | keys' <facts
shape '.pairs[] | del(.guest)' <facts
f a@one,b one,two --no-proof | shape '[.guests[].name], (.hosts | keys), [.pairs[] | .dest]'
f a,c@one two --no-proof | shape '[.guests[].name]'
f a@one two --only-disks | shape '(.guests[] | has("xml", "files")), .hosts, (.pairs[] | keys)'
f a@one two --only-disks --no-proof
one=$(calls a) two=$(calls a,b) three=$(calls a,b,c)
echo "a guest more: $([ $((three - two)) = $((two - one)) ] && echo 'always the same number of calls'), $([ $((two - one)) -lt $((2 * one - two)) ] && echo 'and fewer than the hosts cost')"
f nosuch@one two
f a@one nosuch
f a@one
f , two
f a@one two --map path=/old
f a@one two --no-proof >/dev/null
"$MIGSH" -i nodes -C test:///default preflight-facts test two
"$MIGSH" -i nodes -c '=#mig.preflight_facts{domain = {"a@one", "b@one"}, dest = {"two"}, no_proof = true}.pairs'
# One that nobody has yet: by its description alone.
"$MIGSH" -i nodes dumpxml a@one >new.xml
f --xml new.xml --dest two | shape '[.guests[0].name, .guests[0].state, (.guests[0] | has("node", "files")), (.hosts | keys), (.pairs[] | has("ports"))]'
echo '<domain/>' >empty.xml
f --xml empty.xml --dest two
f --xml new.xml
# And the judgement of it all, on what the test driver has.
"$MIGSH" -i nodes preflight a@one two --mode cold >judged
echo "[$?] $(head -n 1 judged)"
grep -c 'not checked' judged
"$MIGSH" -i nodes preflight a@one one
"$MIGSH" -i nodes preflight a@one
"$MIGSH" -i nodes preflight a@one two --ignore nosuch
"$MIGSH" -i nodes --json preflight a@one two --mode cold | head -n 1 | jq -c '[.domain, .source, .dest, .mode, .verdict, (.findings | length > 30), (.not_checked | length > 5)]'
"$MIGSH" -i nodes targets a@one --mode cold | sed -n '1p; 3s/  .*//p'
"$MIGSH" -i nodes -c '=#mig.preflight{list_checks = true} > 70'
