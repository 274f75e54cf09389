# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the analyses. Each prints its findings, then one TAP line.
: "${top_builddir:?is set by make check}"
cd "${top_srcdir:?is set by make check}" || exit 1
jobs=${NETGDB_JOBS:-2}
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# needs COMMAND: skips the analysis if COMMAND is missing.
needs() {
    command -v "$1" >/dev/null && return
    echo "1..0 # SKIP no $1 here"
    exit 0
}

# The product's C files that this system compiles, one per line.
sources() {
    for room in proto io session threads freebsd record symbols shim tools ebpf; do
        [ ! -d $room ] || find $room -name '*.c'
    done | grep -vE '^io/os_(freebsd|kqueue)' | sort
}

# The compiler options of the build, as words.
flags() {
    echo "-std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -DNETGDB_LIBRARY=\"\" -DNETGDB_BINDIR=\"\" -DNETGDB_LIBDIR=\"\" -DNETGDB_TLS_HELPER=\"\" -I. -I$top_builddir"
}

# report NAME: passes if nothing was found; a failure shows the first finding.
report() {
    sed 's/^/# /' "$found"
    echo 1..1
    if [ -s "$found" ]; then
        echo "not ok 1 - $1: $(head -n 1 "$found" | tr '#' ' ')"
    else
        echo "ok 1 - $1"
    fi
}
