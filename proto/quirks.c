/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reaches a FreeBSD stub, and the calls of the decorator; see quirks.h. */
#include "proto/quirks.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/packets.h"
#include "proto/quirks_parts.h"
#include "proto/rsp.h"

#define HEX "0123456789abcdefABCDEF"

enum {
    HANDED_ON_MAX = 256, /* bytes of a request that is handed on: fits every machine's buffer */
    FRAMING = 3,         /* what the stub adds to GDB_BUFSZ for its PacketSize: "$#nn" less one */
    MARGIN = 4,          /* bytes that a request stays below GDB_BUFSZ; two would do */
};

/* Replies to these may go to the client as they are. */
static bool is_handed_on(const struct buf *request)
{
    return request->len != 0 && strchr("HMPZ", request->data[0]) != NULL;
}

int quirks_ask(struct quirks *q)
{
    const struct buf *request = &q->request;
    if (request->error != 0)
        return request->error;
    int rc = target_ask_bytes(q->base.next, request, &q->part);
    if (rc == 0 && is_handed_on(request) &&
        !quirks_can_be(packet_find(request->data, request->len), &q->part, true))
        rc = NETGDB_FOREIGN;
    return rc;
}

/* What was learned of a kernel that is no more. */
static void forget_kernel(struct quirks *q)
{
    q->bufsz = 0;
    memset(q->no_watch, 0, sizeof q->no_watch);
    for (size_t i = 0; i < QUIRKS_REGISTERS; i++)
        q->sizes[i] = -1;
}

static void forget_threads(struct quirks *q)
{
    buf_free(&q->threads);
    q->threads_known = false;
    q->listed = 0;
}

/* The GDB_BUFSZ behind `PacketSize=HEX` of a reply to qSupported. */
static size_t parse_bufsz(const struct buf *reply)
{
    static const char name[] = "PacketSize=";
    const uint8_t *at = NULL;
    uint64_t size = 0;
    if (reply->len != 0)
        at = memmem(reply->data, reply->len, name, sizeof name - 1);
    if (at != NULL) {
        at += sizeof name - 1;
        (void)rsp_hex_number(at, reply->len - (size_t)(at - reply->data), &size);
    }
    if (size < QUIRKS_BUFSZ_MIN + FRAMING)
        return QUIRKS_BUFSZ_MIN;
    return size > QUIRKS_BUFSZ_MAX + FRAMING ? QUIRKS_BUFSZ_MAX : (size_t)size - FRAMING;
}

/*
 * GDB's own features are left out: the stub does nothing with them, refuses the whole request for
 * one that it cannot parse, and a late copy of so many '+' could acknowledge anything.
 */
int quirks_learn(struct quirks *q)
{
    if (q->bufsz != 0)
        return 0;
    int rc = target_ask(q->base.next, "qSupported", &q->part);
    if (rc == 0)
        q->bufsz = parse_bufsz(&q->part);
    return rc;
}

size_t quirks_request_limit(struct quirks *q)
{
    size_t limit = target_max_request(q->base.next);
    return limit < q->bufsz - MARGIN ? limit : q->bufsz - MARGIN;
}

size_t quirks_read_limit(struct quirks *q)
{
    return q->bufsz / 2 < QUIRKS_READ_MAX ? q->bufsz / 2 : QUIRKS_READ_MAX;
}

/* QStartNoAckMode is the server's business; the kernel is never asked for it. */
static int supported(struct quirks *q, const struct request *r)
{
    (void)r;
    int rc = quirks_learn(q);
    if (rc == 0)
        (void)buf_printf(&q->reply, "PacketSize=%zx;qXfer:threads:read+", q->bufsz);
    return rc;
}

/* Whoever detaches by a request instead of `leave` has the same in mind. */
static int detach(struct quirks *q, const struct request *r)
{
    (void)r;
    return quirks_detach(q, &q->reply);
}

/* FreeBSD's ENXIO: this machine has none, whatever the address (riscv). */
#define NO_WATCHPOINTS "E06"

/* The first Z of a kind asks whether there are watchpoints: that follows from nothing else. */
int quirks_insert_watch(struct quirks *q, const struct request *r)
{
    bool *none = &q->no_watch[r->data[1] - '2'];
    int rc = 0;
    if (*none)
        return 0;
    buf_reset(&q->request);
    (void)buf_add(&q->request, r->data, r->len);
    rc = quirks_ask(q);
    *none = rc == 0 && (q->part.len == 0 || buf_is(&q->part, NO_WATCHPOINTS));
    return rc != 0 || *none ? rc : buf_set(&q->reply, q->part.data, q->part.len);
}

/*
 * All that the stub answers with more than an empty reply. `rest` are the bytes that may follow;
 * "": an answer looks at all of it.
 */
static const struct rule {
    const char *start;
    const char *rest; /* NULL: the request is `start` alone */
    int (*answer)(struct quirks *q, const struct request *r); /* NULL: hand it on */
} rules[] = {
    {"?", NULL, NULL},
    {"C", HEX ";", NULL},
    {"D", "", detach},
    {"G", "", quirks_write_registers},
    {"H", HEX "gp.-", NULL},
    {"M", "", quirks_write_hex},
    {"P", "", quirks_write_register},
    {"S", HEX ";", NULL},
    {"T", HEX "-", NULL},
    {"X", "", quirks_write_binary},
    {"Z2,", HEX ",", quirks_insert_watch},
    {"Z3,", HEX ",", quirks_insert_watch},
    {"Z4,", HEX ",", quirks_insert_watch},
    {"c", HEX, NULL},
    {"g", NULL, NULL},
    {"k", NULL, detach},
    {"m", "", quirks_read_memory},
    {"p", HEX, NULL},
    {"qC", NULL, NULL},
    {"qOffsets", NULL, NULL}, /* powerpc */
    {"qSearch:memory:", "", quirks_search},
    {"qSupported", NULL, supported},
    {"qSupported:", "", supported},
    {"qXfer:threads:read:", "", quirks_xfer_threads},
    {"qfThreadInfo", NULL, quirks_first_threads},
    {"qsThreadInfo", NULL, quirks_more_threads},
    {"s", HEX, NULL},
    {"z2,", HEX ",", NULL},
    {"z3,", HEX ",", NULL},
    {"z4,", HEX ",", NULL},
};

static const struct rule *find_rule(const uint8_t *request, size_t len)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t n = strlen(rules[i].start);
        if (len >= n && memcmp(request, rules[i].start, n) == 0 &&
            (rules[i].rest != NULL || len == n))
            return &rules[i];
    }
    return NULL;
}

/* Whether all bytes behind the rule's start are of those that may follow. */
static bool is_clean(const struct rule *rule, const uint8_t *request, size_t len)
{
    for (size_t i = strlen(rule->start); i < len; i++) {
        if (request[i] == '\0' || strchr(rule->rest, request[i]) == NULL)
            return false;
    }
    return len <= HANDED_ON_MAX;
}

static int answer(struct quirks *q, const struct request *r)
{
    const struct rule *rule = find_rule(r->data, r->len);
    if (rule == NULL)
        return 0; /* empty, as the stub would */
    bool looks = rule->answer != NULL && (rule->rest == NULL || rule->rest[0] == '\0');
    if (!looks && !is_clean(rule, r->data, r->len))
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    return rule->answer != NULL ? rule->answer(q, r) : QUIRKS_HAND_ON;
}

/* After NETGDB_REPLACED the next recv gives the new kernel's stop. */
static int note_error(struct quirks *q, int rc)
{
    if (rc == NETGDB_REPLACED) {
        forget_kernel(q);
        forget_threads(q);
        q->handed_on = true;
        q->packet = packet_of(PACKET_stop_reason);
    } else if (rc != 0 && rc != NETGDB_AGAIN) {
        q->broken = true;
    }
    return rc;
}

/* ---- the stop ---- */

struct stop *quirks_stop(struct quirks *q)
{
    struct stop *s = q->options.stop != NULL ? q->options.stop(q->options.context) : NULL;
    return s != NULL ? s : &q->own_stop;
}

void quirks_note_resume(struct quirks *q, bool step)
{
    struct stop *s = quirks_stop(q);
    forget_threads(q);
    quirks_age_points(s);
    s->runs = 1;
    s->cause = step ? STOP_STEPPED : STOP_RAN;
}

void quirks_note_stop(struct quirks *q, const struct buf *reply)
{
    struct stop *s = quirks_stop(q);
    if (s->runs != 0) /* else it is that of a new session, which has begun with it */
        (void)stop_take(s, reply->data, reply->len);
}

/* What is sent may change which thread is chosen, or resume the kernel. */
static void note_request(struct quirks *q, const struct request *r)
{
    uint64_t thread;
    q->choosing = 0;
    q->packet = r->packet;
    if ((q->packet->does & PKT_RESUMES) != 0)
        quirks_note_resume(q, r->packet->id == PACKET_s || r->packet->id == PACKET_S);
    if (r->packet->id != PACKET_H || r->len < 3 ||
        rsp_hex_number(r->data + 2, r->len - 2, &thread) == 0 ||
        thread == 0) /* 0 and -1 choose none */
        return;
    q->choosing = thread;
    quirks_stop(q)->chosen = 0; /* until it has said so */
}

static void note_reply(struct quirks *q, const struct buf *reply)
{
    if (q->choosing != 0 && buf_is(reply, "OK"))
        quirks_stop(q)->chosen = q->choosing;
    q->choosing = 0;
    quirks_note_stop(q, reply);
}

/* ---- the calls ---- */

static int quirks_send(struct target *t, const struct request *r)
{
    struct quirks *q = (struct quirks *)t;
    q->handed_on = false;
    buf_reset(&q->reply);
    q->error = answer(q, r);
    if (q->error != QUIRKS_HAND_ON)
        return 0; /* an error of the target is for recv to tell */
    q->error = 0;
    note_request(q, r);
    q->handed_on = true;
    int rc = note_error(q, target_next_send(t, r));
    q->outstanding = rc == 0;
    return rc;
}

static int quirks_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct quirks *q = (struct quirks *)t;
    int error = q->error;
    CHECK_OR_RETURN(error <= 0);
    q->error = 0;
    if (error != 0)
        return note_error(q, error);
    if (q->handed_on) {
        error = target_next_recv(t, reply, final, watch);
        q->outstanding =
            error == NETGDB_AGAIN || error == NETGDB_REPLACED || (error == 0 && !*final);
        if (error == 0 && !quirks_can_be(q->packet, reply, *final))
            error = NETGDB_FOREIGN;
        if (error == 0 && *final)
            note_reply(q, reply);
        return note_error(q, error);
    }
    *final = true;
    return q->reply.error != 0 ? q->reply.error : buf_set(reply, q->reply.data, q->reply.len);
}

/* The stub has no processes: it takes D alone. */
static int quirks_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct quirks *q = (struct quirks *)t;
    (void)r;
    return note_error(q, quirks_detach(q, reply));
}

/* Long requests are cut here, or refused by a reply. */
static size_t quirks_max_request(struct target *t)
{
    (void)t;
    return TARGET_REPLY_MAX;
}

static void quirks_free(struct target *t)
{
    struct quirks *q = (struct quirks *)t;
    target_free(t->next);
    buf_free(&q->reply);
    buf_free(&q->request);
    buf_free(&q->part);
    buf_free(&q->data);
    buf_free(&q->threads);
    free(q);
}

static const struct target_ops ops = {
    .send = quirks_send,
    .recv = quirks_recv,
    .interrupt = target_next_interrupt,
    .idle = target_next_idle,
    .leave = quirks_leave,
    .max_request = quirks_max_request,
    .free = quirks_free,
};

struct target *quirks_new(struct target *next, const struct quirks_options *options)
{
    struct quirks *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->base = (struct target){&ops, next};
    if (options != NULL)
        q->options = *options;
    buf_init(&q->reply, TARGET_REPLY_MAX);
    buf_init(&q->request, QUIRKS_BUFSZ_MAX);
    buf_init(&q->part, TARGET_REPLY_MAX);
    buf_init(&q->data, TARGET_REPLY_MAX);
    buf_init(&q->threads, QUIRKS_THREADS_MAX);
    q->packet = packet_of(PACKET_stop_reason);
    forget_kernel(q);
    return &q->base;
}
