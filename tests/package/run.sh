#!/usr/bin/env bash
# The Debian package: built, installed in a copy of this machine's root that is thrown away (an overlay in a namespace
# of its own), used there, and removed. The machine itself is not touched.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
for tool in dpkg-deb dpkg-shlibdeps unshare gzip; do
    command -v $tool >/dev/null || { echo "there is no $tool here"; exit 77; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-package-test.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/m"
# shellcheck disable=SC2016 # $1 is that shell's
overlay='mount -t tmpfs none "$1/m" && mkdir "$1/m/up" "$1/m/work" "$1/m/root" &&
    mount -t overlay none -o "lowerdir=/,upperdir=$1/m/up,workdir=$1/m/work" "$1/m/root"'
unshare --mount sh -c "$overlay" sh "$work" 2>/dev/null || { echo "no overlay file system can be mounted here"; exit 77; }

# One compilation will do: the flags are those of build/, so that ccache has it all.
if ! DEBFULLNAME=Nobody DEBEMAIL=nobody@debian.org PACKAGE_MESON=--werror scripts/package.sh deb "$work" >"$work/log" 2>&1; then
    echo "not ok - the Debian package is built"
    cat "$work/log"
    exit 1
fi
deb=$(tail -n 1 "$work/log")
echo "ok - the Debian package is built"

rc=0
# What fails ends it, and it says why: no package is made of what was built before.
mkdir "$work/bin" "$work/none"
for tool in ninja dpkg-shlibdeps dpkg-deb; do
    printf '#!/bin/sh\necho "this %s is broken" >&2\nexit 3\n' $tool >"$work/bin/$tool"
    chmod 755 "$work/bin/$tool"
    if PATH=$work/bin:$PATH scripts/package.sh deb "$work/none" >"$work/log" 2>&1 || ! grep -q "this $tool is broken" "$work/log" ||
        ! grep -q "^package: failed: " "$work/log" || [ -n "$(ls "$work/none")" ]; then
        echo "not ok - a $tool that fails is told"
        cat "$work/log"
        rc=1
    else
        echo "ok - a $tool that fails is told"
    fi
    rm "$work/bin/$tool"
done

before=$(dpkg-query -W migsh 2>&1)
cat >"$work/inside" <<'EOF'
set -u
deb=$1 version=$2
rc=0
ok() { # NAME COMMAND…
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then echo "ok - $name"; else echo "not ok - $name"; echo "$out" | tail -n 20; rc=1; fi
}
has() { # TEXT COMMAND…: it succeeds, and says that
    local out rc=0
    out=$("${@:2}" 2>&1) || rc=$?
    [ $rc = 0 ] && grep -F -- "$1" <<<"$out" >/dev/null || { echo "status $rc, or no '$1' in: $out"; return 1; }
}
page() { has "$2" sh -c "man -l \$(man -w $1) | cat"; }
all_there() {
    local f files
    mapfile -t files < <(dpkg -L migsh)
    [ ${#files[@]} -gt 50 ] || { echo "${#files[@]} files"; return 1; }
    for f in "${files[@]}"; do [ -e "$f" ] || { echo "$f"; return 1; }; done
}
unchanged() { local out; out=$(dpkg -V migsh) && [ -z "$out" ] || { echo "$out"; return 1; }; }
all_recipes() {
    local out
    out=$(migsh help all 2>&1) && grep cold-migrate <<<"$out" >/dev/null && ! grep "left out" <<<"$out"
}
complete() {
    has live-migrate bash -c '. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/migsh
        COMP_WORDS=(migsh live-) COMP_CWORD=1 COMP_LINE="migsh live-" COMP_POINT=11
        $(complete -p migsh | grep -oE -- "-F [^ ]+" | cut -c 4-) migsh live- migsh; echo "${COMPREPLY[@]}"'
}
gone() { ! dpkg -s migsh >/dev/null 2>&1 && [ ! -e /usr/bin/migsh ] && [ ! -e /usr/share/migsh ]; }
export HOME=/run/package-home LC_ALL=C.UTF-8 MANPAGER=cat PATH=/usr/bin:/usr/sbin:/bin:/sbin
mkdir -p -m 700 "$HOME"
ok "it is installed, all that it depends on being there" dpkg -i "$deb"
ok "every file is where dpkg says" all_there
ok "dpkg finds nothing changed" unchanged
ok "migsh --version" has "migsh $version" migsh --version
ok "migsh list" has running migsh -C test:///default list
ok "a recipe" has --max-outage migsh help live-migrate
ok "all recipes" all_recipes
ok "migsh(1)" page migsh "EXIT STATUS"
ok "migsh-commands(1)" page migsh-commands "live-migrate"
ok "migsh-recipes(5)" page migsh-recipes "TYPES OF ARGUMENTS"
ok "migsh-lua(7)" page migsh-lua "mig.spawn"
ok "completion by bash" complete
ok "an example" test -r /usr/share/migsh/examples/three-nodes/prepare.migsh
if command -v lintian >/dev/null; then ok "lintian has no error" lintian --allow-root --fail-on error "$deb"
else echo "ok - lintian # SKIP there is none here"; fi
ok "it is removed" dpkg -P migsh
ok "and is gone" gone
exit $rc
EOF
version=$(dpkg-deb -f "$deb" Version)
# What this machine has by way of `meson install` would hide what the package lacks; and so would this tree. Of what is
# new in the overlay nothing may have the name in the end; a character device there is a file that was removed.
# shellcheck disable=SC2016
unshare --mount sh -c "$overlay"' && cp "$2" "$1/inside" "$1/m/root/tmp/" && root=$1/m/root && tree=$4 &&
    rm -rf "$root/usr/local/bin/migsh" "$root/usr/local/share/migsh" && mount -t tmpfs none "$root$tree" &&
    mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount -t tmpfs none "$root/run" || exit
    chroot "$root" bash /tmp/inside "/tmp/${2##*/}" "$3"
    rc=$?
    cd "$1/m/up" || exit
    left=$(find usr etc var -iname "*migsh*" ! -type c 2>/dev/null)
    if [ -z "$left" ]; then echo "ok - nothing of it is left"; else echo "not ok - nothing of it is left"; echo "$left"; rc=1; fi
    exit $rc' sh "$work" "$deb" "$version" "$PWD" || rc=1
if [ "$before" = "$(dpkg-query -W migsh 2>&1)" ]; then echo "ok - this machine has not changed"; else echo "not ok - this machine has not changed"; rc=1; fi
exit $rc
