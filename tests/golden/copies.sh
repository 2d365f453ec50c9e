# shellcheck shell=bash
# Never two running copies of a guest: start, create and resume look at the other hosts of the inventory. The test
# driver's domains of a file run from the beginning, so what is looked for elsewhere is always active there.
host() { # host FILE NAME UUID [XML]: a node of one domain
    printf '<node><domain type="test"><name>%s</name><uuid>%s</uuid>%s<memory>1024</memory><os><type>hvm</type></os></domain></node>\n' \
        "$2" "$3" "${4:-}" >"$TMP/$1.xml"
    echo "node-add $1 --uri test://$TMP/$1.xml"
}
i="$TMP/nodes"
u=11111111-1111-4111-8111-111111111111
{ host one web $u; host two web-2 $u; host three web 33333333-3333-4333-8333-333333333333
    echo "node-add dead --uri qemu+unix:///system?socket=/nosuch/sock"
    echo "node-add again --uri test://$TMP/one.xml"; } >"$i"
chmod 600 "$i"
g() { "$MIGSH" -i "$i" "$@" 2>&1 | sed -E 's/20[0-9]{2}-[0-9-]+ [0-9:]+/WHEN/'; echo "[${PIPESTATUS[0]}]"; }
g -c 'destroy web@one; start web@one' # running on two under another name
g -j -c 'destroy web@one; start web@one'
g -c 'suspend web-2@two; destroy web@one; start web@one'
g -c 'suspend web@one; resume web@one'
g -c 'suspend web@one; destroy web-2@two; resume web@one' # one does not answer: it may run there
g -c 'suspend web@one; destroy web-2@two; resume web@one --force' # nobody else has it, as far as is known
g -c 'destroy web@three; start web@three --force'                 # the same name elsewhere is another guest
g -c 'destroy web@one; destroy web-2@two; start web@one'
g -c 'destroy web@one; destroy web-2@two; start web@one --force'
g -c 'destroy web@one; start web@one --force' # --force is not for this
printf '<domain type="test"><name>new</name><uuid>\n %s </uuid><memory>1024</memory><os><type>hvm</type></os></domain>\n' $u >"$TMP/new.xml"
g create "$TMP/new.xml" --node three
printf '<domain type="test"><name>new</name><memory>1024</memory><os><type>hvm</type></os></domain>\n' >"$TMP/new.xml"
g create "$TMP/new.xml" --node three
g -c 'snapshot-create-as web@one s1; snapshot-revert web@one s1'
g -c 'snapshot-create-as web@one s1; destroy web@one; destroy web-2@two; snapshot-revert web@one s1'
g -c 'snapshot-create-as web@one s1; destroy web@one; destroy web-2@two; snapshot-revert web@one s1 --force; domstate web@one'
g -c '=mig.destroy{"web@one"}' -c '=mig.try(mig.start, {"web@one"})'
# What a migration left behind: by the mark's name space only, in what runs, is defined, or is created.
ours='<m:migration xmlns:m="urn:migsh:migration" role="moved" journal="j" node="four"/>'
{ host one web $u "<metadata>$ours</metadata>"
    host two made 22222222-2222-4222-8222-222222222222 "<metadata>${ours/moved/copy}</metadata>"
    host three web 33333333-3333-4333-8333-333333333333 '<metadata><m:migration xmlns:m="urn:x" role="moved" node="four"/></metadata>'; } >"$i"
chmod 600 "$i"
g -c 'destroy web@one; start web@one'
g -c 'destroy web@one; start web@one --force'
g -c 'suspend web@one; resume web@one'
g -c 'suspend web@one; resume web@one --force'
g autostart web@one
g autostart web@one --disable
g -c 'destroy made; start made'
g -c 'destroy web@three; start web@three'
printf '<domain type="test"><name>new</name><uuid>44444444-4444-4444-8444-444444444444</uuid><metadata>%s</metadata><memory>1024</memory><os><type>hvm</type></os></domain>\n' "$ours" >"$TMP/new.xml"
g create "$TMP/new.xml" --node two
printf '<domain type="test"><name>new</name><uuid>44444444-4444-4444-8444-444444444444</uuid><metadata><!-- %s --></metadata><memory>1024</memory><os><type>hvm</type></os></domain>\n' "$ours" >"$TMP/new.xml"
g create "$TMP/new.xml" --node two
printf '<domain type="test"><name>web</name><uuid>%s</uuid><memory>1024</memory><os><type>hvm</type></os></domain>\n' $u >"$TMP/new.xml"
g -c "destroy web@one; create '$TMP/new.xml' --node one" # over the definition that is marked
g -c '=mig.destroy{"web@one"}' -c '=mig.start{"web@one", force = true}.node'
m -i "$TMP/none" -c 'destroy test; start test' # no inventory: nobody is asked
