/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of requests that reach a FreeBSD stub, and the target calls of quirks; see quirks.h. */
#include "proto/quirks/quirks.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"

#define HEX "0123456789abcdefABCDEF"

enum {
    PASSED_MAX = 256, /* bytes of a request that is passed on: fits every machine's buffer */
    FRAMING = 3,      /* the stub's PacketSize is GDB_BUFSZ + 3: "$#nn" less one byte */
    MARGIN = 4,       /* a request is so many bytes shorter than GDB_BUFSZ; 2 would suffice */
};

/* Whether the kernel's reply to this request may become the client's reply unchanged. */
static bool passes_reply(const struct buf *request)
{
    return request->len != 0 && strchr("HMPZ", request->data[0]) != NULL;
}

bool quirks_is_sound(struct quirks *q)
{
    bool known = q->bufsz == 0 || (q->bufsz >= QUIRKS_BUFSZ_MIN && q->bufsz <= QUIRKS_BUFSZ_MAX);
    return known && q->listed <= q->threads.len && (q->watch == NULL || q->next == NULL) &&
           stop_is_sound(quirks_stop(q));
}

int quirks_ask(struct quirks *q)
{
    const struct buf *request = &q->d.request;
    if (request->error != 0)
        return request->error;
    CHECK_OR_RETURN(q->d.state != DECORATOR_OUTSTANDING && request->len != 0);
    int rc = target_ask_bytes(q->d.base.next, request, &q->part);
    if (rc == 0 && passes_reply(request) &&
        !quirks_is_valid_reply(packet_find(request->data, request->len), &q->part, true))
        rc = NETGDB_FOREIGN;
    return rc;
}

int quirks_send(struct quirks *q, quirks_step *next)
{
    CHECK_OR_RETURN(q->d.request.len != 0 || q->d.request.error != 0);
    q->next = next;
    q->exchanges++;
    return DECORATOR_REPLACE;
}

int quirks_pass_reply(struct quirks *q, const struct buf *reply)
{
    if (!quirks_is_valid_reply(packet_of(PACKET_M), reply, true))
        return NETGDB_FOREIGN;
    return buf_set(&q->d.reply, reply->data, reply->len);
}

/* Discards facts about a kernel that no longer exists. */
static void reset_kernel(struct quirks *q)
{
    q->bufsz = 0;
    buf_reset(&q->shown);
    buf_reset(&q->earlier);
    memset(q->no_watch, 0, sizeof q->no_watch);
    for (size_t i = 0; i < QUIRKS_REGISTERS; i++)
        q->sizes[i] = -1;
}

static void reset_threads(struct quirks *q)
{
    buf_free(&q->threads);
    q->threads_known = false;
    q->listed = 0;
}

/* Computes GDB_BUFSZ from `PacketSize=HEX` in a reply to qSupported. */
static size_t parse_bufsz(const struct buf *reply)
{
    uint64_t size = features_packet_size(reply->data, reply->len);
    if (size < QUIRKS_BUFSZ_MIN + FRAMING)
        return QUIRKS_BUFSZ_MIN;
    return size > QUIRKS_BUFSZ_MAX + FRAMING ? QUIRKS_BUFSZ_MAX : (size_t)size - FRAMING;
}

/*
 * GDB's features are omitted: the stub ignores them, rejects the whole request if it cannot parse
 * one of them, and a late duplicate with so many '+' could acknowledge any reply.
 */
int quirks_query_bufsz(struct quirks *q)
{
    if (q->bufsz != 0)
        return 0;
    int rc = target_ask(q->d.base.next, "qSupported", &q->part);
    if (rc == 0)
        q->bufsz = parse_bufsz(&q->part);
    CHECK_OR_RETURN(rc != 0 || quirks_is_sound(q));
    return rc;
}

size_t quirks_request_limit(struct quirks *q)
{
    size_t limit = target_max_request(q->d.base.next);
    if (!CHECK(q->bufsz >= QUIRKS_BUFSZ_MIN)) /* quirks_query_bufsz was called */
        return 0;
    return limit < q->bufsz - MARGIN ? limit : q->bufsz - MARGIN;
}

size_t quirks_read_limit(struct quirks *q)
{
    CHECK(q->bufsz >= QUIRKS_BUFSZ_MIN); /* as above */
    return q->bufsz / 2 < QUIRKS_READ_MAX ? q->bufsz / 2 : QUIRKS_READ_MAX;
}

/* QStartNoAckMode is not offered: the server handles it, and the kernel never gets it. */
static int answer_supported(struct quirks *q, const struct request *r)
{
    (void)r;
    int rc = quirks_query_bufsz(q);
    if (rc == 0)
        (void)buf_printf(&q->d.reply, "PacketSize=%zx;qXfer:threads:read+", q->bufsz);
    return rc;
}

/* A detach that comes as a request has the same effect as `leave`. */
static int detach(struct quirks *q, const struct request *r)
{
    (void)r;
    return quirks_detach(q, &q->d.reply);
}

/* riscv's stub would take a step for a continue: the machine runs away, and the panic is lost. */
static int step(struct quirks *q, const struct request *r)
{
    bool can;
    (void)r;
    int rc = quirks_can_step(q, &can);
    if (rc != 0 || can)
        return rc != 0 ? rc : DECORATOR_PASS;
    return buf_sets(&q->d.reply, "E.this kernel cannot step, it would run on: gdb steps by "
                                 "breakpoints, unless 'set osabi none' was typed");
}

/* FreeBSD's ENXIO: the machine has no watchpoints (riscv). */
#define NO_WATCHPOINTS "E06"

/* The first Z of each kind probes for watchpoints: no feature reports them. */
static int insert_watch(struct quirks *q, const struct request *r)
{
    CHECK_OR_RETURN(r->len > 1 && r->data[1] >= '2' && r->data[1] <= '4');
    bool *none = &q->no_watch[r->data[1] - '2'];
    q->watch = none;
    return *none ? DECORATOR_DONE : DECORATOR_PASS;
}

/*
 * All requests to which the stub's reply is not empty. `rest` lists the bytes that may follow
 * `start`; "": the answer function checks them.
 */
static const struct rule {
    const char *start;
    const char *rest; /* NULL: the request is `start` alone */
    int (*answer)(struct quirks *q, const struct request *r); /* NULL: pass it on */
} rules[] = {
    {"?", NULL, NULL},
    {"C", HEX ";", NULL},
    {"D", "", detach},
    {"G", "", quirks_write_registers},
    {"H", HEX "gp.-", NULL},
    {"M", "", quirks_write_hex},
    {"P", "", quirks_write_register},
    {"S", HEX ";", step},
    {"T", HEX "-", NULL},
    {"X", "", quirks_write_binary},
    {"Z2,", HEX ",", insert_watch},
    {"Z3,", HEX ",", insert_watch},
    {"Z4,", HEX ",", insert_watch},
    {"c", HEX, NULL},
    {"g", NULL, NULL},
    {"k", NULL, detach},
    {"m", "", quirks_read_memory},
    {"p", HEX, quirks_read_register},
    {"qC", NULL, NULL},
    {"qOffsets", NULL, NULL}, /* powerpc */
    {"qSearch:memory:", "", quirks_search},
    {"qSupported", NULL, answer_supported},
    {"qSupported:", "", answer_supported},
    {"qXfer:threads:read:", "", quirks_xfer_threads},
    {"qfThreadInfo", NULL, quirks_first_threads},
    {"qsThreadInfo", NULL, quirks_next_threads},
    {"s", HEX, step},
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

/* Whether the request is short enough, and only allowed bytes follow the rule's start. */
static bool has_valid_chars(const struct rule *rule, const uint8_t *request, size_t len)
{
    for (size_t i = strlen(rule->start); i < len; i++) {
        if (request[i] == '\0' || strchr(rule->rest, request[i]) == NULL)
            return false;
    }
    return len <= PASSED_MAX;
}

static int answer_by_rule(struct quirks *q, const struct request *r)
{
    const struct rule *rule = find_rule(r->data, r->len);
    if (rule == NULL)
        return 0; /* an empty reply, like the stub's */
    bool checks_itself = rule->answer != NULL && (rule->rest == NULL || rule->rest[0] == '\0');
    if (!checks_itself && !has_valid_chars(rule, r->data, r->len))
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    return rule->answer != NULL ? rule->answer(q, r) : DECORATOR_PASS;
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
    CHECK(stop_is_sound(s));
    if (q->shown.len != 0)
        (void)buf_set(&q->earlier, q->shown.data, q->shown.len);
    buf_reset(&q->shown);
    reset_threads(q);
    quirks_age_points(s);
    s->runs = 1;
    s->cause = step ? STOP_STEPPED : STOP_RAN;
}

void quirks_note_stop(struct quirks *q, const struct buf *reply)
{
    struct stop *s = quirks_stop(q);
    CHECK(stop_is_sound(s));
    /* Without a run, the reply began a new session, which has recorded it already. */
    if (s->runs != 0)
        (void)stop_take(s, reply->data, reply->len);
}

/* Records that a request is about to select a thread or to resume the kernel. */
static void note_request(struct quirks *q, const struct request *r)
{
    uint64_t thread;
    if ((r->packet->effects & PKT_RESUMES) != 0)
        quirks_note_resume(q, r->packet->id == PACKET_s || r->packet->id == PACKET_S);
    if (r->packet->id != PACKET_H || r->len < 3 ||
        rsp_hex_number(r->data + 2, r->len - 2, &thread) == 0 ||
        thread == 0) /* 0 and -1 select no particular thread */
        return;
    q->selecting = thread;
    quirks_stop(q)->selected = 0; /* unknown until the reply */
}

/* GDB says of a watchpoint that is not supported that there are too many. */
static void note_no_watchpoints(struct quirks *q)
{
    if (!q->no_watch[0] && !q->no_watch[1] && !q->no_watch[2])
        log_warn(q->options.log, "the kernel has no hardware watchpoints: gdb steps instead after "
                                 "'set can-use-hw-watchpoints 0'");
    *q->watch = true;
}

static void note_reply(struct quirks *q, struct buf *reply)
{
    if (q->watch != NULL && (reply->len == 0 || buf_is(reply, NO_WATCHPOINTS))) {
        note_no_watchpoints(q);
        buf_reset(reply);
    }
    if (q->selecting != 0 && buf_is(reply, "OK"))
        quirks_stop(q)->selected = q->selecting;
    if (q->d.packet->id == PACKET_g)
        quirks_hide_t3(q, reply);
    if (q->d.packet->id == PACKET_g && quirks_stop(q)->selected == quirks_stop(q)->thread)
        (void)buf_set(&q->shown, reply->data, reply->len);
    quirks_note_stop(q, reply);
}

/* ---- the decorator ---- */

static int quirks_on_request(struct decorator *d, const struct request *r)
{
    struct quirks *q = (struct quirks *)d;
    CHECK_OR_RETURN(quirks_is_sound(q));
    q->next = NULL;
    q->watch = NULL;
    q->selecting = 0;
    q->exchanges = 0;
    int rc = answer_by_rule(q, r);
    if (rc == DECORATOR_PASS)
        note_request(q, r);
    return rc;
}

static int quirks_on_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct quirks *q = (struct quirks *)d;
    quirks_step *next = q->next;
    CHECK_OR_RETURN(quirks_is_sound(q));
    if ((next == NULL || !final) && !quirks_is_valid_reply(d->packet, reply, final))
        return NETGDB_FOREIGN;
    if (!final)
        return DECORATOR_DONE;
    if (next == NULL) {
        note_reply(q, reply);
        return DECORATOR_DONE;
    }
    q->next = NULL;
    int rc = next(q, reply);
    CHECK_OR_RETURN((rc == DECORATOR_REPLACE) == (q->next != NULL));
    if (rc == DECORATOR_DONE)
        rc = d->reply.error != 0 ? d->reply.error : buf_set(reply, d->reply.data, d->reply.len);
    return rc;
}

static void quirks_new_session(struct decorator *d)
{
    struct quirks *q = (struct quirks *)d;
    q->next = NULL;
    q->watch = NULL;
    q->selecting = 0;
    reset_kernel(q);
    reset_threads(q);
}

/* Ignores the client's own form of the request: the stub has no processes and accepts only "D". */
static int quirks_leave(struct decorator *d, const struct request *r, struct buf *reply)
{
    (void)r;
    return quirks_detach((struct quirks *)d, reply);
}

/* Long requests are split here, or rejected with an error reply. */
static size_t quirks_max_request(struct decorator *d)
{
    (void)d;
    return TARGET_REPLY_MAX;
}

static void quirks_free(struct decorator *d)
{
    struct quirks *q = (struct quirks *)d;
    buf_free(&q->shown);
    buf_free(&q->earlier);
    buf_free(&q->part);
    buf_free(&q->data);
    buf_free(&q->threads);
}

struct target *quirks_new(struct target *next, const struct quirks_options *options)
{
    static const struct decorator_ops ops = {.on_request = quirks_on_request,
                                             .on_reply = quirks_on_reply,
                                             .on_new_session = quirks_new_session,
                                             .leave = quirks_leave,
                                             .max_request = quirks_max_request,
                                             .free = quirks_free};
    struct quirks *q = decorator_new(sizeof *q, next, &ops, TARGET_REPLY_MAX, QUIRKS_BUFSZ_MAX);
    if (q == NULL)
        return NULL;
    if (options != NULL)
        q->options = *options;
    buf_init(&q->shown, QUIRKS_BUFSZ_MAX);
    buf_init(&q->earlier, QUIRKS_BUFSZ_MAX);
    buf_init(&q->part, TARGET_REPLY_MAX + QUIRKS_READ_MAX);
    buf_init(&q->data, TARGET_REPLY_MAX);
    buf_init(&q->threads, QUIRKS_THREADS_MAX);
    reset_kernel(q);
    return &q->d.base;
}
