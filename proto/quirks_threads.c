/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread list of a FreeBSD stub, fetched once a stop and told from the copy; see quirks.h.
 * The stub makes its XML as it goes: a part that was asked for cannot be had again (E1d, ESPIPE),
 * neither by GDB nor by a copy of our request that the network delivers twice.
 */
#include <string.h>

#include "proto/err.h"
#include "proto/quirks_parts.h"
#include "proto/rsp.h"

enum {
    ATTEMPTS = 3,         /* a late copy of a request may spoil a fetch, not three */
    FETCH = 0x1000,       /* bytes asked for at a time; the stub takes 4 off for the framing */
    GIVE_MAX = 32 * 1024, /* bytes in one reply to GDB */
    NAMES_MAX = 1000,     /* bytes of thread ids in one reply to it */
};

enum { FETCHED = 0, REFUSED = 1, TOO_MANY = 2 };

/* One run through the stub's list. REFUSED, TOO_MANY: q->part holds the reply instead. */
static int fetch(struct quirks *q)
{
    for (;;) {
        buf_reset(&q->request);
        (void)buf_printf(&q->request, "qXfer:threads:read::%zx,%x", q->threads.len, FETCH);
        int rc = quirks_ask(q);
        if (rc != 0)
            return rc;
        bool last = buf_starts(&q->part, "l"), more = buf_starts(&q->part, "m") && q->part.len > 1;
        if (!last && !more)
            return REFUSED;
        if (rsp_unescape(&q->threads, q->part.data + 1, q->part.len - 1) != 0) {
            buf_sets(&q->part, QUIRKS_EFBIG);
            return TOO_MANY;
        }
        if (last)
            return FETCHED;
    }
}

/* Sees to it that there is a copy. REFUSED: there is none, and q->reply says why. */
static int load(struct quirks *q)
{
    int rc = REFUSED;
    if (q->threads_known)
        return FETCHED;
    for (int i = 0; i < ATTEMPTS && rc == REFUSED; i++) {
        buf_reset(&q->threads);
        rc = fetch(q);
    }
    q->threads_known = rc == FETCHED;
    q->listed = q->threads.len; /* qfThreadInfo comes first */
    if (rc != REFUSED && rc != TOO_MANY)
        return rc;
    buf_reset(&q->threads);
    (void)buf_set(&q->reply, q->part.data, q->part.len);
    return REFUSED;
}

/* `qXfer:threads:read::offset,length` */
int quirks_xfer_threads(struct quirks *q, const struct request *r)
{
    uint64_t offset = r->address, size = r->length;
    if (r->numbers < 2 || r->rest_len != 0)
        return buf_sets(&q->reply, "E00"); /* the GDB manual's for a malformed one */
    int rc = load(q);
    if (rc != FETCHED)
        return rc == REFUSED ? 0 : rc;
    if (offset > q->threads.len)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    size_t left = q->threads.len - (size_t)offset;
    size_t n = size < GIVE_MAX ? (size_t)size : GIVE_MAX;
    (void)buf_addc(&q->reply, n >= left ? 'l' : 'm');
    return rsp_escape(&q->reply, q->threads.data + offset, n < left ? n : left);
}

/* Appends the next thread's id to the reply, and moves on; false at the end of the list. */
static bool add_thread(struct quirks *q)
{
    static const char mark[] = " id=\""; /* a quote inside a name would have become '_' */
    const uint8_t *from = q->threads.data + q->listed, *end = q->threads.data + q->threads.len;
    const uint8_t *id = memmem(from, (size_t)(end - from), mark, sizeof mark - 1);
    uint64_t value;
    if (id == NULL)
        return false;
    id += sizeof mark - 1;
    size_t n = rsp_hex_number(id, (size_t)(end - id), &value);
    (void)buf_addc(&q->reply, q->reply.len == 0 ? 'm' : ',');
    (void)buf_add(&q->reply, id, n);
    q->listed = (size_t)(id + n - q->threads.data);
    return true;
}

int quirks_more_threads(struct quirks *q, const struct request *r)
{
    (void)r;
    while (q->listed < q->threads.len && q->reply.len < NAMES_MAX && add_thread(q))
        ;
    return q->reply.len != 0 ? q->reply.error : buf_adds(&q->reply, "l");
}

int quirks_first_threads(struct quirks *q, const struct request *r)
{
    int rc = load(q);
    q->listed = 0;
    if (rc != FETCHED)
        return rc == REFUSED ? 0 : rc;
    return quirks_more_threads(q, r);
}
