#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# search.sh SOURCE BUILD [TARGET...]: builds the fuzz targets with libFuzzer, ASan and UBSan in
# BUILD/fuzz and lets each search for NETGDB_FUZZ_SECONDS (60), from its corpus, NETGDB_JOBS (2) at
# a time. New inputs stay in BUILD/fuzz/NAME.d; a finding is in BUILD/fuzz/NAME-crash-... .
# Prints a table, then each finding with its input; fails if there is a finding.
set -eu
if [ "$1" = --one ]; then
    one=$2
    shift 2
fi
source=$1 build=$2
shift 2
CC=${NETGDB_FUZZ_CC:-clang}
seconds=${NETGDB_FUZZ_SECONDS:-60}
jobs=${NETGDB_JOBS:-2}
out=$build/fuzz
top_builddir=$build
export top_builddir
cd "$source"

# The sources and libraries of each target, in addition to its own and to the product's.
parts() {
    case $1 in
    link | node | rsp_server) echo tests/fuzz/script.c ;;
    quirks) echo tests/freebsd_stub.c ;;
    rtos) echo tests/rtos_stub.c ;;
    kernel) echo tests/kernel/stub.c ;;
    options) echo "$build/.libs/libsession.a" "$build/.libs/libio.a" ;; # the transports
    ebpf_interp) echo tests/ebpf/compare.c tests/ebpf/reference.c ;;
    esac
}

# compile WHAT ARGUMENT...: WHAT is fuzzer, or fuzzer-no-link for the common sources.
compile() {
    what=$1
    shift
    "$CC" -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H '-DNETGDB_LIBRARY=""' -I. -I"$build" -g -O1 \
        "-fsanitize=$what,address,undefined" -fno-sanitize-recover=undefined -w "$@"
}

# row TARGET RUNS EDGES FOUND: a line of the table.
row() {
    echo "| $1 | $seconds s | $2 | $3 | $4 |"
}

# search NAME: prints its row; the report of a finding is in NAME.found.
search() {
    corpus=tests/fuzz/corpus/$1 log=$out/$1.log found=nothing status=0
    mkdir -p "$out/$1.d"
    [ -d "$corpus" ] || corpus=
    # shellcheck disable=SC2086 # perhaps no corpus
    timeout -k 5 $((seconds * 3 + 120)) "$out/$1" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1500 -max_len=4096 -print_final_stats=1 -artifact_prefix="$out/$1-" \
        "$out/$1.d" $corpus >"$log" 2>&1 || status=$?
    if [ "$status" != 0 ]; then
        found=$(grep -hE 'not so:|runtime error:' "$log" || grep -h 'SUMMARY: ' "$log" ||
            echo "it ended with status $status: $log")
        found=$(echo "$found" | sed -n '1{s/|/ /g;p;}')
        explain "$1" >"$out/$1.found"
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    row "$1" "${runs:-?}" "${edges:-?}" "$found"
}

# explain NAME: the input of the finding, and how to reproduce it.
explain() {
    input=$(sed -n 's/.*Test unit written to //p' "$log" | head -n 1)
    [ -s "${input:-}" ] || { echo "$1: no input was kept: $log" && return; }
    echo "$1: found with $input; once more: $out/$1 $input"
    echo "$1: that input as base64:"
    base64 "$input"
}

# attempt NAME: builds the target and runs the search.
attempt() {
    rm -f "$out/$1.found"
    # shellcheck disable=SC2046 # words
    if compile fuzzer "tests/fuzz/$1.c" $(parts "$1") "$out/rooms.a" -L"$build/symbols" \
        -lnetgdb-bfd -lelf -ldw -lpthread -o "$out/$1" >"$out/$1.make" 2>&1; then
        search "$1"
    else
        row "$1" "" "" "does not build: $out/$1.make"
        head -n 3 "$out/$1.make" >"$out/$1.found"
    fi
}

if [ "${one:-}" = object ]; then
    compile fuzzer-no-link -c "$1" -o "$out/rooms/$(echo "$1" | tr / -).o"
    exit
elif [ "${one:-}" = target ]; then
    attempt "$1"
    exit
fi

command -v "$CC" >/dev/null || { echo "no $CC here: libFuzzer is clang's" && exit 77; }
# shellcheck disable=SC2046 # words
[ $# -gt 0 ] || set -- $(grep -l '^int LLVMFuzzer' tests/fuzz/*.c | sed 's|.*/\(.*\)\.c|\1|')
rm -rf "$out/rooms" "$out/rooms.a"
mkdir -p "$out/rooms"
printf '%s\n' proto/*.c proto/*/*.c symbols/*.c threads/*.c freebsd/*.c record/*.c ebpf/*.c |
    xargs -P"$jobs" -I@ sh tests/fuzz/search.sh --one object "$source" "$build" @ >"$out/rooms.make" 2>&1 || {
    head -n 20 "$out/rooms.make"
    exit 1
}
ar crs "$out/rooms.a" "$out"/rooms/*.o
echo "| target | time | runs | edges seen | found |"
echo "|---|---|---|---|---|"
printf '%s\n' "$@" | xargs -P"$jobs" -I@ sh tests/fuzz/search.sh --one target "$source" "$build" @
status=0
for target; do
    [ ! -s "$out/$target.found" ] || { cat "$out/$target.found" && status=1; }
done
exit $status
