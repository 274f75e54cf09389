/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inserted breakpoints, and those whose removal is held back; see cache_points.h. */
#include "proto/cache_points.h"

#include <string.h>

#include "proto/rsp.h"

/* The part of a Z that says which point it is: up to a ';' (GDB manual, "Packets", Z). */
static size_t place_of(const uint8_t *request, size_t len)
{
    const uint8_t *end = memchr(request, ';', len);
    return end != NULL ? (size_t)(end - request) : len;
}

bool cache_point_range(const uint8_t *request, size_t len, uint64_t *first, uint64_t *last)
{
    uint64_t size = 0;
    size_t n = len > 3 && request[2] == ',' ? rsp_hex_number(request + 3, len - 3, first) : 0;
    if (n == 0 || len - 3 == n || request[3 + n] != ',' ||
        rsp_hex_number(request + 3 + n + 1, len - 3 - n - 1, &size) == 0)
        return false;
    uint64_t reach = size > CACHE_POINT_REACH ? size : CACHE_POINT_REACH;
    *last = reach - 1 > UINT64_MAX - *first ? UINT64_MAX : *first + (reach - 1);
    return true;
}

/* Everything behind the 'Z' or 'z' up to the kind is the same. */
static bool is_place(const struct cache_point *point, const uint8_t *request, size_t len)
{
    size_t n = place_of(request, len);
    return n == point->place && n > 1 && memcmp(point->text + 1, request + 1, n - 1) == 0;
}

struct cache_point *cache_points_find(struct cache_points *p, const uint8_t *request, size_t len)
{
    for (size_t i = 0; i < p->n; i++) {
        if (is_place(&p->list[i], request, len))
            return &p->list[i];
    }
    return NULL;
}

void cache_points_insert(struct cache_points *p, const uint8_t *request, size_t len)
{
    uint64_t first, last;
    struct cache_point *point = cache_points_find(p, request, len);
    if (point != NULL)
        cache_points_remove(p, point);
    if (len > CACHE_POINT_TEXT || p->n == CACHE_POINTS_MAX ||
        !cache_point_range(request, len, &first, &last))
        return;
    point = &p->list[p->n++];
    *point = (struct cache_point){
        .len = len, .place = place_of(request, len), .first = first, .last = last};
    memcpy(point->text, request, len);
}

void cache_points_remove(struct cache_points *p, struct cache_point *point)
{
    size_t i = (size_t)(point - p->list);
    p->held -= point->held;
    p->n--;
    memmove(point, point + 1, (p->n - i) * sizeof *point);
}

bool cache_point_is(const struct cache_point *point, const uint8_t *request, size_t len)
{
    return point->len == len && memcmp(point->text, request, len) == 0;
}

void cache_points_hold(struct cache_points *p, struct cache_point *point, bool held)
{
    p->held += (size_t)held - (size_t)point->held;
    point->held = held;
}

struct cache_point *cache_points_touching(struct cache_points *p, uint64_t first, uint64_t last)
{
    for (size_t i = 0; p->held != 0 && i < p->n; i++) {
        struct cache_point *point = &p->list[i];
        if (point->held && point->first <= last && point->last >= first)
            return point;
    }
    return NULL;
}
