/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The requests that the twin executed, and which of them are repeats: the same bytes with the same
 * seqno from the same port, duplicated by the network or retransmitted by the server. A repeat that
 * undoes a later change has done harm.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

static bool same_message(const struct twin_record *a, const struct twin_record *b)
{
    return a->digest == b->digest && a->place == b->place && a->port == b->port &&
           a->session == b->session;
}

static size_t *bucket_of(struct twin *t, uint64_t digest)
{
    return &t->newest[digest % TWIN_BUCKETS];
}

/* Returns the oldest record of the same message. */
static const struct twin_record *find_first(struct twin *t, const struct twin_record *r)
{
    const struct twin_record *first = NULL, *old;
    for (size_t i = *bucket_of(t, r->digest); i != 0; i = old->older) {
        old = &t->records[i - 1];
        if (same_message(old, r))
            first = old;
    }
    return first;
}

static void keep(struct twin *t, struct twin_record *r)
{
    size_t *bucket = bucket_of(t, r->digest);
    if (t->records_used == t->records_room) {
        t->records_room = t->records_room != 0 ? 2 * t->records_room : 64;
        t->records = sim_realloc(t->records, t->records_room * sizeof *t->records);
    }
    r->older = *bucket;
    t->records[t->records_used++] = *r;
    *bucket = t->records_used;
}

static uint8_t *copy_text(const struct twin_stub *s)
{
    uint8_t *text = sim_alloc(s->len + 1);
    memcpy(text, s->content, s->len);
    return text;
}

/* Called before the request is executed. */
void log_request(struct twin *t)
{
    const struct twin_origin *o = &t->stub.origin;
    struct twin_record r = {
        .session = t->counts.heralds, .port = o->port, .digest = o->digest, .place = t->stub.place};
    r.request = (struct twin_request){.time = sim_now(t->w),
                                      .datagram = o->datagram,
                                      .copy = o->copy,
                                      .seqno = o->seqno,
                                      .len = t->stub.len,
                                      .text = copy_text(&t->stub)};
    const struct twin_record *first = find_first(t, &r);
    t->repeat = r.request.repeat = first != NULL;
    t->undo_border = first != NULL ? first->change : 0;
    t->counts.requests++;
    t->counts.repeated += t->repeat;
    sim_note(t->w, t->repeat ? "twin: executes again" : "twin: executes", r.request.text,
             r.request.len);
    keep(t, &r);
}

/* Called after the request: all later changes have higher numbers. */
void log_executed(struct twin *t)
{
    t->records[t->records_used - 1].change = t->machine->change;
}

/* Whether the request being executed repeats one that was executed before that change. */
bool log_undoes(const struct twin *t, uint64_t changed)
{
    return t->repeat && changed > t->undo_border;
}

size_t twin_requests(const struct twin *t)
{
    return t->records_used;
}

const struct twin_request *twin_request(const struct twin *t, size_t index)
{
    if (index >= t->records_used)
        sim_fail(t->w, "the twin has executed %zu requests, not %zu", t->records_used, index + 1);
    return &t->records[index].request;
}

static bool begins(const struct twin_request *r, const char *prefix)
{
    size_t n = strlen(prefix);
    return r->len >= n && memcmp(r->text, prefix, n) == 0;
}

size_t twin_executed(const struct twin *t, const char *prefix)
{
    size_t n = 0;
    for (size_t i = 0; i < t->records_used; i++)
        n += begins(&t->records[i].request, prefix);
    return n;
}

const struct twin_request *twin_last(const struct twin *t, const char *prefix)
{
    for (size_t i = t->records_used; i > 0; i--) {
        if (begins(&t->records[i - 1].request, prefix))
            return &t->records[i - 1].request;
    }
    return NULL;
}
