/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types from debug information: the test reads its own. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/os.h"
#include "symbols/types.h"

enum colour { RED = 3, GREEN };

struct inner {
    char before;
    uint16_t number;
};

struct outer {
    uint32_t first;
    union {
        uint64_t wide;
        struct {
            uint32_t low, high;
        };
    };
    unsigned bits : 3, more_bits : 5;
    struct inner in;
    const struct inner *at;
    char name[7];
    enum colour colour;
};

typedef struct {
    char gap[5];
    struct outer *next;
} unnamed_t;

/* Debug information has only the types that are used. */
static struct outer outer;
static unnamed_t unnamed = {.next = &outer};

static struct types *own_types(void)
{
    if (!types_built())
        UNIT_SKIP("types are read with libdw only");
    char path[PATH_MAX];
    assert_true(os_program_path(path));
    struct types *t = types_open(path);
    assert_non_null(t);
    return t;
}

static void expect_member(struct types *t, const char *path, size_t offset, size_t size)
{
    struct types_member m;
    if (!types_member(t, "types.c", path, &m))
        fail_msg("there is no %s", path);
    assert_int_equal(m.offset, offset);
    assert_int_equal(m.size, size);
}

static void a_path_names_a_member(void **state)
{
    (void)state;
    struct types *t = own_types();
    expect_member(t, "outer.first", 0, 4);
    expect_member(t, "outer.in.number", offsetof(struct outer, in) + 2, 2);
    expect_member(t, "outer.name", offsetof(struct outer, name), 7);
    expect_member(t, "outer.at->number", 2, 2);
    expect_member(t, "outer.at->", 0, sizeof(struct inner));
    expect_member(t, "outer", 0, sizeof(struct outer));
    types_close(t);
}

static void members_of_unnamed_structures_belong_to_the_outer_one(void **state)
{
    (void)state;
    struct types *t = own_types();
    expect_member(t, "outer.wide", offsetof(struct outer, wide), 8);
    expect_member(t, "outer.high", offsetof(struct outer, high), 4);
    types_close(t);
}

static void a_structure_is_found_by_a_typedef(void **state)
{
    (void)state;
    struct types *t = own_types();
    assert_ptr_equal(unnamed.next, &outer);
    expect_member(t, "unnamed_t.next", offsetof(unnamed_t, next), sizeof unnamed.next);
    types_close(t);
}

static void each_name_may_have_alternatives(void **state)
{
    (void)state;
    struct types *t = own_types();
    expect_member(t, "oute|outer|outermost.firs|name", offsetof(struct outer, name), 7);
    expect_member(t, "nothing|unnamed_t", 0, sizeof unnamed);
    types_close(t);
}

static void unknown_names_and_bit_fields_are_not_found(void **state)
{
    static const char *const paths[] = {"oute",           "outer.firs",     "outer.more_bits",
                                        "outer.in->",     "outer.first.in", "",
                                        "outer.first->x", "outer|.|"};
    struct types_member m;
    (void)state;
    struct types *t = own_types();
    assert_false(types_member(t, "type.c", "outer", &m));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (types_member(t, "types.c", paths[i], &m))
            fail_msg("'%s' is found", paths[i]);
    }
    types_close(t);
}

static void without_a_unit_every_unit_is_searched(void **state)
{
    struct types_member m;
    (void)state;
    struct types *t = own_types();
    assert_true(types_member(t, NULL, "outer.colour", &m));
    assert_int_equal(m.offset, offsetof(struct outer, colour));
    types_close(t);
}

static void a_value_of_an_enumeration_has_a_name(void **state)
{
    (void)state;
    struct types *t = own_types();
    assert_string_equal(types_enumerator(t, "types.c", "outer.colour", 4), "GREEN");
    assert_null(types_enumerator(t, "types.c", "outer.colour", 5));
    assert_null(types_enumerator(t, "types.c", "outer.first", 3));
    types_close(t);
}

static void without_debug_information_nothing_is_found(void **state)
{
    struct types_member m;
    (void)state;
    assert_null(types_open("/nonexistent"));
    assert_null(types_open("/dev/null"));
    assert_false(types_member(NULL, "types.c", "outer", &m));
    assert_null(types_enumerator(NULL, "types.c", "outer.colour", RED));
    types_close(NULL);
}

/* Writes an ELF file whose debug information has a struct s with unnamed members of its own type.
 * `last` is the name of the section with the names.
 */
static void write_endless(FILE *f, const char *last)
{
    enum { MEMBERS = 100, STRUCTURE = 11 + 9 };
    static const uint8_t abbrev[] = {1, 0x11, 1,    0x03, 0x08, 0, 0, 2, 0x13,
                                     1, 0x03, 0x08, 0x0b, 0x0b, 0, 0, 3, 0x0d,
                                     0, 0x49, 0x13, 0x38, 0x0b, 0, 0, 0};
    char names[48] = "\0.debug_info\0.debug_abbrev\0";
    static const uint8_t member[] = {3, STRUCTURE, 0, 0, 0, 0};
    uint8_t info[11 + 9 + 4 + MEMBERS * sizeof member + 2] = {0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8};
    uint32_t length = sizeof info - 4;
    memcpy(info, &length, sizeof length);
    snprintf(names + 27, sizeof names - 27, "%s", last);
    memcpy(info + 11, "\1types.c", 9);
    memcpy(info + STRUCTURE, "\2s\0\10", 4);
    for (size_t i = 0; i < MEMBERS; i++)
        memcpy(info + STRUCTURE + 4 + i * sizeof member, member, sizeof member);
    Elf64_Shdr s[4] = {{0},
                       {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_size = sizeof info},
                       {.sh_name = 13, .sh_type = SHT_PROGBITS, .sh_size = sizeof abbrev},
                       {.sh_name = 27, .sh_type = SHT_STRTAB, .sh_size = sizeof names}};
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof e,
        .e_ehsize = sizeof e,
        .e_shentsize = sizeof s[0],
        .e_shnum = 4,
        .e_shstrndx = 3};
    s[1].sh_offset = sizeof e + sizeof s;
    s[2].sh_offset = s[1].sh_offset + sizeof info;
    s[3].sh_offset = s[2].sh_offset + sizeof abbrev;
    fwrite(&e, sizeof e, 1, f);
    fwrite(s, sizeof s, 1, f);
    fwrite(info, sizeof info, 1, f);
    fwrite(abbrev, sizeof abbrev, 1, f);
    fwrite(names, sizeof names, 1, f);
}

static struct types *open_endless(const char *last)
{
    char path[] = "/tmp/netgdb-types-XXXXXX";
    if (!types_built())
        UNIT_SKIP("types are read with libdw only");
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    assert_non_null(f);
    write_endless(f, last);
    assert_int_equal(fclose(f), 0);
    struct types *t = types_open(path);
    (void)unlink(path);
    return t;
}

static void sections_of_old_binutils_are_not_decompressed(void **state)
{
    (void)state;
    assert_null(open_endless(".zdebug_names"));
}

static void structures_inside_themselves_end(void **state)
{
    struct types_member m;
    (void)state;
    struct types *t = open_endless(".names");
    assert_non_null(t);
    assert_true(types_member(t, "types.c", "s", &m));
    assert_int_equal(m.size, 8);
    assert_false(types_member(t, "types.c", "s.absent", &m));
    types_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_of_old_binutils_are_not_decompressed),
        cmocka_unit_test(structures_inside_themselves_end),
        cmocka_unit_test(a_path_names_a_member),
        cmocka_unit_test(members_of_unnamed_structures_belong_to_the_outer_one),
        cmocka_unit_test(a_structure_is_found_by_a_typedef),
        cmocka_unit_test(each_name_may_have_alternatives),
        cmocka_unit_test(unknown_names_and_bit_fields_are_not_found),
        cmocka_unit_test(without_a_unit_every_unit_is_searched),
        cmocka_unit_test(a_value_of_an_enumeration_has_a_name),
        cmocka_unit_test(without_debug_information_nothing_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
