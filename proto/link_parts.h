/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the link share: link.c (datagrams) and link_late.c (late copies). */
#ifndef NETGDB_PROTO_LINK_PARTS_H
#define NETGDB_PROTO_LINK_PARTS_H

#include "proto/link.h"

/* What is remembered of this seqno in a ring of so many; anew when it was another's. */
struct link_trace *link_trace_of(struct link_trace *ring, unsigned size, uint32_t seqno);

/* Whether the last DATA is longer than a '+', and so a request. */
bool link_sends_request(const struct link *l);

/*
 * An ack came of our DATA `t` (of one that is not remembered any more). To be called before it is
 * judged otherwise.
 */
void link_judge_order(struct link *l, const struct link_trace *t);
void link_judge_old(struct link *l);

#endif
