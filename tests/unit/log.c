/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logger: which lines are made, and how they read. */
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

static void a_line_leads_with_the_program_and_the_name(void **state)
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

static void lines_above_the_level_are_not_made(void **state)
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

/* A thread's name, an error's words: they may be another's. */
static void a_line_has_no_bytes_that_a_terminal_obeys(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, "crash1", take, &l};
    (void)state;
    log_warn(&log, "thread %s", "\x1b[2J\nnetgdb: forged \xc2\x9bm \xc3\xa4");
    assert_string_equal(l.last, "netgdb: crash1: thread ?[2J?netgdb: forged ??m \xc3\xa4");
}

static void a_packet_line_shows_the_content_and_explains_it(void **state)
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

static void a_long_packet_is_shown_in_part_with_its_length(void **state)
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

static void a_line_that_is_too_long_is_cut_and_says_so(void **state)
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

static void a_line_that_just_fits_is_whole(void **state)
{
    struct lines l = {.count = 0};
    struct log log = {LOG_INFO, NULL, take, &l};
    char text[LOG_LINE_MAX - 8]; /* "netgdb: " is eight, and the NUL is one of these */
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(&log, "%s", text);
    assert_int_equal(strlen(l.last), LOG_LINE_MAX - 1);
    assert_string_equal(l.last + LOG_LINE_MAX - 5, "aaaa");
}

static void levels_are_known_by_name(void **state)
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
        cmocka_unit_test(a_line_leads_with_the_program_and_the_name),
        cmocka_unit_test(lines_above_the_level_are_not_made),
        cmocka_unit_test(without_a_log_or_a_sink_nothing_happens),
        cmocka_unit_test(a_line_has_no_bytes_that_a_terminal_obeys),
        cmocka_unit_test(a_packet_line_shows_the_content_and_explains_it),
        cmocka_unit_test(a_long_packet_is_shown_in_part_with_its_length),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_says_so),
        cmocka_unit_test(a_line_that_just_fits_is_whole),
        cmocka_unit_test(levels_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
