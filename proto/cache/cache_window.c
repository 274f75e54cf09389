/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides what memory may be cached and where a whole block may be read; see cache.h. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cache/cache_private.h"
#include "proto/check.h"
#include "proto/rsp/rsp.h"

enum { MAP_PIECE = 0xffb }; /* bytes of the memory map requested at a time */

/* ---- devices ---- */

/* Whether a region of the list overlaps the range. */
static bool touches(const struct regions *r, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->list[i].first <= last && r->list[i].last >= first)
            return true;
    }
    return false;
}

bool cache_is_device(const struct cache *c, uint64_t address, size_t len)
{
    CHECK(len != 0);
    if (touches(&c->devices, address, address + (len - 1)))
        return true;
    return c->have_map && regions_kind(&c->mapped, address, len) == REGION_UNKNOWN;
}

/* Finds the value of an attribute in text[len]; *n is its length. `name` includes the '='. Returns
 * NULL if it is missing. */
static const uint8_t *xml_attribute(const uint8_t *text, size_t len, const char *name, size_t *n)
{
    const uint8_t *at = memmem(text, len, name, strlen(name));
    if (at == NULL)
        return NULL;
    at += strlen(name);
    len -= (size_t)(at - text);
    const uint8_t *end = len > 1 ? memchr(at + 1, at[0], len - 1) : NULL;
    if (end == NULL || (at[0] != '"' && at[0] != '\''))
        return NULL;
    *n = (size_t)(end - at) - 1;
    return at + 1;
}

static bool number(const uint8_t *text, size_t len, const char *name, uint64_t *value)
{
    char digits[24], *end;
    size_t n = 0;
    const uint8_t *at = xml_attribute(text, len, name, &n);
    if (at == NULL || n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, at, n);
    digits[n] = '\0';
    *value = strtoull(digits, &end, 0);
    return *end == '\0';
}

/* Adds `<memory type="ram" start="0x…" length="0x…"/>` (GDB manual, "Memory Map Format"). Reading
 * flash has no side effects. */
static void add_memory(struct cache *c, const uint8_t *text, size_t len)
{
    uint64_t start, size;
    size_t n;
    const uint8_t *type = xml_attribute(text, len, "type=", &n);
    bool plain = type != NULL && ((n == 3 && memcmp(type, "ram", 3) == 0) ||
                                  (n == 3 && memcmp(type, "rom", 3) == 0) ||
                                  (n == 5 && memcmp(type, "flash", 5) == 0));
    if (plain && number(text, len, "start=", &start) && number(text, len, "length=", &size) &&
        size != 0 && size - 1 <= UINT64_MAX - start)
        (void)regions_set(&c->mapped, start, start + (size - 1), REGION_DATA);
}

static void parse_map(struct cache *c)
{
    static const char tag[] = "<memory ";
    if (c->map.data.len == 0)
        return;
    const uint8_t *at = c->map.data.data, *end = at + c->map.data.len, *close;
    while ((at = memmem(at, (size_t)(end - at), tag, sizeof tag - 1)) != NULL) {
        close = memchr(at, '>', (size_t)(end - at));
        if (close == NULL)
            break;
        add_memory(c, at, (size_t)(close - at));
        at = close;
    }
    c->have_map = c->mapped.n != 0;
}

int cache_load_map(struct cache *c)
{
    if (!c->offers_map || c->map_requested)
        return 0;
    c->map_requested = true;
    int rc = c->map.known ? 0 : cache_fetch(c, &c->map, "memory-map", MAP_PIECE);
    if (rc == 0 && c->map.known)
        parse_map(c);
    return rc;
}

/* ---- the machine ---- */

/* The stack pointer of each machine: its register number, and its offset and size in bytes in the
 * reply to `g` (gdb/features, gdb/regformats). */
static const struct machine {
    const char *name; /* in <architecture> */
    unsigned elf;
    bool is64;
    unsigned number, offset, size;
} machines[] = {
    {">i386:x86-64<", EM_X86_64, true, 7, 56, 8},    {">i386<", EM_386, false, 4, 16, 4},
    {">aarch64<", EM_AARCH64, true, 31, 248, 8},     {">arm", EM_ARM, false, 13, 52, 4},
    {">riscv:rv64<", EM_RISCV, true, 2, 16, 8},      {">riscv:rv32<", EM_RISCV, false, 2, 8, 4},
    {">powerpc:common64<", EM_PPC64, true, 1, 8, 8},
};

/* Bytes in amd64's reply to `g` (sys/amd64/include/gdb_machdep.h). */
enum { FREEBSD_AMD64_G = 17 * 8 + 7 * 4 + 32 * 8 };

void cache_learn_machine(struct cache *c, const struct buf *reply)
{
    static const char m_profile[] = "org.gnu.gdb.arm.m-profile";
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (memmem(reply->data, reply->len, machines[i].name, strlen(machines[i].name)) == NULL)
            continue;
        c->machine = machines[i].elf;
        c->is64 = machines[i].is64;
        c->big = c->machine == EM_PPC64; /* a default; the program's file overrides it */
        break;
    }
    /* Peripheral, device and system regions of the architecture (ARMv7-M ARM, B3.1). */
    if (memmem(reply->data, reply->len, m_profile, sizeof m_profile - 1) != NULL) {
        (void)regions_set(&c->devices, 0x40000000, 0x5fffffff, REGION_DEVICE);
        (void)regions_set(&c->devices, 0xa0000000, 0xffffffff, REGION_DEVICE);
    }
}

static const struct machine *find_register_layout(const struct cache *c, size_t g_len, bool *big)
{
    const struct cache_program *p = &c->program;
    unsigned elf = c->machine;
    bool is64 = c->is64;
    *big = c->big;
    bool known = p->machine != NULL && p->machine(p->context, &elf, &is64, big);
    if (!known && elf == 0 && c->kernel && g_len == FREEBSD_AMD64_G) {
        elf = EM_X86_64;
        is64 = true;
    }
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (machines[i].elf == elf && machines[i].is64 == is64)
            return &machines[i];
    }
    return NULL;
}

/* Reads a register of `size` bytes from hexadecimal digits in the target's byte order. */
static bool register_value(const uint8_t *digits, size_t len, unsigned size, bool big,
                           uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        unsigned at = 2 * (big ? i : size - 1 - i);
        int byte = at + 2 <= len ? rsp_hex_byte(digits + at) : -1;
        if (byte < 0)
            return false;
        *value = *value << 8 | (unsigned)byte;
    }
    return true;
}

/* Reads the stack pointer from a reply to g. */
static bool sp_in_registers(const struct cache *c, const struct buf *g, uint64_t *sp)
{
    bool big;
    const struct machine *m = find_register_layout(c, g->len / 2, &big);
    return m != NULL && g->len >= 2 * (m->offset + m->size) &&
           register_value(g->data + 2 * m->offset, 2 * m->size, m->size, big, sp);
}

/* Reads the stack pointer from a stop reply: "NN:VALUE" after "Txx" or a ';'. */
static bool sp_in_stop(const struct cache *c, const struct buf *stop, uint64_t *sp)
{
    bool big;
    char field[8];
    const struct machine *m = find_register_layout(c, 0, &big);
    if (m == NULL || stop->len < 3)
        return false;
    int n = snprintf(field, sizeof field, "%02x:", m->number);
    const uint8_t *at = stop->data + 3, *end = stop->data + stop->len;
    while (at != NULL && end - at > n) {
        if (memcmp(at, field, (size_t)n) == 0)
            return register_value(at + n, (size_t)(end - at - n), m->size, big, sp);
        at = memchr(at, ';', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    return false;
}

/* ---- blocks ---- */

/* Whether `address` is in the page of the selected thread's stack pointer, which is known from a
 * cached reply to g or from the stop reply. */
static bool in_stack_page(const struct cache *c, uint64_t address)
{
    struct buf reply;
    uint64_t sp;
    buf_init(&reply, TARGET_REPLY_MAX);
    bool found = (cache_replies_find(&c->replies, c->client_thread.id, "g", 1, &reply) &&
                  sp_in_registers(c, &reply, &sp)) ||
                 (cache_replies_find(&c->replies, c->client_thread.id, "?", 1, &reply) &&
                  sp_in_stop(c, &reply, &sp));
    buf_free(&reply);
    return found && address / CACHE_PAGE == sp / CACHE_PAGE;
}

/* Clips the block to the region of the program's file that contains all requested bytes. Returns
 * false if there is none. */
static bool clip_to_region(const struct cache *c, uint64_t address, size_t len, uint64_t *first,
                           uint64_t *last)
{
    struct region r;
    const struct cache_program *p = &c->program;
    if (p->region == NULL || !p->region(p->context, address, &r) || r.kind == REGION_DEVICE ||
        address + (len - 1) > r.last)
        return false;
    *first = r.first > *first ? r.first : *first;
    *last = r.last < *last ? r.last : *last;
    return true;
}

bool cache_window(const struct cache *c, uint64_t address, size_t len, uint64_t *window,
                  size_t *window_len)
{
    uint64_t first = address & ~(uint64_t)(c->block - 1), last = first + (c->block - 1);
    if (c->block == 0 || address + (len - 1) > last ||
        cache_memory_touched(&c->failed_blocks, address))
        return false;
    if (!cache_memory_touched(&c->memory, address) && !in_stack_page(c, address) &&
        !clip_to_region(c, address, len, &first, &last))
        return false;
    *window = first;
    CHECK(first <= address && address + (len - 1) <= last && last - first < c->block);
    *window_len = (size_t)(last - first) + 1;
    return !cache_is_device(c, first, *window_len);
}
