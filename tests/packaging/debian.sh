#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests the Debian packages: two builds are identical, lintian has no complaint, and the installed
# packages work. Not part of check, because it needs debhelper, lintian and ten minutes.
#
#   debian.sh SOURCE-DIRECTORY RELEASE.tar.xz DIRECTORY
#
# DIRECTORY gets both builds. The packages are installed in an overlay of this machine's root, in a
# mount namespace: the machine itself stays as it is. Without root these tests are skipped.
source=$(cd "$1" && pwd) || exit 2
release=$(realpath "$2") || exit 2
version=$(basename "$release" .tar.xz)
version=${version#netgdb-}
rm -rf "${3:?}/one" "$3/other"
mkdir -p "$3" || exit 2
dir=$(cd "$3" && pwd) || exit 2
log=$dir/log
count=0
failures=0
LC_ALL=C
export LC_ALL

# ok DESCRIPTION COMMAND...: on failure the end of the log is shown.
ok() {
    count=$((count + 1))
    description=$1
    shift
    if "$@" >>"$log" 2>&1; then
        echo "ok $count - $description"
    else
        echo "not ok $count - $description"
        tail -n 20 "$log" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
}

skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

finish() {
    echo "1..$count"
    [ "$failures" = 0 ]
    exit
}

for command in dh dpkg-buildpackage lintian; do
    command -v $command >/dev/null || {
        echo "1..0 # SKIP no $command here: install debhelper, dpkg-dev and lintian"
        exit 0
    }
done
: >"$log"

# ---- two builds ----

sums() {
    (cd "$dir/$1" && sha256sum ./*.deb)
}

same_packages() {
    sums one >"$dir/one.sums"
    sums other >"$dir/other.sums"
    [ "$(wc -l <"$dir/one.sums")" = 4 ] && diff "$dir/one.sums" "$dir/other.sums"
}

# The other build differs in its directory, language, time zone, file modes and parallelism, and runs no tests.
build_other() {
    (umask 027 && exec env LC_ALL=C.UTF-8 TZ=Asia/Tokyo DEB_BUILD_OPTIONS=nocheck \
        "$source/packaging/debian/build" "$release" "$dir/other/below" -b) &&
        mv "$dir/other/below"/*.deb "$dir/other/"
}

version_matches() {
    sed -n '1s/.*(\(.*\)-[0-9]*).*/\1/p' "$source/packaging/debian/changelog" | grep -qx "$version"
}

parallel=$(nproc)
ok "the version is the release's" version_matches
ok "the packages are built, and the unit tests pass" \
    env DEB_BUILD_OPTIONS="parallel=$parallel" "$source/packaging/debian/build" "$release" "$dir/one" -b
ok "they are built elsewhere, with other settings" build_other
ok "both builds have the same four packages" same_packages
ok "lintian has no complaint" lintian --allow-root --fail-on error,warning,info \
    "$dir/one/netgdb_$version-1_$(dpkg --print-architecture).changes"

# ---- contents ----

# contains PACKAGE FILE...
contains() {
    dpkg-deb --contents "$dir/one/$1"_*.deb | awk '{ print $6 }' >"$dir/contents"
    shift
    for file; do
        grep -qx -e "./$file" "$dir/contents" || {
            echo "no $file"
            return 1
        }
    done
}

triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
ok "the object is in the directory of its architecture" contains libnetgdb \
    "usr/lib/$triplet/libnetgdb.so" "usr/lib/$triplet/netgdb/netgdb-tls" \
    "usr/lib/$triplet/pkgconfig/netgdb.pc" usr/share/man/man7/libnetgdb.7.gz
ok "the command, its service and completions are in netgdb" contains netgdb usr/bin/netgdb \
    lib/systemd/system/netgdb-proxy.service lib/systemd/system/netgdb-proxy.socket \
    usr/lib/sysusers.d/netgdb.conf usr/share/bash-completion/completions/netgdb \
    usr/share/zsh/vendor-completions/_netgdb usr/share/fish/vendor_completions.d/netgdb.fish
ok "the service of autopsy, the dissector, the linker plugin and the manual pages are in netgdb" contains netgdb \
    lib/systemd/system/netgdb-autopsy.service "usr/lib/$triplet/wireshark/plugins/debugnet.lua" \
    usr/bin/netgdb-bpf-plugin usr/share/man/man1/netgdb.1.gz usr/share/man/man1/netgdb-bpf-plugin.1.gz
ok "debug information is in netgdb-dbgsym" contains netgdb-dbgsym 'usr/lib/debug/.build-id/.*/.*\.debug'
ok "debug information is in libnetgdb-dbgsym" contains libnetgdb-dbgsym 'usr/lib/debug/.build-id/.*/.*\.debug'
ok "libnetgdb can be installed for several architectures" \
    [ "$(dpkg-deb -f "$dir/one"/libnetgdb_*.deb Multi-Arch)" = same ]

# ---- installed ----

# in_root COMMAND: runs a shell command in the overlay with both packages installed; without a
# network but loopback.
in_root() {
    # shellcheck disable=SC2016 # for that shell
    unshare --mount --net --pid --fork --kill-child sh -eu -c '
        mount -t tmpfs none "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay overlay \
            -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
        root=$1/root
        cp -a "$2" "$root/mnt/packages"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs none "$root/run"
        mount -t tmpfs none "$root/tmp"
        ip link set lo up
        exec chroot "$root" sh -eu -c "export DEBIAN_FRONTEND=noninteractive
            cd /mnt/packages
            dpkg -i netgdb_*.deb libnetgdb_*.deb
            $3"' sh "$dir/overlay" "$dir/one" "$1"
}

mkdir -p "$dir/overlay"
if [ "$(id -u)" = 0 ] && in_root true >>"$log" 2>&1; then
    ok "the packages can be installed" in_root 'netgdb --version'
    ok "LD_PRELOAD=libnetgdb.so is found" in_root 'LD_PRELOAD=libnetgdb.so ldd /bin/true | grep libnetgdb.so
        ! LD_PRELOAD=libnetgdb.so true 2>&1 | grep cannot'
    ok "the installation creates the user netgdb" in_root 'getent passwd netgdb'
    ok "it does not open the port" in_root '! ls /etc/systemd/system/*.wants/netgdb-proxy.*'
    ok "pkg-config knows the object" in_root "test \"\$(pkg-config --variable=preload netgdb)\" = /usr/lib/$triplet/libnetgdb.so"
    ok "the packages can be removed" in_root 'dpkg --purge netgdb libnetgdb; ! command -v netgdb'
    if command -v gdb-multiarch >/dev/null && command -v clang >/dev/null; then
        ok "the package's own test runs the demo" in_root "cd netgdb-$version && debian/tests/demo"
    else
        skip "the package's own test runs the demo" "no gdb-multiarch or clang here"
    fi
else
    skip "the packages can be installed" "no overlay in a mount namespace here"
fi
finish
