/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A transport: a way to reach a stub on a byte stream. netgdb:PREFIX:ADDRESS selects one. Each is a
 * constant in a file of its own, session/transport_PREFIX.c, which session/local.mk lists.
 */
#ifndef NETGDB_PROTO_TRANSPORT_H
#define NETGDB_PROTO_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

struct options;
struct options_error;
struct transport_stream; /* session/transport.h */
struct target;
struct log;

struct transport {
    const char *prefix;  /* "tcp"; also the name of an endpoint whose address has no host */
    bool tool_only;      /* not in GDB's process */
    bool verbatim;       /* ADDRESS is taken unchanged with its commas; no option can follow it */
    bool looks_up_host;  /* transport_look_up resolves o->host before the first `open` */
    bool needs_files;    /* `open` starts a program, or opens files, so the proxy cannot
                            confine file access */
    bool may_be_silent;  /* it may ask for a password: no limit for the stub's first byte */
    uint64_t proxy_wait; /* limit of `open` in the proxy, in ns; 0: open does not wait */

    /*
     * Parses ADDRESS, which it may change, into o->host and o->port, or o->path. Returns 0, or the
     * result of options_set_error.
     */
    int (*parse)(struct options *o, char *address, const struct options_error *e);

    /* Checks other options when the proxy starts: NULL, or a static text of what is wrong. The
     * member may be NULL. */
    const char *(*check)(const struct options *o);

    /*
     * Returns a descriptor, which the caller owns and reads and writes; or -1 with errno, and with
     * a reason in s->why if strerror() does not explain it.
     */
    int (*open)(struct transport_stream *s);

    /*
     * Instead of `open`: makes a target that needs no stream, owned by the caller, and sets
     * s->peer. Returns 0, or -1 with a reason in s->why. NULL for all others.
     */
    int (*target)(struct transport_stream *s, const struct log *log, struct target **t);

    /* Ends everything but the descriptor, which is closed. `detached`: the stub has reason to end.
     * The member may be NULL. */
    void (*close)(struct transport_stream *s, bool detached);
};

#endif
