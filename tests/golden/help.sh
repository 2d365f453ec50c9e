# shellcheck shell=bash
# Every command has its help, and nothing of it is empty.
m self-commands >names
sed 's/^/help /' names | m -k >all || echo "not every help succeeds"
for part in NAME SYNOPSIS; do
    [ "$(grep -c "^  $part\$" all)" = "$(wc -l <names)" ] || echo "some help has no $part"
done
comm -3 <(sort names) <(sed -n 's/^    \([a-z0-9-]*\) - .*/\1/p' all | sort -u)
m self-test
m help list
m help nosuch
