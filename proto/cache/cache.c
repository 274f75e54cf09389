/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of requests, invalidation, and the target calls of the cache; see cache.h. */
#include "proto/cache/cache.h"

#include <stdlib.h>
#include <string.h>

#include "proto/cache/cache_private.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/features.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"

static struct cache *of(struct decorator *d)
{
    return (struct cache *)d;
}

bool cache_is_sound(const struct cache *c)
{
    return c->block <= c->read_max && (c->block & (c->block - 1)) == 0 && c->block <= CACHE_PAGE &&
           c->client_thread.id[CACHE_THREAD_TEXT - 1] == '\0' &&
           c->stub_thread.id[CACHE_THREAD_TEXT - 1] == '\0' &&
           c->process[CACHE_THREAD_TEXT - 1] == '\0' && !(c->block_read && c->learn != NULL);
}

/* ---- invalidation ---- */

void cache_clear_memory(struct cache *c)
{
    c->stats.flushes += c->memory.used != 0;
    cache_memory_clear(&c->memory);
    cache_memory_clear(&c->failed_blocks);
    cache_memory_clear(&c->unreadable);
}

static void cache_clear(struct cache *c)
{
    CHECK(cache_is_sound(c));
    c->stats.flushes += c->memory.used == 0 && c->replies.n != 0;
    cache_clear_memory(c);
    cache_replies_clear(&c->replies);
    c->threads.stale = c->list.stale = true;
}

/* Discards everything, also facts that hold across stops: another target may have come, with its
 * stop as the next reply. */
static void clear_target(struct decorator *d)
{
    struct cache *c = of(d);
    c->block_read = false;
    c->learn = cache_learn_stop;
    cache_clear(c);
    cache_select_unknown(c);
    c->map.known = c->map_requested = c->have_map = false;
    regions_free(&c->mapped);
}

int cache_ask(struct cache *c)
{
    if (c->d.request.error != 0)
        return c->d.request.error;
    CHECK_OR_RETURN(c->d.state == DECORATOR_IDLE && !c->block_read);
    return target_ask_bytes(c->d.base.next, &c->d.request, &c->own_reply);
}

/* ---- requests ---- */

/* Records the stub's limits and features from its reply to qSupported. */
static void learn_limits(struct cache *c, const struct buf *reply)
{
    uint64_t size = features_packet_size(reply->data, reply->len);
    c->read_max = size / 2 > TARGET_REPLY_MAX / 2 ? TARGET_REPLY_MAX / 2 : (size_t)(size / 2);
    if (size == 0)
        c->read_max = CACHE_READ_UNKNOWN;
    for (c->block = CACHE_PAGE; c->block > c->read_max; c->block /= 2)
        ;
    if (c->block < CACHE_BLOCK_MIN)
        c->block = 0;
    CHECK(cache_is_sound(c));
    c->shared_memory = c->kernel || features_has(reply->data, reply->len, "QPassSignals") ||
                       features_has(reply->data, reply->len, "qXfer:auxv:read");
    c->binary = features_has(reply->data, reply->len, "binary-upload");
    c->offers_map = features_has(reply->data, reply->len, "qXfer:memory-map:read");
}

int cache_pass_after(int rc)
{
    return rc == 0 ? DECORATOR_PASS : rc == CACHE_THREAD_REJECTED ? DECORATOR_DONE : rc;
}

/* Discards everything. Returns as cache_sync_thread does. */
static int clear_all(struct cache *c)
{
    int rc = cache_sync_thread(c);
    cache_clear(c);
    return rc;
}

static int features(struct cache *c, const struct request *r)
{
    (void)r;
    c->learn = learn_limits;
    return cache_pass_after(clear_all(c));
}

/* Writes memory or registers; the selected thread stays the same. */
static int write_state(struct cache *c, const struct request *r)
{
    (void)r;
    return cache_pass_after(clear_all(c));
}

/* Changes no cached data. */
static int read_only(struct cache *c, const struct request *r)
{
    (void)r;
    return cache_pass_after(cache_sync_thread(c));
}

/* An inserted breakpoint may be visible in memory. */
static int change_breakpoints(struct cache *c, const struct request *r)
{
    cache_clear_memory(c);
    return read_only(c, r);
}

/* Handles `?`, whose stop reply names the selected thread. */
static int query_stop(struct cache *c, const struct request *r)
{
    c->learn = cache_learn_stop;
    return read_only(c, r);
}

/* Whether the stub may debug another program after this request. */
static bool may_replace_program(const struct packet *packet)
{
    return (packet->effects & PKT_LEAVES) != 0 || packet->id == PACKET_R ||
           packet->id == PACKET_vRun || packet->id == PACKET_vAttach;
}

/* Resumes, detaches, or may have any effect. */
static int change(struct cache *c, const struct request *r)
{
    const struct packet *packet = r->packet;
    int rc = clear_all(c);
    if (rc == CACHE_THREAD_REJECTED && (packet->effects & PKT_LEAVES) != 0)
        rc = 0;
    if (rc != 0)
        return cache_pass_after(rc);
    cache_select_unknown(c);
    if (may_replace_program(packet))
        clear_target(&c->d);
    if (packet->id == PACKET_QNonStop)
        c->non_stop = r->data[r->len - 1] != '0';
    if ((packet->effects & PKT_RESUMES) != 0)
        c->learn = cache_learn_stop;
    return DECORATOR_PASS;
}

/* Decides by the table of packets. An unknown request counts as one that changes everything. */
static int other(struct cache *c, const struct request *r)
{
    const struct packet *packet = r->packet;
    CHECK_OR_RETURN(c->learn == NULL && !c->block_read);
    bool reads = packet->effects == PKT_READS && packet->id != PACKET_q;
    return reads ? read_only(c, r) : change(c, r);
}

/* Answers by id; other() handles the ids without one. */
static cache_answer *const answers[PACKET_UNKNOWN] = {
    [PACKET_extended] = read_only,
    [PACKET_stop_reason] = query_stop,
    [PACKET_G] = write_state,
    [PACKET_H] = cache_select_thread,
    [PACKET_M] = write_state,
    [PACKET_P] = write_state,
    [PACKET_QCatchSyscalls] = read_only,
    [PACKET_QPassSignals] = read_only,
    [PACKET_QProgramSignals] = read_only,
    [PACKET_QStartNoAckMode] = read_only,
    [PACKET_QThreadEvents] = read_only,
    [PACKET_T] = cache_thread_alive,
    [PACKET_X] = write_state,
    [PACKET_Z] = change_breakpoints,
    [PACKET_g] = cache_thread_reply,
    [PACKET_m] = cache_read,
    [PACKET_p] = cache_thread_reply,
    [PACKET_qC] = cache_thread_reply,
    [PACKET_qCRC] = read_only,
    [PACKET_qP] = cache_global_reply,
    [PACKET_qSearch] = read_only,
    [PACKET_qSupported] = features,
    [PACKET_qThreadExtraInfo] = cache_global_reply,
    [PACKET_qXfer_threads] = cache_threads_document,
    [PACKET_qfThreadInfo] = cache_first_threads,
    [PACKET_qsThreadInfo] = cache_next_threads,
    [PACKET_t] = read_only,
    [PACKET_x] = cache_read,
    [PACKET_z] = change_breakpoints,
    [PACKET_qXfer_auxv] = cache_thread_reply,
    [PACKET_qXfer_exec_file] = cache_thread_reply,
    [PACKET_qXfer_features] = cache_thread_reply,
    [PACKET_qXfer_libraries] = cache_thread_reply,
    [PACKET_qXfer_libraries_svr4] = cache_thread_reply,
    [PACKET_qXfer_memory_map] = cache_map_document,
};

static cache_answer *find_answer(const struct request *r)
{
    CHECK(r->packet != NULL && r->packet->id <= PACKET_UNKNOWN);
    /* The table has the same entry for "qXfer:…:write:" as for the read. */
    if (packet_is_object(r->packet) && r->numbers < 2)
        return change;
    cache_answer *found = r->packet->id < PACKET_UNKNOWN ? answers[r->packet->id] : NULL;
    return found != NULL ? found : other;
}

/* ---- the decorator ---- */

static int cache_request(struct decorator *d, const struct request *r)
{
    struct cache *c = of(d);
    cache_answer *function = find_answer(r);
    CHECK_OR_RETURN(cache_is_sound(c) && (r->len != 0 || r->packet->id == PACKET_UNKNOWN));
    c->block_read = false;
    c->learn = NULL;
    int rc = request_copy(&c->request, &c->request_bytes, r);
    if (rc != 0)
        return rc;
    /* In non-stop mode threads run, so cached data would be outdated at once. */
    return c->non_stop && function != other ? DECORATOR_PASS : function(c, r);
}

static int cache_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct cache *c = of(d);
    CHECK_OR_RETURN(cache_is_sound(c));
    if (final && c->block_read)
        return cache_take_block(c, reply);
    if (final && c->learn != NULL)
        c->learn(c, reply);
    return DECORATOR_DONE;
}

static int cache_leave(struct decorator *d, const struct request *r, struct buf *reply)
{
    CHECK_OR_RETURN(cache_is_sound(of(d)));
    cache_clear(of(d));
    cache_select_unknown(of(d));
    return target_leave(d->base.next, r, reply);
}

static void cache_free(struct decorator *d)
{
    struct cache *c = of(d);
    regions_free(&c->devices);
    regions_free(&c->mapped);
    cache_memory_free(&c->memory);
    cache_memory_free(&c->failed_blocks);
    cache_memory_free(&c->unreadable);
    buf_free(&c->read_error);
    cache_replies_free(&c->replies);
    cache_document_free(&c->threads);
    cache_document_free(&c->map);
    cache_list_free(&c->list);
    buf_free(&c->request_bytes);
    buf_free(&c->own_reply);
    buf_free(&c->bytes);
}

void cache_flush(struct target *t)
{
    cache_clear((struct cache *)t);
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
    static const struct decorator_ops ops = {.on_request = cache_request,
                                             .on_reply = cache_reply,
                                             .on_new_session = clear_target,
                                             .leave = cache_leave,
                                             .free = cache_free};
    struct cache *c = decorator_new(sizeof *c, next, &ops, TARGET_REPLY_MAX, CACHE_REQUEST_BYTES);
    if (c == NULL || add_devices(c, options) != 0) {
        if (c != NULL)
            regions_free(&c->devices);
        free(c);
        return NULL;
    }
    c->program = options->program;
    c->kernel = c->shared_memory = options->kernel;
    c->read_max = CACHE_READ_UNKNOWN;
    c->block = CACHE_BLOCK_MIN * 2;
    cache_document_init(&c->threads);
    cache_document_init(&c->map);
    cache_list_init(&c->list);
    buf_init(&c->request_bytes, REQUEST_MAX);
    buf_init(&c->own_reply, TARGET_REPLY_MAX);
    buf_init(&c->bytes, TARGET_REPLY_MAX);
    buf_init(&c->read_error, TARGET_REPLY_MAX);
    cache_select_unknown(c);
    return &c->d.base;
}
