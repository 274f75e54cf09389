# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What every end-to-end test stands on: a network of its own, a directory of its own, processes
# that are started and ended by id, gdb under the preload, and TAP. Sourced at a test's top.
#
# Each test runs in a network namespace, with the ports that kernels use. Where namespaces are not
# allowed it runs on ports derived from its process id instead. Nothing waits for a time: a wait
# asks for a condition, again and again, and fails after $PATIENCE seconds. E2E_KEEP=1 keeps the
# directory, with what every program has said.
: "${top_builddir:?is set by make check}" "${top_srcdir:?is set by make check}"

if [ -z "${E2E_NETWORK:-}" ]; then
    if [ "$(id -u)" = 0 ]; then flags=-n; else flags=-rn; fi
    if unshare $flags ip link set lo up 2>/dev/null; then
        exec unshare $flags env E2E_NETWORK=own sh "$0" "$@"
    fi
    E2E_NETWORK=shared
fi
if [ "$E2E_NETWORK" = own ]; then
    ip link set lo up
    herald_port=20025
    kernel_port=20026
    port= # what follows a host in a name
else
    herald_port=$((20100 + $$ % 10000))
    kernel_port=0
    port=:$herald_port
fi

PATIENCE=60 # seconds
dir=$(mktemp -d) || exit 99
netgdb=$top_builddir/tools/netgdb
library=$top_builddir/.libs/libnetgdb.so
program=$dir/target # its path shows whose process it is
cp "$top_builddir/tests/e2e/target" "$program" || exit 99

# Nothing of the user's: no gdbinit, no log level, no other kernel's sessions.
export LC_ALL=C TERM=dumb HOME="$dir" NETGDB_RUNTIME_DIR="$dir/runtime" \
    NETGDB_TLS_HELPER="$top_builddir/tools/netgdb-tls"
unset NETGDB_LOG NETGDB_LOG_FILE NETGDB_TIMEOUT NETGDB_RUN_TIMEOUT NETGDB_KILL NETGDB_FILEIO \
    NETGDB_CACHE NETGDB_NOCACHE NETGDB_TLS_PSK NETGDB_TLS_CERT NETGDB_TLS_KEY NETGDB_TLS_CA \
    NETGDB_SYMBOLS NETGDB_SLIDE NETGDB_RTOS NETGDB_LIB DEBUGINFOD_URLS LD_PRELOAD
# A node plays a FreeBSD kernel in most tests, which a kill leaves at db>.
export NETGDB_KILL=detach
mkdir -m 700 "$NETGDB_RUNTIME_DIR"

# A sanitizer's library must come before what it looks after, and begin before (see early.c). GDB's
# own leaks are not ours, it has handlers of its own, and `netgdb run` puts our object in front.
sanitizer=$(ldd "$library" | sed -n 's/.*lib[at]san[^ ]* => \([^ ]*\).*/\1/p')
sanitizer=$sanitizer${sanitizer:+:$top_builddir/tests/e2e/early.so}
preload=$sanitizer${sanitizer:+:}$library
lenient=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:verify_asan_link_order=0
export ASAN_OPTIONS="detect_leaks=0:$lenient"

# ---- TAP ----

count=0
failures=0
to_show= # files that explain a failure

# ok DESCRIPTION COMMAND...
ok() {
    count=$((count + 1))
    description=$1
    shift
    if "$@"; then
        echo "ok $count - $description"
        return
    fi
    echo "not ok $count - $description"
    failures=$((failures + 1))
    echo "#   asked: $*"
    [ "$failures" -le 3 ] || return 0
    for file in $to_show; do
        [ ! -s "$dir/$file" ] || tail -n 12 "$dir/$file" | cut -c 1-120 | sed "s|^|# $file: |"
    done
}

# is DESCRIPTION EXPECTED ACTUAL
is() {
    ok "$1" [ "$3" = "$2" ]
}

# same DESCRIPTION EXPECTED-FILE FILE: on failure the difference is shown.
same() {
    diff -u "$2" "$3" >"$dir/difference" && : >"$dir/difference"
    to_show="$to_show difference"
    ok "$1" [ ! -s "$dir/difference" ]
    to_show=${to_show% difference}
}

# has FILE PATTERN: a line of $dir/FILE matches (an extended regular expression).
has() {
    grep -Eq -e "$2" "$dir/$1"
}

has_not() {
    ! has "$1" "$2"
}

# is_line FILE PATTERN: FILE has one line, and it matches.
is_line() {
    [ "$(wc -l <"$dir/$1")" = 1 ] && has "$1" "$2"
}

# fails COMMAND...
fails() {
    ! "$@"
}

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

# The first thing that a sanitizer said, whatever the status of its process was.
sanitizer_report() {
    { grep -rh '^SUMMARY: [A-Za-z]*Sanitizer' "$dir" ||
        grep -rhE '(ERROR|WARNING): [A-Za-z]*Sanitizer|runtime error: ' "$dir"; } 2>/dev/null |
        head -n 1 | cut -c 1-200
}

# At the end of a test: nothing of ours runs any more; no sanitizer has complained; the plan.
finish() {
    to_show=processes
    ok "no process is left behind" wait_for nothing_runs
    if [ -n "$sanitizer" ]; then
        report=$(sanitizer_report)
        is "no sanitizer had anything to report${report:+, but: $report}" "" "$report"
    fi
    echo "1..$count"
    [ "$failures" = 0 ]
    exit
}

for command in gdb gdbserver; do
    command -v $command >/dev/null || skip_all "no $command here"
done

# What needs no gdb under the preload says `preloads_gdb=no` before it sources this.
if [ -n "$sanitizer" ] && [ "${preloads_gdb:-yes}" = yes ] &&
    ! LD_PRELOAD=$sanitizer timeout -k 5 20 gdb -nx -batch </dev/null >/dev/null 2>&1; then
    skip_all "gdb does not start under this sanitizer here"
fi

# ---- processes ----

started= # ids of what runs in the background
started_id=

# start NAME COMMAND...: in the background; its output is in $dir/NAME.out and $dir/NAME.err.
# The id is in $started_id.
start() {
    name=$1
    shift
    [ -z "$sanitizer" ] || cat "$dir/$name.err" >>"$dir/$name.earlier" 2>/dev/null || :
    : >"$dir/$name.out" # what an earlier one said is not taken for this one's
    : >"$dir/$name.err"
    "$@" >"$dir/$name.out" 2>"$dir/$name.err" </dev/null 5>&- 6>&- 7>&- 9>&- & # pipes' other ends
    started_id=$!
    started="$started $started_id"
}

# reap ID: waits for the end of what was started; its exit status is in $status.
reap() {
    wait_for has_ended "$1" || kill -KILL "$1" 2>/dev/null
    status=0
    wait "$1" || status=$?
    forget "$1"
}

# stop ID
stop() {
    kill "$1" 2>/dev/null
    reap "$1"
}

forget() {
    rest=
    for id in $started; do
        [ "$id" = "$1" ] || rest="$rest $id"
    done
    started=$rest
}

# state_of ID: the letter of proc(5); nothing when there is no such process.
state_of() {
    sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

has_ended() {
    state=$(state_of "$1")
    [ -z "$state" ] || [ "$state" = Z ]
}

# Ids of all processes on whose command line $dir is: stubs, what they debug, gdb.
ours() {
    for file in /proc/[0-9]*/cmdline; do
        id=${file#/proc/}
        id=${id%/cmdline}
        [ "$id" != $$ ] && tr '\0' '\n' <"$file" 2>/dev/null | grep -q -F "$dir/" &&
            echo "$id"
    done 2>/dev/null
}

nothing_runs() {
    for id in $(ours); do
        echo "$id $(tr '\0' ' ' <"/proc/$id/cmdline")"
    done >"$dir/processes" 2>/dev/null
    [ ! -s "$dir/processes" ]
}

# wait_for COMMAND...: until it succeeds; false when it does not within $PATIENCE seconds.
wait_for() {
    until_second=$(($(date +%s) + PATIENCE))
    until "$@"; do
        [ "$(date +%s)" -lt $until_second ] || return 1
        sleep 0.02
    done
}

cleanup() {
    trap - EXIT
    for id in $started; do
        kill "$id" 2>/dev/null
    done
    for id in $started; do
        PATIENCE=5
        wait_for has_ended "$id" || kill -KILL "$id" 2>/dev/null
    done
    for id in $(ours); do
        kill -KILL "$id" 2>/dev/null
    done
    if [ -n "${E2E_KEEP:-}" ]; then echo "# kept: $dir"; else rm -rf "$dir"; fi
}
trap 'status=$?; cleanup; exit $status' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- kernels ----

# What is debugged runs the same wherever it is started from: nothing but PATH in its environment.
stub() {
    echo "env -i PATH=/usr/bin:/bin gdbserver --no-startup-with-shell $*"
}

# start_node NAME HOST OPTION... -- COMMAND...: a node that calls 127.0.0.1 as HOST.
start_node() {
    start_node_for "127.0.0.1:$herald_port" "$@"
}

# start_node_for SERVER:PORT NAME HOST OPTION... -- COMMAND...
start_node_for() {
    server=$1
    name=$2
    host=$3
    shift 3
    start "$name" "$netgdb" node --bind "$host:$kernel_port" --retry 20ms --log packet \
        "$server" "$@"
}

# start_kernel [OPTION...]: a node at 127.0.0.1, its program's arguments in $program_arguments.
start_kernel() {
    # shellcheck disable=SC2046,SC2086 # words
    start_node node 127.0.0.1 "$@" -- $(stub - "$program" ${program_arguments:-})
    node=$started_id
}

# start_noise OPTION...: a bad network at 127.0.0.3, in front of 127.0.0.1. The HERALD port is
# gdb's on every address of this machine, so it listens on another one.
start_noise() {
    start noise "$top_builddir/tests/e2e/noise" --address 127.0.0.3 --port "$herald_port" \
        --listen "$((herald_port + 10000)):$kernel_port" "$@"
    noise=$started_id
    wait_for has noise.err '^noise: ready' || exit 99
}

# start_kernel_behind_noise [OPTION...]: as start_kernel, at 127.0.0.2.
start_kernel_behind_noise() {
    # shellcheck disable=SC2046,SC2086 # words
    start_node_for "127.0.0.3:$((herald_port + 10000))" node 127.0.0.2 "$@" -- $(stub - "$program")
    node=$started_id
}

# targets: ids of the programs that are debugged.
targets() {
    for id in $(ours); do
        [ "$(readlink "/proc/$id/exe")" = "$program" ] && echo "$id"
    done
}

# spins: whether a target spends time in its loop (50 ms of user time so far: proc(5), utime).
spins() {
    for id in $(targets); do
        [ "$(state_of "$id")" = R ] && [ "$(cut -d' ' -f14 "/proc/$id/stat")" -ge 5 ] && return
    done 2>/dev/null
    return 1
}

# ---- gdb ----

# can_watch: whether gdbserver has hardware watchpoints. Some virtual machines take them and never
# stop.
can_watch() {
    if [ -z "${watches:-}" ]; then
        watches=no
        timeout -k 5 $PATIENCE gdb -nx -batch -ex "target remote | $(stub - "$program")" \
            -ex 'watch counter' -ex continue "$program" </dev/null 2>&1 |
            grep -q '^New value = 1' && watches=yes
    fi
    [ "$watches" = yes ]
}

# watched DESCRIPTION COMMAND...: as ok, of what only a watchpoint shows.
watched() {
    if can_watch; then
        ok "$@"
    else
        count=$((count + 1))
        echo "ok $count - $1 # SKIP no hardware watchpoints on this machine"
    fi
}

# commands FILE <<'EOF': a script for gdb, from standard input. @port@ becomes what must follow
# a host in a name here, @dir@ the test's directory. What is between "# watchpoints" and "# end" is
# left out where there are none.
commands() {
    {
        cat <<'END'
set pagination off
set confirm off
set width 0
set style enabled off
set filename-display basename
set debuginfod enabled off
set sysroot /
END
        cat
    } | sed -e "s|@port@|$port|g" -e "s|@dir@|$dir|g" >"$dir/$1"
    ! grep -q '^# watchpoints$' "$dir/$1" || can_watch ||
        sed -i '/^# watchpoints$/,/^# end$/d' "$dir/$1"
}

# The words that run gdb under the preload, so that Ctrl-C reaches it in the background, too, and
# SIGHUP under nohup.
gdb_command() {
    echo "env --default-signal=INT,HUP LD_PRELOAD=$preload gdb -nx -q"
}

# run_gdb ARGUMENT...: to its end; its output is in $dir/gdb.out and $dir/gdb.err, its exit status
# in $gdb_status. 124 and 137 are those of timeout(1).
run_gdb() {
    gdb_status=0
    # shellcheck disable=SC2046,SC2086 # words
    timeout -k 5 $PATIENCE $(gdb_command) -batch "$@" "$program" \
        >"$dir/gdb.out" 2>"$dir/gdb.err" </dev/null || gdb_status=$?
}

# start_gdb NAME ARGUMENT...: in the background, with a person at its standard input: see tell and
# hang_up. Its id is in $gdb.
start_gdb() {
    name=$1
    shift
    rm -f "$dir/$name.in"
    mkfifo "$dir/$name.in"
    : >"$dir/$name.out"
    : >"$dir/$name.err"
    # shellcheck disable=SC2046,SC2086 # words
    $(gdb_command) "$@" "$program" >"$dir/$name.out" 2>"$dir/$name.err" <"$dir/$name.in" &
    gdb=$!
    started="$started $gdb"
    exec 9>"$dir/$name.in"
}

# tell COMMAND: types a line.
tell() {
    echo "$*" >&9
}

hang_up() {
    exec 9>&-
}
