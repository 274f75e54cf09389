/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ThreadX. Sources: common/inc/tx_api.h (TX_THREAD_STRUCT, the object structures, states),
 * tx_thread.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "proto/err.h"
#include "threads/engine.h"
#include "threads/frame_pieces.h"

enum { CURRENT, CREATED, COUNT };

static const struct rtos_symbol symbols[] = {
    [CURRENT] = {"_tx_thread_current_ptr", SYMBOL_NEEDED},
    [CREATED] = {"_tx_thread_created_ptr", SYMBOL_NEEDED},
    [COUNT] = {"_tx_thread_created_count", SYMBOL_MAY},
    {NULL, SYMBOL_MAY},
};

#define TCB "TX_THREAD_STRUCT|TX_THREAD.tx_thread_"

static const struct rtos_field fields[] = {
    {TCB_MAGIC, TCB "id", {0, -1}, 4},
    {TCB_SP, TCB "stack_ptr", {8, -1}, 0},
    {TCB_STACK_LOW, TCB "stack_start", {12, -1}, 0},
    {TCB_STACK_HIGH, TCB "stack_end", {16, -1}, 0},
    {TCB_STACK_SIZE, TCB "stack_size", {20, -1}, 4},
    {TCB_NAME, TCB "name", {40, -1}, 0},
    {TCB_PRIORITY, TCB "priority", {44, -1}, 4},
    {TCB_BASE_PRIORITY, TCB "user_priority", {-1, -1}, 4},
    {TCB_STATE, TCB "state", {48, -1}, 4},
    {TCB_WAITS_FOR, TCB "suspend_control_block", {108, -1}, 0},
    {TCB_NEXT, TCB "created_next", {136, -1}, 0},
    {TCB_PREVIOUS, TCB "created_previous", {140, -1}, 0},
    {OBJECT_NAME, "TX_QUEUE_STRUCT|TX_QUEUE.tx_queue_name", {4, 8}, 0},
};

static const struct rtos_state states[] = {
    {0, "Ready"}, {1, "Completed"}, {2, "Terminated"}, {3, "Suspended"},    {4, "Sleep"},
    {5, "Queue"}, {6, "Semaphore"}, {7, "Event flag"}, {8, "Block memory"}, {9, "Byte memory"},
    {10, "I/O"},  {11, "File"},     {12, "TCP/IP"},    {13, "Mutex"},       {14, "Priority change"},
};

/* An object begins with an id of four letters and a pointer to its name. */
static bool is_object(uint64_t id)
{
    static const uint32_t ids[] = {
        0x51554555, /* QUEU */
        0x53454d41, /* SEMA */
        0x4d555445, /* MUTE */
        0x4456444e, /* DVDN: event flags */
        0x42595445, /* BYTE */
        0x424c4f43, /* BLOC */
    };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

/* Sets the reason: the name of the object that the thread is suspended on, or its address. */
static int threadx_describe(struct engine *e, struct thread *t)
{
    uint64_t state, object, id = 0, name_at = 0;
    char name[32] = "";
    int rc = engine_field(e, t->tcb, TCB_STATE, &state);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_WAITS_FOR, &object);
    if (rc != 0 || object == 0 || ((state < 5 || state > 9) && state != 13))
        return rc;
    struct memory_range range = {object, layout_offset(e, OBJECT_NAME) + e->arch->word};
    rc = memory_prefetch(e->memory, &range, 1);
    if (rc == 0)
        rc = memory_number(e->memory, object, 4, &id);
    if (rc == 0 && is_object(id))
        rc = engine_field(e, object, OBJECT_NAME, &name_at);
    if (rc == 0 && name_at != 0)
        rc = memory_text(e->memory, name_at, name, sizeof name);
    if (rc == 0 && name[0] != '\0')
        snprintf(t->reason, sizeof t->reason, "\"%s\"", name);
    else if (rc == 0 || rc == MEMORY_REFUSED)
        snprintf(t->reason, sizeof t->reason, "%#" PRIx64, object);
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* Saved contexts. Sources: tx_thread_system_return, _context_save, _context_restore and
 * _stack_build of the ports cortex_m, arm9, cortex_a9 and risc-v64. */
static const struct piece context_m[] = {ARM_EXC_RETURN, ARM_S16_TO_S31, ARM_R4_TO_R11,
                                         ARM_EXCEPTION_FRAME};
static const struct piece context_m0[] = {ARM_EXC_RETURN,
                                          {PIECE_REGS, ARM_R0 + 8, 4, ALWAYS, 0},
                                          {PIECE_REGS, ARM_R0 + 4, 4, ALWAYS, 0},
                                          ARM_EXCEPTION_FRAME};
#define KIND_AND_PSR                                                                               \
    {PIECE_KIND, 0, 1, ALWAYS, 0},                                                                 \
    {                                                                                              \
        PIECE_REGS, ARM_PSR, 1, ALWAYS, 0                                                          \
    }
#define ARM_REST                                                                                   \
    {PIECE_REGS, ARM_R0 + 4, 8, SOLICITED, 0}, {PIECE_REGS, ARM_LR, 1, SOLICITED, 0},              \
        {PIECE_COPY, ARM_PC, ARM_LR, SOLICITED, 0}, {PIECE_REGS, ARM_R0, 13, INTERRUPTED, 0},      \
        {PIECE_REGS, ARM_LR, 2, INTERRUPTED, 0}, FRAME_END
static const struct piece context_arm[] = {KIND_AND_PSR, ARM_REST};

/* Of a thread with VFP enabled: d0 to d15, of a solicited switch d8 to d15, then d16 to d31. */
static const struct piece context_vfp[] = {KIND_AND_PSR,
                                           {PIECE_REGS, ARM_S0, 16, INTERRUPTED, 4},
                                           {PIECE_REGS, ARM_S0 + 16, 16, ALWAYS, 4},
                                           {PIECE_REGS, ARM_S0 + 32, 32, ALWAYS, 4},
                                           {PIECE_REGS, ARM_FPSCR, 1, ALWAYS, 4},
                                           ARM_REST};

/* s11 to s0; then of an interrupted thread t6 to t0, a7 to a0, ra, mstatus and pc, of a solicited
 * switch ra and mstatus. With FPU support all floating-point registers follow, or fs0 to fs11. */
#define RISCV_GENERAL                                                                              \
    {PIECE_KIND, 0, 1, ALWAYS, 0}, {PIECE_DOWN, 27, 10, ALWAYS, 0}, {PIECE_DOWN, 9, 2, ALWAYS, 0}, \
        {PIECE_DOWN, 31, 4, INTERRUPTED, 0}, {PIECE_DOWN, 7, 3, INTERRUPTED, 0},                   \
        {PIECE_DOWN, 17, 8, INTERRUPTED, 0}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},                 \
        {PIECE_REGS, RISCV_MSTATUS, 1, ALWAYS, 0}, {PIECE_REGS, RISCV_PC, 1, INTERRUPTED, 0},      \
    {                                                                                              \
        PIECE_COPY, RISCV_PC, RISCV_RA, SOLICITED, 0                                               \
    }
#define RISCV_FLOATS                                                                               \
    {PIECE_REGS, RISCV_F0, 32, INTERRUPTED, 0}, {PIECE_REGS, RISCV_F0 + 8, 2, SOLICITED, 0},       \
        {PIECE_REGS, RISCV_F0 + 18, 10, SOLICITED, 0},                                             \
    {                                                                                              \
        PIECE_REGS, RISCV_FCSR, 1, ALWAYS, 0                                                       \
    }
static const struct piece context_riscv[] = {RISCV_GENERAL, FRAME_SKIP(1), FRAME_END};
static const struct piece context_riscv_f[] = {RISCV_GENERAL, RISCV_FLOATS, FRAME_SKIP(2),
                                               FRAME_END};
static const struct piece context_riscv_f_old[] = {RISCV_GENERAL, RISCV_FLOATS, FRAME_SKIP(1),
                                                   FRAME_END};

static const struct frame frame_m = {"Cortex-M", ON_ARM, PROOF_ARM_M, context_m, 0};
static const struct frame frame_m0 = {"Cortex-M0", ON_ARM, PROOF_ARM_M | PROOF_V6M, context_m0, 0};
static const struct frame frame_arm = {"ARM9, Cortex-A", ON_ARM, PROOF_A_PROFILE, context_arm, 0};
static const struct frame frame_vfp = {"Cortex-A with VFP", ON_ARM, PROOF_A_PROFILE, context_vfp,
                                       0};
static const struct frame frame_riscv = {"RISC-V", ON_RISCV, PROOF_RISCV_ABI, context_riscv, 0};
static const struct frame frame_riscv_f = {"RISC-V with FPU", ON_RISCV, PROOF_RISCV_ABI,
                                           context_riscv_f, 0};
static const struct frame frame_riscv_f_old = {"RISC-V with FPU, 65 words", ON_RISCV,
                                               PROOF_RISCV_ABI, context_riscv_f_old, 0};

static const struct frame *const frames[] = {&frame_m,           &frame_m0,    &frame_arm,
                                             &frame_vfp,         &frame_riscv, &frame_riscv_f,
                                             &frame_riscv_f_old, NULL};

const struct rtos rtos_threadx = {
    .name = "ThreadX",
    .symbols = symbols,
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .frames = frames,
    .current = CURRENT,
    .currents = NO_SYMBOL,
    .counter = NO_SYMBOL,
    .started = NO_SYMBOL,
    .count = COUNT,
    .idles = true,
    .walk = WALK_RING,
    .head = CREATED,
    .states = states,
    .n_states = sizeof states / sizeof states[0],
    .name_is_pointer = true,
    .magic = 0x54485244, /* THRD */
    .describe = threadx_describe,
};
