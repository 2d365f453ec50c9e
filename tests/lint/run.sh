#!/usr/bin/env bash
# What no compiler checks: layers, sizes, formats, licences, and that README, man page and completions know every
# command.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
migsh=${MIGSH_PLAIN:-build/shell/migsh}
rc=0
tmp=$(mktemp "${TMPDIR:-/tmp}/migsh-lint.XXXXXX")
trap 'rm -f "$tmp"' EXIT

# check NAME COMMAND…: passes when the command succeeds and prints nothing.
check() {
    local name=$1 out
    shift
    if out=$("$@" 2>&1) && [ -z "$out" ]; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        echo "$out" | head -n 40
        rc=1
    fi
}

sizes() { git ls-files '*.c' '*.h' '*.lua' '*.sh' '*.pl' '*.py' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines, more than 600"}'; }
format() { git ls-files 'shell/*.[ch]' 'lua/*.[ch]' 'tests/*.[ch]' | xargs clang-format --dry-run -Werror; }
licences() { git ls-files '*.c' '*.h' '*.lua' '*.pl' 'meson.build' '*/meson.build' | xargs grep -L 'SPDX-License-Identifier: GPL-3.0-or-later'; true; }
shell_files() { git ls-files '*.sh' .ci/run tests/lab/lab 'completions/bash/*'; }
shells() { shell_files | xargs shellcheck -x -S warning; }
# A node's sh may be dash, or busybox's. And each of these files becomes part of the binary.
plain_sh() {
    local f s
    for f in $(git ls-files 'shell/core/*/tools/*'); do
        grep -F "'${f##*/}'" shell/meson.build >/dev/null || echo "$f is not in shell/meson.build"
        for s in dash 'busybox sh'; do
            [[ $f != *.sh ]] || ! command -v "${s%% *}" >/dev/null || $s -n "$f" || echo "$s: $f"
        done
    done
}
# With pipefail the writer's SIGPIPE would be the failure, now and then. (This pattern does not match itself.)
early_ends() { shell_files | xargs grep -nE '^[^#]*[^|#][|] *grep -[a-zA-Z]*q'; true; }
# jansson refuses bytes that are no UTF-8, and its NULL aborts or loses the field: "s:s", "[s" and json_string() are not
# used. (A journal keeps bytes as they are, in hex where they are no text.)
plain_json() { git grep -nE '"[^"]*(\{|, )s:s[^"]*"|"\[s|\bjson_stringn?\(' -- 'shell/*.c' 'lua/*.c' ':!shell/base/json.c' | grep -vE 'json_unpack|^shell/core/journal/read.c:'; true; }
perls() { local f; for f in $(git ls-files '*.pl'); do perl -wc "$f" 2>&1 | grep -v 'syntax OK$'; done; true; }
luas() { local f; mapfile -t f < <(git ls-files '*.lua'); [ ${#f[@]} -eq 0 ] || luacheck -q --no-color "${f[@]}" >"$tmp" || cat "$tmp"; }
# Paths of somebody's machine, and words in other scripts than Latin outside the README's own greeting.
foreign_paths() { git grep -nE '/(home|Users)/[a-z]+/|/work/' -- ':!tests/lint/run.sh' ':!tests/unit' | grep -v '/home/image' ; true; }
english() { git ls-files | grep -vE '^(README\.md|LICENSE|tests/repl/.*|tests/fuzz/seeds/.*)$' | xargs grep -nP '[\x{4e00}-\x{9fff}]' ; true; }
wide_comments() { LC_ALL=C.UTF-8 git grep -nP '^(?=.{121})\s*(//|#|--)\s' -- '*.c' '*.h' '*.lua' '*.sh' '*.pl'; true; }
whitespace() { git grep -nIE '[[:space:]]+$' -- ':!LICENSE' ':!tests/golden' ':!tests/fuzz/seeds'; true; }

# A file that a README names, from whichever folder, is there.
readme_files() {
    local readme file
    for readme in $(git ls-files '*.md'); do
        for file in $(grep -oE '`[a-z][a-z_/0-9]*\.(c|h|lua|sh|py|pl|def|md)`' "$readme" | tr -d '`' | sort -u); do
            git ls-files | grep -E "(^|/)$file\$" >/dev/null || echo "$readme names $file, which is not there"
        done
    done
}
readme_table() {
    diff <(sed -n '/<!-- commands -->/,/<!-- \/commands -->/p' README.md | grep '^|' | tail -n +3) <("$migsh" self-table | grep '^|' | tail -n +3)
}
man_page() {
    local c man
    man=$("$migsh" self-man commands)
    for c in $("$migsh" self-commands); do grep -qF -- "${c//-/\\-}" <<<"$man" || echo "the man page does not know $c"; done
}
# All pages are plain roff; each row of lua/lib/api.lua is on the one that it belongs to, and each variable of the
# environment that is read for the operator on migsh(1), as is each file of migsh's directories.
man_roff() {
    local page variable file
    for page in migsh commands recipes lua; do "$migsh" -i /nonexistent/x self-man $page | groff -man -Tutf8 -K utf8 -ww -z; done
    for page in recipes lua; do
        "$migsh" -i /nonexistent/x self-man $page | sed 's/\\-/-/g; s/\\e/\\/g' >"$tmp"
        "$migsh" -i /nonexistent/x tests/lint/man_lua.lua $page "$tmp"
    done
    "$migsh" -i /nonexistent/x self-man | sed 's/\\-/-/g; s/\\f[BR]//g' >"$tmp"
    for variable in $(git grep -ohE '\bgetenv\("[A-Z_]+"\)' -- shell lua | grep -oE '[A-Z_]{3,}' | sort -u); do
        case $variable in HOME | SUDO_USER | TERM | TMPDIR) continue ;; esac
        grep -wF "$variable" "$tmp" >/dev/null || echo "migsh(1) does not know \$$variable"
    done
    for file in $(git grep -ohE '\b(file_xdg\("[A-Z]+", |file_state_dir\()"[a-z]+"' -- shell lua | grep -oE '[a-z]+"$' | tr -d '"' | sort -u); do
        grep -F "/migsh/$file" "$tmp" >/dev/null || echo "migsh(1) does not know the file $file"
    done
}
# One home each: clocks and random bytes.
homes() { git grep -nE '\b(clock_gettime|getrandom)\(' -- 'shell/*.[ch]' 'lua/*.[ch]' ':!shell/base/clock.c' ':!shell/base/token.c'; true; }
# Without a word libvirt removes a TPM's state with the definition, which may lie on shared storage.
undefines() { git grep -n 'mig\.undefine\b' -- 'scripts/*.lua' ':!scripts/guest/xml.lua'; true; }
# _cleanup_(f) TYPE name, and names for the common ones.
cleanups() { git grep -nE '__attribute__\(\(cleanup|^ +[a-z_ ]+ \*?[a-z_]+ _cleanup_' -- 'shell/*.[ch]' 'lua/*.[ch]' 'tests/*.[ch]' ':!shell/base/mem.h'; true; }
# XML is asked by XPath (io/xml.h, mig.xml).
matched_xml() { git grep -nE "(match|find|gsub)\\(? ?['\"][^'\"]*</?[a-z%[]|\b(strstr|strchr|sscanf)\\([^\"]*\"[^\"]*</?[a-z]" -- 'scripts/*.lua' 'lua/*.lua' 'lua/*.c' 'shell/*.c' 'tests/model/*.lua' | grep -v '"<eof>"'; true; }
hints() { local c; mapfile -t c < <("$migsh" self-commands); python3 tests/lint/hints.py "${c[@]}"; }
# What a topic shows at the prompt can be typed: the command is one, and has these options.
topics() {
    local line word
    local -a words
    grep -h '^ *migsh> ' shell/core/explain/topics/*.txt | sed 's/^ *migsh> //' | sort -u >"$tmp"
    [ "$(wc -l <"$tmp")" -gt 20 ] || echo "this test no longer sees the topics' commands"
    while read -r line; do
        read -r -a words <<<"$line"
        "$migsh" -i /nonexistent/x help "${words[0]}" >"$tmp.help" 2>&1 || echo "no command: $line"
        for word in "${words[@]:1}"; do
            [[ $word != --* ]] || grep -wF -e "$word" "$tmp.help" >/dev/null || echo "no $word: $line"
        done
    done <"$tmp"
    rm -f "$tmp.help"
}
# A step without a fault test fails the build.
fault_steps() { "$migsh" -i /nonexistent/x tests/fault/steps.lua | python3 tests/fault/cases.py --steps; }
# What one host alone can have, in C and for recipes.
local_file_systems() {
    diff <(sed -n 's/^is_local() { case $1 in \(.*\)) ;; \*.*/\1/p' scripts/tools/file_users.sh | tr -d ' ' | tr '|' '\n' | sort) \
        <(sed -n '/^bool users_fs_is_local/,/^}/p' shell/core/guest/users.c | grep -o '"[^"]*"' | tr -d '"' | sort)
}
completions() {
    local c
    for c in $("$migsh" self-commands); do "$migsh" --complete "${c%?}" | cut -f 1 | grep -x -- "$c" >/dev/null || echo "completion does not know $c"; done
    bash -n completions/bash/migsh
    grep -q -- '--complete' completions/zsh/_migsh completions/fish/migsh.fish || echo "zsh or fish does not ask migsh"
}

check "layers: every include points down" tests/lint/layers.sh
check "no two files need one another" python3 tests/lint/circles.py "${migsh%/shell/migsh}"
check "sizes: no file above 600 lines" sizes
check "clang-format" format
check "licence line in every source file" licences
check "shellcheck" shells
check "what runs on nodes is plain sh" plain_sh
check "sh is in files, not in C" python3 tests/lint/sh_in_c.py
check "no pipe into grep -q" early_ends
check "text becomes JSON by json_text() alone" plain_json
check "clocks are read in base/clock.c, random bytes in base/token.c alone" homes
check "recipes remove a definition by xml.undefine() alone" undefines
check "what is cleaned up is spelled in one way" cleanups
check "XML is parsed, not matched" matched_xml
check "luacheck" luas
if command -v perl >/dev/null; then check "perl" perls; else echo "ok - perl # SKIP there is no perl here"; fi
check "no path of a developer's machine" foreign_paths
check "English everywhere" english
check "no comment wider than 120 columns" wide_comments
check "no blanks at the end of a line" whitespace
check "files that READMEs name are there" readme_files
check "the README's table is the binary's" readme_table
check "the man page knows every command" man_page
check "the manual pages are clean, and tell what lua/lib/api.lua and the environment have" man_roff
check "completion knows every command" completions
check "commands that hints name exist" hints
check "what topics show can be typed" topics
check "the types of local file systems are the same in C and in sh" local_file_systems
check "every step of cold-migrate has its fault tests" fault_steps
exit $rc
