# shellcheck shell=bash
# Secrets as virsh shows them: outputs compared, blank lines, blanks
# at line ends and new uuids aside. What is meant to differ is compared as it is, with the reason.
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 1; }
plain() { grep -v '^ *$' | sed -E -e 's/ +$//' -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/'; }
# The hosts are two where both could not be in one.
compare() { diff <(virsh -c "$uri" "$1" 2>/dev/null | plain) <("$MIGSH" -C "${ours:-$uri}" -k "$1" 2>/dev/null | plain); }
same() {
    if compare "$1" >diff.txt; then
        echo "same: $1"
    else
        echo "differs: $1"
        cat diff.txt
    fi
}
# Both refuse it.
refused() {
    if virsh -c "$uri" "$1" >said.txt 2>&1 || "$MIGSH" -C "${ours:-$uri}" "$1" >said.txt 2>&1; then
        echo "not refused: $1"
        cat said.txt
    else
        echo "refused by both: $1"
    fi
}
# differs REASON COMMAND
differs() {
    echo "differs, as $1: $2"
    compare "$2"
}
echo "<secret><uuid>55806c7d-8e93-456f-829b-607d8c198367</uuid><usage type='ceph'><name>client.admin &amp; co</name></usage></secret>" >ceph.xml
echo "<secret ephemeral='no' private='yes'><uuid>55806c7d-8e93-456f-829b-607d8c198368</uuid></secret>" >private.xml
# The driver of secrets, in the process itself. (It crashes in virsh, too, when it is to undefine a secret or to
# define an ephemeral one: tests/lab has these.)
uri="secret:///embed?root=$TMP/theirs" ours="secret:///embed?root=$TMP/ours"
mkdir theirs ours
for c in secret-list 'secret-define ceph.xml' 'secret-define private.xml --validate' secret-list 'secret-list --private' \
    'secret-list --no-private' 'secret-list --ephemeral' 'secret-list --no-ephemeral' \
    'secret-dumpxml 55806c7d-8e93-456f-829b-607d8c198367' 'secret-dumpxml 55806c7d-8e93-456f-829b-607d8c198367 --xpath //usage/name'; do
    same "$c"
done
id=55806c7d-8e93-456f-829b-607d8c198367
printf 'S2V5\nIQ==\n' >base64
printf 'a\0\377' >bytes
printf 'no newline behind it' >plain
for how in 'base64' 'plain --plain'; do
    same "secret-set-value $id --file $how"
    same "secret-get-value $id"
    same "secret-get-value $id --plain"
done
[ "$("$MIGSH" -C "$ours" secret-get-value $id --plain | tr '\n' N)" = "$(cat plain)" ] && echo "to the byte"
for c in "secret-set-value $id" "secret-set-value $id --file nosuch" "secret-set-value $id --file base64 --interactive" \
    'secret-dumpxml nosuch' 'secret-get-value 55806c7d-8e93-456f-829b-607d8c198360'; do
    refused "$c"
done
same "secret-set-value $id --file bytes --plain"
same "secret-get-value $id"
echo "differs, as a result is text, and they are refused: secret-get-value $id --plain"
"$MIGSH" -C "$ours" secret-get-value $id --plain 2>&1
differs 'what is typed is seen by others' "secret-set-value $id AQBz"
differs 'a list of processes has it' "secret-set-value $id --base64 AQBz"
true
