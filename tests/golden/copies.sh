# shellcheck shell=bash
# Never two running copies of a guest: start, create and resume look at the other hosts of the inventory. The test
# driver's domains of a file run from the beginning, so what is looked for elsewhere is always active there.
host() { # host FILE NAME UUID: a node of one domain
    printf '<node><domain type="test"><name>%s</name><uuid>%s</uuid><memory>1024</memory><os><type>hvm</type></os></domain></node>\n' \
        "$2" "$3" >"$TMP/$1.xml"
    echo "node-add $1 --uri test://$TMP/$1.xml"
}
i="$TMP/nodes"
u=11111111-1111-4111-8111-111111111111
{ host one web $u; host two web-2 $u; host three web 33333333-3333-4333-8333-333333333333
    echo "node-add dead --uri qemu+unix:///system?socket=/nosuch/sock"
    echo "node-add again --uri test://$TMP/one.xml"; } >"$i"
chmod 600 "$i"
g() { "$MIGSH" -i "$i" "$@" 2>&1; echo "[$?]"; }
g -c 'destroy web@one; start web@one' # running on two under another name
g -j -c 'destroy web@one; start web@one'
g -c 'suspend web-2@two; destroy web@one; start web@one'
g -c 'suspend web@one; resume web@one'
g -c 'suspend web@one; destroy web-2@two; resume web@one' # nobody else has it, as far as is known
g -c 'destroy web@three; start web@three'                 # the same name elsewhere is another guest
g -c 'destroy web@one; destroy web-2@two; start web@one'
printf '<domain type="test"><name>new</name><uuid>\n %s </uuid><memory>1024</memory><os><type>hvm</type></os></domain>\n' $u >"$TMP/new.xml"
g create "$TMP/new.xml" --node three
printf '<domain type="test"><name>new</name><memory>1024</memory><os><type>hvm</type></os></domain>\n' >"$TMP/new.xml"
g create "$TMP/new.xml" --node three
g -c '=mig.destroy{"web@one"}' -c '=mig.try(mig.start, {"web@one"})'
m -i "$TMP/none" -c 'destroy test; start test' # no inventory: nobody is asked
