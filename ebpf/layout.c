/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gives the sections of an object their addresses. All code is one segment; each section of data is
 * a segment on pages of its own, with an unmapped page after it, so that the machine detects every
 * access past its end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/linker.h"
#include "ebpf/memory.h"
#include "proto/err.h"

enum {
    /* Zeros after a code section: an illegal instruction, so code cannot run into the next. */
    TEXT_GAP = 8,
    OWN_MAX = EBPF_SEGMENTS_MAX - 8 /* further sections of data share a segment */
};

static const struct {
    const char *name, *first; /* the section that is first, and therefore fastest (memory.h) */
    uint64_t base;
    unsigned flags;
} groups[] = {
    [LINK_TEXT] = {"text", "", EBPF_TEXT_BASE, EBPF_READ | EBPF_EXEC},
    [LINK_RODATA] = {"rodata", ".rodata", EBPF_RODATA_BASE, EBPF_READ},
    [LINK_DATA] = {"data", ".data", EBPF_DATA_BASE, EBPF_READ | EBPF_WRITE},
    [LINK_BSS] = {"bss", ".bss", EBPF_BSS_BASE, EBPF_READ | EBPF_WRITE},
};

static int place(struct linker *l, struct piece *p, uint64_t *at)
{
    uint64_t align = p->header.sh_addralign > 8 ? p->header.sh_addralign : 8;
    if (align > EBPF_PAGE || (align & (align - 1)) != 0)
        return link_error(l, "section %s: cannot be aligned to %llu", p->name,
                          (unsigned long long)align);
    *at = (*at + align - 1) / align * align;
    p->address = *at;
    p->gap = p->group == LINK_TEXT ? TEXT_GAP : 0;
    *at += p->size + p->gap;
    if (*at - groups[p->group].base > 2ULL * EBPF_FILE_MAX)
        return link_error(l, "section %s: its %s is too large", p->name, groups[p->group].name);
    return 0;
}

static int place_commons(struct linker *l, uint64_t *at)
{
    GElf_Sym s;
    const char *name;
    l->common = calloc(l->symbols + 1, sizeof *l->common);
    if (l->common == NULL)
        return NETGDB_NOMEM;
    for (size_t i = 0; i < l->symbols; i++) {
        if (!link_symbol(l, i, &s, &name) || s.st_shndx != SHN_COMMON)
            continue;
        if (s.st_size > EBPF_FILE_MAX || *at - EBPF_BSS_BASE > EBPF_FILE_MAX)
            return link_error(l, "symbol %s: too large", name);
        *at = (*at + 7) / 8 * 8;
        l->common[i] = *at;
        *at += s.st_size;
    }
    return 0;
}

/* Makes a segment from `start`, which becomes the start of the next one. */
static void end_segment(struct linker *l, int group, const char *name, uint64_t *start,
                        uint64_t *at)
{
    struct ebpf_image *image = l->image;
    if (*at == *start)
        return;
    struct ebpf_segment *s = &image->segment[image->segments++];
    *s = (struct ebpf_segment){.base = *start, .size = *at - *start, .flags = groups[group].flags};
    snprintf(s->name, sizeof s->name, "%s", name);
    if (group == LINK_TEXT) {
        image->text = s;
        image->code_at = s->base;
        image->code_size = s->size;
    }
    *at = *start = (*at + 2 * EBPF_PAGE - 1) / EBPF_PAGE * EBPF_PAGE;
}

static int lay_out_group(struct linker *l, int group)
{
    uint64_t at = groups[group].base, start = at;
    int rc = 0;
    for (int others = 0; others <= 1; others++)
        for (size_t i = 0; i < l->pieces && rc == 0; i++) {
            struct piece *p = &l->piece[i];
            if (p->group != group || (strcmp(p->name, groups[group].first) != 0) != others)
                continue;
            rc = place(l, p, &at);
            if (group != LINK_TEXT && l->image->segments < OWN_MAX)
                end_segment(l, group, p->name, &start, &at);
        }
    if (rc == 0 && group == LINK_BSS)
        rc = place_commons(l, &at);
    if (rc == 0)
        end_segment(l, group, groups[group].name, &start, &at);
    return rc;
}

int link_lay_out(struct linker *l)
{
    int rc = 0;
    for (int group = LINK_TEXT; group <= LINK_BSS && rc == 0; group++)
        rc = lay_out_group(l, group);
    if (rc == 0 && l->image->text == NULL && l->options.inspect) {
        uint64_t start = EBPF_TEXT_BASE, at = start + TEXT_GAP;
        end_segment(l, LINK_TEXT, "text", &start, &at);
    }
    if (rc == 0 && l->image->text == NULL)
        return link_error(l, "there is no code in it");
    return rc;
}

int link_fill_segments(struct linker *l)
{
    for (unsigned i = 0; i < l->image->segments; i++) {
        struct ebpf_segment *s = &l->image->segment[i];
        uint64_t given = 0;
        for (size_t k = 0; k < l->pieces; k++)
            if (l->piece[k].data != NULL && l->piece[k].address - s->base < s->size)
                if (l->piece[k].address + l->piece[k].size - s->base > given)
                    given = l->piece[k].address + l->piece[k].size - s->base;
        if (given > EBPF_MEMORY_MAX)
            return link_error(l, "a segment of %" PRIu64 " bytes is too large", given);
        s->given = given;
        s->data = calloc(1, (size_t)given + 1);
        if (s->data == NULL)
            return NETGDB_NOMEM;
        for (size_t k = 0; k < l->pieces; k++) {
            const struct piece *p = &l->piece[k];
            if (p->data != NULL && p->address - s->base < s->size)
                memcpy(s->data + (p->address - s->base), p->data, (size_t)p->size);
        }
    }
    return 0;
}
