/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detects late duplicates of our requests by the order of the kernel's acks; see link.h. */
#include "proto/check.h"
#include "proto/link/link_private.h"

/* A duplicate stored this many DATA of ours ago may still be unread in the kernel's stream. */
enum { MAY_BE_UNREAD = 4 };

struct link_trace *link_trace_get(struct link_trace *ring, unsigned size, uint32_t seqno)
{
    struct link_trace *t = &ring[seqno % size];
    CHECK((size & (size - 1)) == 0); /* or entries get lost where seqno wraps */
    if (t->count == 0 || t->seqno != seqno)
        *t = (struct link_trace){.seqno = seqno};
    return t;
}

void link_set_dup_effect(struct link *l, enum link_dup_effect effect, enum link_state state)
{
    struct link_trace *t = link_trace_get(l->out, LINK_SENT_HISTORY, l->tx.seqno);
    CHECK(t->count != 0);
    /* A duplicate that conflicts with later changes undoes one kind of state. */
    CHECK(effect != LINK_DUP_CONFLICTS || state < LINK_STATES);
    t->dup_effect = effect;
    t->state = state;
    t->lateness = link_lateness(l);
    for (int i = 0; i < LINK_STATES && effect > LINK_DUP_HARMLESS; i++) {
        if (state == LINK_STATES || state == (enum link_state)i)
            l->last_write_seqno[i] = l->tx.seqno;
    }
}

bool link_last_is_request(const struct link *l)
{
    return l->tx.len > WIRE_HEADER + 1;
}

/*
 * The effect of a duplicate of `t` that arrived now. A request that changes the same state was
 * delayed by the lateness known then, so only a later duplicate can undo it.
 */
static enum link_dup_effect current_effect(const struct link *l, const struct link_trace *t)
{
    if (t->dup_effect != LINK_DUP_CONFLICTS)
        return t->dup_effect;
    uint64_t delay = t->lateness + l->rtt_min + IO_MS;
    uint32_t changed = l->last_write_seqno[t->state % LINK_STATES];
    bool later = (int32_t)(changed - t->seqno) > 0 && l->arrival_time > t->last + delay;
    return later ? LINK_DUP_HARMFUL : LINK_DUP_HARMLESS;
}

/*
 * Whether an ack received now may have been sent before that of the request in flight, which
 * overtook it. False for a request that must run exactly once: it cannot be repeated, so the doubt
 * would end the session.
 */
static bool was_overtaken(const struct link *l)
{
    const struct link_trace *t = &l->out[l->tx.seqno % LINK_SENT_HISTORY];
    return t->dup_effect != LINK_DUP_HARMFUL && l->arrival_time <= l->tx.arrived + link_lateness(l);
}

/*
 * Whether an ack received now, of a request before our last '+', is that of a late duplicate, which
 * the kernel stored after that '+': it acknowledges in the order in which it stores.
 */
static bool shows_late_duplicate(const struct link *l)
{
    if (l->node)
        return false;
    return link_last_is_request(l) ? l->tx.acks == 0 || was_overtaken(l) : l->tx.acks != 0;
}

static void log_late_duplicate(struct link *l, uint32_t seqno)
{
    char more[LOG_MORE];
    if (log_on(l->log, LOG_DEBUG) && log_limit_allows(&l->late_log_limit, io_now(l->io), more))
        log_debug(l->log, "a copy of request %u came behind the '+' to its reply%s", seqno, more);
}

void link_check_ack_order(struct link *l, const struct link_trace *t)
{
    CHECK(t->acks != 0 && (int32_t)(l->tx.seqno - t->seqno) >= 0);
    bool original = t->count == 1 && t->acks <= (l->generation == LINK_OLD ? 2U : 1U);
    if (original || t->dup_effect == LINK_DUP_NONE)
        return;
    enum link_dup_effect effect = current_effect(l, t);
    /* Our '+' is not sent yet: the duplicate is not late. */
    if (t->seqno == l->tx.seqno) {
        l->acked_duplicate = effect > l->acked_duplicate ? effect : l->acked_duplicate;
        return;
    }
    if (effect == LINK_DUP_HARMFUL) {
        l->last_conflict_seqno = l->tx.seqno;
        l->counters.conflicting_duplicates++;
    }
    if (effect > l->acked_duplicate)
        l->acked_duplicate = effect;
    if (!shows_late_duplicate(l))
        return;
    log_late_duplicate(l, t->seqno);
    if (effect > l->late_duplicate)
        l->late_duplicate = effect;
}

void link_check_forgotten_ack(struct link *l)
{
    /* Its effect is not known, so assume the worst. */
    l->counters.conflicting_duplicates++;
    l->acked_duplicate = LINK_DUP_HARMFUL;
    if (shows_late_duplicate(l))
        l->late_duplicate = LINK_DUP_HARMFUL;
}

enum link_dup_effect link_late_duplicate(const struct link *l)
{
    const struct link_trace *t = &l->out[l->tx.seqno % LINK_SENT_HISTORY];
    bool unread =
        l->last_conflict_seqno != 0 && l->tx.seqno - l->last_conflict_seqno < MAY_BE_UNREAD;
    if (l->late_duplicate == LINK_DUP_HARMLESS && (t->dup_effect == LINK_DUP_HARMFUL || unread))
        return LINK_DUP_HARMFUL;
    return l->late_duplicate;
}

bool link_duplicate_is_harmless(const struct link *l)
{
    if (l->acked_duplicate != LINK_DUP_NONE)
        return l->acked_duplicate == LINK_DUP_HARMLESS;
    for (unsigned i = 0; i < LINK_SENT_HISTORY; i++) {
        const struct link_trace *t = &l->out[i];
        bool recent = t->count != 0 && l->arrival_time - t->last < LINK_LATENESS_MAX;
        if (recent && current_effect(l, t) == LINK_DUP_HARMFUL)
            return false;
    }
    return l->inherited_seqno == 0;
}

void link_fail(struct link *l, const char *line)
{
    CHECK(line != NULL && line[0] != '\0');
    if (!l->failed)
        log_error(l->log, "%s", line);
    l->failed = true;
}
