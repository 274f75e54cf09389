/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTOSes that keep a table of their threads: RIOT and NuttX, in memory images. */
#include "tests/unit/threads_contexts_fixture.h"

enum { NAMES = DATA + 0x400, TABLE = DATA + 0x100 };

static void put_name(struct world *w, unsigned i, uint64_t at)
{
    char name[16];
    snprintf(name, sizeof name, "task%u", i);
    rtos_stub_text(w->stub, at, name);
}

/* ---- RIOT ---- */

/* With DEVELHELP: the start of the stack at 32, the name at 36, the size of the stack at 40. */
static struct world *riot(const struct row *r)
{
    struct world *w = world_new(false, 4);
    world_symbol(w, "sched_active_thread", DATA);
    world_symbol(w, "sched_threads", TABLE);
    world_symbol(w, "max_threads", TEXT + 0x900);
    world_symbol(w, "_tcb_name_offset", TEXT + 0x901);
    rtos_stub_put(w->stub, TEXT + 0x900, 33, 1);
    rtos_stub_put(w->stub, TEXT + 0x901, 36, 1);
    rtos_stub_put(w->stub, DATA, TCBS, 4);
    for (unsigned i = 0; i < TASKS; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        push(w, r, i);
        put_name(w, i, NAMES + 16 * i);
        rtos_stub_put(w->stub, TABLE + 4 * (i + 1), tcb, 4);
        rtos_stub_put(w->stub, tcb, after(i) - length_of(r), 4);
        rtos_stub_put(w->stub, tcb + 4, i == 0 ? 11 : i + 1, 1);
        rtos_stub_put(w->stub, tcb + 5, i == 2 ? 200 : 7 + i, 1);
        rtos_stub_put(w->stub, tcb + 6, i + 1, 2);
        rtos_stub_put(w->stub, tcb + 32, STACKS + i * STACK, 4);
        rtos_stub_put(w->stub, tcb + 36, NAMES + 16 * i, 4);
        rtos_stub_put(w->stub, tcb + 40, STACK, 4);
    }
    rtos_stub_registers(w->stub, r->machine->n, 4, 0x500);
    if (strstr(r->name, "M0") != NULL) {
        rtos_stub_map(w->stub, 0xe000ed00, 16);
        rtos_stub_put(w->stub, 0xe000ed00, 0x410cc200, 4);
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    return w;
}

static const struct row riot_rows[] = {
    {"Cortex-M4", &arm, 0x01000000, R4_R11 "=fffffffd " HW},
    {"Cortex-M4, FPU block", &arm, 0x61000000,
     R4_R11 "=ffffffed " S16_S31 HW S0_S15 "=3000000 1. "},
    {"Cortex-M0", &arm, 0x01000000, "r8 r9 r10 r11 r4 r5 r6 r7 =fffffffd " HW},
    {"RISC-V", &rv32, 0,
     "x8 x9 x18 x19 x20 x21 x22 x23 x24 x25 x26 x27 x1 x5 x6 x7 x28 x29 x30 x31 x10 x11 x12 x13 "
     "x14 x15 x16 x17 pc 3. "},
};

static void riot_threads_have_states_and_registers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof riot_rows / sizeof riot_rows[0]; i++) {
        print_message("# %s\n", riot_rows[i].name);
        struct world *w = riot(&riot_rows[i]);
        assert_int_equal(count_threads(w), TASKS);
        assert_string_equal(ask(w, "qC"), "QC2");
        assert_string_equal(state_of(w, "task0"), "Running, priority 7");
        assert_memory_equal(state_of(w, "task1"), "Sleeping, priority 8, ", 22);
        assert_memory_equal(state_of(w, "task2"), "Mutex, priority 200, ", 21);
        assert_non_null(strstr(state_of(w, "task3"), " bytes of stack left"));
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &riot_rows[i], task);
        assert_int_equal(w->n_lines, 0);
        world_free(w);
    }
}

static void riot_without_a_running_thread_shows_the_cpu(void **state)
{
    (void)state;
    struct world *w = riot(&riot_rows[0]);
    w->stub->stops[0] = "S05";
    rtos_stub_put(w->stub, DATA, 0, 4);
    ask(w, "c");
    assert_int_equal(count_threads(w), TASKS + 1);
    assert_memory_equal(state_of(w, "CPU"), "Idle", 4);
    world_free(w);
}

static void a_corrupt_entry_of_a_table_is_left_out(void **state)
{
    static const struct {
        uint64_t at, value;
        unsigned threads;
    } damage[] = {
        {TABLE + 4 * 3, 0xdeadbeec, TASKS},    /* a wild pointer */
        {TABLE + 4 * 3, TCBS + 2, TASKS},      /* not aligned */
        {TCBS + 0x400 + 4, 0x00630003, TASKS}, /* the number of another entry */
    };
    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct world *w = riot(&riot_rows[0]);
        w->stub->stops[0] = "S05";
        rtos_stub_put(w->stub, damage[i].at, damage[i].value, 4);
        ask(w, "c");
        assert_int_equal(count_threads(w), damage[i].threads); /* one is the corrupt list */
        assert_string_not_equal(id_of(w, "corrupt list sched_threads"), "");
        assert_string_equal(id_of(w, "task2"), "");
        assert_int_equal(w->n_lines, 1);
        world_free(w);
    }
}

/* ---- NuttX ---- */

/* A version of g_tcbinfo: bytes, and indexes of its members. */
static const struct info {
    const char *name;
    unsigned size, stack, regs, n, pointer;
    bool in_tcb; /* the saved registers are in the control block */
} infos[] = {
    {"regs_num, registers on the stack", 24, 4, 6, 7, 16, false},
    {"regs_num, registers in the control block", 24, 4, 6, 7, 16, true},
};
enum { INFO = TEXT + 0x900, OFFSETS = TEXT + 0x940, REGS = 0x80, N_ARM = 17 };

/* armv7-m saves sp, BASEPRI, r4 to r11, EXC_RETURN and the exception frame; other registers are not
 * in its table. The word of each register in GDB's order: */
static const uint8_t words_arm[N_ARM] = {11, 12, 13, 14, 2, 3, 4, 5, 6, 7, 8, 9, 15, 0, 16, 17, 18};

static void put_info(struct world *w, const struct info *v)
{
    const uint16_t offsets[] = {0x0c, 0x16, 0x14, 0x60}; /* pid, state, priority, name */
    for (unsigned i = 0; i < 4; i++)
        rtos_stub_put(w->stub, INFO + 2 * i, offsets[i], 2);
    rtos_stub_put(w->stub, INFO + 2 * v->stack, 0x40, 2);
    rtos_stub_put(w->stub, INFO + 2 * v->regs, REGS, 2);
    rtos_stub_put(w->stub, INFO + 2 * v->n, N_ARM, 2);
    rtos_stub_put(w->stub, INFO + v->pointer, OFFSETS, 4);
    for (unsigned i = 0; i < N_ARM; i++)
        rtos_stub_put(w->stub, OFFSETS + 2 * i, 4u * words_arm[i] + (v->in_tcb ? REGS : 0u), 2);
}

static void put_registers(struct world *w, const struct row *r, unsigned i, uint64_t at)
{
    for (unsigned n = 0; n < N_ARM; n++)
        rtos_stub_put(w->stub, at + 4 * words_arm[n],
                      n == 13   ? after(i)
                      : n == 15 ? pc_of(i)
                      : n == 16 ? r->psr
                                : value_of(i, 'r', n),
                      4);
}

static struct world *nuttx(const struct info *v, const struct row *r, const char *running)
{
    struct world *w = world_new(false, 4);
    world_symbol(w, running, DATA);
    world_symbol(w, "g_pidhash", DATA + 8);
    world_symbol(w, "g_npidhash", DATA + 12);
    world_symbol(w, "g_tcbinfo", INFO);
    put_info(w, v);
    rtos_stub_put(w->stub, DATA, TCBS, 4);
    rtos_stub_put(w->stub, DATA + 8, TABLE, 4);
    rtos_stub_put(w->stub, DATA + 12, 8, 4);
    for (unsigned i = 0; i < TASKS; i++) {
        uint64_t tcb = TCBS + i * 0x200, at = v->in_tcb ? tcb + REGS : after(i) - 0x60;
        rtos_stub_put(w->stub, TABLE + 4 * (i + 3), tcb, 4); /* 11, 12, 13, 14 modulo 8 */
        rtos_stub_put(w->stub, tcb + 0x0c, 11 + i, 2);
        rtos_stub_put(w->stub, tcb + 0x14, i == 2 ? 224 : 100 + i, 1);
        rtos_stub_put(w->stub, tcb + 0x16, i == 0 ? 3 : i == 1 ? 2 : 5, 1);
        rtos_stub_put(w->stub, tcb + 0x40, STACKS + i * STACK, 4);
        put_name(w, i, tcb + 0x60);
        if (!v->in_tcb)
            rtos_stub_put(w->stub, tcb + REGS, at, 4);
        put_registers(w, r, i, at);
    }
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
    return w;
}

static void nuttx_threads_have_states_and_registers(void **state)
{
    static const struct row r = {"NuttX", &arm, 0x01000000, R0_R12 "lr pc psr "};
    (void)state;
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++) {
        print_message("# %s\n", infos[i].name);
        struct world *w = nuttx(&infos[i], &r, i == 0 ? "g_running_tasks" : "g_readytorun");
        assert_int_equal(count_threads(w), TASKS);
        assert_string_equal(ask(w, "qC"), "QC2");
        assert_string_equal(state_of(w, "task0"), "Running, priority 100");
        assert_memory_equal(state_of(w, "task1"), "Ready, priority 101, ", 21);
        assert_memory_equal(state_of(w, "task2"), "Waiting, priority 224, ", 23);
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &r, task);
        assert_int_equal(w->n_lines, 0);
        world_free(w);
    }
}

static void a_saved_register_of_nuttx_is_written_and_its_sp_is_not(void **state)
{
    static const struct row r = {"NuttX", &arm, 0x01000000, ""};
    (void)state;
    struct world *w = nuttx(&infos[0], &r, "g_running_tasks");
    char request[32];
    snprintf(request, sizeof request, "Hg%s", id_of(w, "task2"));
    ask(w, request);
    assert_string_equal(ask(w, "P4=78563412"), "OK");
    assert_int_equal(rtos_stub_get(w->stub, after(2) - 0x60 + 4 * words_arm[4], 4), 0x12345678);
    assert_string_equal(ask(w, "Pd=00000020"), "E01");
    world_free(w);
}

static void impossible_offsets_of_nuttx_show_no_registers(void **state)
{
    static const struct row r = {"NuttX", &arm, 0x01000000, ""};
    (void)state;
    struct world *w = nuttx(&infos[0], &r, "g_running_tasks");
    char request[32];
    world_free(w);
    w = nuttx(&infos[0], &r, "g_running_tasks");
    rtos_stub_put(w->stub, OFFSETS + 2, 0x1233, 2);
    w->stub->stops[0] = "S05";
    ask(w, "R00"); /* the program starts again: its table is read again */
    ask(w, "c");
    assert_int_equal(count_threads(w), TASKS);
    snprintf(request, sizeof request, "Hg%s", id_of(w, "task2"));
    ask(w, request);
    assert_int_equal(strspn(ask(w, "g"), "x"), 17 * 8);
    world_free(w);
}

static void tables_of_a_kernel_that_has_not_started_are_empty(void **state)
{
    static const struct row r = {"NuttX", &arm, 0x01000000, ""};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = i == 0 ? riot(&riot_rows[0]) : nuttx(&infos[0], &r, "g_running_tasks");
        w->stub->stops[0] = "S05";
        rtos_stub_put(w->stub, DATA, 0, 4);
        rtos_stub_put(w->stub, DATA + 12, 0, 4);
        rtos_stub_put(w->stub, TEXT + 0x900, i == 0 ? 0 : rtos_stub_get(w->stub, TEXT + 0x900, 1),
                      1);
        ask(w, "c");
        assert_int_equal(count_threads(w), 1);
        assert_string_not_equal(id_of(w, "CPU"), "");
        assert_int_equal(w->n_lines, 0);
        world_free(w);
    }
}

/* Without symbols=FILE it is only in max_threads, which may be missing. */
static void an_unknown_length_of_riots_table_is_reported(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    world_symbol(w, "sched_active_thread", DATA);
    world_symbol(w, "sched_threads", TABLE);
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), 2);
    assert_string_not_equal(id_of(w, "corrupt list sched_threads"), "");
    assert_non_null(strstr(w->lines[0], "symbols=FILE"));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(riot_threads_have_states_and_registers),
        cmocka_unit_test(riot_without_a_running_thread_shows_the_cpu),
        cmocka_unit_test(tables_of_a_kernel_that_has_not_started_are_empty),
        cmocka_unit_test(an_unknown_length_of_riots_table_is_reported),
        cmocka_unit_test(a_corrupt_entry_of_a_table_is_left_out),
        cmocka_unit_test(nuttx_threads_have_states_and_registers),
        cmocka_unit_test(a_saved_register_of_nuttx_is_written_and_its_sp_is_not),
        cmocka_unit_test(impossible_offsets_of_nuttx_show_no_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
