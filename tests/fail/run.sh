#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD [FIRST [STEP]]: runs a program that makes GDB's calls under libnetgdb.so, with a node on
# loopback, once for every allocation and system call of libnetgdb.so; the N-th of them fails. The
# program must not crash, must end in time, and must have no more descriptors and blocks than after a
# run without failures; a few blocks more are allowed for names that are looked up twice. Prints the
# calls that failed; fails if a run was wrong.
set -u
build=$1 n=${2:-1} step=${3:-1}
port=${NETGDB_FAIL_PORT:-23025}
dir=$(mktemp -d) || exit 1
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null; rm -rf "$dir"' EXIT
export NETGDB_RUNTIME_DIR="$dir/run"

# one N: runs it with the N-th call failing; its status is the caller's.
one() {
    "$build/tools/netgdb" node --bind 127.0.0.1:0 --retry 20ms "127.0.0.1:$port" -- \
        "$build/tests/fail/caller" --stub >"$dir/node" 2>&1 &
    node=$!
    # shellcheck disable=SC2086 # not known in the first run
    NETGDB_FAIL=$1 LD_PRELOAD="$build/tests/fail/.libs/fail.so:$build/.libs/libnetgdb.so" \
        timeout -s ABRT 60 "$build/tests/fail/caller" "netgdb:127.0.0.1:$port,timeout=3" \
        ${most_descriptors:-} >"$dir/out" 2>"$dir/err"
    result=$?
    kill "$node" 2>/dev/null
    wait "$node"
    rm -rf "$dir/run"
    descriptors=$(sed -n 's/.*, \([0-9]*\) descriptors/\1/p' "$dir/out")
    blocks=$(sed -n 's/^fail: .* \([0-9]*\) blocks/\1/p' "$dir/err")
    what=$(sed -n 's/^fail: .* failed \(.*\), .*/\1/p' "$dir/err")
}

one 0
calls=$(sed -n 's/^fail: \([0-9]*\) calls.*/\1/p' "$dir/err")
most_descriptors=$descriptors most_blocks=$blocks wrong=0 ran=0
echo "without: $(cat "$dir/out"), $calls calls, $blocks blocks"
grep -q '^detached' "$dir/out" || { cat "$dir/err" "$dir/node"; exit 1; }
while [ "$n" -le "$calls" ]; do
    one "$n"
    ran=$((ran + 1))
    if [ "$result" != 0 ] || [ "${descriptors:-99}" -gt "$most_descriptors" ] ||
        [ "${blocks:-99999}" -gt $((most_blocks + 3)) ]; then
        wrong=$((wrong + 1))
        echo "WRONG $n ($what): status $result, $(cat "$dir/out"), ${blocks:-?} blocks"
        grep -v '^fail:' "$dir/err" | head -n 3
    fi
    n=$((n + step))
done
echo "$ran runs, $wrong wrong"
[ "$wrong" = 0 ]
