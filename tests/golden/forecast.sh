# shellcheck shell=bash
# forecast on the test driver, which knows neither jobs nor dirty rates: what it refuses before it asks a host for them.
echo "<node><domain type='test'><name>a</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid><memory>262144</memory>
<os><type arch='i686'>hvm</type></os></domain></node>" >one.xml
echo '<node></node>' >two.xml
printf 'node-add %s\n' "one --uri test://$PWD/one.xml" "two --uri test://$PWD/two.xml" >nodes
chmod 600 nodes
for words in 'a two --windows 0' 'a two --windows 1,,2' 'a two --windows 2,2' 'a two --windows' 'a two --policy best' \
    'nosuch two' 'a one' 'a nosuch' 'a@two two' 'a' 'a@one two --bandwidth 100'; do
    # shellcheck disable=SC2086 # words
    "$MIGSH" -i nodes forecast $words
    echo "[$?]"
done
"$MIGSH" -i nodes -c 'suspend a@one; forecast a two'
"$MIGSH" -i nodes --json -c 'destroy a@one; forecast a two'
