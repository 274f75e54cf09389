/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values on the command line of netgdb. */
#include "tests/unit/unit.h"

#include <getopt.h>

#include "proto/io.h"
#include "tools/node.h"

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"0", 0},           {"500us", 500000},    {"1000.5ms", 1000500000},
                {"20ms", 20000000}, {"1.5s", 1500000000}, {"0.0", 0},
                {"0ms", 0},         {"2s", 2000000000},   {"86400s", UINT64_C(86400000000000)}};
    static const char *const bad[] = {"",       "ms",    "-1",   "1 s", "1m", "1ss", "inf",  "nan",
                                      "86401s", "1e99s", "0x1z", " 1s", "2",  "500", "86400"};
    uint64_t ns;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(parse_time(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_time(bad[i], &ns));
}

static void a_port_is_a_whole_number(void **state)
{
    static const char *const bad[] = {
        "", "-1", "65536", "1x", " 1", "0x10", "99999999999999999999"};
    uint16_t port;
    (void)state;
    assert_true(parse_port("0", &port));
    assert_int_equal(port, 0);
    assert_true(parse_port("65535", &port));
    assert_int_equal(port, 65535);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_port(bad[i], &port));
}

static void an_endpoint_is_a_host_with_an_optional_port(void **state)
{
    static const char *const bad[] = {"", ":1", "host:", "host:x", "host:70000"};
    char host[HOST_MAX], longest[HOST_MAX + 1];
    uint16_t port = 7;
    (void)state;
    assert_true(parse_endpoint("host", host, &port));
    assert_string_equal(host, "host");
    assert_int_equal(port, 7);
    assert_true(parse_endpoint("127.0.0.1:80", host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 80);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_endpoint(bad[i], host, &port));
    memset(longest, 'a', HOST_MAX);
    longest[HOST_MAX] = '\0';
    assert_false(parse_endpoint(longest, host, &port));
    assert_true(parse_endpoint(longest + 1, host, &port));
}

struct sample {
    bool first, second;
    const char *text, *file;
    struct {
        enum log_level level;
        struct tool_nets from;
    } inner;
};

static int sample_help(void)
{
    return EXIT_DONE;
}

/* Returns what parse_options does with `words`, which end with NULL. */
static int parse_sample(struct sample *sample, char *words[])
{
    static const struct tool_option outer[] = {
        FLAG("first", struct sample, first),
        {"second", 's', no_argument, take_flag, offsetof(struct sample, second)},
        {NULL, 'o', required_argument, take_text, offsetof(struct sample, text)},
        OPTION("file", take_file_name, struct sample, file),
        {0}};
    static const struct tool_option inner[] = {
        {"level", 0, required_argument, take_log_level, 0},
        {"from", 0, required_argument, take_net,
         offsetof(struct sample, inner.from) - offsetof(struct sample, inner)},
        {0}};
    static const struct command_line line = {
        "sample", sample_help, {{outer, 0}, {inner, offsetof(struct sample, inner)}}};
    int n = 0;
    while (words[n] != NULL)
        n++;
    *sample = (struct sample){.text = "unchanged"};
    optind = 0; /* from the beginning: getopt(3) */
    return parse_options(n, words, &line, sample);
}

static void options_are_stored_by_their_tables(void **state)
{
    struct sample s;
    char *words[] = {"sample", "-so",        "text",   "operand",   "--level=error",
                     "--from", "10.1.2.3/8", "--from", "192.0.2.7", NULL};
    (void)state;
    assert_int_equal(parse_sample(&s, words), -1);
    assert_false(s.first);
    assert_true(s.second);
    assert_string_equal(s.text, "text");
    assert_null(s.file);
    assert_int_equal(s.inner.level, LOG_ERROR);
    assert_int_equal(s.inner.from.n, 2);
    assert_int_equal(s.inner.from.at[0].ip, 0x0a000000);
    assert_int_equal(s.inner.from.at[0].mask, 0xff000000);
    assert_int_equal(s.inner.from.at[1].ip, 0xc0000207);
    assert_int_equal(s.inner.from.at[1].mask, 0xffffffff);
    assert_string_equal(words[optind], "operand");
}

static void a_wrong_option_ends_the_command(void **state)
{
    struct sample s;
    static char *wrong[][3] = {{"sample", "--file=", NULL},       {"sample", "--level=loud", NULL},
                               {"sample", "--from=10.0.0", NULL}, {"sample", "--unknown", NULL},
                               {"sample", "--first=x", NULL},     {"sample", "-x", NULL}};
    char *help[] = {"sample", "--first", "-h", "--unknown", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse_sample(&s, wrong[i]), EXIT_USAGE);
    assert_int_equal(parse_sample(&s, help), EXIT_DONE);
}

static struct node_options node_options(char *retry)
{
    char *argv[] = {"node", "--retry", retry, "server", "--connect", "host:1", NULL};
    struct node_options options;
    optind = 0; /* from the beginning: getopt(3) */
    assert_int_equal(node_options_parse(6, argv, &options), -1);
    return options;
}

static void a_node_waits_as_long_as_a_kernel(void **state)
{
    static const uint64_t kernel = 12 * UINT64_C(1000500000);
    (void)state;
    struct debugnet_options quick = node_options("20ms").debugnet;
    assert_int_equal(quick.retry, 20 * IO_MS);
    assert_in_range(quick.tries * quick.retry, kernel, kernel + quick.retry);
    assert_int_equal(node_options("1000.5ms").debugnet.tries, 12);
    assert_int_equal(node_options("2s").debugnet.tries, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(a_port_is_a_whole_number),
        cmocka_unit_test(an_endpoint_is_a_host_with_an_optional_port),
        cmocka_unit_test(options_are_stored_by_their_tables),
        cmocka_unit_test(a_wrong_option_ends_the_command),
        cmocka_unit_test(a_node_waits_as_long_as_a_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
