/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server interface: takes requests from a client and returns replies. session/serve connects a
 * server with a target.
 *
 * Requests and replies are packet contents without framing, as in target.h. There is one request at
 * a time: call next, then reply until the final one, with calls of poll in between. A server
 * belongs to one thread.
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
     * Waits for the client's next request and replaces *request by its content. Ends the previous
     * request if it had no reply (k and R have none). `watch` (IO_ON_TARGET, IO_ON_WAKE or 0)
     * gives further reasons to end the wait.
     * Returns 0; NETGDB_AGAIN if such a reason came first; NETGDB_CLOSED once the client has left
     * and all its requests were returned; NETGDB_LOST, NETGDB_IO or another error.
     */
    int (*next)(struct server *s, struct buf *request, unsigned watch);

    /*
     * Reads pending input of the client while a request is outstanding; never blocks.
     * Returns 0; NETGDB_INTERRUPTED, once for each Ctrl-C; NETGDB_CLOSED, on every call, once the
     * client has left; or an error.
     */
    int (*poll)(struct server *s);

    /*
     * Sends a packet in reply to the outstanding request, which ends if `final`. On a stream, a
     * client that has left is no error here: the next call of `next` or `poll` returns it.
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

/* Frees the server; `s` may be NULL. */
static inline void server_free(struct server *s)
{
    if (s != NULL)
        s->ops->free(s);
}

#endif
