/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GDB removes its breakpoints at every stop and inserts them at the next resume; see cache.h. A z
 * is held back only of a point that this stub has accepted from this client, while there is one
 * process, and the Z that takes it back is the same to the byte.
 */
#include <string.h>

#include "proto/cache_parts.h"
#include "proto/err.h"

static void add_removal(struct buf *b, const struct cache_point *point)
{
    (void)buf_addc(b, 'z');
    (void)buf_add(b, point->text + 1, point->place - 1);
}

/* Has the held ones remembered; false when they do not fit. */
static bool remember(struct cache *c)
{
    struct buf list;
    if (c->remember == NULL)
        return true;
    buf_init(&list, CACHE_POINTS_MAX * CACHE_POINT_TEXT);
    for (size_t i = 0; c->points.held != 0 && i < c->points.n; i++) {
        if (!c->points.list[i].held)
            continue;
        add_removal(&list, &c->points.list[i]);
        (void)buf_addc(&list, 0);
    }
    bool fits = list.error == 0 && c->remember(c->context, (const char *)list.data, list.len);
    buf_free(&list);
    return fits;
}

/* Returns whether a point may be held back, and then it is. */
static bool hold(struct cache *c, struct cache_point *point)
{
    cache_points_hold(&c->points, point, true);
    if (remember(c))
        return true;
    cache_points_hold(&c->points, point, false);
    (void)remember(c);
    return false;
}

void cache_forget_points(struct cache *c)
{
    bool held = c->points.held != 0;
    c->points.n = c->points.held = 0;
    if (held)
        (void)remember(c);
}

/* Sends the z of a held point. What the stub says to it was answered OK already. */
static int send_one(struct cache *c, struct cache_point *point)
{
    buf_reset(&c->own);
    add_removal(&c->own, point);
    cache_forget_memory(c);
    int rc = cache_ask(c);
    if (rc != NETGDB_REPLACED) /* else none is known any more */
        cache_points_remove(&c->points, point);
    (void)remember(c);
    return rc;
}

int cache_send_touching(struct cache *c, uint64_t first, uint64_t last)
{
    struct cache_point *point;
    int rc = 0;
    while (rc == 0 && (point = cache_points_touching(&c->points, first, last)) != NULL)
        rc = send_one(c, point);
    return rc;
}

int cache_send_held(struct cache *c)
{
    return cache_send_touching(c, 0, UINT64_MAX);
}

static void learn_insertion(struct cache *c, const struct buf *reply)
{
    cache_forget_memory(c);
    if (buf_is(reply, "OK"))
        cache_points_insert(&c->points, c->request.data, c->request.len);
}

/* What z says of a point that we do not know of, or that is not to be held back. */
static void learn_removal(struct cache *c, const struct buf *reply)
{
    struct cache_point *point = cache_points_find(&c->points, c->request.data, c->request.len);
    (void)reply;
    cache_forget_memory(c);
    if (point != NULL)
        cache_points_remove(&c->points, point);
}

static int remove_point(struct cache *c, const uint8_t *request, size_t len)
{
    struct cache_point *point = cache_points_find(&c->points, request, len);
    if (point != NULL && !point->held && !c->several && hold(c, point)) {
        cache_memory_drop(&c->memory, point->first, (size_t)(point->last - point->first) + 1);
        return buf_sets(&c->reply, "OK");
    }
    int rc = cache_send_held(c);
    c->learn = learn_removal;
    return cache_then_hand_on(rc == 0 ? cache_sync_thread(c) : rc);
}

/*
 * A point near one that is held back might be laid over it, and a stub may have no room for one
 * more: then those go first, as they would have. A software breakpoint takes no room.
 */
static int make_way(struct cache *c, const uint8_t *request, size_t len)
{
    uint64_t first, last;
    if (len < 2 || request[1] != '0' || !cache_point_range(request, len, &first, &last))
        return cache_send_held(c);
    first -= first < CACHE_POINT_REACH ? first : CACHE_POINT_REACH;
    return cache_send_touching(c, first, last);
}

static int insert_point(struct cache *c, const uint8_t *request, size_t len)
{
    struct cache_point *point = cache_points_find(&c->points, request, len);
    if (point != NULL && point->held && cache_point_is(point, request, len)) {
        cache_points_hold(&c->points, point, false);
        (void)remember(c);
        c->stats.held++;
        return buf_sets(&c->reply, "OK");
    }
    c->learn = learn_insertion;
    int rc = make_way(c, request, len);
    return cache_then_hand_on(rc == 0 ? cache_sync_thread(c) : rc);
}

int cache_point(struct cache *c, const uint8_t *request, size_t len)
{
    if (request[0] == 'Z')
        return insert_point(c, request, len);
    return remove_point(c, request, len);
}
