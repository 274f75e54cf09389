/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breakpoints and watchpoints that the client has inserted with Z, and those of them that it has
 * removed again while the stub still has them: their z is held back. GDB removes all at a stop
 * and inserts the same at the next resume; then neither is sent. Data only: what is sent, and
 * when, is cache.h.
 */
#ifndef NETGDB_PROTO_CACHE_POINTS_H
#define NETGDB_PROTO_CACHE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CACHE_POINTS_MAX = 256, /* more are not remembered, and so not held back */
    CACHE_POINT_TEXT = 160, /* bytes of a Z with its conditions; longer: likewise */
    CACHE_POINT_REACH = 16, /* bytes from its address on that a point may change */
};

struct cache_point {
    uint8_t text[CACHE_POINT_TEXT]; /* as it was inserted, "Z0,addr,kind;…" */
    size_t len;
    size_t place;         /* how much of it the z has, too: type, address and kind */
    uint64_t first, last; /* what it touches in memory */
    bool held;            /* removed by the client, and not by the stub */
};

struct cache_points {
    struct cache_point list[CACHE_POINTS_MAX];
    size_t n, held;
};

/* The inserted point that a request, Z or z, is about; NULL: none. */
struct cache_point *cache_points_find(struct cache_points *p, const uint8_t *request, size_t len);

/* The stub has accepted this Z. */
void cache_points_insert(struct cache_points *p, const uint8_t *request, size_t len);

/* It is not in the stub any more. */
void cache_points_remove(struct cache_points *p, struct cache_point *point);

/* Whether the Z is the very one that this point was inserted by. */
bool cache_point_is(const struct cache_point *point, const uint8_t *request, size_t len);

/* Holds back the z of a point; or the client has inserted it again. */
void cache_points_hold(struct cache_points *p, struct cache_point *point, bool held);

/* The first held one that touches [first, last], or NULL. */
struct cache_point *cache_points_touching(struct cache_points *p, uint64_t first, uint64_t last);

/* What the point of a Z or z touches in memory; false: it cannot be read. */
bool cache_point_range(const uint8_t *request, size_t len, uint64_t *first, uint64_t *last);

#endif
