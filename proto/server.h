/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server is one way to offer a target to somebody: it takes the client's requests and carries
 * the replies. Whoever sits between it and a target is session/serve.
 *
 * Requests and replies are packet contents, as in target.h. One request at a time: next, then
 * reply until the final one, with polls in between. A server belongs to one thread.
 */
#ifndef NETGDB_PROTO_SERVER_H
#define NETGDB_PROTO_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

struct server;

struct server_ops {
    /*
     * Waits for the client's next request and puts its content into *request (replaced). A
     * request that was not replied to (k and R have no reply) is thereby done with. `watch`,
     * IO_ON_TARGET and IO_ON_WAKE or 0, says what else may end the wait.
     * Returns 0; NETGDB_AGAIN when what is watched came first; NETGDB_CLOSED when the client
     * has left and everything that it asked before was given out; NETGDB_LOST, NETGDB_IO, ….
     */
    int (*next)(struct server *s, struct buf *request, unsigned watch);

    /*
     * While a request is outstanding: takes what has come from the client, without blocking.
     * Returns 0; NETGDB_INTERRUPTED for a Ctrl-C (told once); NETGDB_CLOSED when the client has
     * left (told each time); or an error.
     */
    int (*poll)(struct server *s);

    /*
     * Sends a packet in answer to the outstanding request; `final` ends it. A client that has
     * left is no error of a stream (the next call of `next` or `poll` tells).
     */
    int (*reply)(struct server *s, const uint8_t *content, size_t len, bool final);

    void (*free)(struct server *s);
};

struct server {
    const struct server_ops *ops;
};

static inline int server_next(struct server *s, struct buf *request, unsigned watch)
{
    return s->ops->next(s, request, watch);
}

static inline int server_poll(struct server *s)
{
    return s->ops->poll(s);
}

static inline int server_reply(struct server *s, const uint8_t *content, size_t len, bool final)
{
    return s->ops->reply(s, content, len, final);
}

/* NULL is fine. */
static inline void server_free(struct server *s)
{
    if (s != NULL)
        s->ops->free(s);
}

#endif
