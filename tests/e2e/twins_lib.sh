# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Simulated kernels in real time (kernel.c) for the tests of failing machines; sourced after lib.sh
# and proxy_lib.sh. A kernel's NAME is the base name of its files.
: "${dir:?lib.sh comes first}" "${netgdb:?}" "${kernel_port:?}" "${top_builddir:?}"

client=$top_builddir/tests/e2e/rsp_client
twins= # their ids

# start_twin NAME HOST SERVER[:PORT] OPTION...: starts a kernel; its id is in $twin. $twin_prefix, if
# set, is the command that runs it in another network namespace.
start_twin() {
    twin_name=$1
    twin_host=$2
    twin_server=$3
    shift 3
    # shellcheck disable=SC2086 # words
    start "$twin_name" ${twin_prefix:-} "$top_builddir/tests/e2e/kernel" \
        --bind "$twin_host:$kernel_port" "$@" "$twin_server"
    twin=$started_id
    twins="$twins $twin"
}

reap_twins() {
    for id in $twins; do
        reap "$id"
    done
    twins=
}

# said NAME WORD: the number that the kernel printed after the word.
said() {
    sed -n "s/^$2 //p" "$dir/$1.out"
}

# unharmed NAME: the kernel had one session and one detach, executed nothing twice and nothing
# harmful.
unharmed() {
    [ "$(said "$1" sessions) $(said "$1" detaches) $(said "$1" repeated) $(said "$1" harm)" = "1 1 0 0" ]
}

# harmed NAME...: prints those that are not unharmed.
harmed() {
    for name; do
        unharmed "$name" || echo "$name: $(said "$name" sessions) sessions," \
            "$(said "$name" detaches) detaches, $(said "$name" repeated) repeated, $(said "$name" harm) harm"
    done
}

# parked N: N kernels wait at the proxy.
parked() {
    [ "$("$netgdb" ls --json | grep -c '"state":"parked"')" = "$1" ]
}

# reads HOST: a client attaches to the kernel, reads the start of its code and detaches.
reads() {
    wait_for waits_at_proxy "$1" &&
        [ "$(timeout 60 "$client" 127.0.0.1 "$tcp" ask mffffffff80200000,4 D)" = "00254a6f
OK" ]
}

# unreadable HOST...: prints those for which that fails.
unreadable() {
    for host; do
        reads "$host" 2>>"$dir/read.err" || echo "$host"
    done
}

# start_talk NAME HOST: starts a client of the proxy that sends the requests written to NAME.in. Its
# id is in $talker, replies are in NAME.out.
start_talk() {
    wait_for waits_at_proxy "$2"
    mkfifo "$dir/$1.in"
    # shellcheck disable=SC2016 # for that shell
    start "$1" sh -c 'exec "$@" <"$0"' "$dir/$1.in" "$client" 127.0.0.1 "$tcp" talk 100
    talker=$started_id
}
