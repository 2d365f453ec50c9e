# shellcheck shell=bash
# Every command has its help, and nothing of it is empty.
m self-commands >names
sed 's/^/help /' names | m -k >all || echo "not every help succeeds"
for part in NAME SYNOPSIS; do
    [ "$(grep -c "^  $part\$" all)" = "$(wc -l <names)" ] || echo "some help has no $part"
done
comm -3 <(sort names) <(sed -n 's/^    \([a-z0-9-]*\) - .*/\1/p' all | sort -u)
m self-test
m help
[ "$(m help | wc -l)" -le 15 ] || echo "the overview is too long"
m help topics >topics
for topic in $(sed -n 's/^    \([a-z][a-z-]*\) .*/\1/p' topics); do m help "$topic"; done >>all
echo "lines that are too wide for a terminal, but for examples:"
awk '/^  NAME/ { example = 0 } /^  EXAMPLE/ { example = 1 } !example' all | grep -v '^  *migsh> \|^          ' | grep -E '^.{81}'
m help list
m help nosuch
echo "groups, and virsh's words:"
for word in Domains domains pool monitor volume; do m help "$word" | sed -n '1p;2p'; done
m help nodes | sed -n '1p;/^$/,+2p'
echo "searched:"
m help convergence | head -n 1
m help rdma
m help vcpu-nosuch
m '?' domid | head -n 2
m -c '\? domid' | head -n 2
m -c '? domid; domid --help' | grep -c NAME
m help migrate | grep OPTIONS
