/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of regions; see regions.h. */
#include "proto/regions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

static bool regions_are_sound(const struct regions *r)
{
    return r->n <= r->cap && r->n <= REGIONS_MAX && (r->list != NULL || r->cap == 0);
}

void regions_free(struct regions *r)
{
    CHECK(regions_are_sound(r));
    free(r->list);
    *r = (struct regions){.n = 0};
}

/* Returns the index of the first region that ends at or after `address`, or r->n. */
static size_t lower_bound(const struct regions *r, uint64_t address)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->list[middle].last < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct region *regions_find(const struct regions *r, uint64_t address)
{
    size_t i = lower_bound(r, address);
    CHECK(i <= r->n && regions_are_sound(r));
    return i < r->n && r->list[i].first <= address ? &r->list[i] : NULL;
}

enum region_kind regions_kind(const struct regions *r, uint64_t address, uint64_t len)
{
    const struct region *region = regions_find(r, address);
    /* Adjacent ranges of one kind are merged, so one region must contain all bytes. */
    if (region == NULL || len == 0 || len - 1 > region->last - address)
        return REGION_UNKNOWN;
    return region->kind;
}

/* Allocates space for `n` regions. Returns 0 or NETGDB_NOMEM. */
static int reserve_regions(struct regions *r, size_t n)
{
    size_t cap = r->cap ? r->cap : 16;
    struct region *list;
    while (cap < n)
        cap *= 2;
    if (cap == r->cap)
        return 0;
    list = realloc(r->list, cap * sizeof *list);
    if (list == NULL)
        return NETGDB_NOMEM;
    r->list = list;
    r->cap = cap;
    return 0;
}

static bool joins(const struct region *left, const struct region *right)
{
    return left->kind == right->kind && left->last + 1 == right->first;
}

/*
 * Stores in parts[] the regions that replace `touched` regions from index `at` on: the rest of the
 * first, `now` itself, the rest of the last. Returns how many.
 */
static size_t replacement(const struct regions *r, size_t at, size_t touched, struct region now,
                          struct region parts[3])
{
    size_t n = 0;
    if (touched && r->list[at].first < now.first) {
        parts[n] = r->list[at];
        parts[n++].last = now.first - 1;
    }
    if (now.kind != REGION_UNKNOWN)
        parts[n++] = now;
    if (touched && r->list[at + touched - 1].last > now.last) {
        parts[n] = r->list[at + touched - 1];
        parts[n++].first = now.last + 1;
    }
    return n;
}

/* Merges adjacent regions of one kind in parts[n]. Returns how many remain. */
static size_t join_regions(struct region *parts, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && joins(&parts[kept - 1], &parts[i]))
            parts[kept - 1].last = parts[i].last;
        else
            parts[kept++] = parts[i];
    }
    return kept;
}

/* Whether the n regions from `at` on are in order with their neighbours. */
static bool in_order(const struct regions *r, size_t at, size_t n)
{
    for (size_t i = at > 0 ? at : 1; i < r->n && i <= at + n; i++) {
        if (r->list[i - 1].last >= r->list[i].first)
            return false;
    }
    return true;
}

int regions_set(struct regions *r, uint64_t first, uint64_t last, enum region_kind kind)
{
    struct region parts[3];
    if (last < first)
        return NETGDB_PROTO;
    /* Include adjacent regions, so that they can be merged. */
    size_t at = lower_bound(r, first ? first - 1 : 0);
    size_t end = at;
    while (end < r->n && r->list[end].first <= last)
        end++;
    if (end < r->n && r->list[end].first == last + 1)
        end++;
    size_t n = replacement(r, at, end - at, (struct region){first, last, kind}, parts);
    n = join_regions(parts, n);
    CHECK_OR_RETURN(n <= 3 && at <= end && end <= r->n && regions_are_sound(r));
    size_t total = r->n - (end - at) + n;
    if (total > REGIONS_MAX)
        return NETGDB_TOO_LONG;
    int rc = reserve_regions(r, total);
    if (rc != 0)
        return rc;
    memmove(&r->list[at + n], &r->list[end], (r->n - end) * sizeof *r->list);
    memcpy(&r->list[at], parts, n * sizeof *parts);
    r->n = total;
    CHECK_OR_RETURN(in_order(r, at, n)); /* ascending, without overlaps */
    return 0;
}
