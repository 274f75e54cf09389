/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file:PATH: a session that was recorded (record/replay.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "record/exchange.h"
#include "record/replay.h"
#include "session/transport.h"

static int parse_file(struct options *o, char *path, const struct options_error *e)
{
    if (options_set_text(o->path, sizeof o->path, path))
        return 0;
    return options_set_error(e, "file: takes a file's name of 1 to %d bytes", OPTIONS_PATH_MAX - 1);
}

/* What the recorded target was. */
static enum netgdb_peer recorded_peer(const struct recording *r)
{
    struct answer a;
    const struct bytes none = {"", 0};
    if (!recording_find(r, none, EXCHANGE_PEER, &a))
        return NETGDB_PEER_OTHER;
    bool kernel =
        a.reply.len == strlen("kernel") && memcmp(a.reply.data, "kernel", a.reply.len) == 0;
    return kernel ? NETGDB_PEER_KERNEL : NETGDB_PEER_OTHER;
}

static int open_recording(struct transport_stream *s, const struct log *log, struct target **t)
{
    struct recording *r = malloc(sizeof *r);
    int rc = r != NULL ? recording_open(r, s->options->path, false) : NETGDB_NOMEM;
    *t = NULL;
    if (rc == 0) {
        s->peer = recorded_peer(r);
        *t = replay_new(r, log);
        if (*t != NULL)
            return 0;
        recording_free(r);
        rc = NETGDB_NOMEM;
    }
    (void)snprintf(s->why, sizeof s->why, "%s",
                   r != NULL && rc != NETGDB_NOMEM ? r->why : netgdb_strerror(rc));
    free(r);
    return -1;
}

const struct transport transport_file = {
    .prefix = "file",
    .needs_files = true,
    .parse = parse_file,
    .target = open_recording,
};
