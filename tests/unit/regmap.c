/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Target descriptions of a stub (threads/regmap.h). */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <unistd.h>

#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "threads/regmap.h"

/* A stub whose annexes are all the same text but target.xml, which may come before it. */
struct stub {
    struct target base;
    const char *first, *others;
    char request[256];
    unsigned requests;
};

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    assert_true(r->len < sizeof s->request);
    memcpy(s->request, r->data, r->len);
    s->request[r->len] = '\0';
    s->requests++;
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct stub *s = (struct stub *)t;
    char annex[64];
    size_t offset, len;
    (void)watch;
    assert_int_equal(
        sscanf(s->request, "qXfer:features:read:%63[^:]:%zx,%zx", annex, &offset, &len), 3);
    const char *text = strcmp(annex, "target.xml") == 0 ? s->first : s->others;
    size_t rest = strlen(text) - offset, n = len < rest ? len : rest;
    buf_reset(reply);
    *final = true;
    (void)buf_addc(reply, n < rest ? 'm' : 'l');
    return buf_add(reply, text + offset, n);
}

static int read_map(struct regmap *map, const char *first, const char *others)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv};
    struct stub s = {.base.ops = &ops, .first = first, .others = others};
    return regmap_ask(map, &s.base, NULL);
}

static void expect_register(const struct regmap *map, uint64_t number, unsigned size, unsigned is)
{
    const struct regmap_register *r = regmap_find(map, number);
    assert_non_null(r);
    assert_int_equal(r->size, size);
    assert_int_equal(r->saved, is != REG_NONE);
    if (is != REG_NONE)
        assert_int_equal(r->is.reg, is);
}

static void registers_are_read_in_the_order_of_the_annexes(void **state)
{
    struct regmap map;
    (void)state;
    assert_int_equal(read_map(&map,
                              "<?xml version='1.0'?><!DOCTYPE target SYSTEM 'gdb-target.dtd'>"
                              "<target><!-- <reg name='no' bitsize='32'/> -->"
                              "<architecture>arm</architecture><reg name='r0' bitsize='32'/>"
                              "<xi:include href='more.xml'/><reg name='r1' bitsize='32'/></target>",
                              "<reg bitsize=\"32\"\n name=\"sp\" regnum=\"13\" type='a=\"b\"'/>"
                              "<reg name='odd' bitsize='36'/>"),
                     0);
    assert_non_null(map.arch);
    assert_int_equal(map.n, 4);
    expect_register(&map, 0, 4, ARM_R0);
    expect_register(&map, 13, 4, ARM_SP);
    expect_register(&map, 14, 0, REG_NONE);
    expect_register(&map, 15, 4, ARM_R0 + 1);
}

static void damaged_tags_are_passed(void **state)
{
    struct regmap map;
    (void)state;
    assert_int_equal(read_map(&map,
                              "<reg name='r0' bitsize='32'/><reg name=>"
                              "<reg name='r2'/><reg name= bitsize=/><reg =''/><reg name=\"",
                              ""),
                     0);
    assert_int_equal(map.n, 1);
    assert_int_equal(read_map(&map, "<reg name='r0' bitsize='32'", ""), NETGDB_UNSUPPORTED);
    assert_int_equal(read_map(&map, "<!-- <reg name='r0' bitsize='32'/>", ""), NETGDB_UNSUPPORTED);
    assert_int_equal(read_map(&map, "", ""), NETGDB_UNSUPPORTED);
}

/* Fills a text of `size` bytes, with its NUL, by copies of a tag. */
static void repeat(char *text, size_t size, const char *tag)
{
    size_t n = strlen(tag), at = 0;
    for (; at + n < size; at += n)
        memcpy(text + at, tag, n);
    text[at] = '\0';
}

static void many_tags_without_attributes_take_little_time(void **state)
{
    enum { SECONDS = 5, INCLUDES = REGMAP_ANNEXES_MAX - 1 };
    static char first[INCLUDES * 40], others[REGMAP_XML_MAX];
    static const char *const tags[] = {"<reg >", "<reg ", "<xi:include >", "<reg name='"};
    struct regmap map;
    (void)state;
    repeat(first, sizeof first, "<xi:include href='a'/>          ");
    first[INCLUDES * 32] = '\0';
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        repeat(others, sizeof others, tags[i]);
        alarm(SECONDS);
        assert_int_equal(read_map(&map, first, others), NETGDB_UNSUPPORTED);
        alarm(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_read_in_the_order_of_the_annexes),
        cmocka_unit_test(damaged_tags_are_passed),
        cmocka_unit_test(many_tags_without_attributes_take_little_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
