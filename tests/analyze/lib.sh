# SPDX-License-Identifier: GPL-3.0-or-later
# What the analyses share. One TAP line an analysis; what was found comes before it.
: "${top_builddir:?is set by make check}"
cd "${top_srcdir:?is set by make check}" || exit 1
jobs=${NETGDB_JOBS:-2}
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# needs COMMAND: skips the analysis where there is none.
needs() {
    command -v "$1" >/dev/null && return
    echo "1..0 # SKIP no $1 here"
    exit 0
}

# The product's C files, one a line.
sources() {
    for room in proto io session threads symbols shim tools ebpf; do
        [ ! -d $room ] || find $room -name '*.c'
    done | sort
}

# As the build has it; words without spaces.
flags() {
    echo "-std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -DNETGDB_LIBRARY=\"\" -DNETGDB_BINDIR=\"\" -DNETGDB_LIBDIR=\"\" -DNETGDB_TLS_HELPER=\"\" -I. -I$top_builddir"
}

# report NAME: passes when nothing was found; a failure begins with what was found first.
report() {
    sed 's/^/# /' "$found"
    echo 1..1
    if [ -s "$found" ]; then
        echo "not ok 1 - $1: $(head -n 1 "$found" | tr '#' ' ')"
    else
        echo "ok 1 - $1"
    fi
}
