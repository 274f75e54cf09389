/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A register that the client has written, in replies that were recorded before: a stop reply
 * (`T05NUMBER:VALUE;…`) and `g`. Values are hexadecimal digits in the target's byte order.
 */
#ifndef NETGDB_RECORD_WRITTEN_H
#define NETGDB_RECORD_WRITTEN_H

#include "proto/buf.h"
#include "record/answers.h"

struct written {
    uint64_t reg; /* its number, as in P */
    struct bytes value;
};

/* Parses the register and the value of `Preg=value`. */
bool written_parse(struct bytes request, struct written *w);

/* Replaces its value in the copy of a stop reply, if that has it. */
void written_into_stop(const struct written *w, struct buf *stop);

/*
 * Replaces its value in the copy of a reply to `g`, which has no sizes. Its place is certain if
 * the stopped thread's stop reply and `g` show that this register and all before it have the same
 * size: a register of the stop reply, this or a later one, has its value where it then is.
 * Otherwise returns false, without a change.
 */
bool written_into_registers(const struct written *w, struct bytes stop, struct bytes stopped_g,
                            struct buf *g);

#endif
