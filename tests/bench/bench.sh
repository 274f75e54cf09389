#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The numbers of `make bench`: ratios of one run, each with its bar. It is not a test: it fails only if
# a program does not run.
#
#   bench.sh [latency] [waits] [batch] [start] [memory] [proxy] [parked] [sim] [poll] [pace] [loss]
#            [autopsy] [capture] [observe] [dissector]
#
# All by default.
#
# BENCH_ROUNDS (15) and BENCH_COUNT (400): number of measurements of each latency.
set -u
netgdb=${top_builddir:?is set by make bench}/tools/netgdb
shim=$top_builddir/.libs/libnetgdb.so
programs=$top_builddir/tests/bench
rounds=${BENCH_ROUNDS:-15}
count=${BENCH_COUNT:-400}
port=$((21000 + $$ % 10000)) # HERALD port; the relay's TCP port is the next one
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
NETGDB_RUNTIME_DIR=$dir/run
NETGDB_LOG_FILE=$dir/log
XDG_CACHE_HOME=$dir/cache # of gdb
export NETGDB_RUNTIME_DIR NETGDB_LOG_FILE XDG_CACHE_HOME
unset PYTHONPYCACHEPREFIX PYTHONDONTWRITEBYTECODE # autopsy: gdb starts as at a user's

die() {
    echo "bench: $*" >&2
    [ ! -s "$dir/log" ] || tail -n 5 "$dir/log" >&2
    exit 1
}

# row WHAT VALUE BAR [UNIT]: prints a line of the table; BAR "-": without a bar.
row() {
    awk -v what="$1" -v value="$2" -v bar="$3" -v unit="${4:-}" 'BEGIN {
        verdict = bar == "-" ? "" : value <= bar + 0 ? "holds" : "MISSED"
        printf "%-66s %10.2f %-5s %8s  %s\n", what, value, unit, bar, verdict }'
}

# column N FILE: the median of a column.
column() {
    awk -v n="$1" '{ print $n }' "$2" | sort -g |
        awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

place= # prefix of the programs of a latency: empty, or a command that keeps them on one CPU

# preloaded SIZE COUNT: the median of a read from the node that answers at once.
preloaded() {
    $place "$programs/node" 127.0.0.1 "$port" &
    node=$!
    $place env LD_PRELOAD="$shim" \
        "$programs/read" "$1" "$2" netgdb:127.0.0.1 "$port" || die "no reads through the preload"
    wait "$node" || die "the node failed"
}

relayed() {
    $place "$programs/relay" $((port + 1)) "$port" &
    relay=$!
    $place "$programs/node" 127.0.0.1 "$port" &
    node=$!
    until listens; do
        kill -0 "$relay" || die "the relay failed"
        sleep 0.01
    done
    $place "$programs/read" 64 "$count" 127.0.0.1 $((port + 1)) || die "no reads through the relay"
    wait "$relay" "$node" || die "the relay failed"
}

# pingpong [link|apart]
pingpong() {
    $place "$programs/pingpong" "$count" "$@" || die "no ping-pong"
}

# listens [N]: true if a server listens at the TCP port N (1) after the first.
listens() {
    grep -qi ":$(printf %04x $((port + ${1:-1}))) 00000000:0000 0A" /proc/net/tcp
}

# measure_latency: rounds of everything; the unit of each read is the mean of the ping-pongs before and
# after it, since the speed of the machine changes from second to second.
measure_latency() {
    : >"$dir/latency"
    round=0
    while [ "$round" -lt "$rounds" ]; do
        first=$(pingpong) || exit 1
        read=$(preloaded 64 "$count") || exit 1
        second=$(pingpong) || exit 1
        relay=$(relayed) || exit 1
        link=$(pingpong link) || exit 1
        apart=$(pingpong apart) || exit 1
        echo "$first $read $second $relay $link $apart" >>"$dir/latency"
        round=$((round + 1))
    done
}

# of_rounds FORMULA: the median of what an awk formula makes of each round.
of_rounds() {
    awk "{ first = \$1; read = \$2; second = \$3; relay = \$4; link = \$5; apart = \$6
           print $1 }" "$dir/latency" >"$dir/formula"
    column 1 "$dir/formula"
}

# tell_latency WHERE
tell_latency() {
    row "$1: raw UDP ping-pong, p50 of one 64-byte read" "$(of_rounds 'second / 1000')" - us
    row "$1: read / ping-pong" "$(of_rounds '2 * read / (first + second)')" 3.0
    row "$1: read / a relay in a process of its own" "$(of_rounds 'read / relay')" -
    row "($1: read / the whole sequence of our link, bare)" "$(of_rounds 'read / link')" -
}

# On one CPU all time is work. If the scheduler uses two, much of it is waking the other CPU (17 us or
# more each time in a virtual machine), which a ping-pong on one CPU does not need.
latency() {
    if cpu=$(taskset -cp $$ 2>/dev/null | sed 's/.*: *\([0-9]*\).*/\1/') && [ -n "$cpu" ]; then
        place="taskset -c $cpu"
        measure_latency
        tell_latency "one CPU"
    fi
    place=
    measure_latency
    tell_latency "free"
    row "(free: read / ping-pong between two CPUs)" "$(of_rounds 'read / apart')" -
}

# told FIELD: a field of the relay's line about the cost of its waits: sleeps, datagrams, calls.
told() {
    sed -n 's/.*slept \([0-9]*\) times; \([0-9]*\) datagrams in \([0-9]*\) calls/\1 \2 \3/p' \
        "$dir/log" | awk -v n="$1" '{ print $n }'
}

# waits_of SIZE WHAT
waits_of() {
    : >"$dir/log"
    NETGDB_LOG=debug preloaded "$1" 2000 >/dev/null
    row "$2: wake-ups of the relay thread a read" \
        "$(told 1 | awk '{ print $1 / 2200 }')" -
    row "$2: datagrams a recvmmsg that got any" \
        "$(echo "$(told 2)" "$(told 3)" | awk '{ print $1 / $2 }')" -
}

waits() {
    waits_of 64 "64 bytes"
    waits_of 2048 "2048 bytes"
    # shellcheck disable=SC2046 # three numbers
    set -- $("$programs/batch" 2000 156) || die "no batches"
    row "a datagram alone, sent and taken" "$(echo "$1" | awk '{ print $1 / 1000 }')" - us
    row "a datagram of a batch of 16 / alone" "$(awk "BEGIN { print $2 / $1 }")" 0.9
    row "(the same with buffers on cache lines of their own / without)" \
        "$(awk "BEGIN { print $3 / $2 }")" -
}

# play FILE ADDRESS...: runs gdb with the batch; its time in ns is in FILE.
play() {
    out=$1
    shift
    {
        echo "set pagination off"
        echo "set confirm off"
        echo "target remote $1"
        echo "shell date +%s%N >$dir/began"
        grep -v '^#' "${srcdir:?is set by make bench}/tests/bench/batch.gdb"
        echo "shell date +%s%N >$dir/ended"
        echo "kill"
    } >"$dir/commands"
    # LD_PRELOAD is for gdb only.
    LD_PRELOAD=$2 timeout -k 5 120 gdb -nx -batch -x "$dir/commands" "$programs/threads" \
        >"$dir/output" 2>&1 || die "gdb failed: $(tail -3 "$dir/output")"
    echo $(($(cat "$dir/ended") - $(cat "$dir/began"))) >"$out"
}

play_directly() {
    gdbserver --once "127.0.0.1:$((port + 1))" "$programs/threads" >/dev/null 2>&1 &
    stub=$!
    until listens; do
        kill -0 "$stub" || die "gdbserver failed"
        sleep 0.01
    done
    play "$dir/time" "127.0.0.1:$((port + 1))" ""
    wait "$stub"
}

play_through_netgdb() {
    "$netgdb" node --retry 20ms --log error --bind 127.0.0.1:0 "127.0.0.1:$port" \
        -- gdbserver - "$programs/threads" >/dev/null 2>&1 &
    node=$!
    play "$dir/time" "netgdb:127.0.0.1:$port" "$shim"
    wait "$node"
}

batch() {
    command -v gdbserver >/dev/null || { echo "batch: no gdbserver here"; return; }
    NETGDB_LOG=packet play_through_netgdb
    requests=$(grep -c ' -> ' "$dir/log")
    : >"$dir/batch"
    for round in 1 2 3 4 5; do
        play_directly
        direct=$(cat "$dir/time")
        play_through_netgdb
        echo "$direct $(cat "$dir/time")" >>"$dir/batch"
    done
    row "gdb's batch over direct TCP" "$(column 1 "$dir/batch" | awk '{ print $1 / 1e6 }')" - ms
    row "gdb's batch of $requests requests / over direct TCP, medians of 5" \
        "$(awk -v a="$(column 2 "$dir/batch")" -v b="$(column 1 "$dir/batch")" \
            'BEGIN { print a / b }')" 1.6
}

start() {
    "$programs/start" 40 "$shim" gdb -nx -batch >"$dir/start" || die "gdb does not start"
    row "gdb's start" "$(awk '{ print $1 / 1e6 }' "$dir/start")" - ms
    row "gdb's start with the preload: longer by (paired median)" \
        "$(awk '{ print $2 / 1e6 }' "$dir/start")" 5 ms
    row "(the same in CPU time)" "$(awk '{ print $3 / 1e6 }' "$dir/start")" - ms
}

memory() {
    names=
    nodes=
    for i in 1 2 3 4 5 6 7 8; do
        "$programs/node" "127.0.0.$((10 + i))" "$port" &
        nodes="$nodes $!"
        names="$names netgdb:127.0.0.$((10 + i)) $port"
    done
    # shellcheck disable=SC2086 # lists of words
    bytes=$(LD_PRELOAD=$shim "$programs/read" memory 500 $names) || die "no 8 connections"
    # shellcheck disable=SC2086
    wait $nodes
    row "resident memory of a connection, of 8" "$(echo "$bytes" | awk '{ print $1 / 1024 }')" \
        1024 KiB
}

sim() {
    began=$(date +%s%N)
    "$top_builddir/tests/sim/run" --sessions 5000 --exchanges 25 --loss 0.1 --duplicate 0.2 \
        --reorder 0.1 --late 5 >"$dir/sim" || die "$(cat "$dir/sim")"
    row "10,000 simulated sessions of 25 round trips, real time" \
        "$(awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { print ns / 1e9 }')" 30 s
    row "(the same in virtual time, a session)" \
        "$(sed -n 's/.*; \([0-9.]*\) virtual seconds.*/\1/p' "$dir/sim")" - s
}

# start_proxy OPTION...: with the HERALD port $port and the TCP port after it for debuggers.
start_proxy() {
    : >"$dir/proxy" # of an earlier one
    "$netgdb" proxy "$@" -p $((port + 1)) --log error "any:$port" >"$dir/proxy" &
    proxy=$!
    until grep -q 'netgdb -s' "$dir/proxy"; do
        kill -0 "$proxy" || die "the proxy failed"
        sleep 0.01
    done
}

# proxied: two medians of alternating reads: through the proxy, and through the relay.
proxied() {
    start_proxy
    "$programs/relay" $((port + 3)) $((port + 2)) &
    relay=$!
    "$programs/node" 127.0.0.1 "$port" &
    node=$!
    "$programs/node" 127.0.0.1 $((port + 2)) &
    nodes="$node $!"
    until listens 3; do
        kill -0 "$relay" || die "the relay failed"
        sleep 0.01
    done
    "$programs/read" 64 "$count" 127.0.0.1 $((port + 1)) 127.0.0.1 $((port + 3)) ||
        die "no reads through the proxy"
    # shellcheck disable=SC2086 # words
    wait $nodes || die "a node failed"
    kill "$proxy"
    wait "$proxy" "$relay" || die "the proxy failed"
}

# asked: two medians of alternating reads under the preload: of a kernel of the proxy, and of one that
# connects to the preload directly.
asked() {
    start_proxy
    "$programs/node" 127.0.0.1 "$port" &
    node=$!
    "$programs/node" 127.0.0.1 $((port + 2)) &
    nodes="$node $!"
    LD_PRELOAD=$shim "$programs/read" 64 "$count" netgdb:127.0.0.1 "$port" \
        netgdb:127.0.0.1 $((port + 2)) || die "no reads of a kernel of the proxy"
    # shellcheck disable=SC2086 # words
    wait $nodes || die "a node failed"
    kill "$proxy"
    wait "$proxy" || die "the proxy failed"
}

# by_turns COMMAND FILE: writes its medians of all rounds, one per line, and their ratio.
by_turns() {
    : >"$2"
    round=0
    while [ "$round" -lt "$rounds" ]; do
        $1 >"$dir/medians" || exit 1
        awk '{ print $1, $2, $1 / $2 }' "$dir/medians" >>"$2"
        round=$((round + 1))
    done
}

proxy() {
    by_turns proxied "$dir/proxied"
    row "one 64-byte read through a relay that only copies, p50" \
        "$(column 2 "$dir/proxied" | awk '{ print $1 / 1000 }')" - us
    row "the same through netgdb proxy / through that relay" "$(column 3 "$dir/proxied")" 1.15
    by_turns asked "$dir/asked"
    row "one 64-byte read of a kernel of the preload's own, p50" \
        "$(column 2 "$dir/asked" | awk '{ print $1 / 1000 }')" - us
    row "a kernel of the proxy / one of the preload's own" "$(column 3 "$dir/asked")" -
}

# start_kernels COUNT: starts kernels that connect in one burst, and wait until descriptor 8 is
# closed; their output is in $dir/kernels.
start_kernels() {
    rm -f "$dir/kernels.in"
    mkfifo "$dir/kernels.in"
    : >"$dir/kernels"
    "$top_builddir/tests/e2e/kernels" "$1" 127.0.0.1 "$port" <"$dir/kernels.in" >"$dir/kernels" &
    kernels=$!
    exec 8>"$dir/kernels.in"
    until grep -q '^stops' "$dir/kernels"; do
        kill -0 "$kernels" || die "no kernels"
        sleep 0.01
    done
}

# said WORD: the number that the kernels print after it.
said() {
    sed -n "s/^$1 //p" "$dir/kernels"
}

# They no longer receive anything, so that the proxy need not detach from them.
end_kernels() {
    exec 8>&-
    kill "$proxy"
    wait "$kernels" "$proxy" || die "the proxy failed"
    rm -rf "$NETGDB_RUNTIME_DIR"
}

parked() {
    start_proxy --leave parked
    start_kernels 500
    row "HERALDs of a burst of 500 without an answer in the first round" \
        $((500 - $(said first))) 0
    row "(until the last of their stops was acknowledged)" "$(said time)" - ms
    end_kernels
    start_proxy --leave parked
    start_kernels 1000
    row "kernels of 1000 that are not kept" $((1000 - $(said stops))) 0
    row "resident memory of the proxy that keeps them" \
        "$(awk '/^VmRSS:/ { print $2 / 1024 }' "/proc/$proxy/status")" 64 MiB
    end_kernels
}

# polled SIZE COUNT: reads from a node that polls as a kernel does.
polled() {
    "$netgdb" node --poll 500us --retry 20ms --log error --bind 127.0.0.1:0 "127.0.0.1:$port" \
        -- "$programs/node" - >/dev/null 2>&1 &
    node=$!
    LD_PRELOAD=$shim "$programs/read" "$1" "$2" netgdb:127.0.0.1 "$port" ||
        die "no reads from a node that polls"
    wait "$node"
}

poll() {
    row "one 64-byte read, netgdb node --poll 500us, p50" \
        "$(polled 64 500 | awk '{ print $1 / 1e6 }')" - ms
    row "bulk reads of 2048 bytes, netgdb node --poll 500us" \
        "$(polled 2048 500 | awk '{ print 2048 / $1 * 1e3 }')" - MB/s
}

# ---- the cost of the link's delays: a kernel in real time ----

# start_twin GENERATION SERVER:PORT OPTION...: starts a simulated kernel that connects there.
start_twin() {
    generation=$1
    server=$2
    shift 2
    "$top_builddir/tests/e2e/kernel" "--$generation" --bind 127.0.0.2:0 "$@" "$server" \
        >"$dir/twin" 2>/dev/null &
    twin=$!
}

# told_by_twin WORD
told_by_twin() {
    sed -n "s/^$1 //p" "$dir/twin${2:-}"
}

# session KIND WARM COUNT THINK HOST: sets $took to its ns; the twin's counters are in $dir/twin.
session() {
    took=$(LD_PRELOAD=$shim "$programs/session" "$1" "$2" "$3" "$4" "netgdb:$5" "$port") ||
        die "no session of $1"
    wait "$twin" || die "the kernel's session of $1 did not end well"
    [ "$(told_by_twin harm)" = 0 ] || die "harm was done"
}

# clean GENERATION KIND WARM COUNT [OPTION...]: the time of COUNT requests relative to the kernel's own
# sends, computed from the difference of two sessions.
clean() {
    generation=$1
    kind=$2
    warm=$3
    more=$4
    shift 4
    start_twin "$generation" "127.0.0.1:$port" "$@"
    session "$kind" "$warm" 1 30 127.0.0.2
    before=$(told_by_twin sending)
    start_twin "$generation" "127.0.0.1:$port" "$@"
    session "$kind" "$warm" "$more" 30 127.0.0.2
    awk -v ns="$took" -v sends=$(($(told_by_twin sending) - before)) -v n="$more" \
        'BEGIN { print ns / sends * (n - 1) / n }'
}

# noisy GENERATION KIND COUNT THINK FAULT...: the same on a bad network, in $took.
noisy() {
    generation=$1
    kind=$2
    count_of=$3
    think=$4
    shift 4
    "$top_builddir/tests/e2e/noise" --address 127.0.0.3 --port "$port" \
        --listen "$((port + 1)):0" "$@" 2>"$dir/noise" &
    noise=$!
    until grep -q '^noise: ready' "$dir/noise"; do
        kill -0 "$noise" || die "no bad network"
        sleep 0.01
    done
    start_twin "$generation" "127.0.0.3:$((port + 1))"
    session "$kind" 1 "$count_of" "$think" 127.0.0.3
    kill "$noise"
    wait "$noise" 2>/dev/null
}

pace_of() {
    row "$1: a read / the kernel's own sends" "$(clean "$2" reads 70 300)" 1.1
    row "$1: a write / the kernel's own sends" "$(clean "$2" writes 70 300)" 1.3
    row "$1: a step / the kernel's own sends" "$(clean "$2" steps 70 300)" 1.6
    row "$1: a stepi with 200 threads / the kernel's own sends" \
        "$(clean "$2" stepi 20 40 --threads 200)" 1.4
    row "$1: the first 64 requests / the kernel's own sends" "$(clean "$2" reads 1 63)" 1.5
    noisy "$2" mixed 1400 3000 --only kernel
    without=$took
    for late in 0.002:1.1 0.01:1.3 0.05:2.0; do
        noisy "$2" mixed 1400 3000 --only kernel --reorder "${late%:*}" --late 12:30
        row "$1: ${late%:*} of its datagrams 12 to 30 ms late / none, 1,400 requests" \
            "$(awk "BEGIN { print $took / $without }")" "${late#*:}"
        row "($1: requests that came twice)" "$(told_by_twin repeated)" -
    done
}

pace() {
    pace_of 14.x new
    pace_of 13.x old
}

# Relative to the same session without loss, with sends of the kernel as long as its own
# retransmissions make them. Every server must read and acknowledge duplicates of the network, so the
# kernel's sends then include those.
loss_of() {
    noisy "$2" reads 200 30
    without=$took
    sending=$(told_by_twin sending)
    messages=$(told_by_twin messages)
    for part in 0.05 0.1; do
        noisy "$2" reads 200 30 --loss $part
        row "$1: $part lost / what the kernel's retransmissions take" \
            "$(awk -v with="$took" -v without="$without" -v sending="$sending" \
                -v replied="$(told_by_twin replied)" -v replies="$(told_by_twin replies)" \
                -v n="$messages" \
                'BEGIN { print with / (without - sending + n * replied / replies) }')" 1.5
    done
    noisy "$2" reads 200 30 --loss 0.1 --duplicate 0.2 --reorder 0.1
    row "$1: 0.1 lost, 0.2 twice, 0.1 late / what the kernel's sends take" \
        "$(awk -v with="$took" -v without="$without" -v sending="$sending" \
            -v all="$(told_by_twin sending)" \
            'BEGIN { print with / (without - sending + all) }')" 2.5
}

loss() {
    loss_of 14.x new
    loss_of 13.x old
}

# ---- netgdb autopsy: kernels of 200 threads, with a kernel's own delays ----

crash_files=$top_builddir/tests/kernel.d/amd64

# crash_address SYMBOL: in the kernel's file.
crash_address() {
    nm "$crash_files/kernel.debug" | sed -n "s/ . $1\$//p"
}

# panic N...: kernels at 127.0.3.N panic; their ids are in $twins. $frames and $in_kdb_enter are
# addresses in their file.
panic() {
    twins=
    for number; do
        "$top_builddir/tests/e2e/kernel" --bind "127.0.3.$number:0" \
            --stacks "200=$in_kdb_enter:$in_kdb_enter" \
            --file "$crash_files/kernel.debug" --file "$crash_files/hello.loaded" \
            --register "16=$in_kdb_enter" --register "6=$frames" \
            --register "7=$frames" "127.0.0.1:$port" >"$dir/twin$number" 2>/dev/null &
        twins="$twins $!"
    done
}

# examined N...: the wall time of autopsy with these kernels in s, in $took, and the CPU time of it,
# its proxy and gdbs for each, in $cpu, that of each kernel in $twin_cpu; the reports are in $dir/crashes.
examined() {
    rm -rf "$dir/crashes"
    began=$(date +%s%N)
    panic "$@"
    (NETGDB_LIB=$shim "$netgdb" autopsy --count $# --jobs $# --out "$dir/crashes" \
        --debug "$top_builddir/tests/kernel.d" "any:$port" >"$dir/autopsy" 2>&1 || exit 1
    times >"$dir/times") || die "$(cat "$dir/autopsy")"
    took=$(awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { print ns / 1e9 }')
    cpu=$(tr ms '  ' <"$dir/times" | awk -v n=$# 'NR == 2 { print ($1 * 60 + $2 + $3 * 60 + $4) / n }')
    # shellcheck disable=SC2086 # words
    wait $twins || die "a kernel's session did not end well"
    twin_cpu=$(cat "$dir"/twin[0-9]* | awk -v n=$# '$1 == "cpu" { ns += $2 } END { print ns / n / 1e9 }')
}

# of_reports FILE MEMBER: the numbers of this member in all reports, one a line.
of_reports() {
    sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" "$dir"/crashes/*/"$1"
}

autopsy() {
    frames=$(crash_address frames)
    in_kdb_enter=$(crash_address in_kdb_enter)
    : >"$dir/one"
    for round in 1 2 3 4 5; do
        examined 1
        echo "$took $(of_reports report.json seconds) $(of_reports link.json answering_s) $(told_by_twin sending 1) $cpu" |
            awk '{ print $1, $2, $3, $2 / $3, $2 / $4 * 1e9, $5 }' >>"$dir/one"
    done
    row "the report of a kernel of 200 threads, median of 5" "$(column 2 "$dir/one")" - s
    row "its time / the kernel's own sends" "$(column 5 "$dir/one")" 1.2
    row "its time / its requests, from each to its reply" "$(column 4 "$dir/one")" 1.2
    row "its CPU time: gdb, autopsy and the proxy" "$(column 6 "$dir/one")" - s
    : >"$dir/twenty"
    for round in 1 2 3; do
        # shellcheck disable=SC2046 # words
        examined $(seq 20)
        echo "$took $cpu $twin_cpu" >>"$dir/twenty"
    done
    row "20 kernels at once / one, from the panic to the last report" \
        "$(awk -v a="$(column 1 "$dir/twenty")" -v b="$(column 1 "$dir/one")" 'BEGIN { print a / b }')" 1.5
    row "the CPU time of each of 20" "$(column 2 "$dir/twenty")" - s
    row "(that of each simulated kernel, on the same cores)" "$(column 3 "$dir/twenty")" - s
    row "(all of it, shared by $(nproc) cores / the time of one)" \
        "$(awk -v a="$(column 2 "$dir/twenty")" -v t="$(column 3 "$dir/twenty")" -v b="$(column 1 "$dir/one")" \
            -v n="$(nproc)" 'BEGIN { print 20 * (a + t) / n / b }')" -
}

# mixed_session [FILE]: the time of 400 mixed requests, with a capture to FILE.
mixed_session() {
    start_twin new "127.0.0.1:$port"
    if [ $# = 1 ]; then export NETGDB_CAPTURE="$1"; else unset NETGDB_CAPTURE; fi
    session mixed 1 400 30 127.0.0.2
    unset NETGDB_CAPTURE
}

# Pairs of sessions, one of each directly after the other.
capture() {
    for _ in 1 2 3 4 5 6 7; do
        mixed_session
        without=$took
        mixed_session "$dir/capture.pcapng"
        awk "BEGIN { print $took / $without }"
    done | sort -n >"$dir/captured"
    row "a session with a capture / without, median of 7 pairs" "$(sed -n 4p "$dir/captured")" 1.03
}

# proxy_session [REQUEST...]: the time of 400 mixed requests to a kernel of the proxy, beside an observer
# that repeats these requests without a pause.
proxy_session() {
    start_proxy --observe
    start_twin new "127.0.0.1:$port"
    watcher=
    if [ $# != 0 ]; then
        "$top_builddir/tests/e2e/rsp_client" 127.0.0.1 $((port + 2)) repeat "$@" >"$dir/watched" 2>&1 &
        watcher=$!
        until [ -s "$dir/watched" ]; do
            kill -0 "$watcher" || die "no observer"
            sleep 0.01
        done
    fi
    session mixed 1 400 30 127.0.0.2
    kill "$proxy"
    wait "$proxy" || die "the proxy failed"
    [ -z "$watcher" ] || wait "$watcher" 2>/dev/null
}

# Pairs of sessions, one of each directly after the other.
observe() {
    : >"$dir/observed"
    for _ in 1 2 3 4 5 6 7; do
        proxy_session
        without=$took
        proxy_session g mffffffff80200000,40
        awk "BEGIN { print $took / $without }" >>"$dir/observed"
    done
    row "a session beside an observer that never pauses / without, median of 7" \
        "$(column 1 "$dir/observed")" 1.05
}

# opened HOME: how long tshark takes to print the capture, in ms; HOME has its plug-ins.
opened() {
    began=$(date +%s%N)
    HOME=$1 tshark -r "$dir/reads.pcapng" >"$dir/printed" 2>"$dir/tshark" || die "tshark failed"
    echo $((($(date +%s%N) - began) / 1000000))
}

# A capture of reads of 1 KiB, with the dissector and as plain UDP.
dissector() {
    command -v tshark >/dev/null || {
        echo "no tshark: no row of the dissector"
        return
    }
    plugins=$dir/with/.local/lib/wireshark/plugins
    mkdir -p "$plugins" "$dir/without"
    cp "$top_srcdir/wireshark/debugnet.lua" "$plugins" || die "no dissector"
    export NETGDB_CAPTURE="$dir/reads.pcapng"
    preloaded 1024 20000 >/dev/null
    unset NETGDB_CAPTURE
    for _ in 1 2 3; do
        plain=$(opened "$dir/without") || exit 1
        awk "BEGIN { print $(opened "$dir/with") / $plain }"
    done >"$dir/opened"
    row "the size of a capture of reads" "$(($(stat -c %s "$dir/reads.pcapng") / 1000000))" - MB
    row "tshark opens it with the dissector / as plain UDP, median of 3" "$(column 1 "$dir/opened")" 2
}

[ -e "$shim" ] || die "$shim is not built"
printf '%-66s %10s %-5s %8s  %s\n' what value unit 'at most' verdict
[ $# != 0 ] || set -- latency waits batch start memory proxy parked poll sim pace loss autopsy capture observe dissector
for part in "$@"; do
    case $part in # these measure the path of a read, which the cache would avoid
    latency | waits | proxy | poll | pace | loss | capture | observe | dissector) NETGDB_CACHE=off ;;
    *) NETGDB_CACHE=on ;;
    esac
    export NETGDB_CACHE
    case $part in
    latency | waits | batch | start | memory | proxy | parked | poll | sim | pace | loss | autopsy | capture | observe | dissector) "$part" ;;
    *) die "'$part' is not a part" ;;
    esac
done
