# shellcheck shell=bash
# Names that a careless program would hand to a shell, take for options, or split: defined, found, removed.
define() {
    local file=$1 name=$2
    python3 - "$file" "$name" <<'PY'
import sys
from xml.sax.saxutils import escape
open(sys.argv[1], "w").write("<domain type='test'><name>%s</name><memory>1024</memory><os><type>hvm</type></os>"
                             "</domain>\n" % escape(sys.argv[2]))
PY
}
quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
names=('a b' "it's" 'say "hi"' 'a;list' '$(touch pwned)' '`touch pwned`' '-rf' '--all' 'x@y' '*' '#x' '7' $'a\tb' 'ü€' 'a\b')
session=
for i in "${!names[@]}"; do
    define "d $i.xml" "${names[i]}"
    session+="define 'd $i.xml'; domstate --domain $(quote "${names[i]}"); domname -- $(quote "${names[i]}")"$'\n'
done
session+=$'list --inactive --name\n'
for i in "${!names[@]}"; do
    session+="undefine --domain=$(quote "${names[i]}")"$'\n'
done
session+=$'list --inactive --name\n'
m -k -c "$session"
echo "status $?"
echo "as words of migsh's own command line:"
m -- domname '$(touch pwned)'
m domstate --domain '-rf'
m domstate 'a;list'
ls
# A name that holds a newline: libvirt refuses it; so must we, and say why.
define nl.xml $'two\nlines'
m define nl.xml
m domstate $'two\nlines'
# Rows and lines that a name, a page or a node would add: a field is one line, and what we did not begin is indented.
row='{id = 7, name = "x\n -     forged   running\27[2J\194\155", state = "running\nverdict: ok"}'
m -c "=mig.render('list', {$row})"
m -c "=mig.render('dominfo', $row)"
m -c '=mig.line("a\n  b\27[31m\226\128\174c\t\n")'
m -c "=mig.error{msg = 'refused\nverdict: ok', hint = 'wait\nverdict: ok'}"
# Results of their own kind pass into a file to the byte; JSON is the same value, and harmless.
cat >title.xml <<'XML'
<domain type='test'><name>title</name><title>a&#x9b;31m&#x202e;b</title><memory>1024</memory><os><type>hvm</type></os></domain>
XML
m -c 'define title.xml; dumpxml title' | grep '<title>' | od -An -c
m -c 'define title.xml; list --all --title'
m --json -c '=("\u{9b}31m\u{202e}\127")'
