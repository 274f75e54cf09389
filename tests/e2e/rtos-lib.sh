# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Support for the tests of RTOS threads, sourced after lib.sh: builds tests/firmware for a machine of
# QEMU, and connects gdb-multiarch under the preload to QEMU's stub.
firmware=$top_srcdir/tests/firmware
gdb_port=$((21000 + $$ % 10000))

needs() {
    for command; do
        command -v "$command" >/dev/null || skip_all "no $command here"
    done
}
needs gdb-multiarch

# build_arm NAME CPU-OPTIONS SOURCE...: builds $dir/NAME.elf with the kernel in SOURCE; $options has
# more compiler options.
build_arm() {
    built=$1
    cpu=$2
    shift 2
    # shellcheck disable=SC2086 # words
    arm-none-eabi-gcc $cpu -mthumb -Og ${options:--g} -ffreestanding -nostdlib -fno-builtin \
        -T "$firmware/m.ld" -o "$dir/$built.elf" "$firmware/start_m.S" "$firmware/tasks.c" "$@" \
        2>"$dir/build.err" || {
        sed 's/^/# /' "$dir/build.err"
        exit 99
    }
}
cortex_m3=-mcpu=cortex-m3
cortex_m4f='-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16'

# build_riscv NAME ARCH ABI OPTION...: with FreeRTOS, or with $kernel and its $start.
build_riscv() {
    built=$1
    arch=$2
    abi=$3
    shift 3
    # shellcheck disable=SC2086 # words
    riscv64-unknown-elf-gcc "-march=$arch" "-mabi=$abi" -mcmodel=medany -Og ${options:--g} \
        -ffreestanding -nostdlib -fno-builtin -Wl,--no-warn-rwx-segments -T "$firmware/riscv.ld" \
        "$@" -o "$dir/$built.elf" "$firmware/${start:-start_riscv}.S" "$firmware/tasks.c" \
        "$firmware/${kernel:-freertos}.c" 2>"$dir/build.err" || {
        sed 's/^/# /' "$dir/build.err"
        exit 99
    }
}

# without_debug_info FILE: removes facts that only debug information has, for a build
# --without-libdw and for programs without it.
without_debug_info() {
    sed -i -e 's/ (inherited, else [0-9]*)//' \
        -e 's/^notified: Blocked on notification 2/notified: Suspended/' "$1"
}
as_built() {
    [ "${libdw:-yes}" = yes ] || without_debug_info "$1"
}

is_open() {
    grep -qi ":$(printf %04X "$gdb_port") 00000000:0000 0A" /proc/net/tcp
}

# start_qemu ELF COMMAND...: starts a machine that is stopped at reset; its id is in $qemu.
start_qemu() {
    elf=$1
    shift
    start qemu "$@" -nographic -monitor none -serial null -kernel "$dir/$elf.elf" \
        -gdb "tcp:127.0.0.1:$gdb_port" -S
    qemu=$started_id
    wait_for is_open
}
mps2() {
    start_qemu "$1" qemu-system-arm -M "$2"
}
# virt ELF BITS [OPTION...]
virt() {
    machine=$2
    elf=$1
    shift 2
    start_qemu "$elf" "qemu-system-riscv$machine" -M virt -bios none "$@"
}

# run_multiarch ARGUMENT...: runs gdb-multiarch, like run_gdb.
run_multiarch() {
    gdb_status=0
    timeout -k 5 "$PATIENCE" env --default-signal=INT LD_PRELOAD="$preload" gdb-multiarch -nx -q \
        -batch "$@" >"$dir/gdb.out" 2>"$dir/gdb.err" </dev/null || gdb_status=$?
}

# Prints all threads, sorted: name, state and location (without compiler-dependent numbers), functions
# of the backtrace, and the registers with the firmware's pattern.
cat >"$dir/show.py" <<'END'
import gdb, re, struct

# Integers unchanged; a float of ARM as its bits, one of RISC-V as its value.
def number(value):
    if value.type.code == gdb.TYPE_CODE_UNION: # a register that can contain a float or a double
        fields = {f.name: value[f.name] for f in value.type.fields()}
        value = fields['float'] if single else fields['double']
        return int(value)
    if value.type.code == gdb.TYPE_CODE_FLT and value.type.sizeof == 4 and single is None:
        return struct.unpack('<I', struct.pack('<f', float(value)))[0]
    return int(value)

single = None

def registers(frame, names):
    out = []
    for name in names.split():
        try:
            out.append('%x' % (number(frame.read_register(name)) & 0xffffffffffffffff))
        except (gdb.error, ValueError):
            out.append('-')
    return ' '.join(out)

# A command that may fail without ending the script.
def attempt(command):
    try:
        gdb.execute(command)
    except gdb.error as error:
        print('failed: %s' % error)

def show(names, skip='main'):
    lines = []
    info = {}
    for line in gdb.execute('info threads', to_string=True).splitlines():
        m = re.match(r'[* ] (\d+) +Thread [0-9.]+ "([^"]*)" \((.*?)(, \d+ bytes of stack left)?\) ', line)
        if m:
            info[int(m.group(1))] = m.group(3)
    for t in gdb.selected_inferior().threads():
        t.switch()
        frame = gdb.newest_frame()
        calls = []
        f = frame
        while f is not None and f.name() is not None and len(calls) < 9:
            calls.append(f.name())
            try:
                f = f.older()
            except gdb.error: # a wrong guess of the unwinder
                break
        line = '%s: %s; %s' % (t.name, info.get(t.num, '?'), ' '.join(calls))
        if t.name != skip:
            line += '; ' + registers(frame, names)
        lines.append(line)
    print('\n'.join('= ' + l for l in sorted(lines)))
END

# shown: extracts the printed list into $dir/shown.
shown() {
    sed -n 's/^= //p' "$dir/gdb.out" >"$dir/shown"
}

# pattern INDEX NUMBER...: the values that yield_with_pattern sets in a task's registers.
pattern() {
    index=$1
    shift
    for number; do
        printf ' %x' $((index * 4096 + number))
    done
}
