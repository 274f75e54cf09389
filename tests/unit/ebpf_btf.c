/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sizes of BTF's types (ebpf/btf.h). */
#include "tests/unit/unit.h"

#include "ebpf/btf.h"

enum { INT = 1, POINTER, FUNCTION, PROTOTYPE, FORWARD, ARRAY };

/* Types by these numbers, and an array of `count` elements of a type. */
static uint32_t size_of(uint32_t id, uint32_t element, uint32_t count)
{
    const uint32_t types[] = {0, KIND_INT << 24,        4,         32, /* */
                              0, KIND_PTR << 24,        INT,           /* */
                              0, KIND_FUNC << 24,       PROTOTYPE,     /* */
                              0, KIND_FUNC_PROTO << 24, INT,  /* a function that returns an int */
                              0, KIND_FWD << 24,        1234, /* */
                              0, KIND_ARRAY << 24,      0,         element, INT, count};
    const uint32_t header[] = {0x0001eb9f, 24, 0, sizeof types, sizeof types, 1};
    uint8_t bytes[sizeof header + sizeof types + 1] = {0};
    struct btf b;
    memcpy(bytes, header, sizeof header);
    memcpy(bytes + sizeof header, types, sizeof types);
    assert_int_equal(btf_open(&b, bytes, sizeof bytes), 0);
    uint32_t size = btf_size(&b, id);
    btf_close(&b);
    return size;
}

static void an_array_has_the_size_of_its_elements(void **state)
{
    (void)state;
    assert_int_equal(size_of(INT, 0, 0), 4);
    assert_int_equal(size_of(POINTER, 0, 0), 8);
    assert_int_equal(size_of(ARRAY, INT, 10), 40);
    assert_int_equal(size_of(ARRAY, POINTER, 10), 80);
    assert_int_equal(size_of(ARRAY, POINTER, 0x1fffffff), 0xfffffff8);
}

static void a_size_of_more_than_32_bits_is_none(void **state)
{
    (void)state;
    assert_int_equal(size_of(ARRAY, INT, 0x40000000), 0);
    assert_int_equal(size_of(ARRAY, POINTER, 0x20000000), 0);
    assert_int_equal(size_of(ARRAY, POINTER, 0x20000001), 0); /* not 8 */
    assert_int_equal(size_of(ARRAY, ARRAY, 2), 0);            /* of itself */
}

static void a_function_has_no_size(void **state)
{
    (void)state;
    assert_int_equal(size_of(FUNCTION, 0, 0), 0);
    assert_int_equal(size_of(PROTOTYPE, 0, 0), 0);
    assert_int_equal(size_of(FORWARD, 0, 0), 0);
    assert_int_equal(size_of(ARRAY, FUNCTION, 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_has_the_size_of_its_elements),
        cmocka_unit_test(a_size_of_more_than_32_bits_is_none),
        cmocka_unit_test(a_function_has_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
