# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Which QEMU the hosts run. QEMU before 9.0 loses memory of emulated guests in a migration: now and then one is dead or
# deaf afterwards. Where the machine's own is that old, a newer one is taken from the backports of its own Debian
# mirror, unpacked into the cache and never installed, and bound over the machine's in the hosts' mount namespaces.
# Where there is none to be had, or with MIGSH_LAB_QEMU=machine, the hosts run the machine's; `up` and `status` say
# which it is. Guests need an <acpi/>: without, libvirt 9.0 starts them with an option that newer QEMUs do not know.
# Sourced by `lab` only.

QEMU_GOOD=9 # the first major version with the fix
QEMU_MACHINE=/usr/bin/qemu-system-x86_64
QEMU_MODULES=/usr/lib/x86_64-linux-gnu/qemu
QEMU_RETRY_S=3600 # how long "there is none to be had" is believed

qemu_version() { "$1" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9][0-9.]*\).*/\1/p'; }

qemu_packages() { "$TREE/scripts/install-packages.sh" --list download-backports; }

# The unpacked one; empty when there is none.
qemu_dir() {
    find "$CACHE" -maxdepth 1 -name 'qemu-*' -type d 2>/dev/null | sort -V | tail -n 1
}

# Sets QEMU, what `up` is to use: a directory, or nothing for the machine's own.
qemu_choose() {
    local own
    QEMU=
    [[ ${MIGSH_LAB_QEMU:-} != machine ]] || return 0
    own=$(qemu_version "$QEMU_MACHINE")
    ((${own%%.*} >= QEMU_GOOD)) || QEMU=$(qemu_dir)
}

# Nothing to be fetched: asked for the machine's, there already, or tried not long ago.
qemu_settled() {
    local own
    [[ ${MIGSH_LAB_QEMU:-} != machine && -z $(qemu_dir) ]] || return 0
    own=$(qemu_version "$QEMU_MACHINE")
    ((${own%%.*} < QEMU_GOOD)) || return 0
    [[ -n $(find "$CACHE/no-qemu" -newermt "-$QEMU_RETRY_S seconds" 2>/dev/null) ]]
}

# A line for people.
qemu_says() {
    if [[ -n $QEMU ]]; then
        echo "QEMU $(qemu_version "$QEMU$QEMU_MACHINE"), unpacked from backports"
    else
        echo "QEMU $(qemu_version "$QEMU_MACHINE"), the machine's own$(qemu_why_old)"
    fi
}

qemu_why_old() {
    local own
    own=$(qemu_version "$QEMU_MACHINE")
    ((${own%%.*} < QEMU_GOOD)) || return 0
    echo -n ", which loses memory of emulated guests in migrations"
    [[ ! -s $CACHE/no-qemu || ${MIGSH_LAB_QEMU:-} = machine ]] || echo -n " (no newer one: $(cat "$CACHE/no-qemu"))"
}

# fetch_qemu TMP: never fails; why there is none is kept in the cache.
fetch_qemu() {
    local why
    echo "lab: downloading a newer QEMU for the hosts"
    if why=$(unpack_qemu "$1" 2>&1); then
        rm -f "$CACHE/no-qemu"
    else
        why=$(grep . <<<"$why" | tail -n 1)
        echo "${why:-unpacking it failed}" >"$CACHE/no-qemu"
        echo "lab: there is none to be had: $(cat "$CACHE/no-qemu")"
    fi
}

# apt with lists, sources and archives of its own below TMP: the machine's configuration is read (mirror, keys, proxy)
# and not changed. It knows what is installed, so it brings the libraries that are missing as well.
unpack_qemu() {
    local tmp=$1/qemu suite codename mirror key deb root version packages
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && [[ $ID = debian ]] && echo "$VERSION_CODENAME") || { echo "this is no Debian"; return 1; }
    suite=$codename-backports
    # shellcheck disable=SC2016 # apt's own words
    read -r mirror key < <(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI) $(SIGNED_BY)' |
        sed -n "s/^Packages $codename main //p" | grep -v security | head -n 1)
    [[ -n ${mirror:-} ]] || { echo "no mirror of $codename is configured"; return 1; }
    [[ ${key:-} = /* ]] || key=
    mkdir -p "$tmp"/{lists,archives,sources,state}/partial
    printf '%s\n' "Types: deb" "URIs: $mirror" "Suites: $codename $suite" "Components: main" \
        ${key:+"Signed-By: $key"} >"$tmp/sources/lab.sources"
    local apt=(apt-get -qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$tmp/sources" -o "Dir::State=$tmp/state"
        -o Dir::State::status=/var/lib/dpkg/status -o "Dir::State::Lists=$tmp/lists" -o "Dir::Cache=$tmp"
        -o "Dir::Cache::archives=$tmp/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=root
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
    "${apt[@]}" update || return 1 # to reach nothing is no failure to apt
    compgen -G "$tmp/lists/*${suite}_main_*" >/dev/null || { echo "$suite cannot be reached at $mirror"; return 1; }
    mapfile -t packages < <(qemu_packages)
    "${apt[@]}" --download-only --yes --no-install-recommends install "${packages[@]/%//$suite}" || return 1
    root=$tmp/root
    mkdir "$root"
    chmod 755 "$root"
    for deb in "$tmp"/archives/*.deb; do
        dpkg-deb -x "$deb" "$root" || return 1
    done
    arrange_qemu "$root" || return 1
    version=$(qemu_version "$root$QEMU_MACHINE")
    ((${version%%.*} >= QEMU_GOOD)) || { echo "backports has ${version:-none that runs here}"; return 1; }
    mv "$root" "$CACHE/qemu-$version"
}

# As the hosts will see it: what the machine has in the directories that are bound stays; libraries that it lacks are
# gathered in one place.
arrange_qemu() {
    local root=$1 lib
    rm -rf "$root"/usr/share/{doc,man,lintian,icons,applications}
    for lib in /usr/share/qemu /usr/share/seabios; do
        mkdir -p "$root/union" "$root$lib"
        [[ ! -d $lib ]] || cp -a "$lib/." "$root/union/"
        cp -a "$root$lib/." "$root/union/"
        rm -rf "${root:?}$lib"
        mv "$root/union" "$root$lib"
    done
    mkdir -p "$root/lib"
    for lib in "$root"/{usr/,}lib/x86_64-linux-gnu/*.so*; do
        [[ ! -e $lib || -e ${lib#"$root"} ]] || cp -a "$lib" "$root/lib/"
    done
    find "$root/lib" -maxdepth 0 -empty -delete
    [[ -x $root$QEMU_MACHINE && -d $root$QEMU_MODULES ]] || { echo "the packages have no QEMU in them"; return 1; }
    ! LD_LIBRARY_PATH=$root/lib ldd "$root$QEMU_MACHINE" | grep 'not found' || return 1
}

# bind_qemu NEW: inside a host, before NEW becomes its root.
bind_qemu() {
    local new=$1 file
    [[ -n $QEMU ]] || return 0
    for file in "$QEMU"/usr/bin/* "$QEMU$QEMU_MODULES" "$QEMU"/usr/share/{qemu,seabios}; do
        [[ ! -e $new${file#"$QEMU"} ]] || mount --bind "$file" "$new${file#"$QEMU"}"
    done
    [[ -d $QEMU/lib ]] || return 0
    mkdir "$new/qemu-lib"
    mount --bind "$QEMU/lib" "$new/qemu-lib"
    echo /qemu-lib >"$new/etc/ld.so.conf.d/zz-migsh-lab.conf"
    chroot "$new" ldconfig
}
