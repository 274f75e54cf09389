/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Separate debug files: by build-id, by debuglink and checksum, and wrong ones. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "symbols/debugfile.h"
#include "tests/unit/symbols_world.h"

/* The debug file of a program under this root, or NULL. */
static char *find(const char *name, const char *root)
{
    const char *roots[] = {root, NULL};
    struct elf_file program, debug = {.fd = -1};
    const char *why;
    assert_int_equal(elf_file_open(&program, need_elf(name), &why), 0);
    char *path = debugfile_open(&program, elf_path(name), roots, &debug);
    assert_true((path != NULL) == (debug.elf != NULL));
    elf_file_close(&debug);
    elf_file_close(&program);
    return path;
}

static void a_build_id_is_read_with_its_address(void **state)
{
    static const uint8_t wanted[20] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                                       0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, 0x23, 0x45, 0x67};
    static const char *const names[] = {"x86", "mips", "far/by-id"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct elf_file f;
        struct build_id id;
        GElf_Shdr header;
        const char *why;
        assert_int_equal(elf_file_open(&f, need_elf(names[i]), &why), 0);
        elf_file_build_id(&f, &id);
        assert_int_equal(id.len, 20);
        assert_memory_equal(id.bytes, wanted, 20);
        assert_non_null(elf_file_section(&f, 0, ".note.gnu.build-id", &header));
        assert_int_equal(id.address, header.sh_addr);
        elf_file_close(&f);
    }
}

static void a_debug_file_is_found_by_build_id_under_a_root(void **state)
{
    (void)state;
    char *path = find("far/by-id", elf_path("root"));
    assert_non_null(path);
    assert_non_null(strstr(path, "/.build-id/00/112233445566778899aabbccddeeff01234567.debug"));
    free(path);
    assert_null(find("far/by-id", "/nonexistent"));
}

static void a_debug_file_is_found_by_debuglink_beside_the_program(void **state)
{
    (void)state;
    char *path = find("stripped/by-link", "/nonexistent");
    assert_non_null(path);
    assert_non_null(strstr(path, "/stripped/.debug/no-id.debug"));
    free(path);
}

/* As /usr/lib/debug/boot/kernel/kernel.debug is for /boot/kernel/kernel. */
static void a_debug_file_is_found_by_debuglink_under_a_root(void **state)
{
    char root[600], *path;
    (void)state;
    need_elf("x86");
    char *real = realpath(elf_path("away"), NULL);
    assert_non_null(real);
    snprintf(root, sizeof root, "%s", elf_path("mirror"));
    path = find("away/by-link", root);
    assert_non_null(path);
    assert_memory_equal(path, root, strlen(root));
    assert_string_equal(path + strlen(root) + strlen(real), "/no-id.debug");
    free(path);
    free(real);
}

static void a_file_with_another_checksum_is_ignored(void **state)
{
    (void)state;
    assert_null(find("far/bad-link", elf_path("root")));
}

static void a_program_without_build_id_and_debuglink_has_none(void **state)
{
    (void)state;
    assert_null(find("nosyms", elf_path("root")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_build_id_is_read_with_its_address),
        cmocka_unit_test(a_debug_file_is_found_by_build_id_under_a_root),
        cmocka_unit_test(a_debug_file_is_found_by_debuglink_beside_the_program),
        cmocka_unit_test(a_debug_file_is_found_by_debuglink_under_a_root),
        cmocka_unit_test(a_file_with_another_checksum_is_ignored),
        cmocka_unit_test(a_program_without_build_id_and_debuglink_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
