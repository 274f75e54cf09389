/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for the errors of err.h. */
#include "proto/err.h"

const char *netgdb_strerror(int error)
{
    switch (error) {
    case NETGDB_OK:
        return "no error";
    case NETGDB_AGAIN:
        return "nothing yet";
    case NETGDB_REPLACED:
        return "replaced by a new session";
    case NETGDB_LOST:
        return "no answer";
    case NETGDB_CLOSED:
        return "closed by the other side";
    case NETGDB_TOO_LONG:
        return "too long";
    case NETGDB_NOMEM:
        return "out of memory";
    case NETGDB_UNSUPPORTED:
        return "not supported";
    case NETGDB_IO:
        return "system error";
    case NETGDB_PROTO:
        return "protocol error";
    case NETGDB_INTERRUPTED:
        return "interrupted";
    case NETGDB_REFUSED:
        return "refused";
    case NETGDB_FOREIGN:
        return "it sent what no kernel sends";
    case NETGDB_BUG:
        return "internal error";
    default:
        return "unknown error";
    }
}
