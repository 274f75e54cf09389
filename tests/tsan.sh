#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tsan.sh SOURCE BUILD: builds the tree with the thread sanitizer in BUILD and runs what has
# threads: the program that makes GDB's calls, under the preload and linked with the shim's code,
# the proxy with many kernels and clients, and the unit tests of what threads share. A report of the
# sanitizer is a failure.
set -eu
source=$1 build=$2
mkdir -p "$build"
cd "$build"
[ -f Makefile ] || "$source/configure" --quiet --enable-sanitize=thread
make -s -j2 all check-programs >make.log 2>&1 || { tail make.log && exit 1; }
tests='tests/unit/fds tests/unit/listener tests/unit/record tests/e2e/caller.test'
tests="$tests tests/e2e/proxy_many.test tests/e2e/proxy_life.test"
TSAN_OPTIONS=halt_on_error=1 make -s check TESTS="$tests" >check.log 2>&1 || {
    grep -E '^(FAIL|ERROR)' check.log || tail check.log
    exit 1
}
grep -E '^# (TOTAL|PASS|SKIP|FAIL)' check.log
