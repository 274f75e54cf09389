/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept, what empties it, and the calls of the decorator; see cache.h. */
#include "proto/cache.h"

#include <stdlib.h>
#include <string.h>

#include "proto/cache_parts.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/features.h"
#include "proto/requests.h"
#include "proto/rsp.h"

static struct cache *of(struct target *t)
{
    return (struct cache *)t;
}

/* ---- what is known ---- */

void cache_forget_memory(struct cache *c)
{
    c->stats.flushes += c->memory.used != 0;
    cache_memory_forget(&c->memory);
    cache_memory_forget(&c->failed);
    cache_memory_forget(&c->denied);
}

void cache_forget(struct cache *c)
{
    c->stats.flushes += c->memory.used == 0 && c->replies.n != 0;
    cache_forget_memory(c);
    cache_replies_forget(&c->replies);
    c->threads.stale = c->list.stale = true;
}

/* Another target than before. */
static void forget_target(struct cache *c)
{
    cache_forget(c);
    cache_choose_unknown(c);
    c->map.known = c->map_asked = c->have_map = false;
    regions_free(&c->mapped);
}

int cache_failed(struct cache *c, int rc)
{
    if (rc == NETGDB_REPLACED)
        forget_target(c);
    else if (rc != 0 && rc != NETGDB_AGAIN && rc != NETGDB_TOO_LONG)
        c->broken = true;
    return rc;
}

int cache_ask(struct cache *c)
{
    if (c->own.error != 0)
        return c->own.error;
    return cache_failed(c, target_ask_bytes(c->base.next, &c->own, &c->part));
}

/* ---- requests ---- */

/* The stub says what it can do. */
static void learn_features(struct cache *c, const struct buf *reply)
{
    const uint8_t *value;
    size_t len;
    uint64_t size = 0;
    if (features_find(reply->data, reply->len, "PacketSize", &value, &len) && len > 1)
        (void)rsp_hex_number(value + 1, len - 1, &size);
    c->read_max = size / 2 > TARGET_REPLY_MAX / 2 ? TARGET_REPLY_MAX / 2 : (size_t)(size / 2);
    if (size == 0)
        c->read_max = CACHE_READ_UNKNOWN;
    for (c->block = CACHE_PAGE; c->block > c->read_max; c->block /= 2)
        ;
    if (c->block < CACHE_BLOCK_MIN)
        c->block = 0;
    c->shared = c->kernel || features_has(reply->data, reply->len, "QPassSignals") ||
                features_has(reply->data, reply->len, "qXfer:auxv:read");
    c->binary = features_has(reply->data, reply->len, "binary-upload");
    c->offers_map = features_has(reply->data, reply->len, "qXfer:memory-map:read");
}

int cache_then_hand_on(int rc)
{
    return rc == 0 ? CACHE_HAND_ON : rc == CACHE_REFUSED ? CACHE_ANSWERED : rc;
}

/* Forgets everything. Returns as cache_sync_thread does. */
static int empty_all(struct cache *c)
{
    int rc = cache_sync_thread(c);
    cache_forget(c);
    return rc;
}

static int features(struct cache *c, const struct request *r)
{
    (void)r;
    c->learn = learn_features;
    return cache_then_hand_on(empty_all(c));
}

/* Changes memory or registers, and not which thread is chosen. */
static int write_something(struct cache *c, const struct request *r)
{
    (void)r;
    return cache_then_hand_on(empty_all(c));
}

/* Asks, and changes nothing that is kept. */
static int ask_only(struct cache *c, const struct request *r)
{
    (void)r;
    return cache_then_hand_on(cache_sync_thread(c));
}

/* A breakpoint may show in the memory around it. */
static int change_points(struct cache *c, const struct request *r)
{
    cache_forget_memory(c);
    return ask_only(c, r);
}

/* Why it stopped. */
static int ask_stop(struct cache *c, const struct request *r)
{
    c->learn = cache_learn_stop;
    return ask_only(c, r);
}

/* Whether another program may be there after this. */
static bool is_another(const struct packet *packet)
{
    return (packet->does & PKT_LEAVES) != 0 || packet->id == PACKET_R ||
           packet->id == PACKET_vRun || packet->id == PACKET_vAttach;
}

/* Resumes, leaves, or may do anything. */
static int change(struct cache *c, const struct request *r)
{
    const struct packet *packet = r->packet;
    int rc = empty_all(c);
    if (rc == CACHE_REFUSED && (packet->does & PKT_LEAVES) != 0)
        rc = 0;
    if (rc != 0)
        return cache_then_hand_on(rc);
    cache_choose_unknown(c);
    if (is_another(packet))
        forget_target(c);
    if (packet->id == PACKET_QNonStop)
        c->non_stop = r->data[r->len - 1] != '0';
    c->running = (packet->does & PKT_RESUMES) != 0;
    if (c->running || is_another(packet))
        c->learn = cache_learn_stop;
    return CACHE_HAND_ON;
}

/* By the table of packets; what is not in it is not known to be harmless. */
static int other(struct cache *c, const struct request *r)
{
    const struct packet *packet = r->packet;
    bool reads = packet->does == PKT_READS && packet->id != PACKET_q;
    return reads ? ask_only(c, r) : change(c, r);
}

/* By id; all others go to `other`. */
static cache_answer *const answers[PACKET_UNKNOWN] = {
    [PACKET_extended] = ask_only,
    [PACKET_stop_reason] = ask_stop,
    [PACKET_G] = write_something,
    [PACKET_H] = cache_choose,
    [PACKET_M] = write_something,
    [PACKET_P] = write_something,
    [PACKET_QCatchSyscalls] = ask_only,
    [PACKET_QPassSignals] = ask_only,
    [PACKET_QProgramSignals] = ask_only,
    [PACKET_QStartNoAckMode] = ask_only,
    [PACKET_QThreadEvents] = ask_only,
    [PACKET_T] = cache_keep,
    [PACKET_X] = write_something,
    [PACKET_Z] = change_points,
    [PACKET_g] = cache_keep_threads,
    [PACKET_m] = cache_read,
    [PACKET_p] = cache_keep_threads,
    [PACKET_qC] = cache_keep_threads,
    [PACKET_qCRC] = ask_only,
    [PACKET_qSearch] = ask_only,
    [PACKET_qSupported] = features,
    [PACKET_qThreadExtraInfo] = cache_keep,
    [PACKET_qXfer_threads] = cache_threads_document,
    [PACKET_qfThreadInfo] = cache_first_threads,
    [PACKET_qsThreadInfo] = cache_next_threads,
    [PACKET_t] = ask_only,
    [PACKET_x] = cache_read,
    [PACKET_z] = change_points,
    [PACKET_qXfer_auxv] = cache_keep_threads,
    [PACKET_qXfer_exec_file] = cache_keep_threads,
    [PACKET_qXfer_features] = cache_keep_threads,
    [PACKET_qXfer_libraries] = cache_keep_threads,
    [PACKET_qXfer_libraries_svr4] = cache_keep_threads,
    [PACKET_qXfer_memory_map] = cache_map_document,
};

static cache_answer *find_answer(const struct request *r)
{
    /* "qXfer:…:write:" is in the table with those that read. */
    if (packet_is_object(r->packet) && r->numbers < 2)
        return change;
    cache_answer *found = r->packet->id < PACKET_UNKNOWN ? answers[r->packet->id] : NULL;
    return found != NULL ? found : other;
}

/* ---- the target ---- */

/* While threads run nothing is true for long. */
static int answer(struct cache *c, const struct request *r)
{
    cache_answer *function = find_answer(r);
    if (c->non_stop && function != other)
        return CACHE_HAND_ON;
    return function(c, r);
}

static int cache_send(struct target *t, const struct request *r)
{
    struct cache *c = of(t);
    CHECK_OR_RETURN(!c->handed_on); /* one request at a time */
    c->block_read = c->running = false;
    c->learn = NULL;
    buf_reset(&c->reply);
    int rc = request_copy(&c->request, &c->request_bytes, r);
    if (rc == 0)
        rc = answer(c, r);
    if (rc < 0 || rc == CACHE_ANSWERED)
        return rc;
    struct request block;
    if (rc == CACHE_INSTEAD)
        request_parse(&block, c->own.data, c->own.len);
    rc = cache_failed(c, target_next_send(t, rc == CACHE_INSTEAD ? &block : r));
    c->handed_on = rc == 0 || rc == NETGDB_REPLACED;
    return rc;
}

/* The block did not come: the client gets what it asked for, as it asked. */
static int ask_as_asked(struct cache *c)
{
    return cache_failed(c, target_next_send(&c->base, &c->request));
}

/* The reply of the target, and what is learnt from it. */
static int take_reply(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct cache *c = of(t);
    while (c->handed_on) {
        int rc = cache_failed(c, target_next_recv(t, reply, final, watch));
        if (rc != 0 || !*final)
            return rc;
        if (!c->block_read) {
            c->handed_on = c->running = false;
            if (c->learn != NULL)
                c->learn(c, reply);
            return 0;
        }
        CHECK_OR_RETURN(c->window_len != 0);
        c->block_read = false;
        rc = cache_take_block(c, reply);
        c->handed_on = rc == CACHE_HAND_ON;
        if (rc == CACHE_HAND_ON)
            rc = ask_as_asked(c);
        if (rc != 0)
            return rc;
    }
    *final = true;
    return c->reply.error != 0 ? c->reply.error : buf_set(reply, c->reply.data, c->reply.len);
}

static int cache_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    int rc = take_reply(t, reply, final, watch);
    if (rc != 0 && rc != NETGDB_AGAIN && rc != NETGDB_REPLACED)
        of(t)->handed_on = false; /* no more is to come */
    return rc;
}

static int cache_idle(struct target *t)
{
    return cache_failed(of(t), target_next_idle(t));
}

static int cache_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct cache *c = of(t);
    cache_forget(c);
    cache_choose_unknown(c);
    return cache_failed(c, target_next_leave(t, r, reply));
}

static void cache_free(struct target *t)
{
    struct cache *c = of(t);
    target_free(t->next);
    regions_free(&c->devices);
    regions_free(&c->mapped);
    cache_memory_free(&c->memory);
    cache_memory_free(&c->failed);
    cache_memory_free(&c->denied);
    buf_free(&c->denial);
    cache_replies_free(&c->replies);
    cache_document_free(&c->threads);
    cache_document_free(&c->map);
    cache_list_free(&c->list);
    buf_free(&c->request_bytes);
    buf_free(&c->reply);
    buf_free(&c->own);
    buf_free(&c->part);
    buf_free(&c->bytes);
    free(c);
}

static const struct target_ops ops = {
    .send = cache_send,
    .recv = cache_recv,
    .interrupt = target_next_interrupt,
    .idle = cache_idle,
    .leave = cache_leave,
    .max_request = target_next_max_request,
    .free = cache_free,
};

void cache_flush(struct target *t)
{
    cache_forget(of(t));
}

void cache_stats(const struct target *t, struct cache_stats *stats)
{
    const struct cache *c = (const struct cache *)t;
    *stats = c->stats;
    stats->bytes = cache_memory_bytes(&c->memory);
    stats->replies = c->replies.n;
}

static int add_devices(struct cache *c, const struct cache_options *o)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->nocaches; i++) {
        const struct options_range *r = &o->nocache[i];
        if (r->start < r->end)
            rc = regions_set(&c->devices, r->start, r->end - 1, REGION_DEVICE);
    }
    return rc;
}

struct target *cache_new(struct target *next, const struct cache_options *options)
{
    struct cache *c = calloc(1, sizeof *c);
    if (c == NULL || add_devices(c, options) != 0) {
        if (c != NULL)
            regions_free(&c->devices);
        free(c);
        return NULL;
    }
    c->base = (struct target){&ops, next};
    c->program = options->program;
    c->kernel = c->shared = options->kernel;
    c->read_max = CACHE_READ_UNKNOWN;
    c->block = CACHE_BLOCK_MIN * 2;
    cache_document_init(&c->threads);
    cache_document_init(&c->map);
    cache_list_init(&c->list);
    buf_init(&c->request_bytes, REQUEST_MAX);
    buf_init(&c->reply, TARGET_REPLY_MAX);
    buf_init(&c->own, CACHE_REQUEST_BYTES);
    buf_init(&c->part, TARGET_REPLY_MAX);
    buf_init(&c->bytes, TARGET_REPLY_MAX);
    buf_init(&c->denial, TARGET_REPLY_MAX);
    cache_choose_unknown(c);
    return &c->base;
}
