#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# search.sh SOURCE BUILD [TARGET...]: builds the fuzz targets with libFuzzer, ASan and UBSan in
# BUILD/fuzz and lets each search for NETGDB_FUZZ_SECONDS (60), from its corpus. What it learns
# stays in BUILD/fuzz/NAME.d; what it finds is BUILD/fuzz/NAME-crash-... . Prints a table and
# fails when something was found.
set -eu
source=$1 build=$2
shift 2
[ $# -gt 0 ] || set -- wire rsp rsp_server options quirks cache link node elf rtos ebpf_interp \
    ebpf_loader ebpf_stub
CC=${NETGDB_FUZZ_CC:-clang}
command -v "$CC" >/dev/null || { echo "no $CC here: libFuzzer is clang's" && exit 77; }
seconds=${NETGDB_FUZZ_SECONDS:-60}
mkdir -p "$build/fuzz"
cd "$source"

# What a target is made of besides itself and proto/.
parts() {
    case $1 in
    link | node | rsp_server) echo tests/fuzz/script.c ;;
    quirks) echo tests/freebsd_stub.c ;;
    elf) echo symbols/*.c -L"$build/symbols" -lnetgdb-bfd -lelf -DNETGDB_LIBRARY='""' ;;
    rtos) echo tests/rtos_stub.c threads/*.c symbols/*.c -L"$build/symbols" -lnetgdb-bfd -lelf \
        -ldw -lpthread '-DNETGDB_LIBRARY=""' ;;
    ebpf_interp) echo tests/ebpf/compare.c tests/ebpf/reference.c ebpf/*.c -lelf -ldw ;;
    ebpf_*) echo ebpf/*.c -lelf -ldw ;;
    esac
}

# make_target NAME
make_target() {
    # shellcheck disable=SC2046 # words
    "$CC" -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -I. -I"$build" -g -O1 \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -w \
        "tests/fuzz/$1.c" proto/*.c $(parts "$1") -o "$build/fuzz/$1" >"$build/fuzz/$1.make" 2>&1
}

# search NAME: a line of the table.
search() {
    own=$build/fuzz/$1.d corpus=
    mkdir -p "$own"
    [ ! -d "tests/fuzz/corpus/$1" ] || corpus=tests/fuzz/corpus/$1
    result=nothing
    # shellcheck disable=SC2086 # perhaps no corpus
    "$build/fuzz/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$build/fuzz/$1-" "$own" $corpus \
        >"$build/fuzz/$1.log" 2>&1 || result=$(grep -hE 'ERROR|not so:|SUMMARY|runtime error' \
        "$build/fuzz/$1.log" | head -n 1)
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz/$1.log")
    cover=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$build/fuzz/$1.log" | tail -n 1)
    echo "| $1 | $seconds s | ${runs:-?} | ${cover:-?} | $result |"
    [ "$result" = nothing ]
}

status=0
echo "| target | time | runs | edges seen | found |"
echo "|---|---|---|---|---|"
for target; do
    if make_target "$target"; then
        search "$target" || status=1
    else
        echo "| $target | | | | does not build: $build/fuzz/$target.make |"
        status=1
    fi
done
exit $status
