#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# gdb.sh BUILD [FIRST [STEP]]: runs gdb under libnetgdb.so once for every tenth allocation or system call
# of libnetgdb.so; that call fails. gdb must not crash and must end in time, and the target must be
# detached: gdb connects and detaches once more at its end, and if that failed, a second gdb must
# succeed. GDB 13.1 has assertions that fail when a connection ends at the wrong moment; those are
# counted.
set -u
build=$1 n=${2:-1} step=${3:-10}
port=${NETGDB_FAIL_PORT:-23026}
dir=$(mktemp -d) || exit 1
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null; rm -rf "$dir"' EXIT
export NETGDB_RUNTIME_DIR="$dir/run" DEBUGINFOD_URLS=
program=$build/tests/e2e/target
name="netgdb:127.0.0.1:$port,timeout=10"
for i in 1 2; do
    cat <<END
target remote $name
info registers rip
stepi
x/2i \$pc
info threads
detach
disconnect
END
done >"$dir/batch"
# Runs all commands, also after one that failed.
set --
while read -r line; do
    set -- "$@" -ex "$line"
done <"$dir/batch"

# debug N ARGUMENT...: gdb's exit status.
debug() {
    fail_at=$1
    shift
    NETGDB_FAIL=$fail_at LD_PRELOAD="$build/tests/fail/.libs/fail.so:$build/.libs/libnetgdb.so" \
        timeout -s ABRT 90 gdb -nx -q -batch -iex 'set debuginfod enabled off' \
        -iex 'set sysroot /' -iex 'set confirm off' "$@" "$program" \
        >"$dir/out" 2>"$dir/err" </dev/null
}

is_left() {
    tail -n 3 "$dir/out" | grep -q 'detached\]$'
}

# one N: runs gdb with the N-th call failing; its status is gdb's.
one() {
    "$build/tools/netgdb" node --again --bind 127.0.0.1:0 --retry 20ms "127.0.0.1:$port" -- \
        gdbserver --no-startup-with-shell - "$program" >"$dir/node" 2>&1 &
    node=$!
    (debug "$@") 2>/dev/null # says nothing of an abort
    result=$?
    what=$(sed -n 's/^fail: .* failed \(.*\), .*/\1/p' "$dir/err")
    own=0
    ! grep -q 'internal-error' "$dir/err" || own=1
    if [ "$own" = 1 ] || { [ "$result" -le 123 ] && ! is_left; }; then # the next one must find it
        shift
        (debug 0 "$@") 2>/dev/null
        result=$?
    fi
    kill "$node" 2>/dev/null
    wait "$node"
    rm -rf "$dir/run"
}

one 0 "$@"
calls=$(sed -n 's/^fail: \([0-9]*\) calls.*/\1/p' "$dir/err")
detached=$(grep -c 'detached\]$' "$dir/out")
echo "without: $calls calls, detached $detached times"
[ "$detached" = 2 ] || { cat "$dir/err" "$dir/node"; exit 1; }
wrong=0 ran=0 asserted=0
while [ "$n" -le "$calls" ]; do
    one "$n" "$@"
    ran=$((ran + 1)) asserted=$((asserted + own))
    if [ "$result" -gt 123 ] || ! is_left; then
        wrong=$((wrong + 1))
        echo "WRONG $n ($what): status $result"
        tail -n 2 "$dir/out"
        grep '^netgdb: ' "$dir/err" | head -n 4
    fi
    n=$((n + step))
done
echo "$ran runs of gdb, $wrong wrong; $asserted ended in an assertion of gdb's own"
[ "$wrong" = 0 ]
