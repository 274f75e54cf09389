/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exchanges in captured datagrams; see from_wire.h. */
#include "record/from_wire.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link/wire.h"

/* The first copy of a datagram. */
struct piece {
    const uint8_t *data;
    uint32_t seqno, offset, total, order; /* order: of arrival in the capture */
    uint16_t len;
    bool conflict; /* another copy differs */
};

/* Pieces that follow each other and are one message; `gap`: a seqno before it is missing. */
struct span {
    size_t first, n;
    uint32_t order;
    bool gap;
};

/* One direction of a session: the kernel's or the server's. */
struct direction {
    uint32_t last; /* largest seqno */
    struct piece *pieces;
    size_t n, room;
    struct span *spans;
    size_t spans_n;
};

struct wire_session {
    struct net_addr kernel, server;
    bool heralded; /* the kernel has sent a HERALD since: a late copy, or it has left */
    bool ended;    /* another one has begun between the same ends */
    struct direction from_kernel, from_server;
};

struct from_wire {
    struct wire_session sessions[FROM_WIRE_SESSIONS_MAX];
    unsigned n;
    uint32_t order;
    struct net_addr kernels[FROM_WIRE_SESSIONS_MAX]; /* with a HERALD; a ring */
    unsigned kernels_n;
};

struct from_wire *from_wire_new(void)
{
    return calloc(1, sizeof(struct from_wire));
}

static void free_session(struct wire_session *s)
{
    free(s->from_kernel.pieces);
    free(s->from_kernel.spans);
    free(s->from_server.pieces);
    free(s->from_server.spans);
}

void from_wire_free(struct from_wire *w)
{
    for (unsigned i = 0; w != NULL && i < w->n; i++)
        free_session(&w->sessions[i]);
    free(w);
}

unsigned from_wire_sessions(const struct from_wire *w)
{
    return w->n;
}

/* ---- datagrams ---- */

static bool is_kernels_end(const struct from_wire *w, const struct net_addr *a)
{
    unsigned n = w->kernels_n < FROM_WIRE_SESSIONS_MAX ? w->kernels_n : FROM_WIRE_SESSIONS_MAX;
    for (unsigned i = 0; i < n; i++) {
        if (net_addr_equal(&w->kernels[i], a))
            return true;
    }
    return a->port == WIRE_KERNEL_PORT;
}

/* A HERALD: the next datagram shows whether another session has begun. */
static void take_herald(struct from_wire *w, const struct net_addr *kernel)
{
    if (!is_kernels_end(w, kernel))
        w->kernels[w->kernels_n++ % FROM_WIRE_SESSIONS_MAX] = *kernel;
    for (unsigned i = 0; i < w->n; i++)
        w->sessions[i].heralded |= net_addr_equal(&w->sessions[i].kernel, kernel);
}

/* Whether a datagram continues its session after a HERALD. Seqnos begin anew in another session. */
static bool continues_session(struct wire_session *s, bool from_kernel, uint32_t seqno)
{
    const struct direction *d = from_kernel ? &s->from_kernel : &s->from_server;
    if (s->heralded)
        s->ended = seqno <= d->last;
    s->heralded = false;
    return !s->ended;
}

static struct wire_session *session_between(struct from_wire *w, const struct net_addr *kernel,
                                            const struct net_addr *server)
{
    for (unsigned i = w->n; i-- > 0;) {
        struct wire_session *s = &w->sessions[i];
        if (!s->ended && net_addr_equal(&s->kernel, kernel) && net_addr_equal(&s->server, server))
            return s;
    }
    if (w->n == FROM_WIRE_SESSIONS_MAX) {
        free_session(&w->sessions[0]);
        memmove(w->sessions, w->sessions + 1, sizeof w->sessions - sizeof w->sessions[0]);
        w->n--;
    }
    struct wire_session *s = &w->sessions[w->n++];
    *s = (struct wire_session){.kernel = *kernel, .server = *server};
    return s;
}

static int keep_piece(struct direction *d, const struct piece *piece)
{
    d->last = piece->seqno > d->last ? piece->seqno : d->last;
    if (d->n == d->room) {
        size_t room = d->room == 0 ? 64 : 2 * d->room;
        struct piece *more = reallocarray(d->pieces, room, sizeof *more);
        if (more == NULL)
            return NETGDB_NOMEM;
        d->pieces = more;
        d->room = room;
    }
    d->pieces[d->n++] = *piece;
    return 0;
}

int from_wire_add(struct from_wire *w, const struct udp_datagram *d)
{
    struct wire_msg msg;
    if (wire_decode(d->data, d->len, &msg) != 0 || msg.type == WIRE_IS_ACK)
        return 0;
    if (msg.type == WIRE_HERALD) {
        take_herald(w, &d->from);
        return 0;
    }
    bool from_kernel = is_kernels_end(w, &d->from);
    if ((!from_kernel && !is_kernels_end(w, &d->to)) || msg.offset > WIRE_MESSAGE_MAX ||
        msg.total > WIRE_MESSAGE_MAX)
        return 0;
    if (w->order == FROM_WIRE_DATAGRAMS_MAX)
        return NETGDB_TOO_LONG;
    const struct net_addr *kernel = from_kernel ? &d->from : &d->to;
    const struct net_addr *server = from_kernel ? &d->to : &d->from;
    struct wire_session *s = session_between(w, kernel, server);
    if (!continues_session(s, from_kernel, msg.seqno))
        s = session_between(w, kernel, server);
    const struct piece piece = {.data = msg.data,
                                .seqno = msg.seqno,
                                .offset = (uint32_t)msg.offset,
                                .total = msg.total,
                                .order = w->order++,
                                .len = (uint16_t)msg.len};
    return keep_piece(from_kernel ? &s->from_kernel : &s->from_server, &piece);
}

/* ---- messages ---- */

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *p = a, *q = b;
    if (p->seqno != q->seqno)
        return p->seqno < q->seqno ? -1 : 1;
    return (p->order > q->order) - (p->order < q->order);
}

static bool equal_pieces(const struct piece *p, const struct piece *q)
{
    return p->offset == q->offset && p->total == q->total && p->len == q->len &&
           memcmp(p->data, q->data, p->len) == 0;
}

/* Sorts by seqno and keeps the first copy of each. */
static void sort_pieces(struct direction *d)
{
    size_t kept = 0;
    if (d->n != 0)
        qsort(d->pieces, d->n, sizeof d->pieces[0], compare_pieces);
    for (size_t i = 0; i < d->n; i++) {
        struct piece *last = &d->pieces[kept > 0 ? kept - 1 : 0];
        if (kept > 0 && last->seqno == d->pieces[i].seqno)
            last->conflict |= !equal_pieces(last, &d->pieces[i]);
        else
            d->pieces[kept++] = d->pieces[i];
    }
    d->n = kept;
}

/* Number of pieces from `i` on that are a whole message; 0: some are missing. */
static size_t pieces_of_message(const struct direction *d, size_t i)
{
    const struct piece *first = &d->pieces[i];
    uint32_t have = 0;
    for (size_t n = 0; i + n < d->n; n++) {
        const struct piece *p = &d->pieces[i + n];
        if (p->conflict || p->seqno != first->seqno + n || p->total != first->total ||
            p->offset != have || (p->len == 0 && p->total != 0))
            return 0;
        have += p->len;
        if (have >= p->total)
            return have == p->total ? n + 1 : 0;
    }
    return 0;
}

/* Writes the spans, at most one more than there are pieces; returns their number. */
static size_t fill_spans(const struct direction *d, struct span *spans)
{
    bool gap = false;
    uint32_t order = 0;
    size_t count = 0;
    for (size_t i = 0, n; i < d->n; i += n != 0 ? n : 1) {
        n = pieces_of_message(d, i);
        gap |= n == 0 || (i > 0 && d->pieces[i].seqno != d->pieces[i - 1].seqno + 1);
        order = d->pieces[i].order > order ? d->pieces[i].order : order;
        if (n == 0)
            continue;
        spans[count++] = (struct span){.first = i, .n = n, .order = order, .gap = gap};
        gap = false;
    }
    if (gap)
        spans[count++] = (struct span){.first = d->n, .order = order, .gap = true};
    CHECK(count <= d->n + 1); /* their room */
    return count;
}

/* Finds the messages. The last span has no pieces if something is missing after the last message.
 */
static int find_spans(struct direction *d)
{
    if (d->spans != NULL)
        return 0;
    sort_pieces(d);
    d->spans = calloc(d->n + 1, sizeof *d->spans);
    if (d->spans == NULL)
        return NETGDB_NOMEM;
    d->spans_n = fill_spans(d, d->spans);
    return 0;
}

static int join(const struct direction *d, const struct span *span, struct buf *out)
{
    int rc = 0;
    buf_reset(out);
    for (size_t i = 0; i < span->n && rc == 0; i++)
        rc = buf_add(out, d->pieces[span->first + i].data, d->pieces[span->first + i].len);
    return rc;
}

/* ---- exchanges ---- */

enum content { CONTENT_NONE, CONTENT_ACK, CONTENT_OUTPUT, CONTENT_PACKET, CONTENT_UNCLEAR };

/* What a message has; anything but '+', or one packet after any '+', is unclear. */
static enum content content_of(const struct buf *b)
{
    size_t at = 0;
    while (at < b->len && b->data[at] == '+')
        at++;
    if (b->len == 1 && b->data[0] == 0x03) /* Ctrl-C */
        return CONTENT_NONE;
    if (at == b->len)
        return b->len == 0 ? CONTENT_NONE : b->len == 1 ? CONTENT_ACK : CONTENT_UNCLEAR;
    const uint8_t *dollar = b->data + at;
    size_t left = b->len - at;
    if (left < 4 || *dollar != '$' || memchr(dollar + 1, '$', left - 1) != NULL ||
        memchr(dollar, '#', left) != dollar + left - 3)
        return CONTENT_UNCLEAR;
    bool output = left > 5 && dollar[1] == 'O' && isxdigit(dollar[2]) != 0;
    return output ? CONTENT_OUTPUT : CONTENT_PACKET;
}

struct walk {
    struct wire_session *s;
    const struct wire_events *events;
    struct buf request, bytes;
    size_t at, kernel_at; /* spans that come next */
};

/* Finds the reply to the request: stores the span after it, before the order of the next request,
 * and whether it is the only one. Returns 0 or an error. */
static int find_wire_reply(struct walk *w, uint32_t before, size_t *end, bool *certain)
{
    const struct direction *d = &w->s->from_kernel;
    unsigned acks = 0, replies = 0, unclear = 0;
    size_t i = w->kernel_at;
    for (; i < d->spans_n && d->spans[i].order < before; i++) {
        int rc = join(d, &d->spans[i], &w->bytes);
        if (rc != 0)
            return rc;
        enum content c = content_of(&w->bytes);
        acks += c == CONTENT_ACK;
        unclear += c == CONTENT_UNCLEAR || d->spans[i].gap || (c == CONTENT_OUTPUT && replies != 0);
        replies += c == CONTENT_PACKET;
    }
    *end = i;
    *certain = acks <= 1 && replies == 1 && unclear == 0;
    return 0;
}

static int pass_on(struct walk *w, size_t end, bool certain)
{
    const struct wire_events *e = w->events;
    const struct direction *d = &w->s->from_kernel;
    if (!certain)
        return e->doubtful(e->context, &w->request);
    int rc = e->packet(e->context, true, &w->request);
    for (size_t i = w->kernel_at; rc == 0 && i < end; i++) {
        rc = join(d, &d->spans[i], &w->bytes);
        if (rc == 0 && content_of(&w->bytes) >= CONTENT_OUTPUT)
            rc = e->packet(e->context, false, &w->bytes);
    }
    return rc;
}

/* Finds the next request of the server from w->at on, which is then in w->request and before w->at.
 * *gap: something is missing before it. Returns 1; 0 at the end; or an error. */
static int next_request(struct walk *w, bool *gap, uint32_t *order)
{
    const struct direction *d = &w->s->from_server;
    while (w->at < d->spans_n) {
        const struct span *span = &d->spans[w->at++];
        int rc = join(d, span, &w->request);
        if (rc != 0)
            return rc;
        enum content c = content_of(&w->request);
        *gap |= span->gap || c == CONTENT_UNCLEAR;
        *order = span->order;
        if (c >= CONTENT_OUTPUT && c != CONTENT_UNCLEAR)
            return 1;
    }
    *order = UINT32_MAX;
    return 0;
}

/* Whether something of the server is missing before its next request, and when that was sent. */
static int look_ahead(const struct walk *w, bool *gap, uint32_t *order)
{
    struct walk ahead = {.s = w->s, .at = w->at};
    buf_init(&ahead.request, WIRE_MESSAGE_MAX);
    int rc = next_request(&ahead, gap, order);
    buf_free(&ahead.request);
    return rc < 0 ? rc : 0;
}

static int walk_exchanges(struct walk *w)
{
    const struct direction *kernel = &w->s->from_kernel;
    bool gap = false, gap_after = false;
    uint32_t order = 0, next = 0;
    int rc;
    while ((rc = next_request(w, &gap, &order)) == 1) {
        size_t end = 0;
        bool certain = false;
        while (w->kernel_at < kernel->spans_n && kernel->spans[w->kernel_at].order < order)
            w->kernel_at++;
        gap_after = false;
        rc = gap ? w->events->gap(w->events->context) : 0;
        rc = rc == 0 ? look_ahead(w, &gap_after, &next) : rc;
        rc = rc == 0 ? find_wire_reply(w, next, &end, &certain) : rc;
        rc = rc == 0 ? pass_on(w, end, certain && !gap_after) : rc;
        if (rc != 0)
            return rc;
        w->kernel_at = end;
        gap = false;
    }
    return rc;
}

int from_wire_exchanges(struct from_wire *f, unsigned n, const struct wire_events *events)
{
    CHECK_OR_RETURN(n < f->n);
    struct walk w = {.s = &f->sessions[n], .events = events};
    int rc = find_spans(&w.s->from_kernel);
    if (rc == 0)
        rc = find_spans(&w.s->from_server);
    buf_init(&w.request, WIRE_MESSAGE_MAX);
    buf_init(&w.bytes, WIRE_MESSAGE_MAX);
    if (rc == 0)
        rc = walk_exchanges(&w);
    buf_free(&w.request);
    buf_free(&w.bytes);
    return rc;
}
