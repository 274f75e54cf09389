# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys and clients for the tests of TLS; sourced after lib.sh.
: "${dir:?lib.sh comes first}" "${netgdb:?}" "${top_builddir:?}" "${program:?}"
umask 077
[ -x "$NETGDB_TLS_HELPER" ] || skip_all "built without TLS"
command -v openssl >/dev/null || skip_all "no openssl here"

# psk FILE IDENTITY: creates a new key.
psk() {
    echo "$2:$(openssl rand -hex 32)" >"$dir/$1"
}

# authority NAME: creates a CA.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$dir/$1.key" -out "$dir/$1.pem" -subj "/CN=$1" 2>/dev/null || exit 99
}

# past: the options for a certificate that is over. openssl 3.4 has an option; later ones refuse -days -1.
past() {
    if openssl x509 -help 2>&1 | grep -q -e -not_after; then
        echo -not_before 20190101000000Z -not_after 20200101000000Z
    else
        echo -days -1
    fi
}

# certificate NAME CA SAN [OPTION...]: creates one for the names of SAN, signed by the CA.
certificate() {
    leaf=$1
    signer=$2
    names=$3
    shift 3
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$dir/$leaf.key" -out "$dir/$leaf.csr" -subj "/CN=$leaf" \
        -addext "subjectAltName=$names" 2>/dev/null || exit 99
    openssl x509 -req -in "$dir/$leaf.csr" -CA "$dir/$signer.pem" -CAkey "$dir/$signer.key" \
        -CAcreateserial -copy_extensions copy -out "$dir/$leaf.pem" "$@" 2>/dev/null || exit 99
}

# keys_of NAME CA: the options after a name in gdb.
keys_of() {
    echo "cert=$dir/$1.pem,key=$dir/$1.key,ca=$dir/$2.pem"
}

# tls_gdb KEYS ARGUMENT...: connects gdb under the preload to the node or proxy at $tls_port.
tls_gdb() {
    keys=$1
    shift
    run_gdb -ex "target remote netgdb:tls:127.0.0.1:$tls_port${keys:+,$keys}" "$@"
}

# cannot DESCRIPTION PATTERN KEYS: gdb cannot connect; netgdb prints one line. Sets $what.
cannot() {
    what=$1
    pattern=$2
    tls_gdb "$3"
    is "$what: gdb cannot connect" 1 "$gdb_status"
    is "$what: netgdb prints one line" 1 "$(grep -c '^netgdb: ' "$dir/gdb.err")"
    ok "$what: the line gives the reason" has gdb.err "^netgdb: 127.0.0.1: cannot connect to the stub: $pattern"
}

# s_client ARGUMENT...: starts an openssl client that sends a request; peer_leaves ends it. Its
# output is in $dir/peer.out.
s_client() {
    rm -f "$dir/peer.in"
    mkfifo "$dir/peer.in"
    # shellcheck disable=SC2016 # for that shell; RSP
    start peer sh -c '{ printf "\$?#3f"; cat "$1"; } | { shift; openssl s_client "$@"; } 2>&1' sh \
        "$dir/peer.in" -quiet -no_ign_eof -connect "127.0.0.1:$tls_port" "$@"
    peer=$started_id
    exec 9>"$dir/peer.in"
}

peer_leaves() {
    hang_up
    reap "$peer"
}

# helpers: ids of this test's netgdb-tls processes, which have their keys in $dir.
helpers() {
    for id in $(ours); do
        [ "$(readlink "/proc/$id/exe")" = "$NETGDB_TLS_HELPER" ] ||
            tr '\0' '\n' <"/proc/$id/cmdline" | head -n 1 | grep -q 'netgdb-tls$' && echo "$id"
    done 2>/dev/null
}

# start_tls_node OPTION...: starts a node with the program; its port is in $tls_port. The node starts
# the program when a client is accepted.
start_tls_node() {
    # shellcheck disable=SC2046,SC2086 # words
    start node "$netgdb" node --tls --listen 127.0.0.1:0 --log packet "$@" -- \
        $(stub - "$program" ${program_arguments:-})
    node=$started_id
    wait_for has node.err 'target remote netgdb:tls:' || exit 99
    tls_port=$(sed -n 's/.*netgdb:tls:127.0.0.1:\([0-9]*\)$/\1/p' "$dir/node.err")
}

# untouched: the node has not started its stub.
untouched() {
    [ -z "$(targets)" ] && has_not node.err '(->|created; pid)'
}
