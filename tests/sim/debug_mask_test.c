/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults of arm64's stub: they unmask debug exceptions, so that the kernel dies at the next resume
 * or detach, unless debug_mask_keep() was called before.
 */
#include "tests/sim/rig.h"

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
    uint64_t function = machine_of(r)->registers->text + MACHINE_EL1H_SYNC;
    assert_int_equal(debug_mask_keep(r->target, function, &r->log), 0);
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
    keep(r);
    assert_int_equal(twin_counts(r->twin)->writes, 2);
    rig_free(r);
}

/* Not the first instructions of another function, nor its data. */
static void another_function_is_not_changed(void **state)
{
    (void)state;
    struct rig *r = arm64(true);
    uint64_t text = machine_of(r)->registers->text;
    assert_int_equal(debug_mask_keep(r->target, text + MACHINE_UNMASK + 4, &r->log), 0);
    assert_int_equal(debug_mask_keep(r->target, text + MACHINE_UNMASK - 2, &r->log), 0);
    assert_int_equal(debug_mask_keep(r->target, text + MACHINE_TEXT_SIZE - 8, &r->log), 0);
    assert_int_equal(twin_counts(r->twin)->writes, 0);
    rig_free(r);
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
        cmocka_unit_test(another_function_is_not_changed),
        cmocka_unit_test(a_text_that_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
