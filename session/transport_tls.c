/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls:HOST[:PORT]: a proxy or node with --tls. */
#include "proto/link/wire.h"
#include "session/tls.h"
#include "session/transport.h"

_Static_assert((int)TRANSPORT_WHY_MAX >= (int)TLS_WHY_MAX, "transport_stream.why is tls_connect's");

static int parse_tls_address(struct options *o, char *address, const struct options_error *e)
{
    return options_parse_endpoint(o, address, WIRE_HERALD_PORT, e);
}

static const char *check_keys(const struct options *o)
{
    return tls_keys_trouble(&(struct tls_keys){o->psk, o->cert, o->key, o->ca});
}

static int open_tls(struct transport_stream *s)
{
    return tls_connect(s->options, s->resolver, s->timeout, s->mask, s->why);
}

const struct transport transport_tls = {
    .prefix = "tls",
    .needs_files = true,
    .proxy_wait = 10 * IO_SECOND, /* with a handshake */
    .parse = parse_tls_address,
    .check = check_keys,
    .open = open_tls,
};
