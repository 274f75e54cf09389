/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of libgcc; bpf-run.test compares them with the host's by objects of gcc-bpf. */
#include "tests/unit/unit.h"

#include <stdbool.h>

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "tests/ebpf/asm.h"

/* Calls the function `name` with a, b, c in r1 to r3. */
static enum ebpf_stop call(const char *name, const uint64_t arg[3], uint64_t *r0, uint64_t *memory)
{
    const struct ebpf_helper *h = ebpf_helper_by_name(ebpf_helpers, ebpf_helper_count, name);
    const struct ebpf_options options = {
        .budget = 100, .input = (const uint8_t *)memory, .input_size = 16};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    if (h == NULL) {
        fail_msg("no function %s", name);
        return EBPF_ILLEGAL;
    }
    const uint64_t code[] = {CALL_HELPER(h->id), EXIT};
    assert_ptr_equal(ebpf_helper_by_id(ebpf_helpers, ebpf_helper_count, h->id), h);
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, sizeof code), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    for (int i = 0; i < 3; i++)
        m->reg[1 + i] = arg[i];
    enum ebpf_stop stop = ebpf_run(m, 100);
    *r0 = m->reg[0];
    (void)ebpf_memory_peek(&m->memory, EBPF_INPUT_BASE, memory, 16);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return stop;
}

static void functions_of_numbers(void **state)
{
    static const struct {
        const char *name;
        uint64_t a, b, result;
    } cases[] = {
        {"__bswapdi2", 0x0102030405060708, 0, 0x0807060504030201},
        {"__bswapsi2", 0xffffffff01020304, 0, 0x04030201},
        {"__popcountdi2", 0xf000000000000001, 0, 5},
        {"__popcountsi2", 0xf000000000000001, 0, 1},
        {"__clzdi2", 1, 0, 63},
        {"__clzsi2", 0xffffffff00000001, 0, 31},
        {"__ctzdi2", UINT64_C(1) << 40, 0, 40},
        {"__ctzsi2", 8, 0, 3},
        {"__ffsdi2", 0, 0, 0},
        {"__ffssi2", 8, 0, 4},
        {"__paritydi2", 7, 0, 1},
        {"__clrsbdi2", UINT64_MAX, 0, 63},
        {"__clrsbsi2", 0xffffffff, 0, 31},
        {"__clrsbsi2", 1, 0, 30},
        {"__divdi3", (uint64_t)-7, 2, (uint64_t)-3},
        {"__divdi3", 1, 0, 0},
        {"__divsi3", (uint32_t)-7, 2, (uint64_t)-3},
        {"__moddi3", (uint64_t)-7, 2, (uint64_t)-1},
        {"__moddi3", 7, 0, 7},
        {"__udivdi3", UINT64_MAX, 2, UINT64_MAX / 2},
        {"__umodsi3", UINT64_MAX, 10, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t r0, memory[2] = {0}, arg[3] = {cases[i].a, cases[i].b};
        assert_int_equal(call(cases[i].name, arg, &r0, memory), EBPF_EXITED);
        if (r0 != cases[i].result)
            fail_msg("%s(0x%llx) = 0x%llx", cases[i].name, (unsigned long long)cases[i].a,
                     (unsigned long long)r0);
    }
}

static void atomic_functions_change_only_their_bytes(void **state)
{
    static const struct {
        const char *name;
        uint64_t b, c, r0, memory;
    } cases[] = {
        {"__sync_fetch_and_add_1", 0x80, 0, 0x90, 0x1234567890abcd10},
        {"__sync_add_and_fetch_2", 0x8000, 0, 0x4d90, 0x1234567890ab4d90},
        {"__sync_fetch_and_add_8", 1, 0, 0x1234567890abcd90, 0x1234567890abcd91},
        {"__atomic_sub_fetch_4", 1, 0, 0x90abcd8f, 0x1234567890abcd8f},
        {"__sync_fetch_and_nand_4", 0xffff, 0, 0x90abcd90, 0x12345678ffff326f},
        {"__sync_lock_test_and_set_4", 5, 0, 0x90abcd90, 0x1234567800000005},
        {"__sync_val_compare_and_swap_4", 0x90abcd90, 7, 0x90abcd90, 0x1234567800000007},
        {"__sync_bool_compare_and_swap_4", 0, 7, 0, 0x1234567890abcd90},
        {"__sync_bool_compare_and_swap_8", 0x1234567890abcd90, 7, 1, 7},
        {"__atomic_compare_exchange_8", EBPF_INPUT_BASE + 8, 7, 0, 0x1234567890abcd90},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t r0, memory[2] = {0x1234567890abcd90, 3};
        uint64_t arg[3] = {EBPF_INPUT_BASE, cases[i].b, cases[i].c};
        assert_int_equal(call(cases[i].name, arg, &r0, memory), EBPF_EXITED);
        if (r0 != cases[i].r0 || memory[0] != cases[i].memory)
            fail_msg("%s: 0x%llx, memory 0x%llx", cases[i].name, (unsigned long long)r0,
                     (unsigned long long)memory[0]);
        /* compare_exchange stores the value that it found. */
        assert_int_equal(memory[1], i + 1 < sizeof cases / sizeof cases[0] ? 3 : memory[0]);
    }
}

static void functions_check_the_memory(void **state)
{
    uint64_t r0, memory[2] = {0x0101010101010101, 0x0101010101010101};
    (void)state;
    assert_int_equal(call("__sync_fetch_and_add_8", (uint64_t[3]){8, 1}, &r0, memory), EBPF_ACCESS);
    assert_int_equal(call("__sync_fetch_and_add_8", (uint64_t[3]){EBPF_TEXT_BASE, 1}, &r0, memory),
                     EBPF_ACCESS);
    assert_int_equal(call("strcmp", (uint64_t[3]){EBPF_INPUT_BASE, 8}, &r0, memory), EBPF_ACCESS);
    memory[1] = 0;
    assert_int_equal(call("strlen", (uint64_t[3]){EBPF_INPUT_BASE + 1}, &r0, memory), EBPF_EXITED);
    assert_int_equal(r0, 7);
    assert_int_equal(
        call("strcmp", (uint64_t[3]){EBPF_INPUT_BASE, EBPF_INPUT_BASE + 1}, &r0, memory),
        EBPF_EXITED);
    assert_int_equal(r0, 1);
}

/* Whether bpf_skb_load_bytes of 4 bytes of the packet hits a watchpoint of a kind. */
static bool load_hits(enum ebpf_watch_kind kind)
{
    const struct ebpf_options options = {.budget = 100, .context = EBPF_CONTEXT_SKB};
    const struct ebpf_watch watch = {kind, EBPF_INPUT_BASE + 2, 1};
    const uint64_t code[] = {MOV_K(2, 0), MOV_X(3, 10),    ALU_K(BPF_ADD, 3, -8),
                             MOV_K(4, 4), CALL_HELPER(26), EXIT};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, sizeof code), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    assert_int_equal(ebpf_memory_watch(&m->memory, &watch), 0);
    enum ebpf_stop stop = ebpf_run(m, 100);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return stop == EBPF_WATCHPOINT;
}

static void a_load_from_the_packet_is_a_read(void **state)
{
    (void)state;
    assert_true(load_hits(EBPF_WATCH_READ));
    assert_true(load_hits(EBPF_WATCH_ACCESS));
    assert_false(load_hits(EBPF_WATCH_WRITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_numbers),
        cmocka_unit_test(atomic_functions_change_only_their_bytes),
        cmocka_unit_test(functions_check_the_memory),
        cmocka_unit_test(a_load_from_the_packet_is_a_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
