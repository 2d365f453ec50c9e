#!/usr/bin/env bash
# scripts/package.sh deb|rpm [DIR]: makes a package of this tree in DIR, by default dist/, and prints its name. The
# version is meson.build's; what stands in packaging/ is filled in. Without rpmbuild "rpm" leaves the spec and the
# tarball, ready for it, and says so. $DEBFULLNAME and $DEBEMAIL, as Debian's own tools have them, are whose package it
# is; $PACKAGE_MESON may be one more option for meson, $PACKAGE_RPM one for rpmbuild.
set -eEuo pipefail
trap 'echo "package: failed: $BASH_COMMAND" >&2' ERR
kind=${1:-}
[[ $kind == deb || $kind == rpm ]] && [ $# -le 2 ] || { echo "usage: scripts/package.sh deb|rpm [DIR]" >&2; exit 2; }
mkdir -p -- "${2:-dist}"
out=$(cd -- "${2:-dist}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(meson introspect meson.build --projectinfo | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-package.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
umask 022

# filled FILE NAME=VALUE…: the file with each @NAME@ replaced.
filled() {
    local text pair
    text=$(<"$1")
    for pair in "${@:2}"; do text=${text//"@${pair%%=*}@"/"${pair#*=}"}; done
    printf '%s\n' "$text"
}

# logged COMMAND…: its output in a log, of which the end is shown where it fails.
logged() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; return 1; }; }

# Recipes of whoever builds are no part of the manual.
build() {
    local -x MIGSH_RECIPES='' XDG_CONFIG_HOME=$work/config
    [ -f build-package/build.ninja ] ||
        logged meson setup build-package --prefix=/usr --buildtype=debugoptimized -Dtests=false ${PACKAGE_MESON:+"$PACKAGE_MESON"}
    logged ninja -C build-package
    DESTDIR=$work/root logged meson install -C build-package --no-rebuild
    strip --strip-unneeded --remove-section=.comment --remove-section=.note "$work/root/usr/bin/migsh"
}

make_deb() {
    local root=$work/root doc=$work/root/usr/share/doc/migsh maintainer epoch arch libraries
    build
    maintainer="${DEBFULLNAME:-$(id -un)} <${DEBEMAIL:-$(id -un)@$(hostname -f 2>/dev/null || hostname)}>"
    arch=$(dpkg --print-architecture)
    epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y NEWS.md)}
    mkdir -p "$doc" "$work/debian" "$root/DEBIAN"
    cp packaging/copyright README.md "$doc/"
    gzip -9n <NEWS.md >"$doc/NEWS.md.gz"
    printf 'migsh (%s) unstable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- %s  %s\n' "$version" \
        "$maintainer" "$(LC_ALL=C date -Rud "@$epoch")" | gzip -9n >"$doc/changelog.gz"
    find "$root/usr/share/man" -type f -exec gzip -9n {} +
    # It wants the control file of a source package; of ours there is only the name.
    printf 'Source: migsh\n\nPackage: migsh\nArchitecture: any\n' >"$work/debian/control"
    logged env -C "$work" dpkg-shlibdeps -Tdebian/substvars root/usr/bin/migsh
    libraries=$(sed -n 's/^shlibs:Depends=//p' "$work/debian/substvars")
    [ -n "$libraries" ] || { echo "package: dpkg-shlibdeps names no library" >&2; return 1; }
    filled packaging/control "VERSION=$version" "ARCH=$arch" "SIZE=$(du -sk --apparent-size "$root/usr" | cut -f 1)" \
        "LIBRARIES=$libraries" "MAINTAINER=$maintainer" >"$root/DEBIAN/control"
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    find "$root" -type d -exec chmod 755 {} +
    SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz --build "$root" "$out/migsh_${version}_$arch.deb" >/dev/null
    echo "$out/migsh_${version}_$arch.deb"
}

make_rpm() {
    filled packaging/migsh.spec "VERSION=$version" >"$out/migsh.spec"
    tar -czf "$out/migsh-$version.tar.gz" --exclude='./build*' --exclude=./.git --exclude=./dist --transform "s,^\.,migsh-$version," .
    if ! command -v rpmbuild >/dev/null; then
        echo "there is no rpmbuild here; where it is: rpmbuild -bb --define '_sourcedir $out' $out/migsh.spec" >&2
        echo "$out/migsh.spec"
        return
    fi
    logged rpmbuild -bb ${PACKAGE_RPM:+"$PACKAGE_RPM"} --define "_topdir $work" --define "_sourcedir $out" \
        --define "_rpmdir $out" "$out/migsh.spec"
    find "$out" -name "migsh-$version-*.rpm" ! -name '*debug*'
}

make_"$kind"
