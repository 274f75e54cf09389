/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qSymbol rounds between a scripted GDB and a scripted stub: which questions are answered, which
 * are forwarded to GDB, and the addresses. Hexadecimal names: outer 6f75746572, none 6e6f6e65,
 * absolute 6162736f6c757465, per_thread 7065725f746872656164, table 7461626c65.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "proto/err.h"
#include "symbols/qsymbol.h"
#include "tests/requests.h"
#include "tests/unit/symbols_world.h"

struct world {
    struct played_stub stub;
    struct kept_log log;
    struct symbols_options options;
    struct symbols *symbols;
    struct target *target;
};

static void world_start(struct world *w, const struct exchange *script)
{
    kept_log_init(&w->log);
    w->options.log = &w->log.log;
    played_stub_init(&w->stub, script);
    w->symbols = symbols_new(&w->options);
    w->target = qsymbol_new(&w->stub.target, w->symbols, &w->log.log);
    assert_non_null(w->target);
}

static void world_end(struct world *w)
{
    played_out(&w->stub);
    target_free(w->target);
    symbols_free(w->symbols);
}

/* The number of names that were forwarded to GDB. */
static void expect_forwarded(const struct world *w, unsigned n)
{
    assert_int_equal(logged(&w->log, "symbols: asking gdb for "), n);
}

static bool no(void *context)
{
    (void)context;
    return false;
}

static void a_known_name_is_answered_and_gdb_sees_only_the_ok(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""},
        {"qSymbol::", "qSymbol:6f75746572"},
        {"qSymbol:100014:6f75746572", "qSymbol:7461626c65"},
        {"qSymbol:200020:7461626c65", "qSymbol:6162736f6c757465"},
        {"qSymbol:1234:6162736f6c757465", "OK"},
        {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "OK");
    expect_forwarded(&w, 0);
    world_end(&w);
}

static void unknown_names_are_forwarded_to_gdb_and_its_answer_returned(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""},
        {"qSymbol::", "qSymbol:6f75746572"},
        {"qSymbol:100014:6f75746572", "qSymbol:6e6f6e65"},
        {"m1000,4", "00000000"}, /* GDB reads memory for the look-up */
        {"qSymbol:77:6e6f6e65", "qSymbol:7065725f746872656164"},
        {"qSymbol::7065725f746872656164", "OK"},
        {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "qSymbol:6e6f6e65");
    ask(w.target, "m1000,4", "00000000");
    ask(w.target, "qSymbol:77:6e6f6e65", "qSymbol:7065725f746872656164");
    ask(w.target, "qSymbol::7065725f746872656164", "OK");
    expect_forwarded(&w, 2);
    assert_int_equal(logged(&w.log, "asking gdb for none"), 1);
    assert_int_equal(logged(&w.log, "asking gdb for per_thread"), 1);
    world_end(&w);
}

static void a_pie_is_answered_only_with_a_known_slide(void **state)
{
    static const struct exchange unknown[] = {
        {"qOffsets", ""}, {"qSymbol::", "qSymbol:6f75746572"}, {NULL, NULL}};
    static const struct exchange known[] = {{"qOffsets", "Text=555500000000;Data=555500000000"},
                                            {"qSymbol::", "qSymbol:6f75746572"},
                                            {"qSymbol:555500100014:6f75746572", "OK"},
                                            {NULL, NULL}};
    static const struct exchange absolute[] = {{"qSymbol::", "qSymbol:6162736f6c757465"},
                                               {NULL, NULL}};
    (void)state;
    struct world w = {.options.file = need_elf("x86-pie")};
    world_start(&w, unknown);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "qSymbol:6f75746572");
    world_end(&w);
    world_start(&w, known);
    ask(w.target, "qOffsets", "Text=555500000000;Data=555500000000");
    ask(w.target, "qSymbol::", "OK");
    world_end(&w);
    w.options.have_slide = true;
    w.options.slide = 0x7000;
    world_start(&w, absolute); /* GDB relocates it too */
    ask(w.target, "qSymbol::", "qSymbol:6162736f6c757465");
    world_end(&w);
}

static void expect_slide(const char *file, const char *offsets, bool final, uint64_t wanted)
{
    struct symbols_options options = {.file = need_elf(file)};
    struct symbols *s = symbols_new(&options);
    uint64_t slide;
    symbols_offsets(s, (const uint8_t *)offsets, strlen(offsets));
    assert_int_equal(symbols_slide(s, &slide), final);
    if (final)
        assert_int_equal(slide, wanted);
    symbols_free(s);
}

static void the_base_is_known_without_another_question(void **state)
{
    struct symbols_options options = {.file = need_elf("x86")};
    struct symbols *s = symbols_new(&options);
    uint64_t base, again;
    (void)state;
    assert_true(symbols_base(s, &base));
    assert_true(symbols_base(s, &again));
    assert_int_not_equal(base, 0);
    assert_int_equal(base, again);
    symbols_free(s);
}

static void the_slide_comes_from_qOffsets(void **state)
{
    (void)state;
    expect_slide("x86", "", true, 0);
    expect_slide("x86", "E01", true, 0);
    expect_slide("x86", "Text=0;Data=0;Bss=0", true, 0);
    expect_slide("x86", "Text=ffffffffffff0000;Data=ffffffffffff0000", true, -UINT64_C(0x10000));
    expect_slide("x86", "Text=10000;Data=20000;Bss=20000", false, 0);
    expect_slide("x86", "Text=10000", false, 0);
    expect_slide("x86-pie", "", false, 0);
    expect_slide("x86-pie", "Text=0;Data=0;Bss=0", true, 0);
    expect_slide("x86-pie", "TextSeg=40000000", true, 0x40000000);
    expect_slide("x86-pie", "TextSeg=40000000;DataSeg=50000000", false, 0);
    expect_slide("x86-pie", "Text=;Data=", false, 0);
}

static void addresses_have_the_files_width(void **state)
{
    static const struct exchange script[] = {
        {"qSymbol::", "qSymbol:7468756d62"}, {"qSymbol:34:7468756d62", "OK"}, {NULL, NULL}};
    struct world w = {.options = {.file = need_elf("arm"),
                                  .have_slide = true,
                                  .slide = UINT64_C(0xfffffffffff00000)}};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qSymbol::", "OK");
    world_end(&w);
}

static void gdbs_program_is_trusted_only_on_the_only_connection(void **state)
{
    static const struct exchange asked[] = {
        {"qOffsets", ""}, {"qSymbol::", "qSymbol:6f75746572"}, {NULL, NULL}};
    static const struct exchange answered[] = {{"qOffsets", ""},
                                               {"qSymbol::", "qSymbol:6f75746572"},
                                               {"qSymbol:100014:6f75746572", "OK"},
                                               {NULL, NULL}};
    struct world w = {.options = {.program = need_elf("x86"), .only = no}};
    (void)state;
    world_start(&w, asked);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "qSymbol:6f75746572");
    assert_int_equal(logged(&w.log, "asking gdb for outer"), 1);
    world_end(&w);
    w.options.only = NULL;
    world_start(&w, answered);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "OK");
    world_end(&w);
}

/* The note of the x86 file is at 0x400200: tests/unit/elfs/make. */
static void check_build_id(uint8_t last, const struct exchange *script, const char *reply,
                           unsigned warnings)
{
    uint8_t note[36] = {4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0};
    struct world w = {.options = {.program = need_elf("x86"), .only = no}};
    for (unsigned i = 0; i < 16; i++)
        note[16 + i] = (uint8_t)(0x11 * i);
    memcpy(note + 32, "\x01\x23\x45", 3);
    note[35] = last;
    world_start(&w, script);
    w.stub.memory = note;
    w.stub.memory_at = 0x400200;
    w.stub.memory_len = sizeof note;
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", reply);
    assert_int_equal(logged(&w.log, "is not what the target runs"), warnings);
    world_end(&w);
}

static void a_matching_build_id_makes_the_file_trusted(void **state)
{
    static const struct exchange script[] = {{"qOffsets", ""},
                                             {"qSymbol::", "qSymbol:6f75746572"},
                                             {"qSymbol:100014:6f75746572", "OK"},
                                             {NULL, NULL}};
    (void)state;
    check_build_id(0x67, script, "OK", 0);
}

static void a_build_id_mismatch_leaves_all_questions_to_gdb(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""}, {"qSymbol::", "qSymbol:6f75746572"}, {NULL, NULL}};
    (void)state;
    check_build_id(0x66, script, "qSymbol:6f75746572", 1);
}

/* `version` of the test files is at 0x200000; their build-id is not in this memory. */
static void a_freebsd_kernel_is_also_compared_by_version(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""}, {"qSymbol::", ""}, {"qSymbol::", ""}, {NULL, NULL}};
    static const char *const versions[] = {"FreeBSD 15.0-TEST #0: GENERIC\n",
                                           "FreeBSD 15.0-TEST #1: GENERIC\n"};
    (void)state;
    for (unsigned other = 0; other < 2; other++) {
        struct world w = {.options.program = need_elf("freebsd")};
        world_start(&w, script);
        w.stub.memory = versions[other];
        w.stub.memory_at = 0x200000;
        w.stub.memory_len = strlen(versions[other]) + 1;
        ask(w.target, "qOffsets", "");
        ask(w.target, "qSymbol::", "");
        ask(w.target, "qSymbol::", ""); /* compared once */
        assert_int_equal(logged(&w.log, "is not what the target runs"), other);
        assert_int_equal(symbols_may_answer(w.symbols), !other);
        world_end(&w);
    }
}

static void each_offer_is_a_new_round(void **state)
{
    static const struct exchange script[] = {{"qOffsets", ""},
                                             {"qSymbol::", "qSymbol:6f75746572"},
                                             {"qSymbol:100014:6f75746572", "OK"},
                                             {"qSymbol::", "qSymbol:6e6f6e65"},
                                             {"qSymbol::6e6f6e65", "OK"},
                                             {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "OK");
    ask(w.target, "qSymbol::", "qSymbol:6e6f6e65");
    ask(w.target, "qSymbol::6e6f6e65", "OK");
    world_end(&w);
}

static void without_an_offer_the_decorator_starts_a_round(void **state)
{
    static const struct exchange script[] = {{"?", "S05"},
                                             {"qOffsets", ""},
                                             {"qSymbol::", "qSymbol:6e6f6e65"},
                                             {"qSymbol::6e6f6e65", "qSymbol:6f75746572"},
                                             {"qSymbol:100014:6f75746572", "OK"},
                                             {"g", "00"},
                                             {"g", "00"},
                                             {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "?", "S05");
    ask(w.target, "g", "00");
    ask(w.target, "g", "00");
    expect_forwarded(&w, 0);
    world_end(&w);
}

static void with_a_symbol_file_in_gdb_the_offer_is_left_to_gdb(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""}, {"g", "00"}, {"qSymbol::", "OK"}, {"vCont;c", "S05"}, {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qOffsets", "");
    ask(w.target, "g", "00");
    ask(w.target, "qSymbol::", "OK");
    ask(w.target, "vCont;c", "S05");
    world_end(&w);
}

static void without_a_file_everything_is_forwarded(void **state)
{
    static const struct exchange script[] = {{"g", "00"},
                                             {"qSymbol::", "qSymbol:6f75746572"},
                                             {"qSymbol::6f75746572", ""},
                                             {NULL, NULL}};
    struct world w = {.options.file = NULL};
    (void)state;
    world_start(&w, script);
    ask(w.target, "g", "00");
    ask(w.target, "qSymbol::", "qSymbol:6f75746572");
    ask(w.target, "qSymbol::6f75746572", "");
    world_end(&w);
}

static void a_stub_without_qsymbol_sees_no_difference(void **state)
{
    static const struct exchange script[] = {
        {"qOffsets", ""}, {"qSymbol::", ""}, {"g", "00"}, {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86")};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qOffsets", "");
    ask(w.target, "qSymbol::", "");
    ask(w.target, "g", "00");
    world_end(&w);
}

static void an_unusable_file_is_one_line_and_questions_go_to_gdb(void **state)
{
    static const struct exchange script[] = {
        {"qSymbol::", "qSymbol:6f75746572"}, {"qSymbol::6f75746572", "OK"}, {NULL, NULL}};
    static const char *const files[] = {"nosyms", "object.o", "none"};
    (void)state;
    need_elf("x86");
    for (size_t i = 0; i < 3; i++) {
        struct world w = {.options = {.file = elf_path(files[i]), .have_slide = true, .slide = 0}};
        world_start(&w, script);
        ask(w.target, "qSymbol::", "qSymbol:6f75746572");
        ask(w.target, "qSymbol::6f75746572", "OK");
        assert_int_equal(logged(&w.log, "continuing without its symbols"), 1);
        world_end(&w);
    }
}

static void malformed_questions_go_to_gdb(void **state)
{
    static const struct exchange script[] = {{"qSymbol::", "qSymbol:6f7"},
                                             {"qSymbol::6f7", "qSymbol:6f00"},
                                             {"qSymbol::6f00", "qSymbol:zz"},
                                             {"qSymbol::zz", "OK"},
                                             {NULL, NULL}};
    struct world w = {.options = {.file = need_elf("x86"), .have_slide = true}};
    (void)state;
    world_start(&w, script);
    ask(w.target, "qSymbol::", "qSymbol:6f7");
    ask(w.target, "qSymbol::6f7", "qSymbol:6f00");
    ask(w.target, "qSymbol::6f00", "qSymbol:zz");
    ask(w.target, "qSymbol::zz", "OK");
    world_end(&w);
}

/* The questions of an endless round are forwarded at last; the user can interrupt GDB. */
static void a_stub_that_asks_endlessly_is_stopped_by_the_limit(void **state)
{
    static struct exchange script[QSYMBOL_ROUND_MAX + 2];
    struct world w = {.options = {.file = need_elf("x86"), .have_slide = true}};
    (void)state;
    for (size_t i = 0; i <= QSYMBOL_ROUND_MAX; i++) {
        script[i].request = i == 0 ? "qSymbol::" : "qSymbol:100014:6f75746572";
        script[i].reply = "qSymbol:6f75746572";
    }
    world_start(&w, script);
    w.log.log.level = LOG_ERROR;
    ask(w.target, "qSymbol::", "qSymbol:6f75746572");
    world_end(&w);
}

static void an_interrupted_wait_is_resumed(void **state)
{
    static const struct exchange script[] = {
        {"qSymbol::", "qSymbol:6f75746572"}, {"qSymbol:100014:6f75746572", "OK"}, {NULL, NULL}};
    struct world w = {.options = {.file = need_elf("x86"), .have_slide = true}};
    struct buf reply;
    bool final;
    (void)state;
    world_start(&w, script);
    buf_init(&reply, TARGET_REPLY_MAX);
    assert_int_equal(send_bytes(w.target, "qSymbol::", 9), 0);
    w.stub.error = NETGDB_AGAIN;
    assert_int_equal(target_recv(w.target, &reply, &final, 2), NETGDB_AGAIN);
    assert_int_equal(target_recv(w.target, &reply, &final, 2), NETGDB_AGAIN); /* answered */
    assert_int_equal(target_recv(w.target, &reply, &final, 2), 0);
    assert_true(final && buf_is(&reply, "OK"));
    buf_free(&reply);
    world_end(&w);
}

static void a_rebooted_target_is_compared_and_located_again(void **state)
{
    static const struct exchange script[] = {{"qOffsets", "Text=1000;Data=1000"},
                                             {"qSymbol::", "OK"},
                                             {"c", "S05"},
                                             {"qOffsets", "Text=2000;Data=2000"},
                                             {"qSymbol::", "qSymbol:6f75746572"},
                                             {"qSymbol:102014:6f75746572", "OK"},
                                             {NULL, NULL}};
    struct world w = {.options.file = need_elf("x86-pie")};
    struct buf reply;
    bool final;
    uint64_t slide;
    (void)state;
    world_start(&w, script);
    buf_init(&reply, TARGET_REPLY_MAX);
    ask(w.target, "qOffsets", "Text=1000;Data=1000");
    ask(w.target, "qSymbol::", "OK");
    assert_int_equal(send_bytes(w.target, "c", 1), 0);
    w.stub.error = NETGDB_REPLACED;
    assert_int_equal(target_recv(w.target, &reply, &final, 0), NETGDB_REPLACED);
    assert_false(symbols_slide(w.symbols, &slide));
    assert_int_equal(target_recv(w.target, &reply, &final, 0), 0);
    ask(w.target, "qOffsets", "Text=2000;Data=2000");
    ask(w.target, "qSymbol::", "OK");
    buf_free(&reply);
    world_end(&w);
}

static void a_function_is_named_once_addresses_are_final(void **state)
{
    struct symbols_options options = {.file = need_elf("x86-pie")};
    struct symbols *s = symbols_new(&options);
    char name[8];
    (void)state;
    assert_false(symbols_function(s, 0x555500100014, name, sizeof name)); /* not final yet */
    static const char offsets[] = "Text=555500000000;Data=555500000000";
    symbols_offsets(s, (const uint8_t *)offsets, strlen(offsets));
    assert_true(symbols_function(s, 0x555500100014, name, sizeof name));
    assert_string_equal(name, "outer");
    assert_true(symbols_function(s, 0x555500100014, name, 4));
    assert_string_equal(name, "out");
    assert_false(symbols_function(s, 0x555500200020, name, sizeof name)); /* data */
    assert_false(symbols_function(s, 0x100014, name, sizeof name));
    symbols_free(s);
}

static void a_region_moves_by_a_negative_slide_too(void **state)
{
    static const char *const slides[] = {"1000", "fffffffffffff000"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct symbols_options options = {.file = need_elf("x86-pie")};
        struct symbols *s = symbols_new(&options);
        char offsets[64];
        struct region r;
        uint64_t slide = strtoull(slides[i], NULL, 16);
        snprintf(offsets, sizeof offsets, "Text=%s;Data=%s", slides[i], slides[i]);
        symbols_offsets(s, (const uint8_t *)offsets, strlen(offsets));
        assert_true(symbols_region(s, 0x100014 + slide, &r));
        assert_int_equal(r.kind, REGION_CODE);
        assert_in_range(0x100014 + slide, r.first, r.last);
        symbols_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_name_is_answered_and_gdb_sees_only_the_ok),
        cmocka_unit_test(unknown_names_are_forwarded_to_gdb_and_its_answer_returned),
        cmocka_unit_test(a_pie_is_answered_only_with_a_known_slide),
        cmocka_unit_test(the_base_is_known_without_another_question),
        cmocka_unit_test(the_slide_comes_from_qOffsets),
        cmocka_unit_test(a_function_is_named_once_addresses_are_final),
        cmocka_unit_test(a_region_moves_by_a_negative_slide_too),
        cmocka_unit_test(addresses_have_the_files_width),
        cmocka_unit_test(gdbs_program_is_trusted_only_on_the_only_connection),
        cmocka_unit_test(a_matching_build_id_makes_the_file_trusted),
        cmocka_unit_test(a_build_id_mismatch_leaves_all_questions_to_gdb),
        cmocka_unit_test(a_freebsd_kernel_is_also_compared_by_version),
        cmocka_unit_test(each_offer_is_a_new_round),
        cmocka_unit_test(without_an_offer_the_decorator_starts_a_round),
        cmocka_unit_test(with_a_symbol_file_in_gdb_the_offer_is_left_to_gdb),
        cmocka_unit_test(without_a_file_everything_is_forwarded),
        cmocka_unit_test(a_stub_without_qsymbol_sees_no_difference),
        cmocka_unit_test(an_unusable_file_is_one_line_and_questions_go_to_gdb),
        cmocka_unit_test(malformed_questions_go_to_gdb),
        cmocka_unit_test(a_stub_that_asks_endlessly_is_stopped_by_the_limit),
        cmocka_unit_test(an_interrupted_wait_is_resumed),
        cmocka_unit_test(a_rebooted_target_is_compared_and_located_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
