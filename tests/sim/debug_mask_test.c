/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults of arm64's stub: they unmask debug exceptions, so that the kernel dies at the next resume
 * or detach, unless debug_mask_keep() was called before.
 */
#include "tests/sim/rig.h"

#include <endian.h>

#include "proto/quirks/debug_mask.h"

#define FAULT "mffff000100000000,8"

static struct rig *arm64(bool invariants)
{
    struct twin_config config = twin_config(TWIN_NEW);
    config.arch = MACHINE_ARM64;
    config.invariants = invariants;
    struct rig *r = rig_new_twin(&config);
    rig_connect(r);
    return r;
}

static struct machine *machine_of(const struct rig *r)
{
    return twin_machine(r->twin);
}

static void keep(struct rig *r)
{
    const uint64_t *regs = machine_of(r)->threads[0].regs;
    assert_int_equal(debug_mask_keep(r->target, regs[31], regs[32], &r->log), 0);
}

static void detach(struct rig *r)
{
    const struct request request = request_of("D");
    assert_int_equal(target_leave(r->target, &request, &r->reply), 0);
    sim_run_for(r->w, SIM_SECOND);
}

static void a_fault_is_fatal_at_the_next_detach_with_invariants(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    rig_ask(r, FAULT, "E05");
    detach(r);
    assert_int_equal(twin_phase(r->twin), TWIN_GONE);
    assert_int_equal(twin_counts(r->twin)->died_unmasked, 1);
    rig_free(r);
}

static void a_fault_is_fatal_at_the_next_step_without(void **state)
{
    (void)state;
    struct rig *r = arm64(false);
    rig_ask(r, FAULT, "E05");
    netgdb_target_hurry(r->target, true); /* it must stop soon */
    assert_int_not_equal(rig_try(r, "s"), 0);
    assert_int_equal(twin_phase(r->twin), TWIN_GONE);
    rig_free(r);
}

static void kept_masked_it_detaches_and_steps(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    keep(r);
    rig_ask(r, FAULT, "E05");
    detach(r);
    assert_int_equal(twin_phase(r->twin), TWIN_DDB);
    rig_free(r);
    for (int invariants = 0; invariants < 2; invariants++) {
        r = arm64(invariants);
        keep(r);
        rig_ask(r, FAULT, "E05");
        rig_step(r);
        rig_free(r);
    }
}

/* The next debugger finds the instruction replaced; a rebooted kernel has it again. */
static void the_instruction_is_replaced_once(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    keep(r);
    keep(r);
    assert_int_equal(twin_counts(r->twin)->writes, 1);
    assert_false(machine_fault_unmasks(machine_of(r)));
    machine_boot(machine_of(r));
    machine_enter_handler(machine_of(r));
    keep(r);
    assert_int_equal(twin_counts(r->twin)->writes, 2);
    rig_free(r);
}

/* The pointer authentication code of the handler's return address. */
static void a_signed_return_address_is_understood(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    struct machine *m = machine_of(r);
    uint64_t at = m->threads[0].regs[31] - MACHINE_CALLEE + 8;
    (void)machine_write(m, at + 6, "\x25\x01", 2);
    keep(r);
    assert_false(machine_fault_unmasks(m));
    rig_free(r);
}

/* Nothing is written if the stack is another than expected: one line warns. */
static void an_unknown_stack_is_reported(void **state)
{
    static const struct {
        unsigned below; /* sp */
        uint64_t word;
    } wrong[] = {
        {MACHINE_TRAP_FRAME, 1},
        {MACHINE_TRAP_FRAME - 16, 1},
        {MACHINE_CALLEE, 1},
        {MACHINE_CALLEE - 8, 0},
        {MACHINE_CALLEE - 8, 6},
        {MACHINE_CALLEE - 8, UINT64_C(0xffff0000002005f4)}, /* after another instruction */
        {MACHINE_CALLEE - 8, UINT64_C(0xffff000100000000)}, /* not mapped */
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct rig *r = arm64(true);
        struct machine *m = machine_of(r);
        uint64_t word = htole64(wrong[i].word);
        (void)machine_write(m, m->threads[0].regs[31] - wrong[i].below, &word, sizeof word);
        keep(r);
        assert_non_null(strstr(r->line, "exception handler was not found"));
        assert_int_equal(twin_counts(r->twin)->writes, 0);
        rig_free(r);
    }
}

static void a_text_that_cannot_be_written_is_reported(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    machine_of(r)->locked = true;
    keep(r);
    assert_non_null(strstr(r->line, "text cannot be written"));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_fatal_at_the_next_detach_with_invariants),
        cmocka_unit_test(a_fault_is_fatal_at_the_next_step_without),
        cmocka_unit_test(kept_masked_it_detaches_and_steps),
        cmocka_unit_test(the_instruction_is_replaced_once),
        cmocka_unit_test(a_signed_return_address_is_understood),
        cmocka_unit_test(an_unknown_stack_is_reported),
        cmocka_unit_test(a_text_that_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
