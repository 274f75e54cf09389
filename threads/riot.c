/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RIOT. Its symbols max_threads and _tcb_name_offset are made for debuggers, but not in every
 * image. Sources: core/sched.c, core/include/thread.h (struct _thread), core/include/sched.h
 * (thread_status_t).
 */
#include "threads/engine.h"
#include "threads/frame_pieces.h"

enum { ACTIVE, THREADS, LENGTH, NAME_OFFSET };

static const struct rtos_symbol symbols[] = {
    [ACTIVE] = {"sched_active_thread", SYMBOL_NEEDED},
    [THREADS] = {"sched_threads", SYMBOL_NEEDED},
    [LENGTH] = {"max_threads", SYMBOL_MAY},           /* the linker may drop both */
    [NAME_OFFSET] = {"_tcb_name_offset", SYMBOL_MAY}, /* with DEVELHELP */
    {NULL, SYMBOL_MAY},
};

#define TCB "_thread."

static const struct rtos_field fields[] = {
    {TCB_SP, TCB "sp", {0, 0}, 0},
    {TCB_STATE, TCB "status", {4, 8}, 1},
    {TCB_PRIORITY, TCB "priority", {5, 9}, 1},
    {TCB_NUMBER, TCB "pid", {6, 10}, 2},
    {TCB_STACK_LOW, TCB "stack_start", {-1, -1}, 0},
    {TCB_NAME, TCB "name", {-1, -1}, 0},
    {TCB_STACK_SIZE, TCB "stack_size", {-1, -1}, 4},
};

/* Since 2020. */
static const struct rtos_state states[] = {
    {0, "Stopped"},    {1, "Zombie"}, {2, "Sleeping"}, {3, "Mutex"},     {4, "Receive"},
    {5, "Send"},       {6, "Reply"},  {7, "Any flag"}, {8, "All flags"}, {9, "Mailbox"},
    {10, "Condition"}, {11, "Ready"}, {12, "Ready"}, /* running, and pending */
};

static void riot_set_default(struct engine *e, enum rtos_field_id id, uint64_t offset,
                             uint64_t size)
{
    if (!layout_has(e, id))
        layout_set(e, id, offset, size, ORIGIN_TABLE);
}

/* With DEVELHELP the start of the stack is before the name, and its size after it. */
static int learn_riot(struct engine *e)
{
    uint64_t name, word = e->arch->word;
    if (!e->have[NAME_OFFSET])
        return 0;
    int rc = memory_number(e->memory, e->symbols[NAME_OFFSET].address, 1, &name);
    if (rc != 0 || name < word)
        return rc;
    riot_set_default(e, TCB_STACK_LOW, name - word, 0);
    riot_set_default(e, TCB_NAME, name, 0);
    riot_set_default(e, TCB_STACK_SIZE, name + word, 4);
    return 0;
}

/* Saved contexts. Sources: cpu/cortexm_common/thread_arch.c, cpu/riscv_common/include/
 * context_frame.h. */
static const struct piece v7m[] = {ARM_R4_TO_R11, ARM_EXC_RETURN, ARM_S16_TO_S31,
                                   ARM_EXCEPTION_FRAME};
static const struct piece v6m[] = {{PIECE_REGS, ARM_R0 + 8, 4, ALWAYS, 0},
                                   {PIECE_REGS, ARM_R0 + 4, 4, ALWAYS, 0},
                                   ARM_EXC_RETURN,
                                   ARM_EXCEPTION_FRAME};
static const struct piece riscv[] = {{PIECE_REGS, 8, 2, ALWAYS, 0}, /* s0 to s11 */
                                     {PIECE_REGS, 18, 10, ALWAYS, 0},
                                     {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
                                     {PIECE_REGS, 5, 3, ALWAYS, 0}, /* t0 to t6 */
                                     {PIECE_REGS, 28, 4, ALWAYS, 0},
                                     {PIECE_REGS, 10, 8, ALWAYS, 0}, /* a0 to a7 */
                                     {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0},
                                     FRAME_SKIP(3),
                                     FRAME_END};

static const struct frame frame_v7m = {"Cortex-M", ON_ARM, PROOF_ARM_M, v7m, 0};
static const struct frame frame_v6m = {"Cortex-M0, M23", ON_ARM, PROOF_ARM_M | PROOF_V6M, v6m, 0};
static const struct frame frame_riscv = {"RISC-V", ON_RISCV, 0, riscv, 0};

static const struct frame *const frames[] = {&frame_v7m, &frame_v6m, &frame_riscv, NULL};

const struct rtos rtos_riot = {
    .name = "RIOT",
    .symbols = symbols,
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .frames = frames,
    .current = ACTIVE,
    .currents = NO_SYMBOL,
    .counter = NO_SYMBOL,
    .started = NO_SYMBOL,
    .count = LENGTH,
    .idles = true,
    .walk = WALK_TABLE,
    .count_size = 1,
    .head = THREADS,
    .states = states,
    .n_states = sizeof states / sizeof states[0],
    .name_is_pointer = true,
    .learn = learn_riot,
};
