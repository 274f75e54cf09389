#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# node.sh BUILD [FIRST [STEP]]: runs `netgdb node` once for every allocation and system call of the
# command; the N-th of them fails. Its client is the program that makes GDB's calls, under
# libnetgdb.so. The node must not crash, must end in time, and if it fails it must say so in one line,
# or two; the client must get correct replies or none. Prints the calls that failed; fails if a run was
# wrong.
set -u
build=$1 n=${2:-1} step=${3:-1}
port=${NETGDB_FAIL_PORT:-23027}
dir=$(mktemp -d) || exit 1
caller=
trap '[ -z "$caller" ] || kill "$caller" 2>/dev/null; rm -rf "$dir"' EXIT
export NETGDB_RUNTIME_DIR="$dir/run"

# one N: runs it with the N-th call failing; its status is the node's.
one() {
    LD_PRELOAD="$build/.libs/libnetgdb.so" "$build/tests/fail/caller" \
        "netgdb:127.0.0.1:$port,timeout=10" >"$dir/out" 2>"$dir/caller" &
    caller=$!
    NETGDB_FAIL=$1 NETGDB_FAIL_OBJECT=tools/netgdb LD_PRELOAD="$build/tests/fail/.libs/fail.so" \
        timeout -s ABRT 60 "$build/tools/netgdb" node --bind 127.0.0.1:0 --retry 20ms \
        "127.0.0.1:$port" -- env -u LD_PRELOAD "$build/tests/fail/caller" --stub \
        >"$dir/node" 2>"$dir/err"
    result=$?
    # A server that has not learnt that it has a node waits for it for 40 s, as for a kernel.
    [ "$result" = 0 ] || kill "$caller" 2>/dev/null
    { wait "$caller"; } 2>/dev/null # says nothing of a kill
    called=$?
    rm -rf "$dir/run"
    what=$(sed -n 's/^fail: .* failed \(.*\), .*/\1/p' "$dir/err")
    lines=$(grep '^netgdb: ' "$dir/err" | grep -vc 'node: sending from')
}

# is_right: how this run of the node and its client ended.
is_right() {
    case $result in
    0) [ "$called" = 0 ] && grep -q '^detached' "$dir/out" ;;
    1 | 3 | 4) { [ "$called" = 0 ] || [ "$called" = 143 ]; } && [ "$lines" -ge 1 ] && [ "$lines" -le 2 ] ;;
    *) return 1 ;;
    esac
}

one 0
calls=$(sed -n 's/^fail: \([0-9]*\) calls.*/\1/p' "$dir/err" | tail -n 1)
echo "without: $(cat "$dir/out"), $calls calls"
is_right || { cat "$dir/caller" "$dir/err"; exit 1; }
wrong=0 ran=0
while [ "$n" -le "$calls" ]; do
    one "$n"
    ran=$((ran + 1))
    is_right || {
        wrong=$((wrong + 1))
        echo "WRONG $n ($what): status $result, client $called: $(cat "$dir/out")"
        grep -v '^fail:' "$dir/err" | head -n 4
    }
    n=$((n + step))
done
echo "$ran runs of the node, $wrong wrong"
[ "$wrong" = 0 ]
