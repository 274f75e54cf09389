#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `info threads`, `thread apply all bt`, `next` and `stepi` with 14 FreeRTOS tasks on Cortex-M4F under
# QEMU, through the preload and through the proxy: wall time as a ratio to gdb-multiarch directly on
# the same stub with its one thread, in one run, and the number of reads of memory by the decorator.
# Run by `make bench-rtos`; never a test.
set -eu
firmware=$top_srcdir/tests/firmware
library=$top_builddir/.libs/libnetgdb.so
port=$((23000 + $$ % 10000))
dir=$(mktemp -d)
netgdb=$top_builddir/tools/netgdb
qemu=
proxy=
trap '[ -z "$qemu" ] || kill "$qemu"; [ -z "$proxy" ] || kill "$proxy"; rm -rf "$dir"' EXIT
export NETGDB_RUNTIME_DIR="$dir/run"

arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -mthumb -Og -g -DEXTRA=6 -DPAD=2000 \
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

# The time of one step, of many in the loop of kernel_wake_all(), which changes the lists.
def steps(command, n=24, rounds=15):
    times = []
    point = gdb.Breakpoint('kernel_wake_all', internal=True)
    for i in range(rounds):
        gdb.execute('continue', to_string=True)
        begin = time.monotonic()
        for step in range(n):
            gdb.execute(command, to_string=True)
        times.append((time.monotonic() - begin) / n)
    point.delete()
    print('= %s: %.6f' % (command, sorted(times)[len(times) // 3]))
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
        -ex delete -ex "python steps('next')" -ex "python steps('stepi')" \
        -ex "python steps('stepi 100', 3)" -ex detach "$dir/fw.elf" >"$dir/$1" 2>"$dir/$1.err" </dev/null || cat "$dir/$1.err" >&2
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
preload=
"$netgdb" proxy -p $((port + 1)) "tcp:127.0.0.1:$port,symbols=$dir/fw.elf" >"$dir/proxy.out" \
    2>"$dir/proxy.err" &
proxy=$!
session proxy "127.0.0.1:$((port + 1))"
for way in threads proxy; do
    for command in 'info threads' 'thread apply all bt' next stepi 'stepi 100'; do
        one=$(seconds straight "$command")
        all=$(seconds "$way" "$command")
        awk -v w="$way" -v c="$command" -v one="$one" -v all="$all" 'BEGIN {
            printf "%-8s %-20s 14 tasks %8.2f ms, straight 1 thread %8.2f ms: ratio %.2f\n",
                w, c, all * 1000, one * 1000, all / one }'
    done
done
sed -n 's/.*threads: \([0-9]*\) reads of memory/reads of memory for all of it, preloaded: \1/p' \
    "$dir/threads.err"
