#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `info threads` and `thread apply all bt` of 14 FreeRTOS tasks on Cortex-M4F under QEMU, through
# the preload: wall time as a ratio to gdb-multiarch directly on the same stub with its one thread,
# and the number of reads of memory by the decorator. Run by `make bench-rtos`; never a test.
set -eu
firmware=$top_srcdir/tests/firmware
library=$top_builddir/.libs/libnetgdb.so
port=$((23000 + $$ % 10000))
dir=$(mktemp -d)
qemu=
trap '[ -z "$qemu" ] || kill "$qemu"; rm -rf "$dir"' EXIT
export NETGDB_RUNTIME_DIR="$dir/run"

arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -mthumb -Og -g -DEXTRA=6 \
    -ffreestanding -nostdlib -fno-builtin -T "$firmware/m.ld" -o "$dir/fw.elf" \
    "$firmware/start_m.S" "$firmware/tasks.c" "$firmware/freertos.c"

cat >"$dir/measure.py" <<'END'
import gdb, time

def measure(command, rounds=9):
    times = []
    for i in range(rounds):
        gdb.execute('maintenance flush register-cache', to_string=True)
        gdb.execute('maintenance flush dcache', to_string=True)
        begin = time.monotonic()
        gdb.execute(command, to_string=True)
        times.append(time.monotonic() - begin)
    print('= %s: %.6f' % (command, sorted(times)[len(times) // 2]))
END

# session NAME TARGET: both commands at the second checkpoint.
session() {
    qemu-system-arm -M mps2-an386 -nographic -monitor none -serial null -kernel "$dir/fw.elf" \
        -gdb "tcp:127.0.0.1:$port" -S >"$dir/qemu" 2>&1 </dev/null &
    qemu=$!
    until grep -qi ":$(printf %04X "$port") 00000000:0000 0A" /proc/net/tcp; do
        kill -0 "$qemu"
        sleep 0.05
    done
    NETGDB_LOG=debug timeout 60 env ${preload:+LD_PRELOAD="$preload"} gdb-multiarch -nx -q -batch \
        -ex 'set pagination off' -ex "target remote $2" -ex "source $dir/measure.py" \
        -ex 'break checkpoint' -ex continue -ex continue \
        -ex "python measure('info threads')" -ex "python measure('thread apply all bt')" \
        -ex detach "$dir/fw.elf" >"$dir/$1" 2>"$dir/$1.err" </dev/null || cat "$dir/$1.err" >&2
    kill "$qemu"
    wait "$qemu" 2>/dev/null || :
    qemu=
}

# seconds NAME COMMAND
seconds() {
    sed -n "s/^= $2: //p" "$dir/$1"
}

preload=
session straight "127.0.0.1:$port"
preload=$library
session threads "netgdb:tcp:127.0.0.1:$port"
for command in 'info threads' 'thread apply all bt'; do
    one=$(seconds straight "$command")
    all=$(seconds threads "$command")
    awk -v c="$command" -v one="$one" -v all="$all" 'BEGIN {
        printf "%-20s 14 tasks %8.2f ms, straight 1 thread %8.2f ms: ratio %.2f, %.2f a task\n",
            c, all * 1000, one * 1000, all / one, all / one / 14 }'
done
sed -n 's/.*threads: \([0-9]*\) reads of memory/reads of memory for all of it, both commands 9 times: \1/p' \
    "$dir/threads.err"
