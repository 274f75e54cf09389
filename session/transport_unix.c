/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unix:PATH: a stub on a unix socket. */
#include "session/transport.h"

static int parse_unix_path(struct options *o, char *path, const struct options_error *e)
{
    if (options_set_text(o->path, OPTIONS_SOCKET_MAX, path))
        return 0;
    return options_set_error(e, "'unix:%.100s': takes a socket's name of 1 to %d bytes", path,
                             OPTIONS_SOCKET_MAX - 1);
}

static int open_unix(struct transport_stream *s)
{
    return sockets_unix(s->options->path);
}

const struct transport transport_unix = {
    .prefix = "unix",
    .parse = parse_unix_path,
    .open = open_unix,
};
