# shellcheck shell=bash
# verify and audit over nodes of the test driver: what they find, say and refuse, as text, JSON and from Lua.
host() { # host FILE NAME UUID [XML]: a node of one domain, which runs
    printf '<node><domain type="test"><name>%s</name><uuid>%s</uuid><memory>1024</memory><os><type>hvm</type></os>%s</domain></node>\n' \
        "$2" "$3" "${4:-}" >"$TMP/$1.xml"
    echo "node-add $1 --uri test://$TMP/$1.xml"
}
i="$TMP/nodes"
a() { "$MIGSH" -i "$i" "$@" 2>&1; echo "[$?]"; }
disk() { echo "<devices><disk type='file'><source file='$TMP/$1'/><target dev='vda'/>${2:-}</disk></devices>"; }
moved() { echo "<metadata><m:migration xmlns:m='urn:migsh:migration' role='moved' journal='j' node='$1'/></metadata>"; }
u=11111111-1111-4111-8111-111111111111 v=22222222-2222-4222-8222-222222222222
truncate -s 1M "$TMP/a.img"

echo "--- one guest"
host one web $u "$(disk a.img)" >"$i"
chmod 600 "$i"
a audit
a verify web
a verify web@one
a --json verify $u
a -c '=mig.verify{"web"}.verdict'

echo "--- twice"
{ host one web $u "$(disk a.img)"; host two web-2 $u "$(disk a.img)"; host three web $v; } >"$i"
a audit
a --json audit
a -c '=mig.audit{node = "one"}.verdict'
a verify web-2
a verify web
a verify web@one
echo "--- off"
a -c 'destroy web@one; audit'
a -c 'destroy web@one; destroy web-2@two; autostart web@one; autostart web-2@two; audit'
a -c 'destroy web@one; destroy web-2@two; verify web-2'

echo "--- a node that does not answer, and a mark"
{ host one web $u "$(moved four)$(disk a.img)"; host two 'a;b c' $v "$(moved dead)$(disk no.img)"
    echo "node-add dead --uri qemu+unix:///system?socket=/nosuch/sock"; } >"$i"
a audit
a -c 'destroy web@one; destroy "a;b c@two"; audit'
a -c 'destroy web@one; destroy "a;b c@two"; audit --node one'
a verify web
a verify 'a;b c@two'

echo "--- journals"
host one web $u >"$i"
a -c 'lua j = mig.journal_begin("cold-migrate", {workflow = true, domain = "web", uuid = "'$u'", dest = "one"}); j:intent("x", {}); j:release()'
a audit | sed -E 's/20[0-9.-]+-cold-migrate-[0-9a-f]+/ID/g'
a verify web | sed -E 's/20[0-9.-]+-cold-migrate-[0-9a-f]+/ID/g'

echo "--- journals of commands that make something so: one that was done since makes up for the one before"
rm -r "$XDG_STATE_HOME/migsh/journal"
a -c 'lua j = mig.journal_begin("hosts-sync", {}); j:intent("x", {}); j:release()'
a audit | sed -E 's/20[0-9.-]+-hosts-sync-[0-9a-f]+/ID/g'
a -c 'lua j = mig.journal_begin("hosts-sync", {}); j:outcome(j:intent("x", {}), "done"); j:finish("done"); j:close()'
a audit

echo "--- words"
a verify
a verify nosuch
a verify nosuch@one
a audit --node nosuch
a audit one
a audit --nope
: >"$i"
a audit
a help verify
a help audit
