# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The base of every end-to-end test: its own network and directory, processes that are started and
# ended by id, gdb under the preload, and TAP. Sourced at the top of a test.
#
# Each test runs in a network namespace with the standard ports. If namespaces are not allowed, it
# uses ports derived from its process id instead. Waits poll a condition and fail after $PATIENCE
# seconds; none waits for a fixed time. E2E_KEEP=1 keeps the directory with the output of every
# program.
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
    port= # the suffix of a host in a name
else
    herald_port=$((20100 + $$ % 10000))
    kernel_port=0
    port=:$herald_port
fi

PATIENCE=60 # seconds
dir=$(mktemp -d) || exit 99
netgdb=$top_builddir/tools/netgdb
library=$top_builddir/.libs/libnetgdb.so
program=$dir/target # its path identifies the processes of this test
cp "$top_builddir/tests/e2e/target" "$program" || exit 99

# Remove the user's settings: gdbinit, log level, sessions of other kernels.
export LC_ALL=C TERM=dumb HOME="$dir" NETGDB_RUNTIME_DIR="$dir/runtime" \
    NETGDB_TLS_HELPER="$top_builddir/tools/netgdb-tls"
unset XDG_CACHE_HOME XDG_CONFIG_HOME PYTHONPYCACHEPREFIX PYTHONDONTWRITEBYTECODE NETGDB_SAVE NETGDB_LOG \
    NETGDB_LOG_FILE NETGDB_TIMEOUT NETGDB_RUN_TIMEOUT NETGDB_KILL NETGDB_FILEIO NETGDB_OBSERVE \
    NETGDB_CACHE NETGDB_NOCACHE NETGDB_TLS_PSK NETGDB_TLS_CERT NETGDB_TLS_KEY NETGDB_TLS_CA \
    NETGDB_CAPTURE NETGDB_CAPTURE_SIZE NETGDB_SYMBOLS NETGDB_SLIDE NETGDB_RTOS NETGDB_LIB DEBUGINFOD_URLS LD_PRELOAD
# In most tests a node replaces a FreeBSD kernel, which returns to db> after a kill.
export NETGDB_KILL=detach
mkdir -m 700 "$NETGDB_RUNTIME_DIR"

# A sanitizer's library must precede libnetgdb.so and be initialized before it (see early.c). Leak
# checks, signal handlers and the check of the link order are disabled: gdb has leaks and handlers,
# and `netgdb run` puts libnetgdb.so first.
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
    echo "#   command: $*"
    [ "$failures" -le 3 ] || return 0
    for file in $to_show; do
        [ ! -s "$dir/$file" ] || tail -n 12 "$dir/$file" | cut -c 1-120 | sed "s|^|# $file: |"
    done
}

# is DESCRIPTION EXPECTED ACTUAL
is() {
    ok "$1" [ "$3" = "$2" ]
}

# same DESCRIPTION EXPECTED-FILE FILE: a failure shows the difference.
same() {
    diff -u "$2" "$3" >"$dir/difference" && : >"$dir/difference"
    to_show="$to_show difference"
    ok "$1" [ ! -s "$dir/difference" ]
    to_show=${to_show% difference}
}

# has FILE PATTERN: a line of $dir/FILE matches the extended regular expression.
has() {
    grep -Eq -e "$2" "$dir/$1"
}

has_not() {
    ! has "$1" "$2"
}

# netgdb_is_silent FILE: $dir/FILE has no line of netgdb, except that it waits for the kernel, as it may on
# a slow machine.
netgdb_is_silent() {
    ! grep 'netgdb: ' "$dir/$1" | grep -qv 'waiting for the kernel'
}

# is_line FILE PATTERN: $dir/FILE has exactly one line, and it matches.
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

# is_root: this user may become another one. Root of a user namespace may not.
is_root() {
    [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null
}

# The first report of a sanitizer, whatever the exit status of its process was.
sanitizer_report() {
    { grep -rh '^SUMMARY: [A-Za-z]*Sanitizer' "$dir" ||
        grep -rhE '(ERROR|WARNING): [A-Za-z]*Sanitizer|runtime error: ' "$dir"; } 2>/dev/null |
        head -n 1 | cut -c 1-200
}

# Ends a test: no process remains, no sanitizer has reported anything, and the TAP plan.
finish() {
    to_show=processes
    ok "no process of the test remains" wait_for nothing_runs
    if [ -n "$sanitizer" ]; then
        report=$(sanitizer_report)
        is "no sanitizer has reported anything${report:+, but: $report}" "" "$report"
    fi
    echo "1..$count"
    [ "$failures" = 0 ]
    exit
}

for command in gdb gdbserver; do
    command -v $command >/dev/null || skip_all "no $command here"
done

# Tests without a gdb under the preload set preloads_gdb=no before they source this file.
if [ -n "$sanitizer" ] && [ "${preloads_gdb:-yes}" = yes ] &&
    ! LD_PRELOAD=$sanitizer timeout -k 5 20 gdb -nx -batch </dev/null >/dev/null 2>&1; then
    skip_all "gdb does not start under this sanitizer here"
fi

# ---- processes ----

started= # ids of background processes
started_id=

# start NAME COMMAND...: starts a background process; its output is in $dir/NAME.out and
# $dir/NAME.err, its id in $started_id.
start() {
    name=$1
    shift
    [ -z "$sanitizer" ] || cat "$dir/$name.err" >>"$dir/$name.earlier" 2>/dev/null || :
    : >"$dir/$name.out" # remove the output of an earlier one
    : >"$dir/$name.err"
    "$@" >"$dir/$name.out" 2>"$dir/$name.err" </dev/null 5>&- 6>&- 7>&- 9>&- & # pipes' other ends
    started_id=$!
    started="$started $started_id"
}

# reap ID: waits for the process to exit; its exit status is in $status.
reap() {
    wait_for has_ended "$1" || kill -KILL "$1" 2>/dev/null
    status=0
    wait "$1" || status=$?
    forget "$1"
}

# stop ID: sends SIGTERM and reaps the process.
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

# state_of ID: the state letter of proc(5); empty if there is no such process.
state_of() {
    sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

has_ended() {
    state=$(state_of "$1")
    [ -z "$state" ] || [ "$state" = Z ]
}

# ours: ids of all processes with $dir on their command lines: stubs, their programs, gdb.
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

# prints_nothing COMMAND...
prints_nothing() {
    [ -z "$("$@")" ]
}

# wait_for COMMAND...: waits until it succeeds; fails after $PATIENCE seconds. It runs the words that
# it gets: what the shell substitutes in them stays as it was at first.
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

# stub ARGUMENT...: prints the command of a gdbserver. Only PATH is in its environment, so that the
# program runs in the same way everywhere.
stub() {
    echo "env -i PATH=/usr/bin:/bin gdbserver --no-startup-with-shell $*"
}

# start_node NAME HOST OPTION... -- COMMAND...: starts a node that connects to 127.0.0.1 from HOST.
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

# start_kernel [OPTION...]: starts a node at 127.0.0.1; $program_arguments has the arguments of its
# program.
start_kernel() {
    # shellcheck disable=SC2046,SC2086 # words
    start_node node 127.0.0.1 "$@" -- $(stub - "$program" ${program_arguments:-})
    node=$started_id
}

# start_noise OPTION...: starts a relay at 127.0.0.3 that makes the network to 127.0.0.1 bad. gdb has
# the HERALD port on every address of this machine, so the relay listens on another one.
start_noise() {
    start noise "$top_builddir/tests/e2e/noise" --address 127.0.0.3 --port "$herald_port" \
        --listen "$((herald_port + 10000)):$kernel_port" "$@"
    noise=$started_id
    wait_for has noise.err '^noise: ready' || exit 99
}

# start_kernel_behind_noise [OPTION...]: like start_kernel, at 127.0.0.2, through the relay.
start_kernel_behind_noise() {
    # shellcheck disable=SC2046,SC2086 # words
    start_node_for "127.0.0.3:$((herald_port + 10000))" node 127.0.0.2 "$@" -- $(stub - "$program")
    node=$started_id
}

# targets: ids of the debugged programs.
targets() {
    for id in $(ours); do
        [ "$(readlink "/proc/$id/exe")" = "$program" ] && echo "$id"
    done
}

# spins: a target runs in its loop (it has used 50 ms of user time: proc(5), utime).
spins() {
    for id in $(targets); do
        [ "$(state_of "$id")" = R ] && [ "$(cut -d' ' -f14 "/proc/$id/stat")" -ge 5 ] && return
    done 2>/dev/null
    return 1
}

# ---- gdb ----

# can_watch: hardware watchpoints work. Some virtual machines accept them and never stop.
can_watch() {
    if [ -z "${watches:-}" ]; then
        watches=no
        timeout -k 5 $PATIENCE gdb -nx -batch -ex "target remote | $(stub - "$program")" \
            -ex 'watch counter' -ex continue "$program" </dev/null 2>&1 |
            grep -q '^New value = 1' && watches=yes
    fi
    [ "$watches" = yes ]
}

# watched DESCRIPTION COMMAND...: like ok; skipped without hardware watchpoints.
watched() {
    if can_watch; then
        ok "$@"
    else
        count=$((count + 1))
        echo "ok $count - $1 # SKIP no hardware watchpoints on this machine"
    fi
}

# commands FILE <<'EOF': writes a script for gdb from standard input. @port@ becomes the suffix of a
# host in a name, @dir@ the test's directory. Lines between "# watchpoints" and "# end" are omitted
# if watchpoints do not work.
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

# gdb_command: prints the command that runs gdb under the preload, with default actions for SIGINT,
# which a background process ignores, and SIGHUP, which nohup ignores.
gdb_command() {
    echo "env --default-signal=INT,HUP LD_PRELOAD=$preload gdb -nx -q"
}

# run_gdb ARGUMENT...: runs gdb; its output is in $dir/gdb.out and $dir/gdb.err, its exit status in
# $gdb_status. 124 and 137 are timeout(1)'s.
run_gdb() {
    gdb_status=0
    # shellcheck disable=SC2046,SC2086 # words
    timeout -k 5 $PATIENCE $(gdb_command) -batch "$@" "$program" \
        >"$dir/gdb.out" 2>"$dir/gdb.err" </dev/null || gdb_status=$?
}

# start_gdb NAME ARGUMENT...: starts gdb in the background; tell writes to its standard input,
# hang_up closes it. Its id is in $gdb.
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

# tell COMMAND: writes a line to gdb's standard input.
tell() {
    echo "$*" >&9
}

hang_up() {
    exec 9>&-
}
