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
