#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# units.sh BUILD [FIRST [STEP]]: runs unit tests of session/ once for every allocation and system call of
# the program; that call fails. A test may fail then, as its own calls are among them, but it must not
# crash or hang. Tests are excluded that wait endlessly, or leave data on the stack that a thread still
# uses, when an assertion ends them: fds, listener. tests/fail/modules covers those modules.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP
build=$1 first=${2:-1} step=${3:-1}

# one TEST N: prints the error; with N = 0, the number of calls.
one() {
    said=$(NETGDB_FAIL=$2 NETGDB_FAIL_OBJECT="tests/unit/$1" \
        LD_PRELOAD="$build/tests/fail/.libs/fail.so" \
        timeout -s KILL 60 "$build/tests/unit/$1" 2>&1)
    status=$?
    [ "$2" != 0 ] || echo "$said" | sed -n 's/^fail: \([0-9]*\) calls.*/\1/p' | tail -n 1
    # cmocka catches signals, and exits with 255 if a test could not be set up.
    if { [ "$status" -ge 124 ] && [ "$status" != 255 ]; } || echo "$said" | grep -qi exception; then
        echo "WRONG $1 $2: status $status: $(echo "$said" | grep -iE 'exception|^fail:' | tail -n 2)"
    fi
}

if [ "$first" = --one ]; then
    one "$3" "$4" 2>/dev/null
    exit 0
fi
if [ ! -x "$build/tests/unit/state_file" ]; then
    echo "no unit tests here: they need cmocka"
    exit 0
fi
TMPDIR=$(mktemp -d) || exit 2 # a test that fails may leave something there
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
runs=$(for test in control monitor serve serve_running state_file; do
    calls=$(one "$test" 0)
    seq "$first" "$step" "$calls" | sed "s/^/$test /"
done)
wrong=$(echo "$runs" | xargs -P 4 -L 1 sh "$0" "$build" --one 2>&1)
[ -z "$wrong" ] || echo "$wrong"
echo "$(echo "$runs" | wc -l) runs of unit tests, $(echo "$wrong" | grep -c WRONG) wrong"
[ -z "$wrong" ]
