# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# FreeBSD-like kernels with their ELF files, for tests that have sourced lib.sh.

# link_script TEXT: a linker script with the code at TEXT (the addresses of tests/sim/registers.h).
link_script() {
    cat >"$dir/crash.ld" <<END
SECTIONS {
    . = $1;
    .text : { *(.text*) }
    .note.gnu.build-id : { *(.note.gnu.build-id) }
    .rodata : { *(.rodata*) }
    .eh_frame : { *(.eh_frame) }
    . = $1 + 0x80000;
    .data : { *(.data*) }
    .bss : { *(.bss*) }
    frames = stack + 512;
}
END
}

# patch FILE OFFSET BYTE (octal)
patch() {
    # shellcheck disable=SC2059 # an escape
    printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# make_kernel FILE [OPTION of the compiler...]: an amd64 kernel of FreeBSD's OS ABI.
make_kernel() {
    file=$1
    shift
    link_script 0xffffffff80200000
    ${CC:-gcc} -g -O0 -ffreestanding -fno-pic -no-pie -mcmodel=kernel -fno-stack-protector \
        -fcf-protection=none -static -nostdlib -Wl,-T,"$dir/crash.ld" -Wl,-e,main "$@" \
        -o "$file" "$top_srcdir/tests/e2e/crash.c" || exit 99
    patch "$file" 7 011 # e_ident[EI_OSABI] = ELFOSABI_FREEBSD
}

# make_kernel_of TRIPLE TEXT FILE [OPTION...]: a kernel of another machine, without an OS ABI.
make_kernel_of() {
    triple=$1
    link_script "$2"
    file=$3
    shift 3
    clang --target="$triple" -g -O0 -ffreestanding -fno-pic "$@" -c -o "$file.o" \
        "$top_srcdir/tests/e2e/crash.c" &&
        ld.lld -T "$dir/crash.ld" -e main --build-id -o "$file" "$file.o" || exit 99
}

# address FILE SYMBOL
address() {
    nm "$1" | sed -n "s/ . $2\$//p"
}

# at_panic FILE: the options with which tests/e2e/kernel simulates the kernel of FILE.
at_panic() {
    frames=$(address "$1" frames)
    echo "--file $1 --register 16=$(address "$1" in_panic) --register 6=$frames --register 7=$frames"
}

# start_crash OPTION...: starts tests/e2e/kernel; its id is in $crash.
start_crash() {
    start kernel "$top_builddir/tests/e2e/kernel" --bind "127.0.0.1:$kernel_port" "$@" \
        "127.0.0.1:$herald_port"
    crash=$started_id
}

# said WORD: the number that the kernel printed after WORD.
said() {
    sed -n "s/^$1 //p" "$dir/kernel.out"
}
