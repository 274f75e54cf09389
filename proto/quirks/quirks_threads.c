/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread list of a FreeBSD stub, fetched once for each stop and answered from the copy; see
 * quirks.h. The stub generates its XML on the fly: it refuses to send a piece again (E1d, ESPIPE),
 * whether GDB requests it or the network duplicates our request.
 */
#include <string.h>

#include "proto/err.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum {
    ATTEMPTS = 3,                /* a late duplicate may spoil one fetch, but hardly three */
    FETCH_BYTES = 0x1000,        /* bytes requested at a time; the stub subtracts 4 for framing */
    REPLY_BYTES_MAX = 32 * 1024, /* bytes of XML in one reply to the client */
    ID_BYTES_MAX = 1000,         /* bytes of thread ids in one reply to the client */
};

enum { LIST_COMPLETE = 0, LIST_REFUSED = 1, LIST_TOO_LONG = 2 };

/* Fetches the whole list. Returns LIST_COMPLETE; LIST_REFUSED or LIST_TOO_LONG with the reply for
 * the client in q->part; or the target's error. */
static int fetch(struct quirks *q)
{
    for (;;) {
        buf_reset(&q->request);
        (void)buf_printf(&q->request, "qXfer:threads:read::%zx,%x", q->threads.len, FETCH_BYTES);
        int rc = quirks_ask(q);
        if (rc != 0)
            return rc;
        bool last = buf_starts(&q->part, "l"), more = buf_starts(&q->part, "m") && q->part.len > 1;
        if (!last && !more)
            return LIST_REFUSED;
        if (rsp_unescape(&q->threads, q->part.data + 1, q->part.len - 1) != 0) {
            buf_sets(&q->part, QUIRKS_EFBIG);
            return LIST_TOO_LONG;
        }
        if (last)
            return LIST_COMPLETE;
    }
}

/* Fetches the list unless there is a copy. Returns LIST_COMPLETE; LIST_REFUSED with an error in
 * q->reply; or the target's error. */
static int load(struct quirks *q)
{
    int rc = LIST_REFUSED;
    if (q->threads_known)
        return LIST_COMPLETE;
    for (int i = 0; i < ATTEMPTS && rc == LIST_REFUSED; i++) {
        buf_reset(&q->threads);
        rc = fetch(q);
    }
    q->threads_known = rc == LIST_COMPLETE;
    q->listed = q->threads.len; /* only qfThreadInfo starts to report ids */
    if (rc != LIST_REFUSED && rc != LIST_TOO_LONG)
        return rc;
    buf_reset(&q->threads);
    (void)buf_set(&q->reply, q->part.data, q->part.len);
    return LIST_REFUSED;
}

/* Handles `qXfer:threads:read::offset,length`. */
int quirks_xfer_threads(struct quirks *q, const struct request *r)
{
    uint64_t offset = r->address, size = r->length;
    if (r->numbers < 2 || r->rest_len != 0)
        return buf_sets(&q->reply, "E00"); /* malformed request (GDB manual, qXfer) */
    int rc = load(q);
    if (rc != LIST_COMPLETE)
        return rc == LIST_REFUSED ? 0 : rc;
    if (offset > q->threads.len)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    size_t left = q->threads.len - (size_t)offset;
    size_t n = size < REPLY_BYTES_MAX ? (size_t)size : REPLY_BYTES_MAX;
    (void)buf_addc(&q->reply, n >= left ? 'l' : 'm');
    return rsp_escape(&q->reply, q->threads.data + offset, n < left ? n : left);
}

/* Appends the id of the next thread to the reply. Returns false at the end of the list. */
static bool add_thread(struct quirks *q)
{
    static const char mark[] = " id=\""; /* cannot be inside a name: the stub replaces quotes */
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

int quirks_next_threads(struct quirks *q, const struct request *r)
{
    (void)r;
    while (q->listed < q->threads.len && q->reply.len < ID_BYTES_MAX && add_thread(q))
        ;
    return q->reply.len != 0 ? q->reply.error : buf_adds(&q->reply, "l");
}

int quirks_first_threads(struct quirks *q, const struct request *r)
{
    int rc = load(q);
    q->listed = 0;
    if (rc != LIST_COMPLETE)
        return rc == LIST_REFUSED ? 0 : rc;
    return quirks_next_threads(q, r);
}
