# shellcheck shell=bash
# Several hosts: columns and keys of merged results, failures beside successes, where a domain is looked for.
i="$TMP/nodes"
printf 'node-add one --uri test:///default\nnode-add two --uri test:///default?two\nnode-add bad --uri qemu+unix:///system?socket=/nosuch/sock\n' >"$i"
chmod 600 "$i"
g() { "$MIGSH" -i "$i" "$@"; echo "[$?]"; }
g list --node one,two
g -j list --node one,two
g list --node all
g list --node one --name
g list --node one,two --name --uuid
g nodeinfo --node one,two
g -q hostname --node one,two | sed "s/$(hostname)/HOSTNAME/"
g uri --node one,two
g domstate test
g domstate test@one
g domstate test@two --reason
g domstate test --node two
g domstate test --node one,two
g domstate test@nosuch
g domstats test@one test@two --state
g domstats --node one,two --state
g dominfo
g capabilities
g -c 'connect one; list'
g -c 'connect bad'
g -c 'connect tow'
g firewall-check one
