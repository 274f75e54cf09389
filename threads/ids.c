/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thread ids; see ids.h. */
#include "threads/ids.h"

#include <stdlib.h>
#include <string.h>

void ids_init(struct ids *ids)
{
    *ids = (struct ids){.next = IDS_FIRST, .cpu = IDS_CPU};
}

void ids_free(struct ids *ids)
{
    free(ids->list);
    ids->list = NULL;
    ids->n = ids->cap = 0;
}

void ids_forget(struct ids *ids)
{
    ids->n = 0;
}

/* Returns an id that was never used. */
static unsigned fresh_id(struct ids *ids)
{
    while (ids->next == ids->cpu || ids->next == ids->taken)
        ids->next++;
    return ids->next++;
}

unsigned ids_cpu(struct ids *ids)
{
    if (ids->cpu == 0)
        ids->cpu = fresh_id(ids);
    return ids->cpu;
}

/* The most recent entry of an address, or NULL. */
static struct id_entry *find_id(struct ids *ids, uint64_t tcb)
{
    for (size_t i = ids->n; i-- > 0;) {
        if (ids->list[i].tcb == tcb)
            return &ids->list[i];
    }
    return NULL;
}

/* Makes room for one entry; at IDS_KEPT_MAX entries it drops the older half. */
static bool reserve_ids(struct ids *ids)
{
    if (ids->n == IDS_KEPT_MAX) {
        ids->n /= 2;
        memmove(ids->list, ids->list + IDS_KEPT_MAX - ids->n, ids->n * sizeof *ids->list);
    }
    if (ids->n < ids->cap)
        return true;
    size_t cap = ids->cap != 0 ? 2 * ids->cap : 32;
    struct id_entry *list = realloc(ids->list, cap * sizeof *list);
    if (list == NULL)
        return false;
    ids->list = list;
    ids->cap = cap;
    return true;
}

static unsigned add_id(struct ids *ids, struct id_entry entry)
{
    if (!reserve_ids(ids))
        return 0;
    if (entry.id == 0)
        entry.id = fresh_id(ids);
    ids->list[ids->n++] = entry;
    return entry.id;
}

unsigned ids_at(struct ids *ids, uint64_t tcb)
{
    const struct id_entry *e = find_id(ids, tcb);
    return e != NULL ? e->id : add_id(ids, (struct id_entry){.tcb = tcb});
}

void ids_keep(struct ids *ids, uint64_t tcb, uint64_t identity)
{
    struct id_entry *e = find_id(ids, tcb);
    if (e != NULL) {
        e->confirmed = true;
        e->identity = identity;
    }
}

unsigned ids_of(struct ids *ids, uint64_t tcb, uint64_t identity)
{
    struct id_entry *e = find_id(ids, tcb);
    if (e != NULL && !e->confirmed) {
        e->confirmed = true;
        e->identity = identity;
    }
    if (e != NULL && e->identity == identity)
        return e->id;
    return add_id(ids, (struct id_entry){.tcb = tcb, .identity = identity, .confirmed = true});
}

void ids_give(struct ids *ids, uint64_t tcb, unsigned id)
{
    if (find_id(ids, tcb) == NULL)
        add_id(ids, (struct id_entry){.tcb = tcb, .id = id});
    ids->taken = id;
    if (id == ids->cpu)
        ids->cpu = 0;
}
