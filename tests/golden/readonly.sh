# shellcheck shell=bash
# A read-only connection refuses what changes anything, and says why.
for c in 'destroy test' 'undefine test' 'suspend test' 'autostart test' "define $TMP/x.xml"; do
    echo "<domain type='test'><name>x</name><memory>1024</memory><os><type>hvm</type></os></domain>" >x.xml
    m -r -c "$c"
    echo "[$?]"
done
m -r list
m -r -j -c 'destroy test'
