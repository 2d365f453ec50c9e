#!/usr/bin/env bash
# The arrows of the layers: which folder may include which, that a *priv.h stays in its own folder and that the engine
# of cmd/ knows no command, and which file may include which foreign header; and that the picture in shell/README.md
# shows just these folders and arrows. Prints what breaks a rule; silent when nothing does.
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
    '<openssl/' '^shell/io/(ssh/[a-z_]+|digest|x509_priv)\.[ch]$'
)
for ((i = 0; i < ${#rules[@]}; i += 2)); do
    while read -r file; do
        [[ $file =~ ${rules[i + 1]} ]] || echo "$file: includes ${rules[i]}, which only ${rules[i + 1]} may"
    done < <(git grep -lE "^#include ${rules[i]}" -- 'shell/*.c' 'shell/*.h' 'lua/*.c' 'lua/*.h')
done

# Nothing below the dispatcher's output prints: stdio streams belong to ui/ and main.c.
git grep -nE '\b(printf|puts|putchar|fputs|fprintf|perror)\(' -- 'shell/base' 'shell/io' 'shell/core' 'shell/cmd' |
    grep -vE '(s|vs|vas|as)n?printf\(|//' || true

# The picture, read from its foot. A layer stands at the edge, or behind an arrow: those know all below, but not each
# other. The words behind "│" that end in a slash are the rooms of the layer above them.
sorted() { tr -s ' /' '\n\n' | sed '/^$/d' | sort | paste -sd ' '; }
picture() { awk '/^```/ { n++ } n == 1' shell/README.md | tac; }
layer() { # NAME BELOW ROOMS
    local is
    [[ $(sorted <<<"$2 $1") = "$(sorted <<<"${may[$1]:-}")" ]] || echo "shell/README.md: $1 may include from: ${may[$1]:-}, not: $2"
    is=$(git ls-files "shell/$1/*/*" | cut -d/ -f3 | sort -u | paste -sd ' ')
    [[ $(sorted <<<"$3") = "$is" ]] || echo "shell/README.md: the rooms of $1 are $is, not $(sorted <<<"$3")"
}
below='' rooms='' drawn=''
while read -r mark rest; do
    case $mark in
    │) rooms+=" $(grep -oP '(?<!\S)[a-z]+/(?!\S)' <<<"$rest" | paste -sd ' ')" ;;
    ├─▶ | [a-z]*/)
        name=$mark
        [[ $mark = ├─▶ ]] && name=${rest%% *}
        layer "${name%/}" "$below" "$rooms"
        drawn+=" $name" rooms=''
        [[ $mark = ├─▶ ]] || below+=" ${name%/}"
        ;;
    esac
done < <(picture)
[[ $(sorted <<<"$drawn") = "$(sorted <<<"${!may[*]}")" ]] || echo "shell/README.md: the picture has the layers$drawn"
