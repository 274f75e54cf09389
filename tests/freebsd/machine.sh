# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A FreeBSD machine in QEMU, its console, and the state that it was saved in at its db> prompt.
# Sourced by ./run behind tests/e2e/lib.sh.
#
# QEMU's serial line and its monitor are pairs of FIFOs: what is written to descriptor 8 is typed at
# the console, what is written to 7 at the monitor; $dir/console has all that the console has shown.
# A machine that resets itself ends QEMU: it has rebooted, and its panic is lost.

BOOT_PATIENCE=600 # seconds; without KVM a boot takes minutes
machine_id=
mark=0 # so many bytes of the console were shown before

# tap_up: the network of kernel and debugger, in this namespace.
tap_up() {
    ip tuntap add tap0 mode tap && ip addr add "$server/24" dev tap0 && ip link set tap0 up
}

# media: the words that name what is booted.
media() {
    [ -z "$kernel" ] || printf '%s\n' -kernel "$kernel"
    [ -z "$append" ] || printf '%s\n' -append "$append"
    if [ -n "$image" ] && [ "$(head -c 32774 "$image" | tail -c 5)" = CD001 ]; then
        printf '%s\n' -drive "file=$image,media=cdrom,readonly=on"
    elif [ -n "$image" ]; then
        printf '%s\n' -drive "file=$image,if=virtio,snapshot=on"
    fi
    [ -z "$firmware" ] || printf '%s\n' -bios "$firmware"
}

# machine_start [QEMU-OPTION...]
machine_start() {
    for pipe in serial.in serial.out monitor.in monitor.out; do
        rm -f "$dir/$pipe"
        mkfifo "$dir/$pipe"
    done
    exec 8<>"$dir/serial.in" 7<>"$dir/monitor.in"
    cat "$dir/serial.out" >>"$dir/console" 2>/dev/null &
    cat "$dir/monitor.out" >>"$dir/monitor" 2>/dev/null &
    IFS_was=$IFS
    IFS='
'
    # shellcheck disable=SC2046 # lines
    set -- $(media) "$@"
    IFS=$IFS_was
    # shellcheck disable=SC2086 # words
    start qemu "$qemu" $board $qemu_options -accel "$accel" -smp "$cpus" -m "$memory" -nodefaults \
        -display none -no-reboot \
        -netdev tap,id=net0,ifname=tap0,script=no,downscript=no \
        -device virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56 \
        -chardev "pipe,id=serial,path=$dir/serial" -serial chardev:serial \
        -chardev "pipe,id=monitor,path=$dir/monitor" -mon chardev=monitor "$@"
    machine_id=$started_id
}

machine_stop() {
    [ -z "$machine_id" ] || stop "$machine_id"
    machine_id=
}

# ---- the console ----

set_mark() {
    mark=$(wc -c <"$dir/console")
}

# shown: what the console has shown since the mark.
shown() {
    tail -c +$((mark + 1)) "$dir/console" | tr -d '\r'
}

shows() {
    shown | grep -aEq -e "$1"
}

shows_or_ended() {
    shows "$1" || rebooted
}

# type_text TEXT: with the escapes of printf(1).
type_text() {
    set_mark
    # shellcheck disable=SC2059 # it is a format
    printf "$1" >&8
}

# prompts: the console is at db>, behind something that it has shown since the mark.
prompts() {
    case $(shown). in
    ?*"$newline"'db> .') ;;
    *) return 1 ;;
    esac
}

# ddb COMMAND: what it prints.
ddb() {
    type_text "$1\\r"
    wait_for prompts || return
    shown | sed '1d; /^db> *$/d'
}

# Where ddb is: the pc, and the thread's id.
ddb_pc() {
    ddb "print/x \$$pc" | sed -n 's/^[[:space:]]*\([0-9a-f]\{8,\}\)[[:space:]]*$/\1/p'
}
ddb_thread() {
    ddb 'show thread' | sed -n 's/^Thread \([0-9]*\) at.*/\1/p'
}

# returned: ddb has the machine again since the mark, and waits for a command.
returned() {
    shows '^\[ thread pid -?[0-9]+ tid [0-9]+ \]' && prompts
}

rebooted() {
    has_ended "$machine_id"
}

came_back_or_rebooted() {
    returned || rebooted
}

# ---- from power-on to db>, once ----

# monitor_says COMMAND PATTERN
monitor_says() {
    echo "$1" >&7
    sleep 0.2
    grep -aq "$2" "$dir/monitor"
}

# machine_boot: to db>, by what --expect and --type say, and saves the state.
machine_boot() {
    : >"$dir/console"
    : >"$dir/monitor"
    machine_start
    PATIENCE_was=$PATIENCE
    PATIENCE=$BOOT_PATIENCE
    booted=yes
    while [ -n "$dialog" ]; do
        line=${dialog%%"$newline"*}
        dialog=${dialog#*"$newline"}
        case $line in
        expect=*)
            wait_for shows_or_ended "${line#expect=}"
            shows "${line#expect=}" || booted="no '${line#expect=}' on the console"
            ;;
        type=*) type_text "${line#type=}" ;;
        esac
        [ "$booted" = yes ] || break
    done
    [ "$booted" != yes ] || wait_for shows_or_ended 'db> $'
    [ "$booted" != yes ] || prompts || booted="no db> on the console"
    PATIENCE=$PATIENCE_was
    if [ "$booted" != yes ]; then
        tail -n 12 "$dir/console" | sed 's/^/# console: /'
        head -n 5 "$dir/qemu.err" | sed 's/^/# qemu: /'
        die "$booted"
    fi
    # shellcheck disable=SC2016 # a variable of ddb's
    ddb 'set $lines=0' >/dev/null
    echo "migrate \"exec:cat >$snapshot\"" >&7
    wait_for monitor_says 'info migrate' 'Migration status: completed' ||
        die "QEMU does not save its state"
    machine_stop
}

# machine_restore: at db>, as it was saved.
machine_restore() {
    machine_stop
    : >"$dir/console"
    : >"$dir/monitor"
    machine_start -incoming "exec:cat $snapshot"
    wait_for monitor_says 'info status' 'VM status: running' || return
    # The prompt was shown before it was saved.
    type_text '\r'
    wait_for prompts
}
