/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp:HOST:PORT: a stub on a TCP port. */
#include "session/transport.h"

static int parse_tcp_address(struct options *o, char *address, const struct options_error *e)
{
    return options_parse_endpoint(o, address, 0, e);
}

static int open_tcp(struct transport_stream *s)
{
    return sockets_tcp(&s->peers, s->timeout);
}

const struct transport transport_tcp = {
    .prefix = "tcp",
    .looks_up_host = true,
    .proxy_wait = 5 * IO_SECOND,
    .parse = parse_tcp_address,
    .open = open_tcp,
};
