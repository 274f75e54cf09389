/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fixture: runs code in the unchecked loop, one instruction at a time, and in the reference
 * interpreter.
 */
#ifndef NETGDB_TESTS_EBPF_OPS_FIXTURE_H
#define NETGDB_TESTS_EBPF_OPS_FIXTURE_H

#include "tests/unit/unit.h"

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "tests/ebpf/asm.h"
#include "tests/ebpf/reference.h"

enum { INPUT = 64, SLOTS = 64 };

static uint8_t input[INPUT];

static inline EBPF_HELPER_FUNCTION(first_argument)
{
    (void)m;
    (void)self;
    *result = arg[0];
    return EBPF_RUNNING;
}

static const struct ebpf_helper table[] = {{5, "first", "a", first_argument, 0}};

static inline bool reference_helper(struct reference *ref, uint32_t id)
{
    if (id == 5)
        ref->r[0] = ref->r[1];
    return id == 5;
}

struct outcome {
    enum ebpf_stop stop;
    uint64_t r0, executed, pc;
    uint8_t input[INPUT];
    char text[EBPF_FAULT_TEXT]; /* of a fault */
};

static inline struct outcome run(const uint64_t *code, size_t slots, bool stepping)
{
    struct ebpf_image *image;
    struct ebpf_machine *m;
    struct ebpf_options options = {.budget = 1000,
                                   .helpers = table,
                                   .helper_count = 1,
                                   .input = input,
                                   .input_size = sizeof input};
    struct outcome o = {0};
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, slots * 8), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    do
        o.stop = stepping ? ebpf_step(m, 0, 0, 1) : ebpf_run(m, 100);
    while (o.stop == EBPF_RUNNING || o.stop == EBPF_STEPPED);
    o.r0 = m->reg[0];
    o.executed = m->executed;
    o.pc = m->pc;
    memcpy(o.text, m->fault.text, sizeof o.text);
    assert_int_equal(ebpf_memory_peek(&m->memory, EBPF_INPUT_BASE, o.input, INPUT), INPUT);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return o;
}

static inline void check_reference(const uint64_t *code, size_t slots, const struct outcome *fast)
{
    uint8_t memory[INPUT] = {0}, stack[512 * 64] = {0};
    struct reference ref = {
        .code = (const uint8_t *)code,
        .slots = slots,
        .text = EBPF_TEXT_BASE,
        .area = {{EBPF_INPUT_BASE, sizeof memory, memory, true},
                 {EBPF_STACK_BASE, sizeof stack, stack, true}},
        .packet = EBPF_INPUT_BASE,
        .packet_size = INPUT,
        .r = {[1] = EBPF_INPUT_BASE, [2] = INPUT, [10] = EBPF_STACK_BASE + sizeof stack},
        .helper = reference_helper};
    memcpy(memory, input, INPUT);
    (void)reference_run(&ref, 1000);
    assert_int_equal(ref.r[0], fast->r0);
    assert_int_equal(ref.executed, fast->executed);
    assert_int_equal(EBPF_TEXT_BASE + 8 * ref.pc, fast->pc);
    assert_memory_equal(memory, fast->input, INPUT);
}

/* Runs the code in all ways and returns the result. */
static inline struct outcome run_all(const uint64_t *code, size_t slots)
{
    struct outcome fast = run(code, slots, false), slow = run(code, slots, true);
    assert_int_equal(fast.stop, slow.stop);
    assert_int_equal(fast.r0, slow.r0);
    assert_int_equal(fast.executed, slow.executed);
    assert_int_equal(fast.pc, slow.pc);
    assert_memory_equal(fast.input, slow.input, INPUT);
    check_reference(code, slots, &fast);
    return fast;
}

#define RUN(...)                                                                                   \
    run_all((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static inline void expect(const char *name, const char *form, const struct outcome *o, uint64_t r0)
{
    if (o->stop != EBPF_EXITED || o->r0 != r0)
        fail_msg("%s, %s: stop %d, r0 is 0x%llx and not 0x%llx", name, form, (int)o->stop,
                 (unsigned long long)o->r0, (unsigned long long)r0);
}

#endif
