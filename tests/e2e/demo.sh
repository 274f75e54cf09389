#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo: a program compiled for eBPF runs in the built-in machine, and a node announces it as a
# panicked kernel would. A real gdb under the preload debugs it through `target remote netgdb:…`.
# The script shows gdb's output and compares it with the expected output.
#
#   demo.sh SOURCE-DIRECTORY [BUILD-DIRECTORY]
#
# Without a build directory it uses the installed netgdb.
set -u
here=$(cd "$1/tests/e2e" && pwd)
netgdb=netgdb
library=libnetgdb.so
if [ $# -ge 2 ]; then
    build=$(cd "$2" && pwd)
    netgdb=$build/tools/netgdb
    library=$build/.libs/libnetgdb.so
fi
dir=$(mktemp -d) || exit 1
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null; rm -rf "$dir"' EXIT

fail() {
    echo "demo: $*" >&2
    exit 1
}

# A HERALD port of our own, because another debugger may have the standard one.
port=$((21000 + $$ % 10000))
cp "$here/demo.c" "$dir/demo.c"
(cd "$dir" && clang -target bpf -g -O0 -c demo.c -o demo.o) || fail "clang cannot compile demo.c"
sed "s/@port@/$port/" "$here/demo.gdb" >"$dir/commands"
export NETGDB_RUNTIME_DIR="$dir/run" HOME="$dir" LC_ALL=C

"$netgdb" node --bind 127.0.0.1:0 --retry 20ms "127.0.0.1:$port" \
    --ebpf "$dir/demo.o" 2>"$dir/node" &
node=$!
echo '$ netgdb node 127.0.0.1 --ebpf demo.o &'
echo '$ LD_PRELOAD=libnetgdb.so gdb-multiarch -batch -x demo.gdb'
(cd "$dir" && LD_PRELOAD="$library" timeout -k 5 60 gdb-multiarch -nx -batch \
    -x commands) >"$dir/output" 2>"$dir/errors" </dev/null
status=$?
sed -e "s/netgdb:127.0.0.1:$port/netgdb:127.0.0.1/" -e 's/0x[0-9a-f]\{4,\}/0x…/g' \
    "$dir/output" | tee "$dir/shown"
if [ "$status" != 0 ]; then
    cat "$dir/errors" "$dir/node" >&2
    fail "gdb ended with status $status"
fi
wait "$node" || fail "the node ended with status $?: $(cat "$dir/node")"
node=
diff -u "$here/demo.expected" "$dir/shown" >&2 || fail "gdb's output differs from the expected output"
echo "demo: everything matched; gdb detached and the target runs on"
