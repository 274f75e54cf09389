#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures the savings of the cache, each number with its bar; for `make bench-cache`, not for check:
# the number of requests that reach a node which polls as a kernel does, and the time of sessions over
# a path of 25 ms one way.
#
#   cache.sh [counts] [dump] [kernel] [batch] [far]       all of them by default
#
# BENCH_ROUNDS (5): each time is the median of this number of rounds.
set -u
: "${top_builddir:?is set by make bench-cache}" "${srcdir:?}"
netgdb=$top_builddir/tools/netgdb
shim=$top_builddir/.libs/libnetgdb.so
stacks=$top_builddir/tests/e2e/stacks
threads=$top_builddir/tests/bench/threads
noise=$top_builddir/tests/e2e/noise
twin=$top_builddir/tests/e2e/kernel
rounds=${BENCH_ROUNDS:-5}
port=$((21000 + $$ % 10000))
dir=$(mktemp -d) || exit 1
node=
relay=
end() {
    for id in $node $relay; do
        kill "$id" 2>/dev/null
    done
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM
export LC_ALL=C NETGDB_RUNTIME_DIR="$dir/run" HOME="$dir"
unset DEBUGINFOD_URLS NETGDB_LOG NETGDB_CACHE
mkdir -m 700 "$dir/run"

die() {
    echo "bench: $*" >&2
    [ ! -s "$dir/gdb.err" ] || tail -n 5 "$dir/gdb.err" >&2
    exit 1
}

# row WHAT VALUE BAR [UNIT]: BAR "-": without a bar; one that begins with '>' is a minimum.
row() {
    awk -v what="$1" -v value="$2" -v bar="$3" -v unit="${4:-}" 'BEGIN {
        least = sub(/^>/, "", bar)
        good = least ? value >= bar + 0 : value <= bar + 0
        verdict = bar == "-" ? "" : good ? "holds" : "MISSED"
        printf "%-66s %10.2f %-5s %4s%4s  %s\n", what, value, unit,
            bar == "-" ? "" : least ? ">=" : "<=", bar, verdict }'
}

median() {
    sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'
}

# gdb_at TARGET PROGRAM FILE [PRELOAD]: without a program ("") it is an amd64 kernel's.
gdb_at() {
    {
        [ -n "$2" ] || echo 'set architecture i386:x86-64'
        echo 'set pagination off'
        echo 'set confirm off'
        echo 'set width 0'
        echo 'set sysroot /'
        echo "target remote $1"
        grep -v '^#' "$3" | sed "s|@dir@|$dir|g"
        echo kill
    } >"$dir/commands"
    LD_PRELOAD=${4:-} timeout -k 5 600 gdb -nx -batch -x "$dir/commands" ${2:+"$2"} \
        >"$dir/gdb.out" 2>"$dir/gdb.err" || die "gdb failed"
}

# session PROGRAM FILE [ARGUMENT...]: through a node that polls as a kernel does.
session() {
    program=$1
    file=$2
    shift 2
    rm -f "$dir/counts"
    "$netgdb" node --poll 500us --retry 20ms --log packet --bind 127.0.0.1:0 "127.0.0.1:$port" \
        -- gdbserver --no-startup-with-shell - "$program" "$@" >/dev/null 2>"$dir/node.err" &
    node=$!
    gdb_at "netgdb:127.0.0.1:$port" "$program" "$file" "$shim"
    wait "$node"
    node=
}

# ---- number of requests ----

counted='shell grep -c " -> " @dir@/node.err >>@dir@/counts'

# requests N: the number of requests between the N-th pair of counts.
requests() {
    sed -n "$(($1 * 2 - 1)),$(($1 * 2))p" "$dir/counts" | tr '\n' ' ' | awk '{ print $2 - $1 }'
}

counts() {
    cat >"$dir/deep" <<END
break bottom
continue
$counted
bt
$counted
maint flush dcache
maint flush register-cache
$counted
bt
$counted
stepi
maint flush dcache
$counted
x/64xb \$sp
$counted
continue
$counted
thread apply all bt
$counted
END
    cat >"$dir/many" <<END
break bottom
continue
$counted
info threads
$counted
END
    session "$stacks" "$dir/deep" 9 20
    with="$(requests 1) $(requests 2) $(requests 3) $(requests 4)"
    NETGDB_CACHE=off session "$stacks" "$dir/deep" 9 20
    without="$(requests 1) $(requests 2) $(requests 3) $(requests 4)"
    # shellcheck disable=SC2086 # a list of numbers
    set -- $with $without
    row "bt of 20 frames, cold: requests (without: $5)" "$1" 4
    row "bt of 20 frames, again (without: $6)" "$2" 0
    row "x/64xb on the stack (without: $7)" "$3" 1
    row "thread apply all bt, 9 threads of 21 frames (without: $8)" "$4" 40
    session "$stacks" "$dir/many" 200 20
    many=$(requests 1)
    NETGDB_CACHE=off session "$stacks" "$dir/many" 200 20
    row "info threads of 200, requests a thread (without: $(ratio "$(requests 1)" 200))" \
        "$(ratio "$many" 200)" 2.2
}

# ---- bulk ----

dump_once() {
    cat >"$dir/dump" <<'END'
shell date +%s%N >@dir@/began
dump binary memory @dir@/block &block[0] &block[0]+sizeof(block)
shell date +%s%N >@dir@/ended
END
    session "$stacks" "$dir/dump" 2 20
    [ "$(stat -c %s "$dir/block")" = $((16 << 20)) ] || die "no 16 MiB"
    echo $(($(cat "$dir/ended") - $(cat "$dir/began")))
}

dump() {
    : >"$dir/on"
    : >"$dir/off"
    for round in $(seq "$rounds"); do
        dump_once >>"$dir/on"
        NETGDB_CACHE=off dump_once >>"$dir/off"
    done
    row "dump memory of 16 MiB, --poll 500us" \
        "$(median <"$dir/on" | awk '{ print 16 * 1048576 / $1 * 1e3 }')" - MB/s
    row "(its time with the cache / without)" \
        "$(ratio "$(median <"$dir/on")" "$(median <"$dir/off")")" -
}

# ---- bulk, from a kernel ----

# said WORD: a number that the kernel printed at its end.
said() {
    sed -n "s/^$1 //p" "$dir/kernel"
}

# from_kernel NAME: ns of a dump of 4 MiB from a kernel in real time; the bytes are in
# $dir/NAME.
from_kernel() {
    "$twin" --mem 4 --bind 127.0.0.1:0 "127.0.0.1:$port" >"$dir/kernel" 2>/dev/null &
    node=$!
    cat >"$dir/dump" <<END
shell date +%s%N >@dir@/began
dump binary memory @dir@/$1 0xfffff80000000000 0xfffff80000400000
shell date +%s%N >@dir@/ended
END
    gdb_at "netgdb:127.0.0.1:$port" "" "$dir/dump" "$shim"
    wait "$node" || die "the kernel was not detached: $(cat "$dir/kernel")"
    node=
    [ "$(said harm)" = 0 ] || die "the kernel came to harm: $(cat "$dir/kernel")"
    elapsed
}

kernel() {
    : >"$dir/dumps"
    : >"$dir/sends"
    for round in 1 2 3; do
        from_kernel plain.bin >>"$dir/dumps" || exit 1
        said ns_a_send >>"$dir/sends"
    done
    took=$(median <"$dir/dumps")
    row "dump memory of 4 MiB from a kernel" \
        "$(awk "BEGIN { print 4 * 1048576 / $took * 1e3 }")" - MB/s
    row "(a send of that kernel)" "$(median <"$dir/sends" | awk '{ print $1 / 1e6 }')" - ms
    row "its time / two sends of the kernel for each 2048 bytes" \
        "$(awk "BEGIN { print $took / (4096 * $(median <"$dir/sends")) }")" 1.1
}

# ---- a batch ----

timed() {
    echo 'shell date +%s%N >@dir@/began'
    grep -v '^#' "$1"
    echo 'shell date +%s%N >@dir@/ended'
}

elapsed() {
    echo $(($(cat "$dir/ended") - $(cat "$dir/began")))
}

listens() {
    grep -qi ":$(printf %04x "$1") 00000000:0000 0A" /proc/net/tcp
}

batch() {
    timed "$srcdir/tests/bench/batch.gdb" >"$dir/batch"
    for kind in direct on off; do
        : >"$dir/$kind"
    done
    for round in $(seq "$rounds"); do
        gdbserver --once "127.0.0.1:$((port + 1))" "$threads" >/dev/null 2>&1 &
        stub=$!
        until listens $((port + 1)); do
            kill -0 "$stub" || die "gdbserver failed"
            sleep 0.01
        done
        gdb_at "127.0.0.1:$((port + 1))" "$threads" "$dir/batch"
        wait "$stub"
        elapsed >>"$dir/direct"
        for cache in on off; do
            "$netgdb" node --retry 20ms --log error --bind 127.0.0.1:0 "127.0.0.1:$port" \
                -- gdbserver --no-startup-with-shell - "$threads" >/dev/null 2>&1 &
            node=$!
            NETGDB_CACHE=$cache gdb_at "netgdb:127.0.0.1:$port" "$threads" "$dir/batch" "$shim"
            wait "$node"
            node=
            elapsed >>"$dir/$cache"
        done
    done
    row "gdb's batch over direct TCP" "$(median <"$dir/direct" | awk '{ print $1 / 1e6 }')" - ms
    row "gdb's batch through netgdb / over direct TCP" \
        "$(ratio "$(median <"$dir/on")" "$(median <"$dir/direct")")" 1.25
    row "(the same without the cache)" \
        "$(ratio "$(median <"$dir/off")" "$(median <"$dir/direct")")" -
}

# ---- 25 ms one way ----

# far_once PROGRAM FILE [ARGUMENT...]: ns from the first command to the last.
far_once() {
    program=$1
    file=$2
    shift 2
    "$noise" --address 127.0.0.3 --server 127.0.0.1 --port "$port" \
        --listen "$((port + 1)):0" --delay 25 2>"$dir/noise" &
    relay=$!
    until grep -q '^noise: ready' "$dir/noise"; do
        kill -0 "$relay" || die "the relay failed"
        sleep 0.01
    done
    "$netgdb" node --poll 500us --retry 20ms --log error --bind 127.0.0.2:0 \
        "127.0.0.3:$((port + 1))" -- gdbserver --no-startup-with-shell - "$program" "$@" \
        >/dev/null 2>&1 &
    node=$!
    gdb_at "netgdb:127.0.0.3:$port" "$program" "$file" "$shim"
    wait "$node"
    kill "$relay"
    wait "$relay" 2>/dev/null
    node=
    relay=
    elapsed
}

# far_ratio WHAT BAR PROGRAM FILE [ARGUMENT...]
far_ratio() {
    what=$1
    bar=$2
    shift 2
    : >"$dir/on"
    : >"$dir/off"
    for round in $(seq "$rounds"); do
        far_once "$@" >>"$dir/on" || exit 1
        NETGDB_CACHE=off far_once "$@" >>"$dir/off" || exit 1
    done
    row "25 ms one way: $what" "$(median <"$dir/on" | awk '{ print $1 / 1e9 }')" - s
    row "25 ms one way: $what, over that without the cache" \
        "$(ratio "$(median <"$dir/on")" "$(median <"$dir/off")")" "$bar"
}

far() {
    {
        echo 'break bottom'
        echo 'continue'
        timed "$srcdir/tests/bench/cache.gdb"
    } >"$dir/inspect"
    timed "$srcdir/tests/bench/batch.gdb" >"$dir/steps"
    far_ratio "an inspecting session" 0.25 "$stacks" "$dir/inspect" 5 20
    far_ratio "a session with steps and breakpoints" 0.6 "$threads" "$dir/steps"
}

command -v gdbserver >/dev/null || die "no gdbserver here"
[ -e "$shim" ] || die "$shim is not built"
[ $# != 0 ] || set -- counts dump kernel batch far
for part in "$@"; do
    case $part in
    counts | dump | kernel | batch | far) "$part" ;;
    *) die "'$part' is not a part" ;;
    esac
done
