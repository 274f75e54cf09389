/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the slide; see find_slide.h. */
#include "symbols/find_slide.h"

#include "symbols/build_id_match.h"

#define PAGE UINT64_C(0x1000)
#define SUPERPAGE UINT64_C(0x200000)

struct search {
    struct target *target;
    const char *path;
    const struct symtab *symbols;
    const struct build_id *id;
    unsigned tries;
    enum file_match match;
};

/* Whether the file's build-id or version is in memory with this slide: 1, 0, or the target's error.
 */
static int try_slide(struct search *s, uint64_t slide)
{
    if (slide == 0 || s->tries++ >= FIND_SLIDE_TRIES_MAX) /* 0 was compared before */
        return 0;
    bool has_id = s->id->len != 0 && s->id->address != 0;
    int rc = has_id ? match_build_id(s->target, s->path, symtab_ident(s->symbols), s->id, slide,
                                     NULL, &s->match)
                    : match_version(s->target, s->path, s->symbols, slide, NULL, &s->match);
    return rc != 0 ? rc : s->match == MATCH_BUILD_ID || s->match == MATCH_VERSION;
}

/* Tries the slides, multiples of `step`, that put the pc between two link-time addresses. */
static int try_range(struct search *s, uint64_t pc, uint64_t first, uint64_t last, uint64_t step,
                     uint64_t *slide)
{
    uint64_t low = pc - last, high = pc - first;
    int found = 0;
    if (last - first > FIND_SLIDE_TRIES_MAX * step)
        return 0;
    for (*slide = (low + step - 1) / step * step; found == 0 && high - *slide <= last - first;
         *slide += step) {
        found = try_slide(s, *slide);
        if (found != 0)
            return found;
    }
    return 0;
}

/* The first and last link-time addresses of the kernel's code. */
static bool find_code(const struct symtab *symbols, uint64_t *first, uint64_t *last)
{
    const struct regions *r = symtab_regions(symbols);
    bool found = false;
    for (size_t i = 0; i < r->n; i++) {
        if (r->list[i].kind != REGION_CODE)
            continue;
        *first = found ? *first : r->list[i].first;
        *last = r->list[i].last;
        found = true;
    }
    return found;
}

int find_slide(struct target *t, const char *path, const struct symtab *symbols,
               const struct build_id *id, uint64_t pc, uint64_t *slide, enum file_match *match)
{
    struct search s = {.target = t, .path = path, .symbols = symbols, .id = id};
    struct symbol enter;
    uint64_t first = 0, last = 0;
    int found = 0;
    if (symtab_find(symbols, "kdb_enter", &enter) != 0)
        found = try_range(&s, pc, enter.address, enter.address + enter.size, PAGE, slide);
    if (found == 0 && find_code(symbols, &first, &last))
        found = try_range(&s, pc, first, last, SUPERPAGE, slide);
    *match = s.match;
    return found;
}
