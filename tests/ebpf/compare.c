/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the machine with the reference; see compare.h. */
#include "tests/ebpf/compare.h"

#include <stdio.h>
#include <string.h>

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "tests/ebpf/reference.h"

static char difference[256];

static EBPF_HELPER_FUNCTION(mix)
{
    *result = arg[0] * 3 + arg[1];
    return EBPF_RUNNING;
}

static const struct ebpf_helper helpers[] = {{5, "mix", "a, b", mix, 0}};

static bool reference_mix(struct reference *ref, uint32_t id)
{
    if (id == 5)
        ref->r[0] = ref->r[1] * 3 + ref->r[2];
    return id == 5;
}

static enum ebpf_stop run_machine(struct ebpf_machine *m, enum compare_way way)
{
    struct ebpf_watch watch = {EBPF_WATCH_ACCESS, m->reg[10] - 24, 8};
    enum ebpf_stop stop;
    uint64_t slice = 1;
    if (way == COMPARE_WATCHED)
        (void)ebpf_memory_watch(&m->memory, &watch);
    for (uint32_t i = 0; way == COMPARE_BREAKPOINTS && i < m->slots; i += 3)
        (void)ebpf_break_add(m, m->text + 8 * (uint64_t)i);
    do {
        slice = slice % 97 + 13;
        stop = way == COMPARE_STEPS ? ebpf_step(m, 0, 0, 1) : ebpf_run(m, slice);
    } while (stop == EBPF_RUNNING || stop == EBPF_STEPPED || stop == EBPF_BREAKPOINT ||
             stop == EBPF_WATCHPOINT);
    return stop;
}

static enum ebpf_stop same_stop(enum reference_stop stop)
{
    static const enum ebpf_stop stops[] = {
        [REF_RUNNING] = EBPF_OVER_BUDGET, [REF_EXIT] = EBPF_EXITED, [REF_MEMORY] = EBPF_ACCESS,
        [REF_ILLEGAL] = EBPF_ILLEGAL,     [REF_JUMP] = EBPF_JUMP,   [REF_DEPTH] = EBPF_TOO_DEEP};
    return stops[stop];
}

static const char *differ(const char *what, uint64_t machine, uint64_t reference)
{
    snprintf(difference, sizeof difference, "%s: machine 0x%llx, reference 0x%llx", what,
             (unsigned long long)machine, (unsigned long long)reference);
    return difference;
}

static const char *compare_state(const struct ebpf_machine *m, enum ebpf_stop stop,
                                 const struct reference *ref, enum reference_stop ref_stop)
{
    static uint8_t bytes[REF_FRAME * REF_DEPTH_MAX];
    /* The machine checks the budget before it sees the exit, the reference its limit after the last
     * instruction. */
    if (stop != same_stop(ref_stop))
        return differ("stop", stop, same_stop(ref_stop));
    if (m->pc != ref->text + 8 * ref->pc)
        return differ("pc", m->pc, ref->text + 8 * ref->pc);
    if (m->executed != ref->executed)
        return differ("executed", m->executed, ref->executed);
    if (m->depth != ref->depth)
        return differ("depth", m->depth, ref->depth);
    for (unsigned i = 0; i < 11; i++)
        if (m->reg[i] != ref->r[i])
            return differ((const char *[]){"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8",
                                           "r9", "r10"}[i],
                          m->reg[i], ref->r[i]);
    for (int i = 0; i < 2; i++) {
        const struct reference_area *a = &ref->area[i];
        size_t n = ebpf_memory_peek(&m->memory, a->base, bytes, (size_t)a->size);
        if (n != a->size || memcmp(bytes, a->bytes, n) != 0)
            return differ(i == 0 ? "input" : "stack", n, a->size);
    }
    return NULL;
}

static const char *run_both(struct ebpf_machine *m, const uint8_t *code, size_t slots,
                            const uint8_t *input, enum compare_way way)
{
    static uint8_t memory[COMPARE_INPUT], stack[REF_FRAME * REF_DEPTH_MAX], text[EBPF_PAGE * 2];
    struct reference ref = {.code = code,
                            .slots = slots,
                            .text = EBPF_TEXT_BASE,
                            .area = {{EBPF_INPUT_BASE, sizeof memory, memory, true},
                                     {EBPF_STACK_BASE, sizeof stack, stack, true},
                                     {EBPF_TEXT_BASE, slots * 8, text, false}},
                            .packet = EBPF_INPUT_BASE,
                            .packet_size = COMPARE_INPUT,
                            .helper = reference_mix};
    memset(memory, 0, sizeof memory);
    memcpy(memory, input, COMPARE_INPUT);
    memset(stack, 0, sizeof stack);
    memset(text, 0, sizeof text);
    memcpy(text, code, slots * 8);
    memcpy(ref.r, m->reg, sizeof ref.r);
    enum ebpf_stop stop = run_machine(m, way);
    enum reference_stop ref_stop = reference_run(&ref, COMPARE_LIMIT);
    return compare_state(m, stop, &ref, ref_stop);
}

const char *compare_run(const uint8_t *code, size_t slots, const uint8_t *input,
                        enum compare_way way)
{
    struct ebpf_options options = {.budget = COMPARE_LIMIT,
                                   .helpers = helpers,
                                   .helper_count = 1,
                                   .input = input,
                                   .input_size = COMPARE_INPUT};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    const char *result = "the machine could not be created";
    if (slots > COMPARE_SLOTS_MAX || ebpf_image_from_code(&image, code, slots * 8) != 0)
        return "not a program";
    if (ebpf_machine_new(&m, image, &options) == 0) {
        result = run_both(m, code, slots, input, way);
        ebpf_machine_free(m);
    }
    ebpf_image_free(image);
    return result;
}
