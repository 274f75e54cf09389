/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NuttX. Its image has a table of the offsets in a control block (once only with
 * CONFIG_DEBUG_TCBINFO), and of the saved registers in GDB's order. Sources: include/nuttx/sched.h
 * (struct tcbinfo_s, tstate_e), arch_tcbinfo.c of each architecture, sched/nx_start.c (g_pidhash,
 * g_running_tasks), sched_get_stateinfo.c.
 */
#include <stdio.h>

#include "proto/err.h"
#include "threads/engine.h"
#include "threads/frame_pieces.h"

enum { RUNNING, READY, HASH, LENGTH, INFO, STATE_NAMES };

static const struct rtos_symbol symbols[] = {
    [RUNNING] = {"g_running_tasks", SYMBOL_EITHER},
    [READY] = {"g_readytorun", SYMBOL_EITHER}, /* its head runs */
    [HASH] = {"g_pidhash", SYMBOL_NEEDED},
    [LENGTH] = {"g_npidhash", SYMBOL_NEEDED},
    [INFO] = {"g_tcbinfo", SYMBOL_NEEDED},
    [STATE_NAMES] = {"g_statenames", SYMBOL_MAY},
    {NULL, SYMBOL_MAY},
};

static const struct rtos_field fields[] = {
    {KERNEL_CURRENT, NULL, {0, 0}, 0},
};

/* The states that do not depend on the configuration; g_statenames has all. */
static const struct rtos_state states[] = {
    {0, "Invalid"}, {1, "Waiting for unlock"}, {2, "Ready"}, {3, "Running"}, {4, "Inactive"},
};

/* The versions of struct tcbinfo_s, whose members are uint16_t but for the last one, eight bytes
 * with a pointer: index of each member. */
static const struct version {
    uint8_t size; /* bytes */
    uint8_t stack, regs, n, pointer;
} versions[] = {
    {24, 4, 6, 7, 8}, /* regs_num */
    {26, 4, 6, 8, 9}, /* basic_num, total_num */
    {22, 0, 4, 6, 7}, /* without the stack */
};
enum { INFO_WORDS = 13, PID = 0, STATE = 1, PRIORITY = 2, NAME = 3 };

/* The version by the size of the symbol; else the newest. */
static const struct version *find_version(const struct engine *e)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (versions[i].size == e->symbols[INFO].size)
            return &versions[i];
    }
    return &versions[0];
}

static void set_offset(struct engine *e, enum rtos_field_id id, uint64_t offset, uint64_t size)
{
    if (offset < 0x4000)
        layout_set(e, id, offset, size, ORIGIN_TABLE);
}

/* Reads the offsets of the saved registers: in the control block if all are after the member
 * `regs`, else relative to the pointer that it is. Impossible ones mean another kind of table. */
static int read_registers(struct engine *e, uint64_t at, uint64_t n, uint64_t regs)
{
    struct frame_table *t = &e->registers;
    uint64_t low = UINT16_MAX;
    struct memory_range range = {at, (size_t)(n < FRAME_TABLE_MAX ? n : FRAME_TABLE_MAX) * 2};
    t->n = 0;
    int rc = memory_prefetch(e->memory, &range, 1);
    for (unsigned i = 0; rc == 0 && i < n && i < FRAME_TABLE_MAX; i++) {
        uint64_t offset;
        rc = memory_number(e->memory, at + 2 * i, 2, &offset);
        if (rc != 0 || (offset != FRAME_TABLE_NONE &&
                        (offset % e->arch->word != 0 || offset >= ENGINE_TCB_MAX))) {
            t->n = 0;
            return rc;
        }
        t->offset[i] = (uint16_t)offset;
        t->n = (uint16_t)(i + 1);
        low = offset < low ? offset : low;
    }
    t->in_tcb = low >= regs;
    if (rc == 0 && t->in_tcb && t->n > e->arch->sp)
        set_offset(e, TCB_SP, t->offset[e->arch->sp], 0);
    else if (rc == 0)
        set_offset(e, TCB_SP, regs, 0);
    return rc;
}

/* g_statenames is a static of nxsched_get_stateinfo(): gcc appends a number to its name, clang puts
 * the function before it. */
static void find_state_names(struct engine *e)
{
    char name[48] = "nxsched_get_stateinfo.g_statenames";
    for (unsigned n = 0; !e->have[STATE_NAMES] && n <= 10; n++) {
        e->have[STATE_NAMES] = program_find(e->program, name, &e->symbols[STATE_NAMES]);
        snprintf(name, sizeof name, "g_statenames.%u", n);
    }
}

static int learn_nuttx(struct engine *e)
{
    const struct version *v = find_version(e);
    uint64_t at = e->symbols[INFO].address, info[INFO_WORDS] = {0}, pointer = 0;
    struct memory_range range = {at, v->size};
    int rc = memory_prefetch(e->memory, &range, 1);
    find_state_names(e);
    if (!e->have[RUNNING]) {
        e->symbols[RUNNING] = e->symbols[READY];
        e->have[RUNNING] = e->have[READY];
    }
    for (unsigned i = 0; rc == 0 && i < v->pointer; i++)
        rc = memory_number(e->memory, at + 2 * i, 2, &info[i]);
    if (rc == 0)
        rc = memory_pointer(e->memory, at + 2u * v->pointer, &pointer);
    if (rc != 0)
        return rc;
    set_offset(e, TCB_NUMBER, info[PID], 2);
    set_offset(e, TCB_STATE, info[STATE], 1);
    set_offset(e, TCB_PRIORITY, info[PRIORITY], 1);
    set_offset(e, TCB_NAME, info[NAME], 31);
    if (v->stack != 0)
        set_offset(e, TCB_STACK_LOW, info[v->stack], 0);
    return read_registers(e, pointer, info[v->n], info[v->regs]);
}

/* Sets the state's name from g_statenames, which has the order of the configuration. */
static int describe_nuttx(struct engine *e, struct thread *t)
{
    uint64_t state, at = 0;
    char name[32] = "";
    const struct program_symbol *names = engine_symbol(e, STATE_NAMES);
    int rc = engine_field(e, t->tcb, TCB_STATE, &state);
    if (rc == 0 && names != NULL && (state + 1) * e->arch->word <= names->size)
        rc = memory_pointer(e->memory, names->address + state * e->arch->word, &at);
    if (rc == 0 && at != 0)
        rc = memory_text(e->memory, at, name, sizeof name);
    if (rc == 0 && name[0] != '\0') {
        t->state = "";
        snprintf(t->reason, sizeof t->reason, "%s", name);
    } else if (state >= sizeof states / sizeof states[0]) {
        t->state = "Waiting";
    }
    return rc == MEMORY_REFUSED ? 0 : rc;
}

static const struct piece table[] = {{PIECE_TABLE, 0, 0, ALWAYS, 0}, FRAME_END};
static const struct frame frame_arm = {"ARM, by g_tcbinfo", ON_ARM, 0, table, 0};
static const struct frame frame_riscv = {"RISC-V, by g_tcbinfo", ON_RISCV, 0, table, 0};
static const struct frame *const frames[] = {&frame_arm, &frame_riscv, NULL};

const struct rtos rtos_nuttx = {
    .name = "NuttX",
    .symbols = symbols,
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .frames = frames,
    .current = RUNNING,
    .current_is_member = true,
    .currents = NO_SYMBOL,
    .counter = NO_SYMBOL,
    .started = NO_SYMBOL,
    .count = LENGTH,
    .walk = WALK_TABLE,
    .count_size = 4,
    .table_is_pointer = true,
    .head = HASH,
    .states = states,
    .n_states = sizeof states / sizeof states[0],
    .learn = learn_nuttx,
    .describe = describe_nuttx,
};
