/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Device memory, from the stub's memory map and from the address map of an Arm M-profile CPU. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/cache/cache.h"
#include "proto/target.h"

enum { MAP_BYTES = 1024 };

/* A stub with readable memory that changes with every read. */
struct stub {
    struct target base;
    const char *map, *description; /* NULL: not supported */
    struct buf reply;
    unsigned reads;
};

struct fixture {
    struct stub stub;
    struct target *t;
    struct buf reply;
};

static void say_memory(struct stub *s, const uint8_t *request, size_t len)
{
    const uint8_t *comma = memchr(request, ',', len);
    unsigned long n = strtoul((const char *)comma + 1, NULL, 16);
    s->reads++;
    for (unsigned long i = 0; i < n; i++)
        (void)buf_printf(&s->reply, "%02x", s->reads);
}

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    char text[MAP_BYTES] = "";
    memcpy(text, r->data, r->len < sizeof text ? r->len : sizeof text - 1);
    buf_reset(&s->reply);
    if (strncmp(text, "qSupported", 10) == 0)
        (void)buf_printf(&s->reply, "PacketSize=1000;QPassSignals+%s",
                         s->map != NULL ? ";qXfer:memory-map:read+" : "");
    else if (strncmp(text, "qXfer:memory-map:read::0,", 25) == 0)
        (void)buf_printf(&s->reply, "l%s", s->map);
    else if (strncmp(text, "qXfer:features:read:", 20) == 0)
        (void)buf_printf(&s->reply, "l%s", s->description);
    else if (text[0] == 'm')
        say_memory(s, (const uint8_t *)text, strlen(text));
    return s->reply.error;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    const struct stub *s = (const struct stub *)t;
    (void)watch;
    *final = true;
    return buf_set(reply, s->reply.data, s->reply.len);
}

static void stub_free(struct target *t)
{
    (void)t;
}

static void begin(struct fixture *f, const char *map, const char *description)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv, .free = stub_free};
    static const struct cache_options options = {0};
    *f = (struct fixture){.stub = {.base = {&ops, NULL}, .map = map, .description = description}};
    buf_init(&f->stub.reply, TARGET_REPLY_MAX);
    buf_init(&f->reply, TARGET_REPLY_MAX);
    f->t = cache_new(&f->stub.base, &options);
    assert_non_null(f->t);
    assert_int_equal(target_ask(f->t, "qSupported", &f->reply), 0);
    if (description != NULL)
        assert_int_equal(target_ask(f->t, "qXfer:features:read:target.xml:0,ffb", &f->reply), 0);
}

static void end(struct fixture *f)
{
    target_free(f->t);
    buf_free(&f->reply);
    buf_free(&f->stub.reply);
}

/* Whether the reply to this read is cached: the second one is then the same. */
static bool keeps(struct fixture *f, const char *request)
{
    char first[64];
    assert_int_equal(target_ask(f->t, request, &f->reply), 0);
    assert_true(f->reply.len > 0 && f->reply.len < sizeof first);
    memcpy(first, f->reply.data, f->reply.len);
    size_t len = f->reply.len;
    assert_int_equal(target_ask(f->t, request, &f->reply), 0);
    return f->reply.len == len && memcmp(f->reply.data, first, len) == 0;
}

#define MEMORY(text) "<?xml version=\"1.0\"?>\n<memory-map>\n" text "</memory-map>\n"
#define RAM "<memory type=\"ram\" start=\"0x10000000\" length=\"0x4000\"/>\n"
#define FLASH                                                                                      \
    "<memory type='flash' start='0x8000000' length='0x1000'>"                                      \
    "<property name='blocksize'>0x400</property></memory>\n"

static void memory_outside_the_map_counts_as_device(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, MEMORY(RAM FLASH "<memory type=\"rom\" start=\"0\" length=\"4096\"/>\n"), NULL);
    assert_true(keeps(&f, "m10000010,4"));
    assert_true(keeps(&f, "m10003ffc,4"));
    assert_true(keeps(&f, "m8000000,4"));
    assert_true(keeps(&f, "m0,4"));
    assert_false(keeps(&f, "m10004000,4"));
    assert_false(keeps(&f, "m10003ffe,4"));
    assert_false(keeps(&f, "m40000000,4"));
    end(&f);
}

static void malformed_map_entries_are_ignored(void **state)
{
    static const char *const entries[] = {
        "<memory type=\"io\" start=\"0x20000000\" length=\"0x1000\"/>\n",
        "<memory type=\"ram\" start=\"0x20000000\" length=\"0\"/>\n",
        "<memory type=\"ram\" start=\"0x20000000\"/>\n",
        "<memory type=\"ram\" start=\"here\" length=\"0x1000\"/>\n",
        "<memory type=\"ram\" start=0x20000000 length=\"0x1000\"/>\n",
        "<memory type=\"ram\" start=\"\" length=\"0x1000\"/>\n",
        "<memory type=\"ram\" start=\"0x20000000\" length=\"0xffffffffffffffff\"/>\n",
        "<memory type=\"ram\" start=\"0x00000000000000000000000000000020000000\" length=\"1\"/>\n",
        "<memory start=\"0x20000000\" length=\"0x1000\"/>\n",
        "<memory type=\"ram\" start=\"0x20000000\" length=\"0x1000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct fixture f;
        char map[MAP_BYTES];
        (void)snprintf(map, sizeof map, "<memory-map>" RAM "%s", entries[i]);
        begin(&f, map, NULL);
        assert_true(keeps(&f, "m10000010,4"));
        assert_false(keeps(&f, "m20000000,4"));
        end(&f);
    }
}

static void an_empty_map_counts_as_no_map(void **state)
{
    static const char *const maps[] = {"", "<memory-map></memory-map>", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        struct fixture f;
        begin(&f, maps[i], NULL);
        assert_true(keeps(&f, "m10000010,4"));
        end(&f);
    }
}

static void m_profile_peripherals_are_devices(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, NULL,
          "<target><architecture>arm</architecture>"
          "<feature name=\"org.gnu.gdb.arm.m-profile\"/></target>");
    assert_true(keeps(&f, "m20000000,4"));
    assert_false(keeps(&f, "m40000000,4"));
    assert_false(keeps(&f, "me000ed00,4"));
    end(&f);
    begin(&f, NULL, "<target><architecture>arm</architecture></target>");
    assert_true(keeps(&f, "m40000000,4"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_outside_the_map_counts_as_device),
        cmocka_unit_test(malformed_map_entries_are_ignored),
        cmocka_unit_test(an_empty_map_counts_as_no_map),
        cmocka_unit_test(m_profile_peripherals_are_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
