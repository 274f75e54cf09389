/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends random requests to a stub through the cache, and to an identical stub without it. Every
 * reply must be the same, byte for byte, and the cache may read only where the rules of cache.h
 * allow it. NETGDB_CACHE_SEEDS sets the number of sessions (default 1000).
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/requests.h"
#include "tests/unit/cache_world.h"

enum { STEPS = 150, SEEDS = 1000 };

struct play {
    uint32_t seed, random;
    struct world *with_cache, *plain;
    struct target *cached;
    struct buf reply, expected;
    bool touched[WORLD_PAGES]; /* read by the client since the stop */
    bool stacks[WORLD_PAGES];  /* stack of a thread whose registers the client has read since */
    char why[256];             /* describes a read that was not allowed */
    char id[16];
};

static uint32_t pick(struct play *p, uint32_t n)
{
    p->random = p->random * 1664525U + 1013904223U;
    return (p->random >> 8) % n;
}

/* ---- permitted reads ---- */

static bool may_read(const struct play *p, uint64_t address)
{
    uint64_t page = (address - WORLD_BASE) / 4096;
    if (address < WORLD_BASE || page >= WORLD_PAGES)
        return false;
    return p->touched[page] || p->stacks[page] ||
           (address >= WORLD_BASE + WORLD_FILE * 4096 + 100 && page < WORLD_FILE + 2);
}

static void look_at_read(void *context, uint64_t address, uint64_t len)
{
    struct play *p = context;
    if (len > WORLD_SIZE)
        len = 1;
    for (uint64_t i = 0; i < len; i++) {
        if (!may_read(p, address + i) && address >= WORLD_BASE &&
            address + i < WORLD_BASE + WORLD_SIZE)
            (void)snprintf(p->why, sizeof p->why, "read %" PRIx64 ",%" PRIx64, address, len);
    }
}

static void touch(struct play *p, uint64_t address, uint64_t len)
{
    for (uint64_t i = 0; i < len && i < WORLD_SIZE; i++) {
        uint64_t page = (address + i - WORLD_BASE) / 4096;
        if (address + i >= WORLD_BASE && page < WORLD_PAGES)
            p->touched[page] = true;
    }
}

/* ---- requests ---- */

static uint64_t some_address(struct play *p)
{
    uint32_t page = pick(p, WORLD_PAGES + 1), at = pick(p, 4096);
    if (pick(p, 4) == 0)
        at = pick(p, 2) != 0 ? 4096 - pick(p, 70) : pick(p, 70);
    return WORLD_BASE + page * 4096 + at - (pick(p, 200) == 0 ? WORLD_BASE : 0);
}

static const char *some_thread(struct play *p)
{
    static const char *const odd[] = {"0", "-1", "", "p1.-1", "77"};
    if (pick(p, 5) == 0)
        return odd[pick(p, 5)];
    return world_id(p->plain, 1 + pick(p, WORLD_THREADS), p->id);
}

static void make_read(struct play *p, char *text, size_t size)
{
    static const unsigned lengths[] = {1, 2, 4, 8, 16, 64, 64, 200, 2047, 2048, 2049, 5000, 0};
    uint64_t address = some_address(p), len = lengths[pick(p, 13)];
    if (pick(p, 3) == 0)
        address &= ~UINT64_C(63);
    touch(p, address, len);
    (void)snprintf(text, size, "%c%" PRIx64 ",%" PRIx64, pick(p, 4) == 0 ? 'x' : 'm', address, len);
}

static void make_point(struct play *p, char *text, size_t size)
{
    static const unsigned places[] = {0x16010, 0x16011, 0x16080, 0x16100, 0x12100};
    (void)snprintf(text, size, "%c%c,%x,1%s", pick(p, 2) != 0 ? 'Z' : 'z', "00023"[pick(p, 5)],
                   places[pick(p, 5)], pick(p, 9) == 0 ? ";X1,22" : "");
}

/* Makes a request that changes something, or may. */
static void make_change(struct play *p, char *text, size_t size)
{
    static const char *const changes[] = {
        "s",         "c",        "vCont;c",  "vCont;s:1;c", "C05", "S05",        "G00",
        "P1=00",     "qRcmd,00", "Qfoo",     "zzz",         "bc",  "qFoo",       "vFile:open:00",
        "qSymbol::", "jFoo",     "vUnknown", "_M10",        "i",   "QNonStop:0", "!"};
    if (pick(p, 3) == 0)
        (void)snprintf(text, size, "%c%" PRIx64 ",1:00", pick(p, 2) != 0 ? 'M' : 'X',
                       some_address(p));
    else
        (void)snprintf(text, size, "%s", changes[pick(p, sizeof changes / sizeof changes[0])]);
}

static void make_request(struct play *p, char *text, size_t size)
{
    static const char *const others[] = {
        "?",      "qSearch:memory:0;1;a", "qCRC:0,10", "qC", "qTStatus", "qAttached",
        "vCont?", "QPassSignals:1"};
    uint32_t n = pick(p, 100);
    if (n < 45)
        make_read(p, text, size);
    else if (n < 58)
        (void)snprintf(text, size, "H%c%s", pick(p, 8) == 0 ? 'c' : 'g', some_thread(p));
    else if (n < 66)
        (void)snprintf(text, size, "g");
    else if (n < 70)
        (void)snprintf(text, size, "p%x", pick(p, WORLD_REGISTERS + 1));
    else if (n < 73)
        (void)snprintf(text, size, "T%s", some_thread(p));
    else if (n < 76)
        (void)snprintf(text, size, "qThreadExtraInfo,%s", some_thread(p));
    else if (n < 86)
        make_point(p, text, size);
    else if (n < 90)
        (void)snprintf(text, size, "%s", others[pick(p, sizeof others / sizeof others[0])]);
    else
        make_change(p, text, size);
}

/* ---- a session ---- */

/* Collects all packets of a reply, one per line. */
static void transact(struct target *t, const char *request, struct buf *all)
{
    struct buf part;
    bool final = false;
    buf_init(&part, TARGET_REPLY_MAX);
    buf_reset(all);
    assert_int_equal(send_bytes(t, request, strlen(request)), 0);
    while (!final) {
        assert_int_equal(target_recv(t, &part, &final, 0), 0);
        (void)buf_add(all, part.data, part.len);
        (void)buf_addc(all, '\n');
    }
    buf_free(&part);
}

static void ask(struct play *p, const char *request)
{
    unsigned chosen = p->plain->chosen;
    if (strcmp(request, "g") == 0)
        p->stacks[(p->plain->registers[chosen - 1][7] - WORLD_BASE) / 4096] = true;
    transact(&p->plain->base, request, &p->expected);
    transact(p->cached, request, &p->reply);
    if (p->reply.len != p->expected.len ||
        memcmp(p->reply.data, p->expected.data, p->reply.len) != 0)
        fail_msg("seed %u: %s was answered %.60s and not %.60s; the stub got%s", p->seed, request,
                 (const char *)p->reply.data, (const char *)p->expected.data, p->with_cache->log);
    if (p->why[0] != '\0')
        fail_msg("seed %u: at %s it %s; the stub got%s", p->seed, request, p->why,
                 p->with_cache->log);
}

/* Whether the stub has changed its state since `before`. */
static bool has_run(const struct play *p, uint32_t before)
{
    return p->plain->random != before;
}

/* Reads a list or a document from its beginning to its end, as clients do. */
static void read_list(struct play *p)
{
    do {
        ask(p, p->reply.len == 0 ? "qfThreadInfo" : "qsThreadInfo");
    } while (p->reply.data[0] == 'm');
}

static void read_document(struct play *p)
{
    char text[64];
    size_t at = 0, part = 20 + p->seed % 200; /* any chunk size */
    do {
        (void)snprintf(text, sizeof text, "qXfer:threads:read::%zx,%zx", at, part);
        ask(p, text);
        at += p->reply.len - 2; /* only '#' is escaped */
        for (size_t i = 0; i < p->reply.len; i++)
            at -= p->reply.data[i] == '}';
    } while (p->reply.data[0] == 'm');
}

/* Consecutive reads. */
static void read_stream(struct play *p)
{
    static const unsigned lengths[] = {64, 512, 2048, 4096};
    char text[64];
    unsigned len = lengths[pick(p, 4)], n = 3 + pick(p, 40);
    uint64_t address = some_address(p) & ~UINT64_C(63);
    for (unsigned i = 0; i < n && address < WORLD_BASE + WORLD_SIZE; i++, address += len) {
        touch(p, address, len);
        (void)snprintf(text, sizeof text, "m%" PRIx64 ",%x", address, len);
        ask(p, text);
    }
}

static void make_step(struct play *p)
{
    char text[128];
    uint32_t before = p->plain->random, n = pick(p, 40);
    bool asked_why = false; /* not a new stop */
    buf_reset(&p->reply);
    if (n == 0) {
        read_list(p);
    } else if (n == 1) {
        read_document(p);
    } else if (n == 2) {
        read_stream(p);
    } else {
        make_request(p, text, sizeof text);
        ask(p, text);
        asked_why = strcmp(text, "?") == 0;
    }
    if (has_run(p, before) && !asked_why) {
        memset(p->touched, 0, sizeof p->touched);
        memset(p->stacks, 0, sizeof p->stacks);
    }
}

/* Both stubs must have the same breakpoints if the client disconnects without removing them. */
static void expect_same_points(struct play *p)
{
    for (unsigned i = 0; i < WORLD_POINTS; i++) {
        const char *text = p->plain->points[i];
        bool found = text[0] == '\0';
        for (unsigned k = 0; k < WORLD_POINTS; k++)
            found |= strcmp(p->with_cache->points[k], text) == 0;
        if (!found)
            fail_msg("seed %u: Z%s is missing", p->seed, text);
    }
    for (unsigned i = 0; i < WORLD_POINTS; i++) {
        const char *text = p->with_cache->points[i];
        bool found = text[0] == '\0';
        for (unsigned k = 0; k < WORLD_POINTS; k++)
            found |= strcmp(p->plain->points[k], text) == 0;
        if (!found)
            fail_msg("seed %u: Z%s is too many", p->seed, text);
    }
}

static struct world_kind some_kind(uint32_t seed)
{
    return (struct world_kind){.per_thread = (seed & 3) == 1,
                               .processes = (seed & 3) == 2,
                               .one_choice = (seed & 4) != 0,
                               .plain_points = (seed & 8) != 0,
                               .no_ids = (seed & 48) == 48,
                               .packet_size = (seed & 64) != 0 ? 0x2400 : 0};
}

/* Runs one session. Returns how many requests of the client were not sent to the stub. */
static int play(uint32_t seed)
{
    struct world_kind kind = some_kind(seed);
    struct play p = {.seed = seed, .random = seed * 7919 + 13};
    unsigned asked;
    p.with_cache = world_new(seed, &kind);
    p.plain = world_new(seed, &kind);
    p.cached = cache_new(&p.with_cache->base, world_options());
    assert_non_null(p.cached);
    p.with_cache->reads = look_at_read;
    p.with_cache->context = &p;
    buf_init(&p.reply, TARGET_REPLY_MAX);
    buf_init(&p.expected, TARGET_REPLY_MAX);
    ask(&p, "qSupported:multiprocess+");
    ask(&p, "?");
    for (unsigned i = 0; i < STEPS; i++)
        make_step(&p);
    asked = p.plain->requests;
    expect_same_points(&p);
    int saved = (int)asked - (int)p.with_cache->requests;
    buf_free(&p.reply);
    buf_free(&p.expected);
    target_free(p.cached);
    target_free(&p.plain->base);
    return saved;
}

static void every_reply_equals_that_without_a_cache(void **state)
{
    const char *text = getenv("NETGDB_CACHE_SEEDS"), *one = getenv("NETGDB_CACHE_SEED");
    uint32_t seeds = text != NULL ? (uint32_t)strtoul(text, NULL, 10) : SEEDS;
    long saved = 0;
    (void)state;
    if (one != NULL)
        (void)play((uint32_t)strtoul(one, NULL, 10));
    for (uint32_t seed = 1; one == NULL && seed <= seeds; seed++)
        saved += play(seed);
    if (one == NULL && saved < (long)seeds * STEPS / 20) /* the cache has an effect */
        fail_msg("only %ld of %ld requests were not sent", saved, (long)seeds * STEPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_equals_that_without_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
