/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of recorded memory; see ranges.h. */
#include "record/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"

enum { FIRST = 64 };

void ranges_free(struct ranges *r)
{
    free(r->list);
    *r = (struct ranges){.list = NULL};
}

static uint64_t last_of(const struct range *r)
{
    return r->address + (r->len - 1);
}

size_t ranges_find(const struct ranges *r, uint64_t address)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (last_of(&r->list[middle]) < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ranges_has(const struct ranges *r, size_t i, uint64_t address)
{
    return i < r->n && r->list[i].address <= address && address <= last_of(&r->list[i]);
}

static bool ranges_have_room(struct ranges *r)
{
    if (r->n < r->cap)
        return true;
    size_t cap = r->cap == 0 ? FIRST : 2 * r->cap;
    struct range *list = realloc(r->list, cap * sizeof *list);
    if (list == NULL)
        return false;
    r->list = list;
    r->cap = cap;
    return true;
}

/* Whether a range is one, and overlaps no other; the i-th is the first that ends at or after its
 * beginning. */
static bool is_alone(const struct ranges *r, size_t i, const struct range *range)
{
    bool free = i == r->n || last_of(range) < r->list[i].address;
    return CHECK(range->len != 0 && range->address <= last_of(range) && free);
}

size_t ranges_insert(struct ranges *r, const struct range *range)
{
    size_t i = ranges_find(r, range->address);
    if (!is_alone(r, i, range) || !ranges_have_room(r))
        return SIZE_MAX;
    memmove(&r->list[i + 1], &r->list[i], (r->n - i) * sizeof *r->list);
    r->list[i] = *range;
    r->n++;
    return i;
}

bool ranges_append(struct ranges *r, const struct range *range)
{
    if (!CHECK(range->len != 0) || !ranges_have_room(r))
        return false;
    r->list[r->n++] = *range;
    return true;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

bool ranges_sort(struct ranges *r)
{
    if (r->n != 0)
        qsort(r->list, r->n, sizeof *r->list, compare_ranges);
    for (size_t i = 1; i < r->n; i++) {
        if (r->list[i].address <= last_of(&r->list[i - 1]))
            return false;
    }
    return true;
}
