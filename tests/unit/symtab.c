/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The symbol table, with small programs for every architecture whose assembler is installed. */
#include "config.h"

#include "tests/unit/unit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "symbols/bfd_syms.h"
#include "symbols/symtab.h"
#include "tests/unit/symbols_world.h"

static struct symtab *open_elf(const char *name)
{
    struct symtab *t = symtab_open(need_elf(name), NULL);
    assert_non_null(t);
    return t;
}

static void expect(const struct symtab *t, const char *name, uint64_t address, uint64_t size,
                   enum symbol_kind kind)
{
    struct symbol s = {0};
    if (symtab_find(t, name, &s) == 0)
        fail_msg("%s is not found", name);
    assert_int_equal(s.address, address);
    assert_int_equal(s.size, size);
    assert_int_equal(s.kind, kind);
}

static void expect_at(const struct symtab *t, uint64_t address, const char *name)
{
    struct symbol s = {0};
    bool found = symtab_at(t, address, &s);
    if (name == NULL)
        assert_false(found);
    else if (!found)
        fail_msg("nothing is found at 0x%llx instead of %s", (unsigned long long)address, name);
    else
        assert_string_equal(s.name, name);
}

/* The symbols that all of them have: tests/unit/elfs/common.s. */
static void check_common(const char *name, uint16_t machine, bool is64, bool big)
{
    struct symtab *t = open_elf(name);
    assert_int_equal(symtab_ident(t)->machine, machine);
    assert_int_equal(symtab_ident(t)->is64, is64);
    assert_int_equal(symtab_ident(t)->big, big);
    expect(t, "_start", 0x100000, 8, SYMBOL_CODE);
    expect(t, "twin", 0x10000c, 4, SYMBOL_CODE);
    expect(t, "renamed", 0x100010, 4, SYMBOL_CODE);
    expect(t, "outer", 0x100014, 12, SYMBOL_CODE);
    expect(t, "weak", 0x100030, 4, SYMBOL_CODE);
    expect(t, "table", 0x200020, 12, SYMBOL_DATA);
    expect(t, "absolute", 0x1234, 0, SYMBOL_ABSOLUTE);
    expect(t, "per_thread", 4, 4, SYMBOL_TLS);
    expect_at(t, 0x100025, "unsized");
    expect_at(t, 0x200021, "table");
    assert_int_equal(regions_kind(symtab_regions(t), 0x100000, 0x34), REGION_CODE);
    assert_int_equal(regions_kind(symtab_regions(t), 0x200000, 0x2c), REGION_DATA);
    symtab_free(t);
}

static void x86_64_is_read(void **state)
{
    (void)state;
    check_common("x86", EM_X86_64, true, false);
    check_common("x86-pie", EM_X86_64, true, false);
    check_common("x86-shared", EM_X86_64, true, false);
}

static void aarch64_is_read(void **state)
{
    (void)state;
    check_common("aarch64", EM_AARCH64, true, false);
}

static void riscv64_is_read(void **state)
{
    (void)state;
    check_common("riscv64", EM_RISCV, true, false);
}

static void arm_is_read_and_thumb_functions_have_even_addresses(void **state)
{
    (void)state;
    check_common("arm", EM_ARM, false, false);
    struct symtab *t = open_elf("arm");
    expect(t, "thumb", 0x100034, 2, SYMBOL_CODE);
    symtab_free(t);
}

static void mips_is_read_and_micromips_functions_have_odd_addresses(void **state)
{
    (void)state;
    check_common("mips", EM_MIPS, false, true);
    struct symtab *t = open_elf("mips");
    expect(t, "micro", 0x100035, 2, SYMBOL_CODE);
    symtab_free(t);
}

static void ppc64_is_read_and_functions_have_their_code_addresses(void **state)
{
    (void)state;
    check_common("ppc64", EM_PPC64, true, true);
    for (int pie = 0; pie < 2; pie++) {
        struct symtab *t = open_elf(pie ? "ppc64-pie" : "ppc64");
        expect(t, "described", 0x100040, 4, SYMBOL_CODE);
        expect_at(t, 0x100043, "described");
        symtab_free(t);
    }
}

static void global_symbols_precede_local_ones_and_the_first_local_the_rest(void **state)
{
    struct symbol s;
    (void)state;
    struct symtab *t = open_elf("x86");
    assert_int_equal(symtab_find(t, "both", &s), 1);
    assert_int_equal(s.address, 0x100038);
    assert_true(s.global);
    assert_int_equal(symtab_find(t, "twin", &s), 2);
    assert_int_equal(s.address, 0x10000c);
    assert_false(s.global);
    symtab_free(t);
}

static void a_static_that_lto_renamed_is_found_under_both_names(void **state)
{
    struct symbol s;
    (void)state;
    struct symtab *t = open_elf("x86");
    assert_int_equal(symtab_find(t, "renamed", &s), 1);
    assert_string_equal(s.name, "renamed.lto_priv.3");
    assert_int_equal(symtab_find(t, "renamed.lto_priv.3", &s), 1);
    assert_int_equal(s.address, 0x100010);
    assert_int_equal(symtab_find(t, "renamed.lto_priv.4", &s), 0);
    assert_int_equal(symtab_find(t, "renamed.lto_priv", &s), 0);
    symtab_free(t);
}

static void expect_certain(const struct symtab *t, const char *name, size_t candidates,
                           bool certain, bool ask)
{
    struct symbol s = {0};
    assert_int_equal(symtab_find(t, name, &s), candidates);
    if (s.certain != certain || s.ask != ask)
        fail_msg("%s: certain %d, ask %d", name, s.certain, s.ask);
}

/* tests/e2e/names.test compares these with gdb. */
static void a_name_with_two_addresses_is_not_certain(void **state)
{
    (void)state;
    struct symtab *t = open_elf("x86"), *v = open_elf("versions-x86_64");
    expect_certain(t, "outer", 1, true, false);
    expect_certain(t, "both", 1, false, false);
    expect_certain(t, "twin", 2, false, false);
    expect_certain(t, "only_in_first", 1, true, false);
    expect_certain(t, "renamed", 1, false, false); /* the file has another name */
    expect_certain(v, "plain", 1, true, false);
    expect_certain(v, "moved", 1, false, false);
    expect_certain(v, "lost", 1, false, true);
    expect_certain(v, "chosen", 1, false, true);
    expect_certain(v, "twin", 1, false, false); /* local, and the file may have libraries */
    expect(v, "moved", 0x100004, 4, SYMBOL_CODE);
    symtab_free(t);
    symtab_free(v);
}

static void symbols_without_an_address_in_memory_are_not_found(void **state)
{
    static const char *const names[] = {"", "rename", "x86.o", ".text", "$d", "$t", "$x", "UND"};
    static const char *const files[] = {"x86", "arm", "riscv64", "aarch64"};
    struct symbol s;
    (void)state;
    for (size_t f = 0; f < 4; f++) {
        struct symtab *t = open_elf(files[f]);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_int_equal(symtab_find(t, names[i], &s), 0);
        symtab_free(t);
    }
}

static void an_address_is_named_by_the_innermost_symbol_with_a_size(void **state)
{
    (void)state;
    struct symtab *t = open_elf("x86");
    expect_at(t, 0xfffff, NULL);
    expect_at(t, 0x100000, "_start");
    expect_at(t, 0x100007, "_start");
    expect_at(t, 0x100018, "outer"); /* it contains inner, a label without a size */
    expect_at(t, 0x10001f, "outer");
    expect_at(t, 0x100020, "only_in_first");
    expect_at(t, 0x10002f, "unsized"); /* up to the next symbol */
    expect_at(t, 0x10003b, "both");
    expect_at(t, 0x10003c, NULL); /* no symbol extends so far */
    expect_at(t, 0x300000, NULL);
    expect_at(t, UINT64_MAX, NULL);
    symtab_free(t);
}

static void every_symbol_is_found_by_its_name_and_near_its_address(void **state)
{
    (void)state;
    struct symtab *t = open_elf("aarch64");
    assert_true(symtab_count(t) > 10);
    for (size_t i = 0; i < symtab_count(t); i++) {
        struct symbol s, found;
        symtab_nth(t, i, &s);
        assert_true(symtab_find(t, s.name, &found) > 0);
        if (s.size != 0 && s.kind <= SYMBOL_DATA) {
            assert_true(symtab_at(t, s.address, &found));
            assert_int_equal(found.address, s.address);
        }
    }
    symtab_free(t);
}

static void without_a_symbol_table_the_dynamic_one_is_used(void **state)
{
    struct symbol s;
    (void)state;
    struct symtab *t = open_elf("x86-dynamic");
    expect(t, "table", 0x200020, 12, SYMBOL_DATA);
    assert_int_equal(symtab_find(t, "both", &s), 1);
    assert_int_equal(s.address, 0x100038);
    assert_int_equal(symtab_find(t, "twin", &s), 0);
    symtab_free(t);
}

static void a_separate_debug_file_is_preferred_over_the_dynamic_table(void **state)
{
    (void)state;
    struct symtab *t = open_elf("stripped/by-link");
    expect(t, "only_in_first", 0x100020, 4, SYMBOL_CODE);
    assert_non_null(strstr(symtab_path(t), "/stripped/.debug/no-id.debug"));
    assert_int_equal(regions_kind(symtab_regions(t), 0x100000, 0x34), REGION_CODE);
    symtab_free(t);
}

static void libbfd_gets_the_machines_format_or_the_generic_one(void **state)
{
    struct elf_ident ident = {.is64 = true, .machine = EM_X86_64};
    (void)state;
#if defined HAVE_LIBBFD && defined __x86_64__ /* another's libbfd may know only its own machine */
    assert_string_equal(bfd_syms_target(&ident), "elf64-x86-64");
#endif
    ident = (struct elf_ident){.machine = 0xfffe, .big = true};
    assert_string_equal(bfd_syms_target(&ident), "elf32-big");
    ident.is64 = true;
    assert_string_equal(bfd_syms_target(&ident), "elf64-big");
    assert_int_equal(strncmp(bfd_syms_version(), "lib", 3), 0);
}

static void an_unusable_file_is_reported_by_one_line(void **state)
{
    static const struct {
        const char *file, *reason;
    } cases[] = {
        {"none", "No such file or directory"},
        {"far", "not a regular file"},
        {"object.o", "not linked"},
        {"nosyms", "no symbols"},
        {"far/bad-link", "no symbols"},
    };
    (void)state;
    need_elf("x86");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kept_log k;
        kept_log_init(&k);
        assert_null(symtab_open(elf_path(cases[i].file), &k.log));
        assert_int_equal(logged(&k, ""), 1);
        assert_int_equal(logged(&k, cases[i].reason), 1);
        assert_int_equal(logged(&k, elf_path(cases[i].file)), 1);
    }
    struct kept_log k;
    kept_log_init(&k);
    assert_null(symtab_open("/dev/null", &k.log));
    assert_int_equal(logged(&k, "not a regular file"), 1);
    char empty[] = "/tmp/netgdb-symtab-XXXXXX";
    int fd = mkstemp(empty);
    assert_true(fd >= 0);
    close(fd);
    assert_null(symtab_open(empty, &k.log));
    assert_int_equal(logged(&k, "empty"), 1);
    (void)unlink(empty);
}

/* libbfd must not print anything itself. */
static void libbfd_prints_nothing_about_a_damaged_file(void **state)
{
    char bytes[65536], name[] = "/tmp/netgdb-symtab-XXXXXX", out[] = "/tmp/netgdb-symout-XXXXXX";
    (void)state;
    FILE *f = fopen(need_elf("x86-shared"), "rb");
    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    int fd = mkstemp(name), output = mkstemp(out), saved = dup(2);
    assert_true(fd >= 0 && output >= 0 && dup2(output, 2) == 2);
    for (size_t at = 16; at < len; at += 7) {
        char byte = bytes[at];
        bytes[at] = (char)~byte;
        assert_int_equal(pwrite(fd, bytes, len, 0), len);
        symtab_free(symtab_open(name, NULL));
        bytes[at] = byte;
    }
    dup2(saved, 2);
    close(saved);
    assert_int_equal(lseek(output, 0, SEEK_END), 0);
    close(output);
    close(fd);
    unlink(name);
    unlink(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x86_64_is_read),
        cmocka_unit_test(aarch64_is_read),
        cmocka_unit_test(riscv64_is_read),
        cmocka_unit_test(arm_is_read_and_thumb_functions_have_even_addresses),
        cmocka_unit_test(mips_is_read_and_micromips_functions_have_odd_addresses),
        cmocka_unit_test(ppc64_is_read_and_functions_have_their_code_addresses),
        cmocka_unit_test(global_symbols_precede_local_ones_and_the_first_local_the_rest),
        cmocka_unit_test(a_static_that_lto_renamed_is_found_under_both_names),
        cmocka_unit_test(a_name_with_two_addresses_is_not_certain),
        cmocka_unit_test(symbols_without_an_address_in_memory_are_not_found),
        cmocka_unit_test(an_address_is_named_by_the_innermost_symbol_with_a_size),
        cmocka_unit_test(every_symbol_is_found_by_its_name_and_near_its_address),
        cmocka_unit_test(without_a_symbol_table_the_dynamic_one_is_used),
        cmocka_unit_test(a_separate_debug_file_is_preferred_over_the_dynamic_table),
        cmocka_unit_test(libbfd_gets_the_machines_format_or_the_generic_one),
        cmocka_unit_test(an_unusable_file_is_reported_by_one_line),
        cmocka_unit_test(libbfd_prints_nothing_about_a_damaged_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
