# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the tests of netgdb proxy; sourced after lib.sh.
: "${dir:?lib.sh comes first}" "${netgdb:?}" "${program:?}" "${herald_port:?}" "${kernel_port:?}"

# start_proxy ARGUMENT...: starts a proxy with TCP ports; its id is in $proxy. It is ready when it
# has printed the command for db>.
start_proxy() {
    start proxy env --default-signal=INT "$netgdb" proxy --listen 127.0.0.1 "$@"
    proxy=$started_id
    wait_for has proxy.out 'netgdb -s' || exit 99
}

# waits_at_proxy HOST: a kernel of HOST is parked at the proxy; sets $tcp to its TCP port.
waits_at_proxy() {
    tcp=$("$netgdb" ls --json 2>/dev/null |
        sed -n "s/.*\"host\":\"$1\".*\"port\":\([0-9]*\),\"state\":\"parked\".*/\1/p")
    [ "$tcp" -gt 0 ] 2>/dev/null # while an old session ends there may be two
}

# is_in_state HOST STATE: netgdb ls shows this state.
is_in_state() {
    "$netgdb" ls --json 2>/dev/null | grep -q "\"host\":\"$1\".*\"state\":\"$2\""
}

# start_target NAME HOST OPTION...: starts a node at HOST whose stub debugs the program.
start_target() {
    target_name=$1
    target_host=$2
    shift 2
    # shellcheck disable=SC2046,SC2086 # words
    start_node "$target_name" "$target_host" "$@" -- $(stub - "$program" ${program_arguments:-})
}

# plain_gdb NAME ARGUMENT...: runs gdb without the preload. Its output is in $dir/NAME.out and
# $dir/NAME.err, its exit status in $gdb_status.
plain_gdb() {
    gdb_name=$1
    shift
    gdb_status=0
    timeout -k 5 60 gdb -nx -q -batch "$@" "$program" \
        >"$dir/$gdb_name.out" 2>"$dir/$gdb_name.err" </dev/null || gdb_status=$?
}

# start_plain_gdb NAME ARGUMENT...: as start_gdb, without the preload.
start_plain_gdb() {
    gdb_name=$1
    shift
    rm -f "$dir/$gdb_name.in"
    mkfifo "$dir/$gdb_name.in"
    env --default-signal=INT gdb -nx -q -ex 'set debuginfod enabled off' "$@" "$program" \
        >"$dir/$gdb_name.out" 2>"$dir/$gdb_name.err" <"$dir/$gdb_name.in" &
    gdb=$!
    started="$started $gdb"
    exec 9>"$dir/$gdb_name.in"
}
