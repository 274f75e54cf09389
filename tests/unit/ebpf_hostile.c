/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects, types and programs that are made to harm the machine. */
#include "tests/unit/ebpf_object.h"

/* A program with one map that the older definition describes. */
static int make_with_map(const uint32_t definition[5], char error[EBPF_ERROR_TEXT])
{
    begin(false);
    (void)CODE(".text", MOV_K(0, 0), EXIT);
    unsigned in = section("maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, definition, 20);
    (void)symbol("table", STT_OBJECT, in, 0, 20);
    struct ebpf_image *image = load_with(NULL);
    const struct ebpf_options options = {.budget = 10, .error = error};
    struct ebpf_machine *m = NULL;
    int rc = ebpf_machine_new(&m, image, &options);
    ebpf_machine_free(rc == 0 ? m : NULL);
    ebpf_image_free(image);
    return rc;
}

static void an_array_of_programs_needs_no_sizes(void **state)
{
    const uint32_t small[5] = {EBPF_MAP_PROG_ARRAY, 0, 0, 2, 0};
    const uint32_t large[5] = {EBPF_MAP_PROG_ARRAY, 0, 0, UINT32_MAX, 0};
    const uint32_t narrow[5] = {EBPF_MAP_PROG_ARRAY, 1, 0, EBPF_MAP_BYTES_MAX / 8 + 1, 0};
    char error[EBPF_ERROR_TEXT] = "";
    (void)state;
    assert_int_equal(make_with_map(small, error), 0);
    assert_int_equal(make_with_map(large, error), NETGDB_TOO_LONG);
    assert_non_null(strstr(error, "map table: 4294967295 entries"));
    assert_int_equal(make_with_map(narrow, error), NETGDB_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_of_programs_needs_no_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
