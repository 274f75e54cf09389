/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread list of a FreeBSD stub, fetched once for each stop and answered from the copy; see
 * quirks.h. The stub generates its XML on the fly: it refuses to send a piece again (E1d, ESPIPE),
 * whether GDB requests it or the network duplicates our request.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum {
    ATTEMPTS = 3,                /* a late duplicate may spoil one fetch, but hardly three */
    FETCH_BYTES = 0x1000,        /* bytes requested at a time; the stub subtracts 4 for framing */
    REPLY_BYTES_MAX = 32 * 1024, /* bytes of XML in one reply to the client */
    ID_BYTES_MAX = 1000,         /* bytes of thread ids in one reply to the client */
};

/* Appends the id of the next thread to the reply. Returns false at the end of the list. */
static bool append_thread_id(struct quirks *q)
{
    /* A name cannot contain this: the stub replaces quotes. */
    static const char mark[] = " id=\"";
    const uint8_t *from = q->threads.data + q->listed, *end = q->threads.data + q->threads.len;
    const uint8_t *id = memmem(from, (size_t)(end - from), mark, sizeof mark - 1);
    uint64_t value;
    if (id == NULL)
        return false;
    id += sizeof mark - 1;
    size_t n = rsp_hex_number(id, (size_t)(end - id), &value);
    (void)buf_addc(&q->d.reply, q->d.reply.len == 0 ? 'm' : ',');
    (void)buf_add(&q->d.reply, id, n);
    q->listed = (size_t)(id + n - q->threads.data);
    CHECK(q->listed <= q->threads.len);
    return true;
}

int quirks_next_threads(struct quirks *q, const struct request *r)
{
    (void)r;
    CHECK_OR_RETURN(q->listed <= q->threads.len && q->d.reply.len == 0);
    while (q->listed < q->threads.len && q->d.reply.len < ID_BYTES_MAX && append_thread_id(q))
        ;
    return q->d.reply.len != 0 ? q->d.reply.error : buf_adds(&q->d.reply, "l");
}

/* Answers from the complete list. */
static int answer_from_list(struct quirks *q)
{
    CHECK_OR_RETURN(q->threads_known);
    if (q->d.packet->id == PACKET_qfThreadInfo) {
        q->listed = 0;
        return quirks_next_threads(q, NULL);
    }
    if (q->address > q->threads.len)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    return rsp_add_piece(&q->d.reply, q->threads.data, q->threads.len, q->address,
                         q->left < REPLY_BYTES_MAX ? q->left : REPLY_BYTES_MAX);
}

static quirks_step take_threads_piece;

static int fetch_threads_piece(struct quirks *q)
{
    CHECK_OR_RETURN(!q->threads_known);
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "qXfer:threads:read::%zx,%x", q->threads.len, FETCH_BYTES);
    return quirks_send(q, take_threads_piece);
}

static int fetch_list(struct quirks *q)
{
    buf_reset(&q->threads);
    return fetch_threads_piece(q);
}

static int take_threads_piece(struct quirks *q, const struct buf *reply)
{
    bool last = buf_starts(reply, "l"), more = buf_starts(reply, "m") && reply->len > 1;
    bool refused = !last && !more;
    CHECK_OR_RETURN(!q->threads_known && q->attempts < ATTEMPTS);
    if (refused && ++q->attempts < ATTEMPTS)
        return fetch_list(q);
    if (refused || rsp_unescape(&q->threads, reply->data + 1, reply->len - 1) != 0) {
        buf_reset(&q->threads);
        return refused ? buf_set(&q->d.reply, reply->data, reply->len)
                       : buf_sets(&q->d.reply, QUIRKS_EFBIG);
    }
    if (more)
        return fetch_threads_piece(q);
    q->threads_known = true;
    q->listed = q->threads.len; /* only qfThreadInfo starts to report ids */
    return answer_from_list(q);
}

/* Fetches the list, unless there is a copy, and answers from it. */
static int load_list(struct quirks *q)
{
    q->attempts = 0;
    return q->threads_known ? answer_from_list(q) : fetch_list(q);
}

/* Handles `qXfer:threads:read::offset,length`. */
int quirks_xfer_threads(struct quirks *q, const struct request *r)
{
    if (r->numbers < 2 || r->rest_len != 0)
        return buf_sets(&q->d.reply, "E00"); /* malformed request (GDB manual, qXfer) */
    q->address = r->address;
    q->left = r->length;
    return load_list(q);
}

int quirks_first_threads(struct quirks *q, const struct request *r)
{
    (void)r;
    return load_list(q);
}
