/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording as a target; see replay.h. */
#include "record/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/rsp/features.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"
#include "record/exchange.h"

enum {
    READ_MAX = 32 * 1024, /* bytes of memory, or of an object, in one reply */
    SELECTED_MAX = 64,
    FEATURE_MAX = 64,
    OUTPUT_MAX = 16 * 1024, /* bytes of console output in one packet */
};

struct replay {
    struct target target; /* first */
    struct recording *recording;
    const struct log *log;
    char thread[SELECTED_MAX]; /* selected; "": the one that stopped */
    struct bytes list;         /* what is left of the list of threads */
    struct buf ids;            /* the list, if the session has read it only as an object */
    struct bytes output;       /* what is left of the console output before the reply */
    struct buf reply;
    bool outstanding;
    bool told_unread;
    uint8_t bytes[READ_MAX];
};

static struct replay *replay_of(struct target *t)
{
    return (struct replay *)t;
}

/* ---- what is not recorded ---- */

static int refuse_change(struct replay *p, const char *what)
{
    log_warn(p->log, "this is a recorded session: it cannot be %s", what);
    return buf_printf(&p->reply, "E.this is a recorded session: it cannot be %s", what);
}

/* What a request would change; NULL: nothing. */
static const char *change_of(const struct packet *packet)
{
    switch (packet->id) {
    case PACKET_M:
    case PACKET_P:
    case PACKET_G:
    case PACKET_vFlashErase:
    case PACKET_vFlashWrite:
        return "written";
    case PACKET_Z:
        return "stopped at a breakpoint";
    case PACKET_vRun:
    case PACKET_vAttach:
        return "started";
    default:
        return (packet->effects & PKT_RESUMES) != 0 ? "resumed" : NULL;
    }
}

/* Whether the target has offered a feature. */
static bool has_offered(const struct replay *p, const char *feature)
{
    struct answer a;
    return recording_find(p->recording, (struct bytes){"", 0}, "qSupported", &a) &&
           features_has(a.reply.data, a.reply.len, feature);
}

/* Whether it has offered a setting (Q…), which GDB then expects to be accepted. */
static bool is_offered(const struct replay *p, const struct request *r)
{
    char name[FEATURE_MAX];
    const uint8_t *colon = memchr(r->data, ':', r->len);
    size_t n = colon != NULL ? (size_t)(colon - r->data) : r->len;
    if (r->packet->name[0] != 'Q' || n >= sizeof name)
        return false;
    memcpy(name, r->data, n);
    name[n] = '\0';
    return has_offered(p, name);
}

static int answer_unrecorded(struct replay *p, const struct request *r)
{
    if (packet_is_object(r->packet))
        return buf_adds(&p->reply, "E01"); /* GDB asks only for what was offered */
    if (is_offered(p, r))
        return buf_adds(&p->reply, "OK");
    switch (r->packet->id) {
    case PACKET_H:
    case PACKET_T:
    case PACKET_D:
    case PACKET_z:
    case PACKET_vKill:
    case PACKET_QStartNoAckMode:
        return buf_adds(&p->reply, "OK");
    case PACKET_qSupported:
        return buf_printf(&p->reply, "PacketSize=%x", 2 * READ_MAX);
    case PACKET_stop_reason:
        return buf_adds(&p->reply, "S05");
    case PACKET_g:
        return buf_adds(&p->reply, "E.the recorded session did not read these registers");
    case PACKET_qRcmd:
        log_warn(p->log, "the recorded session did not give this command to the target");
        return buf_adds(&p->reply, "E01");
    default:
        return 0;
    }
}

/* ---- what is ---- */

static int answer_memory(struct replay *p, const struct request *r)
{
    if (r->numbers != 2)
        return buf_adds(&p->reply, "E01");
    size_t len = r->length < READ_MAX ? (size_t)r->length : READ_MAX;
    size_t n = recording_read(p->recording, r->address, p->bytes, len);
    if ((n != 0 || len == 0) && r->packet->id == PACKET_m)
        return buf_addhex(&p->reply, p->bytes, n);
    if (n != 0 || len == 0) {
        (void)buf_addc(&p->reply, 'b');
        return rsp_escape(&p->reply, p->bytes, n);
    }
    if (!p->told_unread)
        log_info(p->log,
                 "memory that the recorded session did not read is not known, as at 0x%" PRIx64,
                 r->address);
    p->told_unread = true;
    return buf_adds(&p->reply, "E0e"); /* EFAULT; to `m` GDB expects no text */
}

static int answer_object(struct replay *p, const struct request *r, struct bytes object)
{
    if (r->address > object.len)
        return buf_adds(&p->reply, "E16"); /* EINVAL */
    return rsp_add_piece(&p->reply, (const uint8_t *)object.data, object.len, r->address,
                         r->length < READ_MAX ? r->length : READ_MAX);
}

/* The next reply of the list. */
static int replay_list(struct replay *p, const struct request *r, struct bytes list)
{
    if (r->packet->id == PACKET_qfThreadInfo)
        p->list = list;
    const uint8_t *text = p->list.data;
    const uint8_t *end = p->list.len != 0 ? memchr(text, '\n', p->list.len) : NULL;
    if (end == NULL)
        return buf_adds(&p->reply, "l");
    size_t n = (size_t)(end - text);
    p->list = (struct bytes){end + 1, p->list.len - n - 1};
    return buf_add(&p->reply, text, n);
}

/* The selected thread, or the one that stopped. */
static struct bytes current_thread(const struct replay *p)
{
    struct answer stop;
    const struct bytes none = {"", 0};
    if (p->thread[0] != '\0')
        return bytes_of(p->thread);
    return recording_find(p->recording, none, "?", &stop) ? exchange_stop_thread(stop.reply) : none;
}

/* Finds a recorded exchange. What was asked before the thread was known has none. */
static bool find_exchange(const struct replay *p, const struct request *r, struct answer *a)
{
    struct bytes thread, request;
    exchange_key(r, current_thread(p), &thread, &request);
    return answers_find(&p->recording->answers, thread, request, a) ||
           (p->thread[0] == '\0' &&
            answers_find(&p->recording->answers, (struct bytes){"", 0}, request, a));
}

/* A client with the kernel's file lists threads by qfThreadInfo, others by an object. */
static bool find_thread_list(struct replay *p, const struct request *r, struct answer *a)
{
    if (exchange_kind_of(r) != EXCHANGE_LIST ||
        !recording_find(p->recording, (struct bytes){"", 0}, "qXfer:threads:read::", a))
        return false;
    if (p->ids.len == 0)
        exchange_list_threads(a->reply, &p->ids);
    a->reply = (struct bytes){p->ids.data, p->ids.len};
    return p->ids.error == 0;
}

static int answer_exchange(struct replay *p, const struct request *r)
{
    struct answer a;
    if (!find_exchange(p, r, &a) && !find_thread_list(p, r, &a))
        return answer_unrecorded(p, r);
    switch (exchange_kind_of(r)) {
    case EXCHANGE_OBJECT:
        return answer_object(p, r, a.reply);
    case EXCHANGE_LIST:
        return replay_list(p, r, a.reply);
    default:
        p->output = a.output;
        return buf_add(&p->reply, a.reply.data, a.reply.len);
    }
}

static void select_by(struct replay *p, const struct request *r)
{
    const struct bytes id = {r->data + 2, r->len - 2};
    if (r->data[1] != 'g' || id.len >= sizeof p->thread)
        return;
    bool one = exchange_names_thread(id);
    memcpy(p->thread, id.data, one ? id.len : 0);
    p->thread[one ? id.len : 0] = '\0';
}

static int replay_send(struct target *t, const struct request *r)
{
    struct replay *p = replay_of(t);
    const char *change = change_of(r->packet);
    CHECK_OR_RETURN(!p->outstanding); /* one request at a time */
    buf_reset(&p->reply);
    p->output.len = 0;
    p->outstanding = packet_has_reply(r->packet);
    if (change != NULL)
        return refuse_change(p, change);
    if (r->packet->id == PACKET_m ||
        (r->packet->id == PACKET_x && has_offered(p, "binary-upload"))) /* GDB's, not LLDB's */
        return answer_memory(p, r);
    if (r->packet->id == PACKET_H && r->len >= 2)
        select_by(p, r);
    return answer_exchange(p, r);
}

/* One packet of console output: a line, or a part of a long one. */
static int give_output(struct replay *p, struct buf *reply)
{
    size_t n = p->output.len < OUTPUT_MAX ? p->output.len : OUTPUT_MAX;
    const uint8_t *text = p->output.data, *end = memchr(text, '\n', n);
    if (end != NULL)
        n = (size_t)(end - text) + 1;
    (void)buf_sets(reply, "O");
    p->output = (struct bytes){text + n, p->output.len - n};
    return buf_addhex(reply, text, n);
}

static int replay_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct replay *p = replay_of(t);
    (void)watch;
    CHECK_OR_RETURN(p->outstanding);
    *final = p->output.len == 0;
    if (!*final)
        return give_output(p, reply);
    p->outstanding = false;
    return p->reply.error != 0 ? p->reply.error : buf_set(reply, p->reply.data, p->reply.len);
}

/* ---- the target ---- */

static void replay_free(struct target *t)
{
    struct replay *p = replay_of(t);
    recording_free(p->recording);
    free(p->recording);
    buf_free(&p->reply);
    buf_free(&p->ids);
    free(p);
}

struct target *replay_new(struct recording *recording, const struct log *log)
{
    static const struct target_ops ops = {
        .send = replay_send, .recv = replay_recv, .free = replay_free};
    struct replay *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->target.ops = &ops;
    p->recording = recording;
    p->log = log;
    buf_init(&p->reply, TARGET_REPLY_MAX);
    buf_init(&p->ids, ANSWER_BYTES_MAX);
    return &p->target;
}
