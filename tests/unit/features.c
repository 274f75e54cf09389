/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of features in a reply to qSupported. */
#include "proto/rsp/features.h"
#include "tests/unit/unit.h"

static bool find(const char *list, const char *name, const char *wanted)
{
    const uint8_t *value;
    size_t len;
    if (!features_find((const uint8_t *)list, strlen(list), name, &value, &len))
        return wanted == NULL;
    return wanted != NULL && len == strlen(wanted) && memcmp(value, wanted, len) == 0;
}

static void entries_match_by_full_name(void **state)
{
    static const char list[] = "PacketSize=1000;qXfer:threads:read+;swbreak-;x";
    (void)state;
    assert_true(find(list, "PacketSize", "=1000"));
    assert_true(find(list, "qXfer:threads:read", "+"));
    assert_true(find(list, "swbreak", "-"));
    assert_true(find(list, "x", ""));
    assert_true(find(list, "Packet", NULL));
    assert_true(find(list, "qXfer:threads", NULL));
    assert_true(find(list, "size", NULL));
    assert_true(find("", "x", NULL));
    assert_true(find(";;x+", "x", "+"));
}

static void only_a_plus_means_supported(void **state)
{
    (void)state;
    assert_true(features_has((const uint8_t *)"a+;b-", 5, "a"));
    assert_false(features_has((const uint8_t *)"a+;b-", 5, "b"));
    assert_false(features_has((const uint8_t *)"a=+", 3, "a"));
    assert_false(features_has(NULL, 0, "a"));
}

static void check_set(const char *list, const char *name, const char *value, const char *wanted)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_adds(&b, list);
    assert_int_equal(features_set(&b, name, value), 0);
    if (!buf_is(&b, wanted))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)b.len, (const char *)b.data, wanted);
    buf_free(&b);
}

static void setting_replaces_or_removes_all_entries(void **state)
{
    (void)state;
    check_set("a+;b+;c+", "b", "=7", "a+;c+;b=7");
    check_set("b-;a+;b?;b", "b", "+", "a+;b+");
    check_set("", "b", "+", "b+");
    check_set("a+", "a", NULL, "");
    check_set("ab+;a+", "a", NULL, "ab+");
    check_set("a+;netgdb-node+;b+", "netgdb-node", NULL, "a+;b+");
}

static void a_full_list_returns_an_error(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    buf_adds(&b, "a+");
    assert_true(features_set(&b, "longer", "+") < 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_match_by_full_name),
        cmocka_unit_test(only_a_plus_means_supported),
        cmocka_unit_test(setting_replaces_or_removes_all_entries),
        cmocka_unit_test(a_full_list_returns_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
