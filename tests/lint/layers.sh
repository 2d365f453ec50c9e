#!/usr/bin/env bash
# The arrows of the layers: which folder may include which, that a *priv.h stays in its own folder and that the engine of
# cmd/ knows no command, and which file may include which foreign header. Prints each include that breaks a rule; silent
# when none does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# folder: the folders of ours that its files may include from.
declare -A may=(
    [base]="base"
    [io]="base io"
    [core]="base io core"
    [cmd]="base io core cmd"
    [ui]="base io core cmd ui"
    [lua]="base io core cmd lua"
)

for file in $(git ls-files 'shell/*.c' 'shell/*.h' 'lua/*.c' 'lua/*.h'); do
    [ "$file" = shell/main.c ] && continue
    rel=${file#shell/}
    layer=${rel%%/*}
    while read -r inc; do
        to=${inc%%/*}
        [[ " ${may[$layer]} " == *" $to "* ]] || echo "$file: includes $inc: $layer may include from ${may[$layer]} only"
        room=${inc%/*}
        [[ $inc != *priv.h || $room = "${rel%/*}" ]] || echo "$file: includes $inc, which is private to $room"
        [[ $rel != cmd/engine/* || $to != cmd || $room = cmd/engine ]] ||
            echo "$file: includes $inc: the engine knows no command"
    done < <(sed -nE 's/^#include "([^"]+)".*/\1/p' "$file")
done

# Header (extended regular expression), then the files that may include it (the same, on the path).
rules=(
    '<libvirt/' '^shell/io/(virt/[a-z_]+\.[ch]|loop\.c)$'
    '<libssh/' '^shell/io/ssh/[a-z_]+\.[ch]$'
    '<libxml/' '^shell/io/xml\.c$'
    '<(lua|lauxlib|lualib)\.h>' '^lua/'
    '<readline/' '^shell/ui/'
    '<pthread\.h>' '^shell/io/(job|loop|probe/probe)\.c$'
    '<sys/capability\.h>' '^shell/io/probe/[a-z_]+\.c$'
    '<openssl/' '^shell/io/(ssh/[a-z_]+|digest)\.[ch]$'
)
for ((i = 0; i < ${#rules[@]}; i += 2)); do
    while read -r file; do
        [[ $file =~ ${rules[i + 1]} ]] || echo "$file: includes ${rules[i]}, which only ${rules[i + 1]} may"
    done < <(git grep -lE "^#include ${rules[i]}" -- 'shell/*.c' 'shell/*.h' 'lua/*.c' 'lua/*.h')
done

# Nothing below the dispatcher's output prints: stdio streams belong to ui/ and main.c.
git grep -nE '\b(printf|puts|putchar|fputs|fprintf|perror)\(' -- 'shell/base' 'shell/io' 'shell/core' 'shell/cmd' |
    grep -vE '(s|vs|vas|as)n?printf\(|//' || true
