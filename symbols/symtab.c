/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index and the look-ups; see symtab.h. symtab_load.c selects the symbols. */
#include "symbols/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "symbols/symtab_private.h"

/* Symbols before an address that symtab_at() examines for one that contains smaller ones. */
enum { NESTED_MAX = 64 };

void symtab_free(struct symtab *t)
{
    if (t == NULL)
        return;
    regions_free(&t->regions);
    free(t->path);
    free(t->entries);
    free(t->names);
    free(t->buckets);
    free(t->by_name);
    free(t->by_address);
    free(t);
}

/* The length of name[len] without `suffix` and digits at its end, if it ends so. */
static size_t strip_suffix(const char *name, size_t len, const char *suffix)
{
    size_t at = len, width = strlen(suffix);
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
        at--;
    return at < len && at > width && memcmp(name + at - width, suffix, width) == 0 ? at - width
                                                                                   : len;
}

/* Returns the length of a name without the suffixes that LTO appends to make a static unique. */
static size_t symtab_base_len(const char *name, size_t len)
{
    for (size_t before = 0; before != len;) {
        before = len;
        len = strip_suffix(name, len, ".lto_priv.");
        len = strip_suffix(name, len, ".llvm.");
    }
    return len;
}

/* FNV-1a of the name without LTO's suffixes. */
static uint32_t hash_base_name(const char *name, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)name[i]) * 16777619u;
    return h ^ h >> 16;
}

static uint32_t symbol_bucket(const struct symtab *t, const char *name)
{
    return hash_base_name(name, symtab_base_len(name, strlen(name))) & t->bucket_mask;
}

/* A stable counting sort by bucket. */
static void index_names(struct symtab *t, uint32_t *bucket)
{
    for (uint32_t i = 0; i < t->n; i++) {
        bucket[i] = symbol_bucket(t, t->names + t->entries[i].name);
        t->buckets[bucket[i] + 1]++;
    }
    for (uint32_t b = 0; b <= t->bucket_mask; b++)
        t->buckets[b + 1] += t->buckets[b];
    for (uint32_t i = t->n; i-- > 0;)
        t->by_name[--t->buckets[bucket[i] + 1]] = i;
    /* Each end has moved to the start of its bucket; shifted by one, they are the starts. */
    memmove(t->buckets, t->buckets + 1, (t->bucket_mask + UINT32_C(1)) * sizeof *t->buckets);
    t->buckets[t->bucket_mask + 1] = t->n;
}

/* One stable pass of a radix sort by the byte at `shift`. Returns false if all bytes are equal. */
static bool sort_pass(const struct symtab *t, const uint32_t *from, uint32_t *to, unsigned shift)
{
    uint32_t starts[257] = {0};
    for (uint32_t i = 0; i < t->n_addresses; i++)
        starts[(t->entries[from[i]].address >> shift & 0xff) + 1]++;
    for (unsigned b = 0; b < 256; b++) {
        if (starts[b + 1] == t->n_addresses)
            return false;
        starts[b + 1] += starts[b];
    }
    for (uint32_t i = 0; i < t->n_addresses; i++)
        to[starts[t->entries[from[i]].address >> shift & 0xff]++] = from[i];
    return true;
}

static void index_addresses(struct symtab *t, uint32_t *spare)
{
    uint32_t *from = t->by_address, *to = spare;
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->entries[i].kind <= SYMBOL_DATA)
            from[t->n_addresses++] = i;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (sort_pass(t, from, to, shift)) {
            uint32_t *swap = from;
            from = to;
            to = swap;
        }
    }
    if (from != t->by_address)
        memcpy(t->by_address, from, t->n_addresses * sizeof *from);
}

bool symtab_index(struct symtab *t)
{
    uint32_t buckets = 16;
    while (buckets < t->n)
        buckets *= 2;
    t->bucket_mask = buckets - 1;
    t->buckets = calloc((size_t)buckets + 1, sizeof *t->buckets);
    t->by_name = malloc(t->n * sizeof *t->by_name);
    t->by_address = malloc(t->n * sizeof *t->by_address);
    uint32_t *spare = malloc(t->n * sizeof *spare);
    bool ok = t->buckets != NULL && t->by_name != NULL && t->by_address != NULL && spare != NULL;
    if (ok) {
        index_names(t, spare);
        index_addresses(t, spare);
    }
    free(spare);
    return ok;
}

static void fill(const struct symtab *t, uint32_t i, struct symbol *s)
{
    const struct symtab_entry *e = &t->entries[i];
    (void)CHECK(i < t->n && e->name < t->names_len);
    s->name = t->names + e->name;
    s->address = e->address;
    s->size = e->size;
    s->kind = (enum symbol_kind)e->kind;
    s->global = e->global;
    s->ask = e->ask;
    s->certain = false;
}

/* Ranks an entry for a name: 3 global, 2 local, 1 the name after LTO, 0 another name. */
static unsigned match_rank(const struct symtab *t, const struct symtab_entry *e, const char *name)
{
    const char *its = t->names + e->name;
    size_t len = strlen(name);
    if (strncmp(its, name, len) != 0)
        return 0;
    if (its[len] == '\0')
        return e->global ? 3 : 2;
    return symtab_base_len(its, strlen(its)) == len ? 1 : 0;
}

/* True if GDB finds this entry, provided that its name has only one address. */
static bool is_certain_entry(const struct symtab *t, const struct symtab_entry *e, unsigned rank)
{
    return !e->ask && (rank == 3 || (rank == 2 && !t->dynamic && !t->mangled));
}

size_t symtab_find(const struct symtab *t, const char *name, struct symbol *found)
{
    uint32_t bucket = symbol_bucket(t, name), best = 0;
    unsigned most = 0;
    size_t candidates = 0;
    bool sole = true;
    for (uint32_t at = t->buckets[bucket]; at < t->buckets[bucket + 1]; at++) {
        const struct symtab_entry *e = &t->entries[t->by_name[at]];
        unsigned rank = match_rank(t, e, name);
        if (rank > 1 && most > 1 && e->address != t->entries[best].address)
            sole = false;
        if (rank > most) {
            most = rank;
            best = t->by_name[at];
            candidates = 1;
        } else if (rank != 0 && rank == most && e->address != t->entries[best].address) {
            candidates++;
        }
    }
    if (candidates != 0) {
        fill(t, best, found);
        found->certain = sole && is_certain_entry(t, &t->entries[best], most);
    }
    return candidates;
}

/* The number of symbols with this address or a lower one. */
static uint32_t upper_bound(const struct symtab *t, uint64_t address)
{
    uint32_t low = 0, high = t->n_addresses;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->entries[t->by_address[middle]].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool symbol_contains(const struct symtab *t, const struct symtab_entry *e, uint64_t nearest,
                            uint64_t address)
{
    if (e->size != 0)
        return address - e->address < e->size;
    const struct region *region = regions_find(&t->regions, address);
    return e->address == nearest && region != NULL && region->first <= e->address;
}

/* Prefers, of two symbols that contain an address, one with a size, then the nearer, then a global.
 */
static bool better(const struct symtab_entry *a, const struct symtab_entry *b)
{
    if ((a->size != 0) != (b->size != 0))
        return a->size != 0;
    if (a->address != b->address)
        return a->address > b->address;
    return a->global > b->global;
}

bool symtab_at(const struct symtab *t, uint64_t address, struct symbol *found)
{
    uint32_t end = upper_bound(t, address);
    uint32_t stop = end > NESTED_MAX ? end - NESTED_MAX : 0;
    const struct symtab_entry *best = NULL;
    if (end == 0)
        return false;
    uint64_t nearest = t->entries[t->by_address[end - 1]].address;
    if (!CHECK(nearest <= address)) /* the index is sorted */
        return false;
    for (uint32_t at = end; at-- > stop;) {
        const struct symtab_entry *e = &t->entries[t->by_address[at]];
        if (best != NULL && best->size != 0 && e->address != best->address)
            break;
        if (symbol_contains(t, e, nearest, address) && (best == NULL || !better(best, e)))
            best = e; /* of equals, the first in the file */
    }
    if (best != NULL)
        fill(t, (uint32_t)(best - t->entries), found);
    return best != NULL;
}

size_t symtab_count(const struct symtab *t)
{
    return t->n;
}

const struct symbol *symtab_nth(const struct symtab *t, size_t i, struct symbol *symbol)
{
    fill(t, (uint32_t)i, symbol);
    return symbol;
}

const struct regions *symtab_regions(const struct symtab *t)
{
    return &t->regions;
}

const struct elf_ident *symtab_ident(const struct symtab *t)
{
    return &t->ident;
}

const char *symtab_path(const struct symtab *t)
{
    return t->path;
}

size_t symtab_bytes(const struct symtab *t)
{
    return sizeof *t + strlen(t->path) + 1 + t->n * (sizeof *t->entries + sizeof *t->by_name) +
           t->n * sizeof *t->by_address + (t->bucket_mask + (size_t)2) * sizeof *t->buckets +
           t->names_len + t->regions.cap * sizeof *t->regions.list;
}
