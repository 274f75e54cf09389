/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state after a detach: which traps ddb handles, the pc in ddb, and the thread of ddb and of
 * the next session.
 */
#include "tests/sim/sim_unit.h"

#include "tests/sim/raw.h"

#define PC UINT64_C(0xffffffff80201000) /* of amd64 */
#define PC_ARM64 UINT64_C(0xffff000000201000)
#define PC_RISCV64 UINT64_C(0xffffffc000201000)
#define DATA "ffffffff81000000"

static struct raw *session_of(enum machine_arch arch)
{
    struct twin_config config = twin_config(TWIN_NEW);
    config.arch = arch;
    return raw_session_of(&config);
}

static void say_and_wait(struct raw *r, const char *request)
{
    raw_say(r, raw_frame(request));
    raw_run(r, 20 * SIM_MS);
}

static void detach(struct raw *r)
{
    assert_string_equal(raw_ask(r, "D"), "OK");
    raw_run(r, 5 * SIM_MS);
}

static uint64_t pc_of(const struct raw *r, unsigned thread)
{
    const struct machine *m = twin_machine(r->t);
    return m->threads[thread].regs[m->registers->pc];
}

static void again(struct raw *r)
{
    r->heard_seqno = 0;
    raw_until_stop(r);
}

static void a_step_that_ddb_did_not_ask_for_is_ignored(void **state)
{
    static const char *const ways[] = {"D", "k"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        for (enum machine_arch arch = MACHINE_AMD64; arch <= MACHINE_ARM64; arch++) {
            struct raw *r = session_of(arch);
            raw_ask(r, "s");
            say_and_wait(r, ways[i]);
            raw_say(r, "+");
            raw_run(r, 5 * SIM_MS);
            assert_int_equal(twin_counts(r->t)->lost, 1);
            assert_int_equal(twin_harm(r->t), 1);
            assert_int_equal(twin_phase(r->t), TWIN_GONE);
            raw_free(r);
        }
    }
}

static void riscv_runs_instead_of_stepping(void **state)
{
    (void)state;
    struct raw *r = session_of(MACHINE_RISCV64);
    raw_ask(r, "s");
    assert_int_equal(twin_counts(r->t)->steps, 0);
    assert_int_equal(twin_counts(r->t)->continues, 1);
    detach(r);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    raw_free(r);
}

static void a_session_lost_after_a_step_loses_the_panic_too(void **state)
{
    (void)state;
    struct raw *r = session_of(MACHINE_AMD64);
    raw_ask(r, "s");
    r->silent = true;
    say_and_wait(r, "qC");
    raw_run(r, 20 * SIM_SECOND);
    assert_int_equal(twin_counts(r->t)->lost_by_silence, 1);
    assert_int_equal(twin_harm(r->t), 0); /* no server can prevent this */
    assert_int_equal(twin_phase(r->t), TWIN_GONE);
    raw_free(r);
}

static void a_breakpoint_at_the_pc_changes_a_steps_trap(void **state)
{
    (void)state;
    struct raw *r = session_of(MACHINE_AMD64);
    raw_ask(r, "s");
    raw_ask(r, "Mffffffff80201004,1:cc");
    assert_string_equal(raw_ask(r, "c"), "T0510:05102080ffffffff;thread:186a1;");
    raw_ask(r, "P10=04102080ffffffff");
    detach(r);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    assert_int_equal(pc_of(r, 0), PC + 4);
    assert_int_equal(twin_harm(r->t), 0);
    raw_free(r);
}

static void watch(struct machine *m, void *context)
{
    (void)context;
    machine_trap(m, MACHINE_WATCH);
    m->watched = MACHINE_DATA;
}

static void fault(struct machine *m, void *context)
{
    (void)context;
    machine_trap(m, MACHINE_FAULT);
}

/* Runs a session whose program stops by itself; checks the stop reply, and ddb's pc afterwards. */
static void expect_stop(enum machine_arch arch, void (*run)(struct machine *m, void *context),
                        const char *stop, uint64_t pc)
{
    struct raw *r = session_of(arch);
    twin_machine(r->t)->on_run = run;
    assert_string_equal(raw_ask(r, "c"), stop);
    detach(r);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    assert_int_equal(pc_of(r, 0), pc);
    assert_int_equal(twin_harm(r->t), 0);
    raw_free(r);
}

static void watchpoints_and_faults_are_reported_and_stop_ddb(void **state)
{
    (void)state;
    expect_stop(MACHINE_AMD64, watch, "T0510:00102080ffffffff;watch:ffffffff81000000;thread:186a1;",
                PC);
    expect_stop(MACHINE_AMD64, fault, "T0b10:00102080ffffffff;thread:186a1;", PC);
    expect_stop(MACHINE_ARM64, watch, "T0520:001020000000ffff;watch:ffffffff81000000;thread:186a1;",
                PC_ARM64);
    expect_stop(MACHINE_ARM64, fault, "T0720:001020000000ffff;thread:186a1;", PC_ARM64);
    expect_stop(MACHINE_RISCV64, fault, "T0720:00102000c0ffffff;thread:186a1;", PC_RISCV64);
}

static void each_detach_moves_past_a_breakpoint_on_arm64_and_riscv64(void **state)
{
    static const uint8_t instructions[] = {
        0x13, 0x01}; /* the first bytes of instructions of 4 and 2 bytes */
    (void)state;
    struct raw *r = session_of(MACHINE_ARM64);
    detach(r);
    assert_int_equal(pc_of(r, 0), PC_ARM64 + 4);
    again(r);
    raw_say(r, "+");
    raw_run(r, SIM_MS);
    detach(r);
    assert_int_equal(pc_of(r, 0), PC_ARM64 + 8);
    raw_free(r);
    for (unsigned i = 0; i < 2; i++) {
        r = session_of(MACHINE_RISCV64);
        machine_write(twin_machine(r->t), PC_RISCV64, &instructions[i], 1);
        detach(r);
        assert_int_equal(pc_of(r, 0), PC_RISCV64 + (i == 0 ? 4 : 2));
        raw_free(r);
    }
    expect_stop(MACHINE_AMD64, NULL, "T0510:00102080ffffffff;thread:186a1;", PC);
}

static void the_thread_of_the_last_h_stays(void **state)
{
    (void)state;
    struct raw *r = session_of(MACHINE_AMD64);
    assert_string_equal(raw_ask(r, "Hg186a3"), "OK");
    detach(r);
    assert_int_equal(twin_thread(r->t), MACHINE_TID + 2);
    raw_forget(r);
    again(r);
    assert_non_null(strstr(raw_heard(r), "$T0510:00302080ffffffff;thread:186a3;#"));
    raw_say(r, "+");
    raw_run(r, SIM_MS);
    assert_string_equal(raw_ask(r, "?"), "T05thread:186a3;");
    assert_string_equal(raw_ask(r, "qC"), "QC186a3");
    assert_string_equal(raw_ask(r, "c"), "T0510:00102080ffffffff;thread:186a1;"); /* a trap */
    raw_free(r);
}

static void on_arm64_that_thread_loses_an_instruction(void **state)
{
    (void)state;
    struct raw *r = session_of(MACHINE_ARM64);
    raw_ask(r, "Hg186a3");
    detach(r);
    assert_int_equal(pc_of(r, 2), PC_ARM64 + 0x2000 + 4);
    raw_free(r);
}

static void a_breakpoint_in_longjmp_kills_it_at_the_first_bad_address(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_ask(r, "Mffffffff80200800,1:cc");
        assert_string_equal(raw_ask(r, "m" DATA ",1"), "00");
        say_and_wait(r, "m1000,1");
        assert_int_equal(twin_phase(r->t), TWIN_GONE);
        assert_int_equal(twin_counts(r->t)->died_in_longjmp, 1);
        assert_int_equal(twin_harm(r->t), 1);
        raw_free(r);
    }
}

static void watchpoints_do_not_follow_from_the_generation(void **state)
{
    static const char *const replies[] = {
        [TWIN_NO_WATCH] = "", [TWIN_WATCHES] = "OK", [TWIN_WATCH_FAILS] = "E06"};
    (void)state;
    BOTH(g)
    {
        for (enum twin_watch w = TWIN_NO_WATCH; w <= TWIN_WATCH_FAILS; w++) {
            struct twin_config config = twin_config(g);
            config.watch = w;
            struct raw *r = raw_session_of(&config);
            assert_string_equal(raw_ask(r, "Z2," DATA ",8"), replies[w]);
            raw_free(r);
        }
    }
}

/* A message that arrives while the kernel is at db>, before `netgdb -s` is typed. */
static struct raw *with_early_data(enum twin_generation g, bool invariants)
{
    struct twin_config config = twin_config(g);
    config.invariants = invariants;
    struct raw *r = raw_new(&config);
    r->io = sim_session(r->w, config.ip, 0);
    raw_say(r, "");
    raw_run(r, SIM_MS);
    twin_netgdb(r->t);
    raw_run(r, SIM_MS);
    return r;
}

static void a_message_in_the_nic_panics_13_with_invariants(void **state)
{
    (void)state;
    BOTH(g)
    {
        for (int invariants = 0; invariants < 2; invariants++) {
            struct raw *r = with_early_data(g, invariants);
            bool dies = g == TWIN_OLD && invariants;
            assert_int_equal(twin_phase(r->t), dies ? TWIN_GONE : TWIN_HERALD);
            assert_int_equal(twin_counts(r->t)->early_data, dies);
            assert_int_equal(twin_harm(r->t), dies);
            raw_free(r);
        }
    }
}

static void an_ack_in_the_nic_panics_any_with_invariants(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct twin_config config = twin_config(g);
        config.invariants = true;
        struct raw *r = raw_new(&config);
        r->io = sim_session(r->w, config.ip, 0);
        raw_ack(r, 128);
        raw_run(r, SIM_MS);
        twin_netgdb(r->t);
        assert_int_equal(twin_phase(r->t), TWIN_GONE);
        assert_int_equal(twin_counts(r->t)->early_data, 1);
        raw_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_ddb_did_not_ask_for_is_ignored),
        cmocka_unit_test(riscv_runs_instead_of_stepping),
        cmocka_unit_test(a_session_lost_after_a_step_loses_the_panic_too),
        cmocka_unit_test(a_breakpoint_at_the_pc_changes_a_steps_trap),
        cmocka_unit_test(watchpoints_and_faults_are_reported_and_stop_ddb),
        cmocka_unit_test(each_detach_moves_past_a_breakpoint_on_arm64_and_riscv64),
        cmocka_unit_test(the_thread_of_the_last_h_stays),
        cmocka_unit_test(on_arm64_that_thread_loses_an_instruction),
        cmocka_unit_test(a_breakpoint_in_longjmp_kills_it_at_the_first_bad_address),
        cmocka_unit_test(watchpoints_do_not_follow_from_the_generation),
        cmocka_unit_test(a_message_in_the_nic_panics_13_with_invariants),
        cmocka_unit_test(an_ack_in_the_nic_panics_any_with_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
