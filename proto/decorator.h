/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The common frame of decorators: a target in front of another one that looks at requests on their
 * way down and at replies on their way up. A decorator embeds struct decorator as its first member
 * and has three functions; everything else goes to the next target.
 */
#ifndef NETGDB_PROTO_DECORATOR_H
#define NETGDB_PROTO_DECORATOR_H

#include "proto/target.h"

struct decorator;

/* What becomes of a request, or of a reply. */
enum {
    DECORATOR_PASS = 0,    /* it goes on as it is (a reply: as the function has changed it) */
    DECORATOR_ANSWER = 1,  /* a request: the reply is d->reply, and the next target gets nothing */
    DECORATOR_REPLACE = 2, /* a request: d->request goes instead */
    DECORATOR_AGAIN = 3,   /* a reply: it is dropped, and the next one is awaited */
};

struct decorator_ops {
    /* A request. d->reply and d->request are empty before. Returns one of the above, or an error
     * of the target. NULL: all pass. */
    int (*on_request)(struct decorator *d, const struct request *r);

    /* A packet in reply to a request that was not answered here: the final one, or console output.
     * Its bytes may be changed. Returns PASS, AGAIN or an error of the target. NULL: all pass. */
    int (*on_reply)(struct decorator *d, struct buf *reply, bool final);

    /* The kernel has rebooted into a new session (NETGDB_REPLACED); its stop is the next reply.
     * NULL: nothing is kept of the one before. */
    void (*on_new_session)(struct decorator *d);

    /* Releases what the decorator has beside its struct decorator, which is freed afterwards. NULL:
     * nothing. */
    void (*free)(struct decorator *d);
};

struct decorator {
    struct target base; /* first: a decorator is a target */
    const struct decorator_ops *ops;
    const struct packet *packet; /* of the last request; never NULL */
    bool answered;               /* the outstanding request was answered here */
    bool failed;                 /* the target: no more is to come */
    struct buf reply;            /* to be filled by on_request */
    struct buf request;          /* likewise */
};

/* Of a zeroed struct. Owns `next` from here on. `reply_max` and `request_max` limit the buffers. */
void decorator_init(struct decorator *d, struct target *next, const struct decorator_ops *ops,
                    size_t reply_max, size_t request_max);

#endif
