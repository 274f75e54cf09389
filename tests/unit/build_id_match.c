/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares files with the target by memory reads: build-ids and FreeBSD's version. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "proto/err.h"
#include "symbols/build_id_match.h"
#include "tests/unit/symbols_world.h"

static const uint8_t little_note[36] = {4,    0,    0,    0,    20,   0,    0,    0,    3,
                                        0,    0,    0,    'G',  'N',  'U',  0,    0x00, 0x11,
                                        0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                        0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, 0x23, 0x45, 0x67};

struct world {
    struct played_stub stub;
    struct kept_log log;
    uint8_t note[36];
    struct build_id id;
};

/* A target with the note of the test files at 0x7000; the file has it at 0x4000. */
static void world_init(struct world *w)
{
    played_stub_init(&w->stub, NULL);
    kept_log_init(&w->log);
    memcpy(w->note, little_note, sizeof w->note);
    w->stub.memory = w->note;
    w->stub.memory_at = 0x7000;
    w->stub.memory_len = sizeof w->note;
    w->id = (struct build_id){.len = 20, .address = 0x4000};
    memcpy(w->id.bytes, little_note + 16, 20);
}

static enum file_match compare(struct world *w, bool big)
{
    const struct elf_ident ident = {.is64 = true, .big = big};
    enum file_match match = MATCH_MISMATCH;
    assert_int_equal(
        match_build_id(&w->stub.target, "kernel", &ident, &w->id, 0x3000, &w->log.log, &match), 0);
    return match;
}

static void an_equal_build_id_matches_silently(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare(&w, false), MATCH_BUILD_ID);
    assert_int_equal(w.stub.reads, 1);
    assert_string_equal(w.stub.reading, "m7000,24");
    assert_int_equal(logged(&w.log, ""), 0);
}

static void a_note_is_read_in_the_targets_byte_order(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare(&w, true), MATCH_UNKNOWN);
    for (int i = 0; i < 3; i++) {
        w.note[4 * i + 3] = w.note[4 * i];
        w.note[4 * i] = 0;
    }
    assert_int_equal(compare(&w, true), MATCH_BUILD_ID);
}

static void another_build_id_is_one_warning_with_both_ids(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.note[35] = 0x68;
    assert_int_equal(compare(&w, false), MATCH_MISMATCH);
    assert_int_equal(logged(&w.log, ""), 1);
    assert_int_equal(logged(&w.log, "kernel is not what the target runs"), 1);
    assert_int_equal(logged(&w.log, "is 00112233445566778899aabbccddeeff01234567, the one in"), 1);
    assert_int_equal(logged(&w.log, "memory is 00112233445566778899aabbccddeeff01234568"), 1);
}

static void a_longer_or_shorter_build_id_does_not_match(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.note[4] = 16;
    assert_int_equal(compare(&w, false), MATCH_MISMATCH);
    assert_int_equal(logged(&w.log, "memory is 00112233445566778899aabbccddeeff:"), 1);
    w.note[4] = 64;
    assert_int_equal(compare(&w, false), MATCH_MISMATCH);
}

static void a_build_id_that_cannot_be_read_to_its_end_is_unknown(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.stub.memory_len = 30;
    w.stub.partial = true;
    assert_int_equal(compare(&w, false), MATCH_UNKNOWN);
    assert_int_equal(logged(&w.log, ""), 0);
    w.note[20] = 0;
    assert_int_equal(compare(&w, false), MATCH_MISMATCH);
}

static void memory_without_a_note_is_unknown_and_silent(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.note[12] = 'X';
    assert_int_equal(compare(&w, false), MATCH_UNKNOWN);
    w.stub.memory_at = 0x100;
    assert_int_equal(compare(&w, false), MATCH_UNKNOWN);
    w.id.address = 0;
    w.stub.reads = 0;
    assert_int_equal(compare(&w, false), MATCH_UNKNOWN);
    assert_int_equal(w.stub.reads, 0);
    assert_int_equal(logged(&w.log, ""), 0);
}

static void addresses_of_32_bits_wrap(void **state)
{
    const struct elf_ident ident = {.is64 = false};
    struct world w;
    enum file_match match;
    (void)state;
    world_init(&w);
    assert_int_equal(match_build_id(&w.stub.target, "kernel", &ident, &w.id,
                                    UINT64_C(0xffffffff80003000), NULL, &match),
                     0);
    assert_string_equal(w.stub.reading, "m80007000,24");
}

static void a_lost_target_is_an_error(void **state)
{
    const struct elf_ident ident = {.is64 = true};
    struct world w;
    enum file_match match;
    (void)state;
    world_init(&w);
    w.stub.error = NETGDB_LOST;
    assert_int_equal(match_build_id(&w.stub.target, "kernel", &ident, &w.id, 0x3000, NULL, &match),
                     NETGDB_LOST);
}

static enum file_match compare_version(struct world *w, const char *name, const char *memory)
{
    enum file_match match = MATCH_MISMATCH;
    struct symtab *t = symtab_open(need_elf(name), NULL);
    assert_non_null(t);
    w->stub.memory = memory;
    w->stub.memory_len = strlen(memory) + 1;
    w->stub.memory_at = 0x200000 + 0x3000;
    assert_int_equal(match_version(&w->stub.target, elf_path(name), t, 0x3000, &w->log.log, &match),
                     0);
    symtab_free(t);
    return match;
}

static void an_equal_version_matches_silently(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare_version(&w, "x86", "FreeBSD 15.0-TEST #0: GENERIC\n"), MATCH_VERSION);
    assert_int_equal(logged(&w.log, ""), 0);
}

static void another_version_is_one_warning_with_both_first_lines(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare_version(&w, "x86", "FreeBSD 14.1-\x1b[2J\n user@host more of it"),
                     MATCH_MISMATCH);
    assert_int_equal(logged(&w.log, ""), 1);
    assert_int_equal(logged(&w.log, "version is \"FreeBSD 15.0-TEST #0: GENERIC\", the one"), 1);
    assert_int_equal(logged(&w.log, "memory is \"FreeBSD 14.1-?[2J\""), 1);
}

static void a_file_without_data_is_unknown_and_silent(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare_version(&w, "stripped/.debug/no-id.debug", "FreeBSD 14.1-RELEASE"),
                     MATCH_UNKNOWN);
    assert_int_equal(logged(&w.log, ""), 0);
}

static void memory_without_a_version_is_unknown_and_silent(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(compare_version(&w, "x86", "FreeBSD"), MATCH_UNKNOWN);
    assert_int_equal(compare_version(&w, "x86",
                                     "\xf3\x0f\x1e\xfa this is code, and long enough to"
                                     " be read as far as the version of the file goes"),
                     MATCH_UNKNOWN);
    assert_int_equal(logged(&w.log, ""), 0);
}

static enum file_match match_of_missing(struct world *w, const char *name,
                                        const struct build_id *id)
{
    struct symtab *t = symtab_open(elf_path(name), &w->log.log);
    assert_non_null(t);
    enum file_match match = match_missing(elf_path(name), t, id, 0x3000, &w->log.log);
    symtab_free(t);
    return match;
}

static void a_missing_kernel_is_one_warning_that_names_what_is_missing(void **state)
{
    static const struct build_id none = {.len = 0};
    struct world w;
    (void)state;
    world_init(&w);
    assert_int_equal(match_of_missing(&w, "x86", &w.id), MATCH_MISMATCH);
    assert_int_equal(logged(&w.log, ", is not in memory at 0x7000: names and lines may be"), 1);
    assert_int_equal(match_of_missing(&w, "x86", &none), MATCH_MISMATCH);
    assert_int_equal(logged(&w.log, "its version is not in memory at 0x203000: names and"), 1);
    assert_int_equal(match_of_missing(&w, "stripped/.debug/no-id.debug", &none), MATCH_UNKNOWN);
    assert_int_equal(logged(&w.log, "names and lines may be wrong"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_equal_build_id_matches_silently),
        cmocka_unit_test(a_note_is_read_in_the_targets_byte_order),
        cmocka_unit_test(another_build_id_is_one_warning_with_both_ids),
        cmocka_unit_test(a_longer_or_shorter_build_id_does_not_match),
        cmocka_unit_test(a_build_id_that_cannot_be_read_to_its_end_is_unknown),
        cmocka_unit_test(memory_without_a_note_is_unknown_and_silent),
        cmocka_unit_test(addresses_of_32_bits_wrap),
        cmocka_unit_test(a_lost_target_is_an_error),
        cmocka_unit_test(an_equal_version_matches_silently),
        cmocka_unit_test(another_version_is_one_warning_with_both_first_lines),
        cmocka_unit_test(a_file_without_data_is_unknown_and_silent),
        cmocka_unit_test(memory_without_a_version_is_unknown_and_silent),
        cmocka_unit_test(a_missing_kernel_is_one_warning_that_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
