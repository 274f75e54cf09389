#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# units.sh BUILD [FIRST [STEP]]: unit tests of session/, once for every call of the program that
# gets memory or something of the system, and that one fails. A test may fail then, its own calls
# are among them; it may not crash or hang. Left out are tests that wait for ever for what did not
# come, or leave on the stack what a thread still uses, when an assertion ends them: fds, listener.
# tests/fail/parts has what those test.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP
build=$1 first=${2:-1} step=${3:-1}

# one TEST N: says what is wrong; without failures (0), how many calls there are.
one() {
    said=$(NETGDB_FAIL=$2 NETGDB_FAIL_OBJECT="tests/unit/$1" \
        LD_PRELOAD="$build/tests/fail/.libs/fail.so" \
        timeout -s KILL 60 "$build/tests/unit/$1" 2>&1)
    status=$?
    [ "$2" != 0 ] || echo "$said" | sed -n 's/^fail: \([0-9]*\) calls.*/\1/p' | tail -n 1
    # cmocka catches signals, and ends with 255 when a test could not be set up.
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
runs=$(for test in control monitor serve state_file; do
    calls=$(one "$test" 0)
    seq "$first" "$step" "$calls" | sed "s/^/$test /"
done)
wrong=$(echo "$runs" | xargs -P 4 -L 1 sh "$0" "$build" --one 2>&1)
[ -z "$wrong" ] || echo "$wrong"
echo "$(echo "$runs" | wc -l) runs of unit tests, $(echo "$wrong" | grep -c WRONG) wrong"
[ -z "$wrong" ]
