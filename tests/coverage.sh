#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# coverage.sh SOURCE BUILD: builds the tree for gcov in BUILD, runs the unit tests and the simulated
# world, and prints how many lines of each file of proto/ were run. Fails below 95 % of all.
set -eu
source=$1 build=$2
mkdir -p "$build"
cd "$build"
[ -f Makefile ] ||
    "$source/configure" --quiet --disable-shared --enable-static CFLAGS='-O0 -g --coverage'
find . -name '*.gcda' -exec rm -f {} +
make -s -j2 check-programs-only >make.log 2>&1 || { tail make.log && exit 1; }
tests=$(make -s --no-print-directory print-coverage-tests)
NETGDB_SIM_SESSIONS=500 make -s -j2 check TESTS="$tests" >check.log 2>&1 ||
    { grep -E '^(FAIL|ERROR)' check.log || tail check.log; exit 1; }
find proto -name '*.gcda' | sort | while read -r data; do
    gcov -n -o "$data" "$data" 2>/dev/null | grep -A1 "^File '.*proto/[a-z_/]*\.c'"
done | sed -n "/^File/{s/.*proto/proto/;s/'//;h;};
    /^Lines/{s/Lines executed:\([0-9.]*\)% of \([0-9]*\)/\1 \2/;G;s/\n/ /;p;}" |
    awk '{ printf "%6.2f %% of %4d  %s\n", $1, $2, $3; run += $1 * $2 / 100; all += $2 }
        END { if (all == 0) exit 1
              printf "%6.2f %% of %4d  proto/\n", 100 * run / all, all
              exit run / all < 0.95 }'
