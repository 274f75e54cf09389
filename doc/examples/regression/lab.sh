#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A regression run with labgrid: starts the board at $PLACE from cold, has it panic, and checks how.
# $HOST is its address, $KERNELS the directory with the kernels that were built. See
# doc/regression.md.
set -eu
netgdb autopsy --count 1 --timeout 600 --expect '^page fault' --debug "$KERNELS" \
    --script panic.gdb --out crashes --junit result.xml "$HOST" &
labgrid-client -p "$PLACE" power cycle
labgrid-client -p "$PLACE" ssh -- sysctl debug.kdb.trap=1 || : # the connection ends with the panic
wait $!
