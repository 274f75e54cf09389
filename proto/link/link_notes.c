/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notes on datagrams, for a capture of the traffic (io_note): what the link decided, and why. */
#include <stdarg.h>
#include <stdio.h>

#include "proto/err.h"
#include "proto/link/link_private.h"

void link_note_next(struct link *l, const char *format, ...)
{
    va_list args;
    if (!io_captures(l->io))
        return;
    va_start(args, format);
    (void)vsnprintf(l->note, sizeof l->note, format, args);
    va_end(args);
}

const char *link_sent_note(struct link *l)
{
    const struct link_trace *t = &l->out[l->tx.seqno % LINK_SENT_HISTORY];
    if (!io_captures(l->io))
        return NULL;
    if (l->tx.transmissions != 0)
        (void)snprintf(l->note, sizeof l->note, "retransmission %u: no ack for %.1f ms",
                       l->tx.transmissions, (double)(io_now(l->io) - t->first) / 1e6);
    return l->note;
}

/* What became of a datagram: by the counters before and after it was handled. */
static const char *describe(const struct link *l, const struct link_note *before)
{
    const struct link_counters *now = &l->counters, *then = &before->counters;
    if (now->malformed != then->malformed)
        return "not acknowledged: not debugnet";
    if (now->impossible != then->impossible)
        return "not acknowledged: no kernel sends this seqno, offset or length";
    if (now->unexpected_peer_acks != then->unexpected_peer_acks)
        return "not acknowledged: '+' for a late duplicate, which must not run";
    if (now->duplicates != then->duplicates)
        return "received before: acknowledged again";
    if (now->stray_acks != then->stray_acks)
        return "ack of a seqno that was never sent";
    if (now->conflicting_duplicates != then->conflicting_duplicates)
        return "ack of a late duplicate that may undo a later request";
    if (l->reorder_events != before->reorder_events)
        return "one ack too many: this path duplicates or reorders";
    return NULL;
}

struct link_note link_note_begin(const struct link *l)
{
    return (struct link_note){l->counters, l->reorder_events};
}

void link_note_received(const struct link *l, const struct link_note *before,
                        const struct io_msg *datagram, const struct wire_msg *msg, int result)
{
    const char *text = describe(l, before);
    if (result < 0)
        text = netgdb_strerror(result);
    else if (text == NULL && result == 0 && msg->type == WIRE_DATA)
        text = l->failed ? "not acknowledged: the session has ended"
                         : "not acknowledged: not enough room until earlier messages are read";
    if (text != NULL)
        io_note(l->io, IO_TARGET, datagram, "%s", text);
}
