/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the link share: link.c (life, the path, sending), link_acks.c (acks that go
 * out), link_input.c (what comes), link_late.c (late copies).
 */
#ifndef NETGDB_PROTO_LINK_PARTS_H
#define NETGDB_PROTO_LINK_PARTS_H

#include "proto/link.h"

/* What is remembered of this seqno in a ring of so many; anew when it was another's. */
struct link_trace *link_trace_of(struct link_trace *ring, unsigned size, uint32_t seqno);

/* Whether the last DATA is longer than a '+', and so a request. */
bool link_sends_request(const struct link *l);

/* A round trip took so long; a guess holds until the first of a DATA that was sent once. */
void link_measure_round_trip(struct link *l, uint64_t sample, bool guess);

/*
 * Acknowledges what came, twice at once: the second costs microseconds, a lost one costs a second.
 * `repeats`: the kernel had to repeat itself. Later once more, when loss has shown. As io_send.
 */
int link_send_acks(struct link *l, const uint32_t *seqnos, unsigned n, bool repeats);
int link_send_third_acks(struct link *l); /* those that are due */

/*
 * Whether a copy that the kernel is about to run does no harm: the one that was acknowledged since
 * our last DATA, or else any of a request that we sent lately.
 */
bool link_copy_is_harmless(const struct link *l);

/*
 * An ack came of our DATA `t` (of one that is not remembered any more). To be called before it is
 * judged otherwise.
 */
void link_judge_order(struct link *l, const struct link_trace *t);
void link_judge_old(struct link *l);

#endif
