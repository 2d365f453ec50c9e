#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a virsh user types, given to virsh and to migsh: each line of NAME.lines runs in both, on libvirt's test driver
# (a fresh one for each line: what a line needs first stands in it, with ";"), in a fresh directory with the files of
# files/. Standard output has to be the same, blank lines and blanks at a line's end aside, and both have to succeed or
# both to fail; error texts differ on purpose, but that a call is not supported has to be said of the same one. "#"
# begins a comment, "@uri FILE" sets the driver's file for the lines that follow ("@uri default" is test:///default). A
# line that is meant to differ has its reason in the line before it, behind "#!"; if it does not differ, that is a
# failure, too. The table of all differences ends the run. Words: names of .lines files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
MIGSH=$(readlink -f "${MIGSH_PLAIN:-../../build/shell/migsh}") # what the sanitizers have to say, golden shows
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-virsh.XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" LC_ALL=C.UTF-8 TZ=UTC EDITOR=true VISUAL=true
mkdir -m 700 "$XDG_CONFIG_HOME"
unset VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEFAULT_URI NO_COLOR
here=$PWD uri=test:///default why='' bar=97 n=0 equal=0 failed=0
differences=()
declare -A refused=() # by file: how many lines the test driver supports in neither

# What differs from run to run, whoever asks.
plain() {
    sed -E -e 's/^(CPU time: +)[0-9.]+s/\1TIMEs/' -e 's/[ \t]+$//' -e '/^$/d' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} [+-][0-9]{4}/TIME/' -e 's/<creationTime>[0-9]+/<creationTime>N/' \
        -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/g' -e 's/52:54:00(:[0-9a-f]{2}){3}/MAC/g' \
        -e 's/(([rt]x|rd|wr)_[a-z]+|errs|last_update|(read|written|operations|count):)( +)[0-9]+$/\1\4N/'
}
# run NAME PROGRAM OPTION LINE: its output in $work/NAME, its status in $work/NAME.status
run() {
    local status=0
    rm -rf "$work/here"
    cp -r "$here/files" "$work/here"
    (cd "$work/here" && exec timeout 20 "$2" "$3" "$uri" "${@:4}") >"$work/$1.raw" 2>"$work/$1.err" </dev/null || status=$?
    [ "$status" = 0 ] || status=failed
    { plain <"$work/$1.raw"; echo "[$status]"; } >"$work/$1"
}
# The calls that the test driver lacks: a line that fails for one of these is understood only where it fails for the
# same. virsh falls back on older ones, and asks for less before it sets something.
unsupported() {
    sed -nE 's/.*not supported by the connection driver: (\w+).*/\1/p' "$work/$1.err" |
        sed -E 's/(tachDevice)Flags/\1/; s/virConnectNumOf/virConnectListAll/; s/virNodeSetMem/virNodeGetMem/' | sort -u
}
compare() {
    local line=$1
    n=$((n + 1))
    run virsh virsh -c "$line"
    run migsh "$MIGSH" -C -c "$line"
    if diff "$work/virsh" "$work/migsh" >"$work/diff"; then
        unsupported virsh >"$work/virsh.refused"
        if [ -z "$why" ] && [ -s "$work/virsh.refused" ] &&
            ! diff "$work/virsh.refused" <(unsupported migsh) >"$work/diff"; then
            failed=$((failed + 1))
            echo "not ok $n - $line: it is not what the driver does not support that migsh fails for"
            sed 's/^/# /' "$work/diff" "$work/migsh.err"
        elif [ -z "$why" ] && [ -s "$work/virsh.refused" ]; then
            refused[${file%.lines}]=$((${refused[${file%.lines}]:-0} + 1))
            equal=$((equal + 1))
            echo "ok $n - unsupported: $line"
        elif [ -z "$why" ]; then
            equal=$((equal + 1))
            echo "ok $n - $line"
        else
            failed=$((failed + 1))
            echo "not ok $n - $line: does not differ ($why)"
        fi
    elif [ -n "$why" ]; then
        differences+=("$line | $why")
        echo "ok $n - differs: $line"
    else
        failed=$((failed + 1))
        echo "not ok $n - $line"
        sed 's/^/# /' "$work/diff" "$work/migsh.err"
    fi
    why=
}

for file in *.lines; do
    [ $# -eq 0 ] || [[ " $* " == *" ${file%.lines} "* ]] || continue
    uri=test:///default
    while IFS= read -r line; do
        case $line in
        '' | '# '*) ;;
        '#! '*) why=${line#??} why=${why# } ;;
        '@uri default') uri=test:///default ;;
        '@uri '*) uri=test://$here/files/${line#@uri } ;;
        *) compare "$line" ;;
        esac
    done <"$file"
done
echo "# $n lines, $equal equal, ${#differences[@]} differ for a reason:"
[ ${#differences[@]} -eq 0 ] || printf '# %s\n' "${differences[@]}"
echo "# lines that show no more than that they are understood, as the test driver supports them in neither:"
for file in "${!refused[@]}"; do echo "# $file: ${refused[$file]}"; done | sort
n=$((n + 1))
if [ "$failed" -gt 0 ] || [ $((equal * 100)) -ge $(((n - 1) * bar)) ]; then
    echo "ok $n - $bar of 100 lines do the same"
else
    echo "not ok $n - only $equal of $((n - 1)) lines do the same"
    failed=$((failed + 1))
fi
[ "$failed" -eq 0 ]
