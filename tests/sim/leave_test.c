/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Detaching returns the kernel to db> where it stopped, on the thread that stopped, however it
 * stopped and whatever the client did since: also on networks that lose, duplicate and reorder, and
 * after a server was killed.
 */
#include "tests/sim/rig.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/err.h"
#include "session/chain.h"
#include "session/serve.h"

#define BREAK 0x100 /* distance from the first stop */
#define TID 100001

enum way_to_stop { BEGINS, STEPS, BREAKS, WATCHES, FAULTS, STOPS };

static const char *const stop_names[STOPS] = {"as it began", "a step", "a breakpoint",
                                              "a watchpoint", "a fault"};
static const char *const instruction[] = {"cc", "000020d4", "0290"};

static const enum machine_arch all_machines[] = {MACHINE_AMD64, MACHINE_ARM64, MACHINE_RISCV64};

/* ---- a session with gdb's chain ---- */

struct client_session {
    struct rig *r;
    struct chain chain;
    struct link_session_state session_state;
    enum way_to_stop stop;
    uint64_t first, pc; /* pc of the first and of the last stop */
};

static const struct options options = {.cache = true, .rtos = "off"};

static void begin(struct client_session *s)
{
    const struct chain_config config = {.options = &options, .log = &s->r->log};
    link_keep_session_state(netgdb_target_link(s->r->target), &s->session_state);
    assert_int_equal(chain_renew(&s->chain, s->r->target, &config), 0);
}

static void connect(struct client_session *s)
{
    rig_connect(s->r);
    begin(s);
}

static struct client_session *session_of(const struct twin_config *config)
{
    struct client_session *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->r = rig_new_twin(config);
    s->first = s->pc = registers_of(config->arch)->text + 0x1000;
    connect(s);
    return s;
}

static struct client_session *session(enum machine_arch arch)
{
    struct twin_config config = twin_config(TWIN_NEW);
    config.arch = arch;
    return session_of(&config);
}

static void end(struct client_session *s)
{
    if (s->chain.target != NULL)
        s->r->target = chain_strip(&s->chain);
    rig_free(s->r);
    free(s);
}

static const char *ask(struct client_session *s, const char *request)
{
    assert_int_equal(target_ask(s->chain.target, request, &s->r->reply), 0);
    (void)buf_addc(&s->r->reply, 0);
    return (const char *)s->r->reply.data;
}

static void ask_of(struct client_session *s, const char *reply, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void ask_of(struct client_session *s, const char *reply, const char *format, ...)
{
    char request[128];
    va_list args;
    va_start(args, format);
    vsnprintf(request, sizeof request, format, args);
    va_end(args);
    assert_string_equal(ask(s, request), reply);
}

/* ---- stops ---- */

static void run(struct machine *m, void *context)
{
    struct client_session *s = context;
    unsigned past;
    uint64_t pc = s->first + 0x40;
    if (s->stop == BREAKS && machine_breakpoint_at(m, s->first + BREAK, &past))
        pc = s->first + BREAK + past;
    machine_set_reg(m, &m->threads[0], m->registers->pc, pc);
    if (s->stop == WATCHES || s->stop == FAULTS)
        machine_trap(m, s->stop == WATCHES ? MACHINE_WATCH : MACHINE_FAULT);
    m->watched = MACHINE_DATA;
}

static struct machine *machine_of(struct client_session *s)
{
    return twin_machine(s->r->twin);
}

static void write_le(char *hex, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned)(value >> 8 * i & 0xff));
}

/* As gdb does: inserts the breakpoint at the resume, removes it at the stop, and resets the pc. */
static void break_and_run(struct client_session *s)
{
    enum machine_arch arch = machine_of(s)->registers->arch;
    char text[16], pc[17];
    size_t len = strlen(instruction[arch]) / 2;
    uint64_t at = s->first + BREAK;
    char request[32];
    snprintf(request, sizeof request, "m%" PRIx64 ",4", at);
    snprintf(text, sizeof text, "%s", ask(s, request));
    text[2 * len] = '\0';
    ask_of(s, "OK", "M%" PRIx64 ",%zx:%s", at, len, instruction[arch]);
    assert_true(strncmp(ask(s, "c"), "T05", 3) == 0);
    ask_of(s, "OK", "M%" PRIx64 ",%zx:%s", at, len, text);
    write_le(pc, at);
    if (arch == MACHINE_AMD64)
        ask_of(s, "OK", "P10=%s", pc);
}

static void stop_by(struct client_session *s, enum way_to_stop stop)
{
    static const unsigned at[STOPS] = {0, 4, BREAK, 0x40, 0x40};
    s->stop = stop;
    machine_of(s)->on_run = run;
    machine_of(s)->context = s;
    if (stop == STEPS)
        assert_true(strncmp(ask(s, "s"), "T05", 3) == 0);
    else if (stop == BREAKS)
        break_and_run(s);
    else if (stop != BEGINS)
        assert_int_equal(ask(s, "c")[0], 'T');
    s->pc = s->first + at[stop];
}

/* Whether this machine supports the stop: riscv64 has neither steps nor watchpoints. */
static bool can_stop(enum machine_arch arch, enum way_to_stop stop)
{
    return arch != MACHINE_RISCV64 || (stop != STEPS && stop != WATCHES);
}

/* ---- leaving ---- */

static void leave(struct client_session *s)
{
    assert_int_equal(serve_leave(s->chain.target, false, &s->r->log), SERVE_DETACHED);
    s->r->target = chain_strip(&s->chain);
    sim_run_for(s->r->w, SIM_SECOND);
}

/* Checks that the kernel is at db>, at the right pc, without a breakpoint in its text. */
static void expect_at_db(struct client_session *s)
{
    struct machine *m = machine_of(s);
    unsigned past;
    assert_int_equal(twin_phase(s->r->twin), TWIN_DDB);
    assert_int_equal(twin_harm(s->r->twin), 0);
    unsigned pc = m->registers->pc;
    assert_int_equal(m->threads[0].regs[pc], s->pc);
    assert_int_equal(twin_thread(s->r->twin), TID);
    for (unsigned i = 1; i < MACHINE_THREADS; i++)
        assert_int_equal(m->threads[i].regs[pc], s->first + 0x1000 * i);
    for (uint64_t at = s->first; at < s->first + 0x200; at++)
        assert_false(machine_breakpoint_at(m, at, &past));
}

static void detach_returns_the_kernel_to_db_where_it_stopped(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (enum way_to_stop stop = BEGINS; stop < STOPS; stop++) {
            if (!can_stop(all_machines[a], stop))
                continue;
            struct client_session *s = session(all_machines[a]);
            stop_by(s, stop);
            ask_of(s, "OK", "Hg186a3"); /* another thread was selected */
            assert_int_equal(ask(s, "p10")[0] == 'E', 0);
            uint64_t resumes = twin_counts(s->r->twin)->steps;
            leave(s);
            print_message("%s, machine %u\n", stop_names[stop], a);
            expect_at_db(s);
            assert_int_equal(twin_counts(s->r->twin)->steps, resumes);
            assert_int_equal(s->r->lines, 0);
            end(s);
        }
    }
}

static void a_clients_d_or_k_does_the_same(void **state)
{
    static const char *const requests[] = {"D", "D;1", "k"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct client_session *s = session(MACHINE_AMD64);
        stop_by(s, STEPS);
        ask_of(s, "OK", "%s", requests[i]);
        sim_run_for(s->r->w, SIM_SECOND);
        expect_at_db(s);
        end(s);
    }
}

static void the_next_session_finds_the_kernel_unchanged(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (enum way_to_stop stop = BEGINS; stop < STOPS; stop++) {
            if (!can_stop(all_machines[a], stop))
                continue;
            struct client_session *s = session(all_machines[a]);
            stop_by(s, stop);
            for (int again = 0; again < 3; again++) {
                leave(s);
                expect_at_db(s);
                rig_kill(s->r);
                connect(s);
                assert_string_equal(ask(s, "qC"), "QC186a1");
            }
            end(s);
        }
    }
}

static void after_a_step_no_detach_is_sent_if_the_text_is_read_only(void **state)
{
    (void)state;
    struct client_session *s = session(MACHINE_AMD64);
    stop_by(s, STEPS);
    machine_of(s)->locked = true;
    assert_int_equal(serve_leave(s->chain.target, false, &s->r->log), SERVE_PARKED);
    assert_int_equal(s->r->lines, 1);
    assert_non_null(strstr(s->r->line, "cannot detach: it would run on and lose the panic: "
                                       "its text cannot be written"));
    assert_int_equal(twin_executed(s->r->twin, "D"), 0);
    assert_true(strncmp(ask(s, "D"), "E.", 2) == 0);
    machine_of(s)->locked = false;
    leave(s);
    expect_at_db(s);
    end(s);
}

/* ---- parked sessions and later clients ---- */

static void the_next_client_gets_the_thread_that_stopped(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        struct client_session *s = session(all_machines[a]);
        stop_by(s, BREAKS);
        ask_of(s, "OK", "Hg186a4");
        ask(s, "g");
        s->r->target = chain_strip(&s->chain);
        assert_int_equal(twin_thread(s->r->twin), TID);
        size_t before = twin_requests(s->r->twin);
        begin(s);
        /* Everything except the registers, which show the machine, was requested before; arm64's
         * exception handler takes three reads, whose limit is asked for, if the registers are
         * arm64's: riscv64's pc has the same number. */
        unsigned handler = all_machines[a] == MACHINE_ARM64   ? 5
                           : all_machines[a] == MACHINE_AMD64 ? 0
                                                              : 1;
        assert_int_equal(twin_requests(s->r->twin), before + 1 + handler);
        leave(s);
        expect_at_db(s);
        end(s);
    }
}

/* The server was killed: another one continues with the state file's contents. */
static void take_over(struct client_session *s)
{
    struct rig *r = s->r;
    const struct net_addr own = r->kernel->own, kernel = r->kernel->kernel;
    struct link_session_state session_state = s->session_state;
    sim_session_kill(r->kernel->io);
    r->target = chain_strip(&s->chain); /* sends nothing and changes no state file */
    s->session_state = session_state;
    rig_kill(r);
    assert_non_null(lobby_take_over(&r->lobby, &own, &kernel, &s->session_state));
    rig_take(r, rig_await(r, 30 * SIM_SECOND));
    begin(s);
}

static void a_server_that_takes_over_detaches_the_same_way(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (enum way_to_stop stop = BEGINS; stop < STOPS; stop++) {
            if (!can_stop(all_machines[a], stop))
                continue;
            struct client_session *s = session(all_machines[a]);
            stop_by(s, stop);
            ask_of(s, "OK", "Hg186a3");
            ask(s, "g");
            take_over(s);
            assert_int_equal(twin_thread(s->r->twin), TID);
            leave(s);
            expect_at_db(s);
            end(s);
        }
    }
}

/* A client was killed while its breakpoints were inserted, and the kernel stopped at one. */
static void breakpoints_of_a_killed_client_are_removed(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        enum machine_arch arch = all_machines[a];
        struct client_session *s = session(arch);
        s->stop = BREAKS;
        machine_of(s)->on_run = run;
        machine_of(s)->context = s;
        ask_of(s, "OK", "M%" PRIx64 ",%zx:%s", s->first + BREAK, strlen(instruction[arch]) / 2,
               instruction[arch]);
        assert_int_equal(ask(s, "c")[0], 'T');
        take_over(s);
        s->pc = s->first + BREAK;
        leave(s);
        expect_at_db(s);
        end(s);
    }
}

static void killed_at_any_point_on(enum machine_arch arch, enum way_to_stop stop)
{
    bool left = false, done = false;
    for (unsigned n = 0; !done; n++) {
        struct client_session *s = session(arch);
        stop_by(s, stop);
        ask_of(s, "OK", "Hg186a3");
        rig_fate(s->r, RIG_OUR_DATA, NULL, n, TIMES_ALL, SIM_LOSE, 0);
        left = serve_leave(s->chain.target, false, &s->r->log) == SERVE_DETACHED;
        rig_no_fates(s->r);
        done = twin_phase(s->r->twin) == TWIN_DDB;
        for (int i = 0; left && !done && i < 200; i++) { /* only the '+' to its OK is missing */
            sim_run_for(s->r->w, 10 * SIM_MS);
            assert_int_equal(target_idle(s->chain.target), 0);
        }
        if (!left) {
            take_over(s);
            leave(s);
        }
        sim_run_for(s->r->w, SIM_SECOND);
        expect_at_db(s);
        end(s);
        assert_true(n < 100);
    }
}

/* The stub would resume the machine. */
static void a_step_is_refused_on_riscv64(void **state)
{
    static const char *const steps[] = {"s", "sff", "S05"};
    (void)state;
    struct client_session *s = session(MACHINE_RISCV64);
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++)
        assert_true(strncmp(ask(s, steps[i]), "E.this kernel cannot step", 25) == 0);
    assert_int_equal(twin_counts(s->r->twin)->continues, 0);
    leave(s);
    expect_at_db(s);
    end(s);
}

/* On arm64 a fault would make it panic again; the session has prevented that. */
static void after_a_fault_the_kernel_steps_and_returns_to_db(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        struct twin_config config = twin_config(TWIN_NEW);
        config.arch = all_machines[a];
        config.invariants = true;
        struct client_session *s = session_of(&config);
        ask_of(s, "E05", "m700000000000,8");
        stop_by(s, can_stop(config.arch, STEPS) ? STEPS : BREAKS);
        ask_of(s, "E05", "m700000000000,8");
        leave(s);
        expect_at_db(s);
        assert_int_equal(s->r->lines, 0);
        end(s);
    }
}

/* GDB reads the first and the last page by itself: the kernel would print each fault. */
static void reads_that_always_fault_are_not_sent(void **state)
{
    static const char *const reads[] = {"m0,4", "mfff,2", "mfffffffffffffffc,4",
                                        "mfffffffffffff000,8"};
    static const char *const sent[] = {"m1000,4", "mffffffffffffeffc,8"};
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        struct client_session *s = session(all_machines[a]);
        size_t before = rig_count(s->r, RIG_OUR_DATA, NULL);
        for (unsigned i = 0; i < sizeof reads / sizeof reads[0]; i++)
            ask_of(s, "E05", "%s", reads[i]);
        assert_int_equal(rig_count(s->r, RIG_OUR_DATA, NULL), before);
        for (unsigned i = 0; i < sizeof sent / sizeof sent[0]; i++)
            ask_of(s, "E05", "%s", sent[i]);
        assert_true(rig_count(s->r, RIG_OUR_DATA, NULL) > before);
        end(s);
    }
}

/* After any last datagram: the next server completes the detach, and repeats no part of it. */
static void a_server_may_be_killed_at_any_point_of_a_detach(void **state)
{
    (void)state;
    killed_at_any_point_on(MACHINE_AMD64, STEPS);
    killed_at_any_point_on(MACHINE_ARM64, STEPS);
    killed_at_any_point_on(MACHINE_ARM64, BREAKS);
    killed_at_any_point_on(MACHINE_RISCV64, BREAKS);
}

/* A datagram after the detach stays in the network card, and the next `netgdb -s` panics. */
static void nothing_is_sent_to_a_detached_kernel(void **state)
{
    static const enum twin_generation generations[] = {TWIN_OLD, TWIN_NEW};
    (void)state;
    for (unsigned g = 0; g < 2; g++) {
        struct twin_config config = twin_config(generations[g]);
        config.invariants = true;
        struct client_session *s = session_of(&config);
        for (unsigned i = 0; i < 100; i++) /* until delays are short */
            assert_int_equal(ask(s, "s")[0], 'T');
        netgdb_target_link(s->r->target)->lossy = true; /* acks go out three times */
        leave(s);
        assert_int_equal(twin_phase(s->r->twin), TWIN_DDB);
        rig_kill(s->r);
        connect(s);
        assert_int_equal(twin_harm(s->r->twin), 0);
        leave(s);
        end(s);
    }
}

/*
 * D was retransmitted because its ack was late, and the kernel stored both copies: the stub repeats
 * its OK for each byte of the second one, and its machine may pause in between.
 */
static void a_kernel_that_pauses_during_a_detach_is_waited_for(void **state)
{
    (void)state;
    struct client_session *s = session(MACHINE_AMD64);
    stop_by(s, BREAKS);
    rig_fate(s->r, RIG_OUR_DATA, "$D#44", 0, 1, SIM_ONCE, 60 * SIM_MS);
    rig_fate(s->r, RIG_KERNEL_DATA, "$OK#9a", 0, TIMES_ALL, SIM_ONCE, 100 * SIM_MS);
    leave(s); /* checks a second later */
    expect_at_db(s);
    assert_true(rig_count(s->r, RIG_OUR_DATA, "$D#44") > 1);
    assert_int_equal(twin_counts(s->r->twin)->gave_up, 0);
    end(s);
}

static void nothing_runs_twice_on_a_bad_network(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct client_session *s = session(seed % 2 == 0 ? MACHINE_AMD64 : MACHINE_ARM64);
        struct sim_path *path = sim_path(s->r->w, RIG_KERNEL_IP, SIM_TO_KERNEL);
        for (uint64_t i = 0; i < seed; i++)
            (void)sim_random(s->r->w);
        path->loss = 0.1;
        path->duplicate = 0.2;
        path->reorder = 0.1;
        *sim_path(s->r->w, RIG_KERNEL_IP, SIM_TO_SERVER) = *path;
        stop_by(s, STEPS);
        ask_of(s, "OK", "Hg186a3");
        leave(s);
        sim_run_for(s->r->w, 20 * SIM_SECOND);
        expect_at_db(s);
        assert_int_equal(twin_counts(s->r->twin)->continues, 1);
        assert_int_equal(twin_executed(s->r->twin, "D"), 1);
        end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detach_returns_the_kernel_to_db_where_it_stopped),
        cmocka_unit_test(a_clients_d_or_k_does_the_same),
        cmocka_unit_test(the_next_session_finds_the_kernel_unchanged),
        cmocka_unit_test(after_a_step_no_detach_is_sent_if_the_text_is_read_only),
        cmocka_unit_test(the_next_client_gets_the_thread_that_stopped),
        cmocka_unit_test(a_server_that_takes_over_detaches_the_same_way),
        cmocka_unit_test(breakpoints_of_a_killed_client_are_removed),
        cmocka_unit_test(a_step_is_refused_on_riscv64),
        cmocka_unit_test(after_a_fault_the_kernel_steps_and_returns_to_db),
        cmocka_unit_test(reads_that_always_fault_are_not_sent),
        cmocka_unit_test(a_server_may_be_killed_at_any_point_of_a_detach),
        cmocka_unit_test(nothing_is_sent_to_a_detached_kernel),
        cmocka_unit_test(a_kernel_that_pauses_during_a_detach_is_waited_for),
        cmocka_unit_test(nothing_runs_twice_on_a_bad_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
