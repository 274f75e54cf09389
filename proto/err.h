/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Error codes of all directories. Functions return 0 (or a count) on success, else one of these
 * negative numbers. They become text once, where a person reads them.
 */
#ifndef NETGDB_PROTO_ERR_H
#define NETGDB_PROTO_ERR_H

enum netgdb_error {
    NETGDB_OK = 0,
    NETGDB_AGAIN = -1,        /* nothing yet: an event of the other side came first; call again */
    NETGDB_REPLACED = -2,     /* the kernel opened a new session that stands in for this one */
    NETGDB_LOST = -3,         /* the other side has been silent for too long */
    NETGDB_CLOSED = -4,       /* the other side closed its stream, or the session has ended */
    NETGDB_TOO_LONG = -5,     /* more bytes than the named limit allows */
    NETGDB_NOMEM = -6,        /* memory is short */
    NETGDB_UNSUPPORTED = -7,  /* this target cannot do that */
    NETGDB_IO = -8,           /* a system call failed; errno says how */
    NETGDB_PROTO = -9,        /* bytes that the protocol does not allow */
    NETGDB_INTERRUPTED = -10, /* server_poll: the client sent Ctrl-C. debugnet_client_open and
                                 debugnet_transport_send: IO_ON_WAKE ended the wait for an ack.
                                 No other function returns it. */
    NETGDB_REFUSED = -11,     /* by us: the reason was given */
    NETGDB_FOREIGN = -12,     /* the kernel sent what no kernel's stub can send */
    NETGDB_BUG = -13          /* an invariant of ours is broken: see check.h */
};

/* The error in a few words, without a full stop; never NULL, also for unknown numbers. */
const char *netgdb_strerror(int error);

#endif
