/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ChibiOS/RT 2.6 to 21.11, and RT 8. Its variable ch_debug has the layout of its structures.
 * Sources: os/rt/include/chregistry.h (chdebug_t), chschd.h (states, the ready list with the
 * current thread), chobjects.h (instances, since RT 7).
 */
#include <string.h>

#include "threads/engine.h"
#include "threads/frame_pieces.h"

enum { READY_LIST, SYSTEM, INSTANCE, DEBUG };

static const struct rtos_symbol symbols[] = {
    [READY_LIST] = {"rlist", SYMBOL_EITHER}, /* in 2.6 */
    [SYSTEM] = {"ch", SYMBOL_EITHER},        /* since 3.0; begins with rlist */
    [INSTANCE] = {"ch0", SYMBOL_EITHER},     /* since 21: RT 7 */
    [DEBUG] = {"ch_debug", SYMBOL_NEEDED},   {NULL, SYMBOL_MAY},
};

/* Bytes of chdebug_t: "main" or "CHRT", 0, its size, version, sizes, then offsets of one byte. */
enum {
    SIZE = 5,
    MAJOR = 7, /* its five upper bits */
    PRIORITY = 11,
    NEWER = 13,
    TABLE_SIZE = 22,
    INSTANCE_CURRENT = 37, /* offsets in an instance: the current thread, and the registry */
    INSTANCE_REGISTRY = 40,
    TABLE_SIZE_7 = 43,
};
static const struct {
    enum rtos_field_id id;
    uint8_t size;
} rows[] = {
    {TCB_PRIORITY, 4}, {TCB_SP, 0},        {TCB_NEXT, 0},  {TCB_PREVIOUS, 0},
    {TCB_NAME, 0},     {TCB_STACK_LOW, 0}, {TCB_STATE, 1},
};

static const struct rtos_state states[] = {
    {0, "Ready"},
    {1, "Current"},
    {2, "Waiting to start"},
    {3, "Suspended"},
    {4, "Queued"},
    {5, "Semaphore"},
    {6, "Mutex"},
    {7, "Condition"},
    {8, "Sleeping"},
    {9, "Waiting for exit"},
    {10, "Any event"},
    {11, "All events"},
    {12, "Sending, queued"},
    {13, "Sending"},
    {14, "Message"},
    {15, "Final"},
};

static void set_thread_offsets(struct engine *e, const uint8_t *table)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (table[PRIORITY + i] != 0 || rows[i].id == TCB_NEXT)
            layout_set(e, rows[i].id, table[PRIORITY + i], rows[i].size, ORIGIN_TABLE);
    }
}

/* Up to RT 6 the ready list begins like a thread; its pointer to the current thread has the offset
 * of a thread's name. */
static void set_ready_list(struct engine *e)
{
    if (!e->have[READY_LIST]) {
        e->symbols[READY_LIST] = e->symbols[SYSTEM];
        e->have[READY_LIST] = e->have[SYSTEM];
    }
    layout_set(e, KERNEL_CURRENT, layout_offset(e, TCB_NAME), 0, ORIGIN_TABLE);
}

/* Since RT 7 ch_debug has both offsets in an instance, and links point to links, not to threads. */
static void set_instance(struct engine *e, const uint8_t *table)
{
    e->symbols[READY_LIST] = e->symbols[INSTANCE];
    e->have[READY_LIST] = e->have[INSTANCE];
    e->link_bias = table[NEWER];
    layout_set(e, KERNEL_CURRENT, table[INSTANCE_CURRENT], 0, ORIGIN_TABLE);
    layout_set(e, KERNEL_THREADS, table[INSTANCE_REGISTRY], 0, ORIGIN_TABLE);
}

static int chibios_learn(struct engine *e)
{
    uint8_t table[TABLE_SIZE_7] = {0};
    uint64_t at = e->symbols[DEBUG].address;
    int rc = memory_read(e->memory, at, table, TABLE_SIZE);
    unsigned major = table[MAJOR] >> 3;
    bool instances = e->have[INSTANCE] && major >= 7 && table[SIZE] >= TABLE_SIZE_7;
    if (rc != 0 || (memcmp(table, "main", 4) != 0 && memcmp(table, "CHRT", 4) != 0) ||
        table[SIZE] < TABLE_SIZE || major > 8)
        return rc;
    if (instances)
        rc = memory_read(e->memory, at, table, sizeof table);
    if (rc != 0)
        return rc;
    set_thread_offsets(e, table);
    if (instances)
        set_instance(e, table);
    else
        set_ready_list(e);
    return 0;
}

/* Saved contexts. Source: os/common/ports/ARMCMx (port_switch): struct port_intctx has the
 * callee-saved registers and lr, the address that the switch returns to. */
static const struct piece v7m[] = {ARM_R4_TO_R11,
                                   {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},
                                   {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
                                   {PIECE_THUMB, 0, 0, ALWAYS, 0},
                                   FRAME_END};
static const struct piece v7m_fpu[] = {
    {PIECE_REGS, ARM_S0 + 16, 16, ALWAYS, 0}, ARM_R4_TO_R11,
    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},       {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
    {PIECE_THUMB, 0, 0, ALWAYS, 0},           FRAME_END};
static const struct piece v6m[] = {
    {PIECE_REGS, ARM_R0 + 8, 4, ALWAYS, 0}, {PIECE_REGS, ARM_R0 + 4, 4, ALWAYS, 0},
    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},     {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
    {PIECE_THUMB, 0, 0, ALWAYS, 0},         FRAME_END};

static const struct frame frame_v7m = {"ARMv7-M", ON_ARM, PROOF_M_PROFILE | PROOF_LR_PC, v7m, 0};
static const struct frame frame_v7m_fpu = {"ARMv7-M with FPU", ON_ARM,
                                           PROOF_M_PROFILE | PROOF_LR_PC, v7m_fpu, 0};
static const struct frame frame_v6m = {"ARMv6-M", ON_ARM, PROOF_M_PROFILE | PROOF_LR_PC | PROOF_V6M,
                                       v6m, 0};

static const struct frame *const frames[] = {&frame_v7m, &frame_v7m_fpu, &frame_v6m, NULL};

const struct rtos rtos_chibios = {
    .name = "ChibiOS",
    .symbols = symbols,
    .fields = NULL,
    .n_fields = 0,
    .frames = frames,
    .current = READY_LIST,
    .current_is_member = true,
    .currents = NO_SYMBOL,
    .counter = NO_SYMBOL,
    .started = NO_SYMBOL,
    .count = NO_SYMBOL,
    .walk = WALK_REGISTRY,
    .head = READY_LIST,
    .states = states,
    .n_states = sizeof states / sizeof states[0],
    .name_is_pointer = true,
    .learn = chibios_learn,
};
