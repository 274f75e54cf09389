/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The common frame of decorators: a target in front of another one that looks at requests on their
 * way down and at replies on their way up. A decorator embeds struct decorator as its first member
 * and implements the functions that it needs; everything else goes to the next target.
 *
 * For one request of the client, a decorator can make several exchanges with the next target: each
 * on_reply decides whether there is another. A client that disconnects in between is noticed. Short
 * exchanges with a stopped target may also be made within a function, by target_ask.
 */
#ifndef NETGDB_PROTO_DECORATOR_H
#define NETGDB_PROTO_DECORATOR_H

#include "proto/target.h"

struct decorator;

/* How a request continues. */
enum {
    DECORATOR_DONE = 0,    /* on_request: its reply is d->reply; on_reply: its reply is *reply */
    DECORATOR_PASS = 1,    /* on_request: it goes to the next target */
    DECORATOR_REPLACE = 2, /* d->request goes to the next target; on_reply gets the reply */
};

struct decorator_ops {
    /* A request. d->output, d->reply and d->request are empty before. Returns one of the above, or
     * an error of the target. NULL: all pass. */
    int (*on_request)(struct decorator *d, const struct request *r);

    /* A packet of the next target: the final one, or console output. Its bytes may be changed.
     * d->request is empty before. Returns DONE, an error of the target, or if it is final, REPLACE.
     * NULL: none is changed. */
    int (*on_reply)(struct decorator *d, struct buf *reply, bool final);

    /* The kernel has rebooted into a new session (NETGDB_REPLACED); its stop is the next reply.
     * NULL: nothing is kept of the one before. */
    void (*on_new_session)(struct decorator *d);

    /* Replaces the call of the next target; see target.h. NULL: it is called. */
    int (*leave)(struct decorator *d, const struct request *r, struct buf *reply);
    size_t (*max_request)(struct decorator *d);

    /* Releases what the decorator has beside its struct decorator, which is freed afterwards. NULL:
     * nothing. */
    void (*free)(struct decorator *d);
};

struct decorator {
    struct target base; /* first: a decorator is a target */
    const struct decorator_ops *ops;
    enum { DECORATOR_IDLE, DECORATOR_ANSWERED, DECORATOR_OUTSTANDING } state;
    const struct packet *packet; /* of the client's last request; never NULL */
    bool failed;                 /* the target: no more is to come */
    struct buf output;  /* by on_request with DONE: console output before the reply, whole lines */
    struct buf reply;   /* to be filled by on_request */
    struct buf request; /* likewise, and by on_reply */
};

/*
 * Allocates a decorator of `size` zeroed bytes that begins with a struct decorator; it owns `next`
 * from here on. `reply_max` and `request_max` limit the buffers; d->output has no room until it is
 * initialized. Returns NULL if memory is short; `next` is then still the caller's.
 */
void *decorator_new(size_t size, struct target *next, const struct decorator_ops *ops,
                    size_t reply_max, size_t request_max);

#endif
