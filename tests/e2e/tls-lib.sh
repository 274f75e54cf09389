# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys for the tests of TLS, and who connects; sourced after lib.sh.
: "${dir:?lib.sh comes first}" "${netgdb:?}" "${top_builddir:?}" "${program:?}"
umask 077
[ -x "$NETGDB_TLS_HELPER" ] || skip_all "built without TLS"
command -v openssl >/dev/null || skip_all "no openssl here"

# psk FILE IDENTITY: a new key.
psk() {
    echo "$2:$(openssl rand -hex 32)" >"$dir/$1"
}

# authority NAME: a CA of its own.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$dir/$1.key" -out "$dir/$1.pem" -subj "/CN=$1" 2>/dev/null || exit 99
}

# certificate NAME CA SAN [OPTION...]: signed by the CA, for the names of SAN.
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

# keys_of NAME CA: what follows a name in gdb.
keys_of() {
    echo "cert=$dir/$1.pem,key=$dir/$1.key,ca=$dir/$2.pem"
}

# tls_gdb KEYS ARGUMENT...: gdb under the preload with the node or proxy at $tls_port.
tls_gdb() {
    keys=$1
    shift
    run_gdb -ex "target remote netgdb:tls:127.0.0.1:$tls_port${keys:+,$keys}" "$@"
}

# cannot DESCRIPTION PATTERN KEYS: gdb gets one line of ours, and no connection.
cannot() {
    what=$1
    pattern=$2
    tls_gdb "$3"
    is "$what: gdb's connect fails" 1 "$gdb_status"
    is "in one line" 1 "$(grep -c '^netgdb: ' "$dir/gdb.err")"
    ok "which is clear" has gdb.err "^netgdb: 127.0.0.1: $pattern"
}

# s_client ARGUMENT...: openssl as a peer that sends a request, until peer_leaves. Its output is in
# $dir/peer.out.
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

# helpers: ids of the processes of netgdb-tls that belong to this test: their keys are in $dir.
helpers() {
    for id in $(ours); do
        [ "$(readlink "/proc/$id/exe")" = "$NETGDB_TLS_HELPER" ] ||
            tr '\0' '\n' <"/proc/$id/cmdline" | head -n 1 | grep -q 'netgdb-tls$' && echo "$id"
    done 2>/dev/null
}

# start_tls_node OPTION...: a node with the program. Its port is in $tls_port. Nothing is there to
# see of the program until somebody is let in.
start_tls_node() {
    # shellcheck disable=SC2046,SC2086 # words
    start node "$netgdb" node --tls --listen 127.0.0.1:0 --log packet "$@" -- \
        $(stub - "$program" ${program_arguments:-})
    node=$started_id
    wait_for has node.err 'target remote netgdb:tls:' || exit 99
    tls_port=$(sed -n 's/.*netgdb:tls:127.0.0.1:\([0-9]*\)$/\1/p' "$dir/node.err")
}

# untouched: the node has started no stub, and so sent it nothing.
untouched() {
    [ -z "$(targets)" ] && has_not node.err '(->|created; pid)'
}
