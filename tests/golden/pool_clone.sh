# shellcheck shell=bash
# pool-clone where both hosts are libvirt's test driver, and what it leaves alone. (Directories, and steps that fail and
# are undone: tests/lab/test_pools.sh.)
echo "<pool type='dir'><name>default-pool</name><target><path>/default-pool</path></target></pool>" >same.xml
echo "<pool type='dir'><name>default-pool</name><target><path>/elsewhere</path></target></pool>" >other.xml
echo '<node><cpu/></node>' >b.xml
cat >nodes <<END
node-add a 192.0.2.1 --uri test:///default
node-add b 192.0.2.2 --uri test://$TMP/b.xml
END
chmod 600 nodes
n() { "$MIGSH" -i "$TMP/nodes" "$@"; }
n -k <<END
pool-clone default-pool b --node a
pool-clone default-pool b --node a
pool-autostart default-pool --node b
pool-clone default-pool b --node a
pool-destroy default-pool --node b
pool-clone default-pool b --node a
pool-info default-pool --node b
pool-clone default-pool a --node a
pool-clone nosuch b --node a
END
n -j pool-clone default-pool b --node a
n -k <<END
pool-define other.xml --node b
pool-clone default-pool b --node a
END
# One that is gone when it stops is not the same.
n -k <<END
pool-create same.xml --node b
pool-clone default-pool b --node a
END
