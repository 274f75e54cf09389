/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a post-mortem needs; see snapshot.h. */
#include "freebsd/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "freebsd/tasks.h"

static const enum image_field stack_fields[] = {THREAD_STACK, THREAD_STACK_PAGES};

void snapshot_free(struct snapshot *s)
{
    free(s->list);
    *s = (struct snapshot){.list = NULL};
}

int snapshot_add(struct snapshot *s, uint64_t address, uint64_t len)
{
    if (len == 0 || address + (len - 1) < address)
        return 0;
    if (s->n == SNAPSHOT_RANGES_MAX)
        return NETGDB_TOO_LONG;
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 64 : 2 * s->cap;
        struct snapshot_range *list = realloc(s->list, cap * sizeof *list);
        if (list == NULL)
            return NETGDB_NOMEM;
        s->list = list;
        s->cap = cap;
    }
    s->list[s->n++] = (struct snapshot_range){address, len};
    return 0;
}

/* ---- stacks ---- */

/* A thread whose stack is swapped out has no address; a wild number of pages is limited. */
static int add_stack(struct snapshot *s, struct image *im, uint64_t thread)
{
    struct image_object o;
    uint64_t stack = 0, pages = 0;
    int rc =
        object_read(im, &o, thread, stack_fields, sizeof stack_fields / sizeof stack_fields[0]);
    if (rc == 0)
        rc = object_get(im, &o, THREAD_STACK, &stack);
    if (rc == 0)
        rc = object_get(im, &o, THREAD_STACK_PAGES, &pages);
    if (rc == IMAGE_UNREADABLE) {
        (void)snprintf(s->problem, sizeof s->problem, "the stack of a thread is not known");
        return 0;
    }
    if (rc != 0 || stack == 0)
        return rc;
    if (pages > SNAPSHOT_STACK_PAGES_MAX)
        pages = SNAPSHOT_STACK_PAGES_MAX;
    return snapshot_add(s, stack, pages * SNAPSHOT_PAGE);
}

int snapshot_add_stacks(struct snapshot *s, struct image *im)
{
    struct tasks tasks;
    int rc = tasks_read(im, &tasks);
    const struct kernel_thread *stopped = rc == 0 ? tasks_find(&tasks, im->stopped) : NULL;
    if (rc == 0 && tasks.problem[0] != '\0')
        (void)snprintf(s->problem, sizeof s->problem, "%s", tasks.problem);
    if (stopped != NULL)
        rc = add_stack(s, im, stopped->address);
    for (size_t i = 0; rc == 0 && i < tasks.n_threads; i++) {
        if (&tasks.threads[i] != stopped)
            rc = add_stack(s, im, tasks.threads[i].address);
    }
    tasks_free(&tasks);
    return rc;
}

/* ---- data ---- */

int snapshot_add_data(struct snapshot *s, struct image *im)
{
    const struct symtab *table = symbols_table(im->symbols);
    const struct regions *regions = table != NULL ? symtab_regions(table) : NULL;
    uint64_t slide;
    int rc = 0;
    if (regions == NULL || !symbols_slide(im->symbols, &slide)) {
        (void)snprintf(s->problem, sizeof s->problem, "the kernel's sections are not known");
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < regions->n; i++) {
        const struct region *r = &regions->list[i];
        if (r->kind == REGION_DATA && r->last - r->first != UINT64_MAX)
            rc = snapshot_add(s, r->first + slide, r->last - r->first + 1);
    }
    return rc;
}
