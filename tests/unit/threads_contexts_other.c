/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every saved context of ThreadX, Zephyr and ChibiOS in memory images, and their structures. */
#include "tests/unit/threads_contexts_fixture.h"

/* ---- ThreadX ---- */

#define S11_S0 "x27 x26 x25 x24 x23 x22 x21 x20 x19 x18 x9 x8 "
#define T6_A0 "x31 x30 x29 x28 x7 x6 x5 x17 x16 x15 x14 x13 x12 x11 x10 "
static const struct row threadx_rows[] = {
    {"ThreadX Cortex-M", &arm, 0x01000000, "=fffffffd " R4_R11 HW},
    {"ThreadX Cortex-M, FPU block", &arm, 0x01000000,
     "=ffffffed " S16_S31 R4_R11 HW S0_S15 "=3000000 1. "},
    {"ThreadX Cortex-M0", &arm, 0x01000000, "=fffffffd r8 r9 r10 r11 r4 r5 r6 r7 " HW},
    {"ThreadX ARM9, interrupted", &arm, 0x13, "=1 psr " R0_R12 "lr pc "},
    {"ThreadX Cortex-A with VFP, interrupted", &arm, 0x13,
     "=1 psr " S0_S15 S16_S31 S32_S63 "=60000010 " R0_R12 "lr pc "},
    {"ThreadX Cortex-A with VFP, solicited", &arm, 0x13,
     "=0 psr " S16_S31 S32_S63 "=60000010 " R4_R11 "pc "},
    {"ThreadX RISC-V, interrupted", &rv32, 0, "=1 " S11_S0 T6_A0 "x1 =1880 pc 1. "},
    {"ThreadX RISC-V, solicited", &rv32, 0, "=0 " S11_S0 "pc =8 1. "},
    {"ThreadX RISC-V with FPU, interrupted", &rv32, 0,
     "=1 " S11_S0 T6_A0 "x1 =80007880 pc " F("") "2. "},
    {"ThreadX RISC-V with FPU, 65 words", &rv32, 0,
     "=1 " S11_S0 T6_A0 "x1 =80007880 pc " F("") "1. "},
};

static void threadx_thread(struct world *w, unsigned i, uint64_t sp, unsigned state, unsigned n)
{
    uint64_t tcb = TCBS + i * 0x200;
    char name[16];
    snprintf(name, sizeof name, "task%u", i);
    rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
    rtos_stub_put(w->stub, tcb, 0x54485244, 4);
    rtos_stub_put(w->stub, tcb + 8, sp, 4);
    rtos_stub_put(w->stub, tcb + 12, STACKS + i * STACK, 4);
    rtos_stub_put(w->stub, tcb + 16, STACKS + (i + 1) * STACK - 1, 4);
    rtos_stub_put(w->stub, tcb + 20, STACK, 4);
    rtos_stub_put(w->stub, tcb + 40, DATA + 0x400 + 16 * i, 4);
    rtos_stub_put(w->stub, tcb + 44, 10 + i, 4);
    rtos_stub_put(w->stub, tcb + 48, state, 4);
    rtos_stub_put(w->stub, tcb + 136, TCBS + (i + 1) % n * 0x200, 4);
    rtos_stub_put(w->stub, tcb + 140, TCBS + (i + n - 1) % n * 0x200, 4);
}

/* CPUID alone distinguishes the order of registers of ARMv6-M from that of ARMv7-M. */
static void is_cortex_m0(struct world *w)
{
    rtos_stub_map(w->stub, 0xe000ed00, 16);
    rtos_stub_put(w->stub, 0xe000ed00, 0x410cc200, 4);
}

static struct world *threadx(const struct row *r, unsigned n)
{
    struct world *w = world_new(false, 4);
    world_symbol(w, "_tx_thread_current_ptr", DATA);
    world_symbol(w, "_tx_thread_created_ptr", DATA + 4);
    world_symbol(w, "_tx_thread_created_count", DATA + 8);
    rtos_stub_put(w->stub, DATA, TCBS, 4);
    rtos_stub_put(w->stub, DATA + 4, TCBS, 4);
    rtos_stub_put(w->stub, DATA + 8, n, 4);
    for (unsigned i = 0; i < n; i++) {
        push(w, r, i);
        threadx_thread(w, i, after(i) - length_of(r), i % 15, n);
    }
    rtos_stub_registers(w->stub, r->machine->n, 4, 0x500);
    if (strstr(r->name, "M0") != NULL)
        is_cortex_m0(w);
    world_begin(w, "auto");
    return w;
}

static void each_threadx_context_is_detected_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof threadx_rows / sizeof threadx_rows[0]; i++) {
        print_message("# %s\n", threadx_rows[i].name);
        struct world *w = threadx(&threadx_rows[i], TASKS);
        connect_as_gdb(w);
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &threadx_rows[i], task);
        world_free(w);
    }
}

static void a_solicited_context_on_arm9_resumes_at_lr(void **state)
{
    (void)state;
    static const struct row r = {"ThreadX ARM9, solicited", &arm, 0x13, "=0 psr " R4_R11 "pc "};
    struct world *w = threadx(&r, TASKS);
    connect_as_gdb(w);
    expect_task(w, &r, 2);
    expect_in_g(w, &r, 14, pc_of(2));
    world_free(w);
}

static void the_initial_pc_of_a_threadx_thread_has_its_thumb_bit_cleared(void **state)
{
    (void)state;
    struct world *w = threadx(&threadx_rows[0], TASKS);
    uint64_t at = after(1) - 8;
    rtos_stub_put(w->stub, at, pc_of(1) | 1, 4);
    connect_as_gdb(w);
    expect_task(w, &threadx_rows[0], 1);
    world_free(w);
}

static void threadx_states_are_shown_by_name(void **state)
{
    static const char *const names[] = {
        "Running", "Completed", "Terminated", "Suspended",    "Sleep",
        "Queue",   "Semaphore", "Event flag", "Block memory", "Byte memory",
        "I/O",     "File",      "TCP/IP",     "Mutex",        "Priority change"};
    (void)state;
    struct world *w = threadx(&threadx_rows[0], 15);
    connect_as_gdb(w);
    for (unsigned i = 0; i < 15; i++) {
        char name[16], wanted[32];
        snprintf(name, sizeof name, "task%u", i);
        snprintf(wanted, sizeof wanted, "%s, priority %u", names[i], 10 + i);
        assert_memory_equal(state_of(w, name), wanted, strlen(wanted));
    }
    world_free(w);
}

static void an_idle_cpu_is_thread_1(void **state)
{
    (void)state;
    struct world *w = threadx(&threadx_rows[0], TASKS);
    rtos_stub_put(w->stub, DATA, 0, 4);
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), TASKS + 1);
    assert_string_equal(id_of(w, "CPU"), "1");
    assert_string_equal(ask(w, "?"), "T05thread:1;");
    world_free(w);
}

static void a_corrupt_threadx_ring_keeps_its_consistent_threads(void **state)
{
    (void)state;
    static const struct {
        uint64_t at, value;
        unsigned threads;
    } damage[] = {
        {TCBS + 0x200 + 136, TCBS + 0x200, 3}, /* a loop */
        {TCBS + 0x200 + 136, 0xdeadbeec, 3},   /* a wild pointer */
        {TCBS + 0x400, 0, 3},                  /* no magic number */
        {TCBS + 0x400 + 140, TCBS, 3},         /* not linked back */
        {DATA + 8, 1000000000, 5},             /* a count */
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct world *w = threadx(&threadx_rows[0], TASKS);
        rtos_stub_put(w->stub, damage[i].at, damage[i].value, 4);
        connect_as_gdb(w);
        assert_int_equal(count_threads(w), damage[i].threads);
        assert_non_null(strstr(list(w, 4000), "name=\"corrupt list _tx_thread_created_"));
        assert_int_equal(w->n_lines, 1);
        world_free(w);
    }
}

/* ---- Zephyr and ChibiOS, which have tables of offsets ---- */

static struct world *zephyr(const struct machine *m, const uint32_t table[15])
{
    struct world *w = world_new(false, 4);
    world_symbol(w, "_kernel", DATA);
    world_symbol(w, "_kernel_thread_info_offsets", TEXT + 0x800);
    world_symbol(w, "_kernel_thread_info_num_offsets", TEXT + 0x880);
    rtos_stub_put(w->stub, TEXT + 0x880, 15, 4);
    for (unsigned i = 0; i < 15; i++)
        rtos_stub_put(w->stub, TEXT + 0x800 + 4 * i, table[i], 4);
    rtos_stub_put(w->stub, DATA + table[1], TCBS, 4);
    rtos_stub_put(w->stub, DATA + table[2], TCBS, 4);
    rtos_stub_registers(w->stub, m->n, 4, 0x500);
    return w;
}

static void zephyr_offsets_come_from_its_table(void **state)
{
    /* version, current, threads, entry, next, state, options, priority, sp, name, arch, floats,
     * cooperative floats, EXC_RETURN, … */
    static const uint32_t table[15] = {1,    8,    0x20, 0x60, 0x64,       0x0d, 0x0c,      0x0e,
                                       0x50, 0x70, 0xa0, 0x10, 0xffffffff, 0x05, 0xffffffff};
    static const struct row r = {"Zephyr", &arm, 0x01000000, HW};
    (void)state;
    struct world *w = zephyr(&arm, table);
    for (unsigned i = 0; i < TASKS; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, &r, i);
        for (unsigned n = 4; n < 12; n++)
            rtos_stub_put(w->stub, tcb + 0x30 + 4 * (n - 4), value_of(i, 'r', n), 4);
        rtos_stub_put(w->stub, tcb + 0x50, after(i) - length_of(&r), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i + 1 < TASKS ? tcb + 0x200 : 0, 4);
        rtos_stub_put(w->stub, tcb + 0x0d, i == 1 ? 0x02 : i == 2 ? 0x10 : 0x80, 1);
        rtos_stub_put(w->stub, tcb + 0x0e, 0xfe + i, 1);
        rtos_stub_put(w->stub, tcb + 0xa5, 0xbc, 1);
        rtos_stub_text(w->stub, tcb + 0x70, name);
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), TASKS);
    assert_string_equal(state_of(w, "task0"), "Running, priority -2");
    assert_string_equal(state_of(w, "task1"), "Pending, priority -1");
    assert_string_equal(state_of(w, "task2"), "Suspended, priority 0");
    assert_string_equal(state_of(w, "task3"), "Ready, priority 1");
    for (unsigned i = 1; i < TASKS; i++) {
        expect_task(w, &r, i);
        expect_in_g(w, &r, 4, value_of(i, 'r', 4));
        expect_in_g(w, &r, 11, value_of(i, 'r', 11));
    }
    world_free(w);
}

static void zephyr_floating_point_registers_are_in_the_tcb(void **state)
{
    static const uint32_t table[15] = {1,    8,    0x20, 0x60, 0x64,       0x0d, 0x0c,      0x0e,
                                       0x50, 0x70, 0xa0, 0x10, 0xffffffff, 0x05, 0xffffffff};
    static const struct row r = {"Zephyr, FPU", &arm, 0x01000000, HW S0_S15 "=3000000 1. "};
    (void)state;
    struct world *w = zephyr(&arm, table);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        push(w, &r, i);
        for (unsigned n = 16; n < 32; n++)
            rtos_stub_put(w->stub, tcb + 0xb0 + 4 * (n - 16), value_of(i, 's', n), 4);
        rtos_stub_put(w->stub, tcb + 0x50, after(i) - length_of(&r), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i == 0 ? tcb + 0x200 : 0, 4);
        rtos_stub_put(w->stub, tcb + 0xa5, 0xac, 1);
        rtos_stub_text(w->stub, tcb + 0x70, i == 0 ? "task0" : "task1");
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    expect_task(w, &r, 1);
    assert_memory_equal(ask(w, "p22"), "1001002011010020", 16); /* d8 */
    world_free(w);
}

static void zephyr_on_riscv_resumes_at_ra(void **state)
{
    static const uint32_t table[15] = {1,    8,          0x20,       0x60,       0x64,
                                       0x0d, 0x0c,       0x0e,       0x28,       0x70,
                                       0xa0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static const struct row r = {"Zephyr RISC-V", &rv32, 0, ""};
    static const unsigned saved[] = {1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
    (void)state;
    struct world *w = zephyr(&rv32, table);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        rtos_stub_put(w->stub, tcb + 0x28, after(i), 4);
        for (unsigned n = 0; n < 13; n++)
            rtos_stub_put(w->stub, tcb + 0x2c + 4 * n,
                          n == 0 ? pc_of(i) : value_of(i, 'x', saved[n]), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i == 0 ? tcb + 0x200 : 0, 4);
        rtos_stub_text(w->stub, tcb + 0x70, i == 0 ? "task0" : "task1");
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    expect_task(w, &r, 1);
    for (unsigned n = 1; n < 13; n++)
        expect_in_g(w, &r, saved[n], value_of(1, 'x', saved[n]));
    world_free(w);
}

static void chibios_offsets_come_from_ch_debug(void **state)
{
    /* chdebug_t: prio 8, ctx 12, newer 16, older 20, name 24, stack limit 28, state 32 */
    static const uint8_t debug[23] = {'m', 'a', 'i', 'n', 0,  23, 0,  0x18, 4,  4,  72, 8,
                                      12,  16,  20,  24,  28, 32, 33, 34,   35, 36, 0};
    static const struct row layouts[] = {
        {"ARMv7-M", &arm, 0x01000000, R4_R11 "pc "},
        {"ARMv7-M with FPU", &arm, 0x01000000, S16_S31 R4_R11 "pc "},
        {"ARMv6-M", &arm, 0x01000000, "r8 r9 r10 r11 r4 r5 r6 r7 pc "},
    };
    (void)state;
    for (size_t l = 0; l < 3; l++) {
        struct world *w = world_new(false, 4);
        world_symbol(w, "ch", DATA);
        world_symbol(w, "ch_debug", TEXT + 0x800);
        memcpy(rtos_stub_at(w->stub, TEXT + 0x800, 23), debug, 23);
        rtos_stub_put(w->stub, DATA + 16, TCBS, 4);
        rtos_stub_put(w->stub, DATA + 20, TCBS + 0x400, 4);
        rtos_stub_put(w->stub, DATA + 24, TCBS, 4); /* current */
        for (unsigned i = 0; i < 3; i++) {
            uint64_t tcb = TCBS + i * 0x200;
            char name[16];
            snprintf(name, sizeof name, "task%u", i);
            push(w, &layouts[l], i);
            rtos_stub_put(w->stub, after(i) - 4, pc_of(i) | 1, 4);
            rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
            rtos_stub_put(w->stub, tcb + 8, 128 + i, 4);
            rtos_stub_put(w->stub, tcb + 12, after(i) - length_of(&layouts[l]), 4);
            rtos_stub_put(w->stub, tcb + 16, i < 2 ? tcb + 0x200 : DATA, 4);
            rtos_stub_put(w->stub, tcb + 20, i > 0 ? tcb - 0x200 : DATA, 4);
            rtos_stub_put(w->stub, tcb + 24, DATA + 0x400 + 16 * i, 4);
            rtos_stub_put(w->stub, tcb + 28, STACKS + i * STACK, 4);
            rtos_stub_put(w->stub, tcb + 32, i == 1 ? 8 : 5, 1);
        }
        rtos_stub_registers(w->stub, 17, 4, 0x500);
        if (l == 2)
            is_cortex_m0(w);
        world_begin(w, "auto");
        connect_as_gdb(w);
        print_message("# %s\n", layouts[l].name);
        assert_int_equal(count_threads(w), 3);
        assert_memory_equal(state_of(w, "task0"), "Running, priority 128", 21);
        assert_memory_equal(state_of(w, "task1"), "Sleeping, priority 129", 22);
        assert_memory_equal(state_of(w, "task2"), "Semaphore, priority 130", 23);
        expect_task(w, &layouts[l], 1);
        expect_task(w, &layouts[l], 2);
        world_free(w);
    }
}

/* RT 7 and 8: an instance with the current thread at 4 and the registry at 40; links point to
 * links. */
static void expect_chibios_instance(unsigned major)
{
    static const uint8_t debug[43] = {'m', 'a', 'i', 'n', 0,  43, 0,  0, 4, 4,  80, 8,  12, 16, 20,
                                      24,  28,  32,  33,  34, 35, 36, 0, 0, 0,  0,  44, 4,  1,  0,
                                      4,   0,   12,  0,   0,  0,  0,  4, 0, 16, 40, 48, 52};
    static const struct row layout = {"ARMv7-M", &arm, 0x01000000, R4_R11 "pc "};
    enum { REGISTRY = DATA + 40, LINK = 16 };
    struct world *w = world_new(false, 4);
    world_symbol(w, "ch0", DATA);
    world_symbol(w, "ch_debug", TEXT + 0x800);
    memcpy(rtos_stub_at(w->stub, TEXT + 0x800, sizeof debug), debug, sizeof debug);
    rtos_stub_put(w->stub, TEXT + 0x807, major << 3, 1);
    rtos_stub_put(w->stub, DATA + 4, TCBS + 0x200, 4); /* current */
    rtos_stub_put(w->stub, REGISTRY, TCBS + LINK, 4);
    rtos_stub_put(w->stub, REGISTRY + 4, TCBS + 0x400 + LINK, 4);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, &layout, i);
        rtos_stub_put(w->stub, after(i) - 4, pc_of(i) | 1, 4);
        rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
        rtos_stub_put(w->stub, tcb + 8, 128 + i, 4);
        rtos_stub_put(w->stub, tcb + 12, after(i) - length_of(&layout), 4);
        rtos_stub_put(w->stub, tcb + 16, i < 2 ? tcb + 0x200 + LINK : REGISTRY, 4);
        rtos_stub_put(w->stub, tcb + 20, i > 0 ? tcb - 0x200 + LINK : REGISTRY, 4);
        rtos_stub_put(w->stub, tcb + 24, DATA + 0x400 + 16 * i, 4);
        rtos_stub_put(w->stub, tcb + 28, STACKS + i * STACK, 4);
        rtos_stub_put(w->stub, tcb + 32, i == 0 ? 8 : 5, 1);
    }
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), 3);
    assert_int_equal(w->n_lines, 0);
    assert_memory_equal(state_of(w, "task0"), "Sleeping, priority 128", 22);
    assert_memory_equal(state_of(w, "task1"), "Running, priority 129", 21);
    assert_memory_equal(state_of(w, "task2"), "Semaphore, priority 130", 23);
    expect_task(w, &layout, 2);
    world_free(w);
}

static void chibios_offsets_include_its_instance(void **state)
{
    (void)state;
    expect_chibios_instance(7);
    expect_chibios_instance(8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_threadx_context_is_detected_and_read),
        cmocka_unit_test(a_solicited_context_on_arm9_resumes_at_lr),
        cmocka_unit_test(the_initial_pc_of_a_threadx_thread_has_its_thumb_bit_cleared),
        cmocka_unit_test(threadx_states_are_shown_by_name),
        cmocka_unit_test(an_idle_cpu_is_thread_1),
        cmocka_unit_test(a_corrupt_threadx_ring_keeps_its_consistent_threads),
        cmocka_unit_test(zephyr_offsets_come_from_its_table),
        cmocka_unit_test(zephyr_floating_point_registers_are_in_the_tcb),
        cmocka_unit_test(zephyr_on_riscv_resumes_at_ra),
        cmocka_unit_test(chibios_offsets_come_from_ch_debug),
        cmocka_unit_test(chibios_offsets_include_its_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
