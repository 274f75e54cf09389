/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noticing copies of our requests that come behind the '+' that followed; see link.h. */
#include "proto/link_parts.h"

/* A copy that came so many DATA of ours ago may still be in the kernel's stream. */
enum { STILL_NEAR = 4 };

struct link_trace *link_trace_of(struct link_trace *ring, unsigned size, uint32_t seqno)
{
    struct link_trace *t = &ring[seqno % size];
    if (t->count == 0 || t->seqno != seqno)
        *t = (struct link_trace){.seqno = seqno};
    return t;
}

void link_tell_copy(struct link *l, enum link_copy copy, enum link_state state)
{
    struct link_trace *t = link_trace_of(l->out, LINK_SENT_HISTORY, l->tx.seqno);
    t->copy = copy;
    t->state = state;
    t->lateness = link_lateness(l);
    for (int i = 0; i < LINK_STATES && copy > LINK_COPY_HARMLESS; i++) {
        if (state == LINK_STATES || state == (enum link_state)i)
            l->changed[i] = l->tx.seqno;
    }
}

bool link_sends_request(const struct link *l)
{
    return l->tx.len > WIRE_HEADER + 1;
}

/* What it could undo was itself held back for as long as copies were known to be late. */
static enum link_copy copy_does(const struct link *l, const struct link_trace *t)
{
    if (t->copy != LINK_COPY_UNDOES)
        return t->copy;
    uint64_t held = t->lateness + l->rtt_least + IO_MS;
    uint32_t changed = l->changed[t->state % LINK_STATES];
    bool later = (int32_t)(changed - t->seqno) > 0 && l->at > t->last + held;
    return later ? LINK_COPY_HARMFUL : LINK_COPY_HARMLESS;
}

/*
 * Whether an ack of a request before the last '+', which came just now, says that a copy of it came
 * behind that '+': the kernel acknowledges in the order in which it stores.
 */
static bool came_behind(const struct link *l)
{
    return !l->node && (link_sends_request(l) ? l->tx.acks == 0 : l->tx.acks != 0);
}

static void tell_late(struct link *l, uint32_t seqno)
{
    unsigned long more;
    if (log_on(l->log, LOG_DEBUG) && log_passes(&l->told, io_now(l->io), &more))
        log_debug(l->log, "a copy of request %u came behind the '+' to its reply (%lu more before)",
                  seqno, more);
}

void link_judge_order(struct link *l, const struct link_trace *t)
{
    bool original = t->count == 1 && t->acks <= (l->generation == LINK_OLD ? 2U : 1U);
    if (original || t->copy == LINK_COPY_NOTHING)
        return;
    enum link_copy does = copy_does(l, t);
    if (t->seqno == l->tx.seqno) { /* our '+' was not sent yet: that of a late copy is enough */
        l->copied = does > l->copied ? does : l->copied;
        return;
    }
    if (does == LINK_COPY_HARMFUL) {
        l->harmful = l->tx.seqno;
        l->counters.undoing++;
    }
    if (does > l->copied)
        l->copied = does;
    if (!came_behind(l))
        return;
    tell_late(l, t->seqno);
    if (does > l->stale)
        l->stale = does;
}

void link_judge_old(struct link *l)
{
    l->counters.undoing++; /* nobody knows what it does, nor what was changed since */
    l->copied = LINK_COPY_HARMFUL;
    if (came_behind(l))
        l->stale = LINK_COPY_HARMFUL;
}

enum link_copy link_stale(const struct link *l)
{
    const struct link_trace *t = &l->out[l->tx.seqno % LINK_SENT_HISTORY];
    bool another = l->harmful != 0 && l->tx.seqno - l->harmful < STILL_NEAR;
    if (l->stale == LINK_COPY_HARMLESS && (t->copy == LINK_COPY_HARMFUL || another))
        return LINK_COPY_HARMFUL;
    return l->stale;
}

bool link_copy_is_harmless(const struct link *l)
{
    if (l->copied != LINK_COPY_NOTHING)
        return l->copied == LINK_COPY_HARMLESS;
    for (unsigned i = 0; i < LINK_SENT_HISTORY; i++) {
        const struct link_trace *t = &l->out[i];
        bool recent = t->count != 0 && l->at - t->last < LINK_LATENESS_MAX;
        if (recent && copy_does(l, t) == LINK_COPY_HARMFUL)
            return false;
    }
    return l->before == 0;
}

void link_refuse(struct link *l, const char *line)
{
    if (!l->refused)
        log_error(l->log, "%s", line);
    l->refused = true;
}
