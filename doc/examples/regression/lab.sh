#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A regression run with labgrid: starts the board at $PLACE from cold, has it panic, and checks how.
# $HOST is its address, $KERNELS the directory with the kernels that were built. See
# doc/regression.md, which lists what the place needs.
set -eu
on_board() {
    labgrid-client -p "$PLACE" ssh -- "$@"
}

labgrid-client -p "$PLACE" acquire
trap 'labgrid-client -p "$PLACE" release' EXIT
netgdb autopsy --count 1 --timeout 600 --expect '^page fault' --debug "$KERNELS" \
    --script panic.gdb --out crashes --junit result.xml "$HOST" &
autopsy=$!
labgrid-client -p "$PLACE" power cycle
until on_board true; do # the board boots
    kill -0 "$autopsy" || { wait "$autopsy"; exit; } # it did not in time
    sleep 1
done
on_board sysctl debug.kdb.trap=1 || : # the connection ends with the panic
wait "$autopsy"
