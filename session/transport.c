/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of transports; see transport.h. */
#include "session/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"

/* transport_list.h has a line TRANSPORT(name) for each of them; local.mk generates it. */
#define TRANSPORT(name) extern const struct transport name;
#include "session/transport_list.h"
#undef TRANSPORT

#define TRANSPORT(name) &name,
const struct transport *const transports_all[] = {
#include "session/transport_list.h"
    NULL};
#undef TRANSPORT

int transport_look_up(struct transport_stream *s)
{
    const struct options *o = s->options;
    if (s->looked_up || !o->transport->looks_up_host)
        return 0;
    int rc = sockets_resolve_streams(s->resolver, o->host, o->port, &s->peers);
    s->looked_up = rc == 0;
    if (rc != 0)
        (void)snprintf(s->why, sizeof s->why, "%s", sockets_resolve_text(rc));
    return rc;
}

int transport_open(struct transport_stream *s)
{
    s->why[0] = '\0';
    CHECK(s->options->transport->open != NULL && s->options->transport->target == NULL);
    if (transport_look_up(s) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    int fd = s->options->transport->open(s), error = errno;
    if (fd < 0 && s->why[0] == '\0')
        (void)snprintf(s->why, sizeof s->why, "%s", strerror(error));
    errno = error;
    return fd;
}

int transport_target(struct transport_stream *s, const struct log *log, struct target **t)
{
    s->why[0] = '\0';
    return s->options->transport->target(s, log, t);
}

void transport_close(struct transport_stream *s, bool detached)
{
    if (s->options->transport->close != NULL)
        s->options->transport->close(s, detached);
}
