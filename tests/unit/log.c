/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logger: which lines reach the sink, and their format. */
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/log.h"

struct lines {
    char last[2 * LOG_LINE_MAX];
    enum log_level level;
    int count;
};

static void take(void *context, enum log_level level, const char *line)
{
    struct lines *l = context;
    assert_true(strlen(line) < LOG_LINE_MAX);
    strcpy(l->last, line);
    l->level = level;
    l->count++;
}

static void a_line_begins_with_program_and_name(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, "crash1", take, &l};
    (void)state;
    log_warn(&log, "%d of %s", 3, "five");
    assert_string_equal(l.last, "netgdb: crash1: 3 of five");
    assert_int_equal(l.level, LOG_WARN);
    log.name = NULL;
    log_info(&log, "hello");
    assert_string_equal(l.last, "netgdb: hello");
}

static void lines_above_the_level_are_dropped(void **state)
{
    (void)state;
    for (int level = LOG_ERROR; level <= LOG_PACKET; level++) {
        struct lines l = {.count = 0};
        struct log log = {(enum log_level)level, NULL, take, &l};
        log_error(&log, "e");
        log_warn(&log, "w");
        log_info(&log, "i");
        log_debug(&log, "d");
        log_packet(&log, "->", (const uint8_t *)"g", 1, NULL);
        assert_int_equal(l.count, level + 1);
        assert_true(log_on(&log, (enum log_level)level));
        assert_false(log_on(&log, (enum log_level)(level + 1)));
    }
}

static void without_a_log_or_a_sink_nothing_happens(void **state)
{
    struct log log = {.level = LOG_PACKET};
    (void)state;
    log_error(NULL, "x");
    log_error(&log, "x");
    log_packet(NULL, "->", NULL, 0, NULL);
    assert_false(log_on(NULL, LOG_ERROR));
    assert_false(log_on(&log, LOG_ERROR));
}

/* A thread name or an error text may come from the target. */
static void a_line_contains_no_control_characters(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, "crash1", take, &l};
    (void)state;
    log_warn(&log, "thread %s", "\x1b[2J\nnetgdb: forged \xc2\x9bm \xc3\xa4");
    assert_string_equal(l.last, "netgdb: crash1: thread ?[2J?netgdb: forged ??m \xc3\xa4");
}

static void a_packet_line_has_content_and_explanation(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_PACKET, "crash1", take, &l};
    (void)state;
    log_packet(&log, "->", (const uint8_t *)"m10,4", 5, "read memory, hexadecimal");
    assert_string_equal(l.last, "netgdb: crash1: -> m10,4 (5 bytes): read memory, hexadecimal");
    log_packet(&log, "<-", (const uint8_t *)"X\x00\x7f\xff ~", 6, NULL);
    assert_string_equal(l.last, "netgdb: crash1: <- X\\x00\\x7f\\xff ~ (6 bytes)");
    log_packet(&log, "<-", NULL, 0, NULL);
    assert_string_equal(l.last, "netgdb: crash1: <-  (0 bytes)");
    assert_int_equal(l.level, LOG_PACKET);
}

static void a_long_packet_is_truncated_and_its_length_shown(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_PACKET, NULL, take, &l};
    uint8_t content[4096];
    (void)state;
    memset(content, 0xff, sizeof content);
    log_packet(&log, "<-", content, sizeof content, "write memory, binary");
    assert_non_null(strstr(l.last, "\\xff... (4096 bytes): write memory, binary"));
    memset(content, 'a', sizeof content);
    log_packet(&log, "<-", content, 200, NULL);
    assert_null(strstr(l.last, "..."));
    log_packet(&log, "<-", content, 201, NULL);
    assert_non_null(strstr(l.last, "aaa... (201 bytes)"));
}

static void a_too_long_line_is_truncated_with_dots(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, NULL, take, &l};
    char text[2 * LOG_LINE_MAX];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(&log, "%s", text);
    assert_int_equal(strlen(l.last), LOG_LINE_MAX - 1);
    assert_string_equal(l.last + LOG_LINE_MAX - 5, "a...");
    log.name = text;
    log_info(&log, "x");
    assert_int_equal(strlen(l.last), LOG_LINE_MAX - 1);
    assert_string_equal(l.last + LOG_LINE_MAX - 5, "a...");
}

static void a_line_of_maximum_length_is_complete(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, NULL, take, &l};
    char text[LOG_LINE_MAX - 8]; /* less "netgdb: "; the NUL is included */
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(&log, "%s", text);
    assert_int_equal(strlen(l.last), LOG_LINE_MAX - 1);
    assert_string_equal(l.last + LOG_LINE_MAX - 5, "aaaa");
}

static void levels_are_parsed_by_name(void **state)
{
    static const char *const names[] = {"error", "warn", "info", "debug", "packet"};
    enum log_level level = LOG_ERROR;
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(log_level_parse(names[i], &level), 0);
        assert_int_equal(level, i);
    }
    assert_int_equal(log_level_parse("", &level), NETGDB_PROTO);
    assert_int_equal(log_level_parse("Info", &level), NETGDB_PROTO);
    assert_int_equal(log_level_parse("infos", &level), NETGDB_PROTO);
    assert_int_equal(level, LOG_PACKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_begins_with_program_and_name),
        cmocka_unit_test(lines_above_the_level_are_dropped),
        cmocka_unit_test(without_a_log_or_a_sink_nothing_happens),
        cmocka_unit_test(a_line_contains_no_control_characters),
        cmocka_unit_test(a_packet_line_has_content_and_explanation),
        cmocka_unit_test(a_long_packet_is_truncated_and_its_length_shown),
        cmocka_unit_test(a_too_long_line_is_truncated_with_dots),
        cmocka_unit_test(a_line_of_maximum_length_is_complete),
        cmocka_unit_test(levels_are_parsed_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
