# shellcheck shell=bash
# Files that are not there, not XML, not a domain; and one that is.
dom() { echo "<domain type='test'><name>$1</name><uuid>6695eb01-f6a4-8304-79aa-97f250200000</uuid>$2<memory>1024</memory><os><type>hvm</type></os></domain>"; }
: >empty.xml
printf '<domain>\n<name>x</nome>\n</domain>\n' >broken.xml
echo '<network/>' >network.xml
dom x '<bogus/>' >invalid.xml
dom x '<title>A title</title>' >good.xml
dom test >clash.xml # another uuid than the test driver's own
printf 'a\0b' >nul.xml
for f in nosuch.xml empty.xml broken.xml network.xml nul.xml clash.xml .; do
    m define $f
    echo "[$?]"
done
m create nosuch.xml
m define
m -k -c $'define good.xml\ndefine good.xml\nlist --all --title\ndefine good.xml --validate\nstart x\ndominfo x\ndestroy x\nundefine x\ndomstate x'
m -k -c $'create good.xml\ncreate good.xml\nlist --transient\nautostart x'
m -k -c $'create good.xml\nundefine x'
m -k -c $'create good.xml\ndestroy x\nlist --all'
m -k -j -c $'define good.xml\ncreate clash.xml'
mkdir -- -d
cp -- good.xml '-d/a b;c.xml'
m define --file '-d/a b;c.xml'
m -c "define '-d/a b;c.xml'"
