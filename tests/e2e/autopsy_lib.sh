# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# netgdb autopsy and simulated kernels that have the data of tests/kernel; sourced after lib.sh,
# proxy_lib.sh, crash.sh and twins_lib.sh.
: "${dir:?lib.sh comes first}" "${netgdb:?}" "${herald_port:?}" "${port?}" "${library:?}"
: "${top_builddir:?}" "${sanitizer?}"

export NETGDB_LIB="$library"
debug=$(cd "$top_builddir/tests/kernel.d" && pwd)
kernel=$debug/amd64/kernel.debug
panic_frames=$(address "$kernel" frames)
out=$dir/out
to_show='autopsy.out autopsy.err'

crashes=0

# panics NAME HOST OPTION...: a kernel with symbols panics; its id is in $twin.
panics() {
    panic_name=$1
    panic_host=$2
    shift 2
    crashes=$((crashes + 1)) # no two are the same crash, by r15
    start_twin "$panic_name" "$panic_host" "127.0.0.1:$herald_port" --machine amd64 \
        --file "$kernel" --file "$debug/amd64/hello.loaded" \
        --register "16=$(address "$kernel" in_kdb_enter)" \
        --register "6=$panic_frames" --register "7=$panic_frames" \
        --register "15=$crashes" "$@"
}

# start_autopsy OPTION... : starts it for any kernel; its id is in $autopsy.
start_autopsy() {
    start autopsy env LD_PRELOAD="$sanitizer" "$netgdb" autopsy --out "$out" --debug "$debug" "$@" "any$port"
    autopsy=$started_id
}

# autopsy OPTION...: runs it to its end; its exit status is in $status.
autopsy() {
    status=0
    timeout -k 5 "$PATIENCE" env LD_PRELOAD="$sanitizer" "$netgdb" autopsy --out "$out" --debug "$debug" "$@" \
        >"$dir/autopsy.out" 2>"$dir/autopsy.err" </dev/null || status=$?
}

# reports [HOST]: the complete directories of crashes, of this host; one a line.
reports() {
    find "$out" -mindepth 1 -maxdepth 1 -type d -name "${1:-}*" ! -name '*.partial' \
        ! -name '*.interrupted' 2>/dev/null
}

# has_reports N: there are so many.
has_reports() {
    [ "$(reports | grep -c .)" = "$1" ]
}

# report HOST: the directory of its only crash, relative to $dir.
report() {
    reports "$1" | sed "s|^$dir/||"
}

# resumed NAME...: prints those kernels that were resumed, or harmed.
resumed() {
    for name; do
        [ "$(said "$name" continues) $(said "$name" steps) $(said "$name" harm)" = "0 0 0" ] ||
            echo "$name"
    done
}

# examines: a program of autopsy works in the directory of a crash.
examines() {
    find /proc/[0-9]*/cwd -maxdepth 0 -lname "$out/*" 2>/dev/null | grep -q .
}
