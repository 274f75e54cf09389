# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the tests of `netgdb bpf`: TAP, compilers, a debug server in the background.
# shellcheck shell=sh
netgdb=${top_builddir:?is set by make check}/tools/netgdb
sources=${top_srcdir:?is set by make check}/tests/ebpf
count=0
dir=$(mktemp -d) || exit 99
server=
trap 'stop_server; rm -rf "$dir"' EXIT

# ok DESCRIPTION COMMAND...: one TAP line; shows $dir/output if the command fails.
ok() {
    count=$((count + 1))
    description=$1
    shift
    if "$@"; then
        echo "ok $count - $description"
    else
        echo "not ok $count - $description"
        sed 's/^/# /' "$dir/output" 2>/dev/null
    fi
}

skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# Prints the command of a compiler; nothing if it is not installed.
compiler() {
    case $1 in
    clang*) command -v "$1" >/dev/null && echo "$1 -target bpf" ;;
    gcc) command -v bpf-gcc >/dev/null && echo 'bpf-gcc -gdwarf' ;; # -g of gcc 14 writes only BTF
    esac
}

# compile NAME OPTION... SOURCE OBJECT, the last two without their directories.
compile() {
    compiler_command=$(compiler "$1")
    shift
    options=
    while [ $# -gt 2 ]; do
        options="$options $1"
        shift
    done
    # shellcheck disable=SC2086 # lists of words
    $compiler_command $options -g -c "$sources/$1" -o "$dir/$2" 2>"$dir/output"
}

# start_server ARGUMENT...: netgdb bpf debug on a free port; sets $port.
start_server() {
    : >"$dir/server"
    "$netgdb" bpf debug "$@" --listen 127.0.0.1:0 >"$dir/server" 2>&1 &
    server=$!
    tries=100
    while [ $tries -gt 0 ] && ! grep -q '^waiting' "$dir/server" && kill -0 $server 2>/dev/null; do
        sleep 0.05
        tries=$((tries - 1))
    done
    port=$(sed -n 's/^waiting.*127\.0\.0\.1://p' "$dir/server")
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=
}

server_has_ended() {
    tries=200
    while [ $tries -gt 0 ] && kill -0 "$server" 2>/dev/null; do
        sleep 0.05
        tries=$((tries - 1))
    done
    [ $tries -gt 0 ]
}

# debugger COMMAND...: runs these commands in gdb-multiarch, connected to $port; the output is in
# $dir/output.
debugger() {
    set -- "$@" "set confirm off"
    echo "target ${remote:-remote} 127.0.0.1:$port" >"$dir/commands"
    printf '%s\n' "$@" >>"$dir/commands"
    LC_ALL=C timeout -k 5 60 gdb-multiarch -nx -batch -x "$dir/commands" >"$dir/output" 2>&1
}

# says PATTERN...: each is a basic regular expression that a line of the output matches.
says() {
    for pattern; do
        grep -q -e "$pattern" "$dir/output" || {
            echo "# not there: $pattern"
            return 1
        }
    done
}

line_of() {
    grep -n "mark: $1 " "$sources/demo.c" | cut -d: -f1
}
