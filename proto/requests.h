/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The requests that a client's bytes hold, one at a time. A client that hears nothing for too
 * long sends its request again; while the reply is outstanding such a repeat is swallowed, so
 * that nothing is executed twice. Other requests that come early wait for their turn.
 */
#ifndef NETGDB_PROTO_REQUESTS_H
#define NETGDB_PROTO_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/rsp.h"

enum {
    REQUEST_MAX = 160 * 1024,        /* content of one request: LLDB's largest, with room */
    REQUESTS_HELD = 2 * REQUEST_MAX, /* of all that wait for their turn */
};

struct requests {
    struct rsp_parser parser;
    struct buf current; /* the request that is being answered, while `outstanding` */
    bool outstanding;
    struct buf held; /* those behind it, each after its length */
    size_t last;     /* where the youngest of them begins in `held` */

    /* What has come; whoever handles it sets it back to 0. */
    unsigned good, bad;   /* packets to be acknowledged with '+' and with '-' */
    unsigned acks, nacks; /* '+' and '-' */
    unsigned too_long;    /* requests over REQUEST_MAX or over what may wait: lost, to be refused */
    bool interrupt;       /* Ctrl-C, for the request that is outstanding or waits */

    unsigned long repeats; /* swallowed since requests_init */
};

void requests_init(struct requests *r);
void requests_free(struct requests *r);

/* Reads all bytes. */
void requests_feed(struct requests *r, const void *data, size_t len);

/* What is complete stays; a packet of which only a part came is forgotten. */
void requests_cut(struct requests *r);

/* Whether one waits for its turn. */
bool requests_wait(const struct requests *r);

/*
 * The next request, now outstanding: its content replaces *content. Returns 1, 0 when there is
 * none, or NETGDB_NOMEM.
 */
int requests_next(struct requests *r, struct buf *content);

/* The reply goes out (or none will): from now on the same text is a new request. */
void requests_done(struct requests *r);

#endif
