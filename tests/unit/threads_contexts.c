/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every saved context of FreeRTOS in memory images. */
#include "tests/unit/threads_contexts_fixture.h"

static const struct build *build_for(const struct machine *m)
{
    return m->size == 8 ? &builds[6] : &builds[0];
}

static struct world *image(const struct row *r)
{
    struct world *w = world_new(r->machine->big, r->machine->size);
    freertos(w, build_for(r->machine));
    for (unsigned i = 0; i < TASKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, r, i);
        freertos_task(w, name, freertos_ready(w, i), i,
                      after(i) - length_of(r) - ((r->psr & 0x200) != 0 ? 4 : 0));
    }
    freertos_runs(w, 0, TCBS);
    rtos_stub_registers(w->stub, r->machine->n, r->machine->size, 0x500);
    world_begin(w, "freertos");
    connect_as_gdb(w);
    return w;
}

static void each_freertos_context_is_detected_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("# %s\n", rows[i].name);
        struct world *w = image(&rows[i]);
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &rows[i], task);
        if (strcmp(rows[i].name, "MicroBlaze with FSR") == 0)
            expect_in_g(w, &rows[i], 36, 0x11);
        world_free(w);
    }
}

static void tasks_with_and_without_fpu_registers_are_both_read(void **state)
{
    (void)state;
    struct world *w = image(&rows[2]);
    uint64_t sp = after(3) - length_of(&rows[3]);
    push(w, &rows[3], 3);
    rtos_stub_word(w->stub, TCBS + 3 * 0x200, sp);
    ask(w, "M20000f00,1:00"); /* the client wrote memory */
    expect_task(w, &rows[2], 1);
    expect_task(w, &rows[2], 2);
    expect_task(w, &rows[3], 3);
    world_free(w);
}

/* A task uses the FPU after the context was chosen, and its FPU registers are all 0: the words are
 * also plausible as another context, except for the stack pointer. */
static void a_chosen_context_is_replaced_by_one_with_a_higher_score(void **state)
{
    (void)state;
#define Z11 "=0 =0 =0 =0 =0 =0 =0 =0 =0 =0 =0 "
    static const struct row clean = {"C", &rv32, 0, "pc =3880 x1 " X5_X31 "=0 "};
    static const struct row dirty = {"C, D", &rv32, 0,
                                     "pc =80007880 " Z11 Z11 Z11 Z11 Z11 Z11 "x1 " X5_X31 "=0 "};
    struct world *w = image(&clean);
    expect_task(w, &clean, 1);
    push(w, &dirty, 3);
    rtos_stub_word(w->stub, TCBS + 3 * 0x200, after(3) - length_of(&dirty));
    ask(w, "M20000f00,1:00");
    expect_task(w, &dirty, 3);
    expect_task(w, &clean, 1);
    world_free(w);
}

/* A stack that is not aligned to 16 bytes, as the context with single-precision registers would
 * leave it. The word that would be fcsr belongs to a caller, and has bits that fcsr does not have.
 */
static void unsaved_fpu_registers_are_detected_by_the_value_of_fcsr(void **state)
{
    (void)state;
    static const struct row r = {"C", &rv32, 0x200, "pc =80007880 x1 " X5_X31 "=0 "};
    struct world *w = image(&r);
    char request[16];
    snprintf(request, sizeof request, "Hg%s", id_of(w, "task1"));
    ask(w, request);
    ask(w, "g");
    expect_in_g(w, &r, 1, value_of(1, 'x', 1));
    expect_in_g(w, &r, 31, value_of(1, 'x', 31));
    expect_in_g(w, &r, rv32.sp, after(1) - 4);
    world_free(w);
}

/* FreeRTOS V10.6 and later with an MPU: the context is in the control block; the exception frame is
 * on the stack at `psp`. */
static const struct row tcb_rows[] = {
    {"Cortex-M33 in the TCB", &arm, 0x01000000, R4_R11 HW "psp =20010000 =3 =ffffffbc "},
    {"Cortex-M33 in the TCB, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 " R4_R11 HW "psp =20010000 =3 =ffffffac "},
    {"Cortex-M33 in the TCB, secure state, SFPA", &arm, 0x01100000,
     S16_S31 S0_S15 "=3000000 " R4_R11 HW "psp =20010000 =3 =ffffffed "},
    {"Cortex-M33 in the TCB, PAC", &arm, 0x01000000,
     R4_R11 HW "psp =20010000 =3 =ffffffbc =1234 =5678 =9abc =def0 "},
    {"Cortex-M33 in the TCB, TrustZone", &arm, 0x01000000,
     R4_R11 HW "=0 psp =20010000 =3 =ffffffbc "},
    {"Cortex-M33 in the TCB, TrustZone, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 " R4_R11 HW "=20000400 psp =20010000 =3 =ffffffac "},
    {"Cortex-M33 in the TCB, TrustZone, PAC", &arm, 0x01000000,
     R4_R11 HW "=0 psp =20010000 =3 =ffffffbc =1234 =5678 =9abc =def0 "},
    {"Cortex-M3 in the TCB", &arm, 0x01000000, "=3 " R4_R11 "=fffffffd psp " HW},
    {"Cortex-M4F in the TCB, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 =3 " R4_R11 "=ffffffed psp " HW},
    {"Cortex-M0 in the TCB", &arm, 0x01000000, R4_R11 HW "psp =3 =fffffffd "},
};

static void a_context_in_the_control_block_is_read(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof tcb_rows / sizeof tcb_rows[0]; r++) {
        struct world *w = world_new(false, 4);
        print_message("# %s\n", tcb_rows[r].name);
        freertos(w, &builds[0]);
        for (unsigned i = 0; i < 3; i++) {
            uint64_t at = TCBS + i * 0x200 + 0x80;
            const unsigned frame = strstr(tcb_rows[r].words, "s16") != NULL ? 104 : 32;
            char name[16];
            struct word word;
            for (const char *text = tcb_rows[r].words; next_word(&text, 4, &word); at += 4) {
                rtos_stub_put(w->stub, at, content(&tcb_rows[r], &word, i, after(i) - frame), 4);
            }
            snprintf(name, sizeof name, "task%u", i);
            freertos_task(w, name, freertos_ready(w, i), i, at);
        }
        freertos_runs(w, 0, TCBS);
        rtos_stub_registers(w->stub, 17, 4, 0x500);
        world_begin(w, "auto");
        connect_as_gdb(w);
        expect_task(w, &tcb_rows[r], 1);
        expect_task(w, &tcb_rows[r], 2);
        world_free(w);
    }
}

/* Of a task interrupted in the secure state only the stack pointer is known; all else is x. */
static const struct {
    struct row outside, inside;
} secure_rows[] = {
    {{"TrustZone", &arm, 0x01000000, "=20000400 =20010000 =ffffffbc " R4_R11 HW},
     {"inside", &arm, 0, "=20000400 =20010000 =fffffffd "}},
    {{"TrustZone and MPU", &arm, 0x01000000, "=20000400 =20010000 =3 =ffffffbc " R4_R11 HW},
     {"inside", &arm, 0, "=20000400 =20010000 =3 =fffffffd "}},
};

static void a_task_in_the_secure_state_shows_only_its_stack_pointer(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof secure_rows / sizeof secure_rows[0]; r++) {
        const struct row *inside = &secure_rows[r].inside;
        struct world *w = image(&secure_rows[r].outside);
        char request[32];
        push(w, inside, 3);
        rtos_stub_word(w->stub, TCBS + 3 * 0x200, after(3) - length_of(inside));
        ask(w, "M20000f00,1:00");
        snprintf(request, sizeof request, "Hg%s", id_of(w, "task3"));
        ask(w, request);
        const char *g = ask(w, "g");
        for (unsigned i = 0; i < 8 * 17; i++) {
            if (i < 8 * 13 || i >= 8 * 14)
                assert_int_equal(g[i], 'x');
        }
        expect_in_g(w, inside, 13, after(3));
        snprintf(request, sizeof request, "vCont;s:%s", id_of(w, "task3"));
        assert_string_equal(ask(w, request), "E01");
        expect_task(w, &secure_rows[r].outside, 2);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_freertos_context_is_detected_and_read),
        cmocka_unit_test(tasks_with_and_without_fpu_registers_are_both_read),
        cmocka_unit_test(a_chosen_context_is_replaced_by_one_with_a_higher_score),
        cmocka_unit_test(unsaved_fpu_registers_are_detected_by_the_value_of_fcsr),
        cmocka_unit_test(a_context_in_the_control_block_is_read),
        cmocka_unit_test(a_task_in_the_secure_state_shows_only_its_stack_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
