/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creates and runs a machine; see machine.h. The interpreter loops are in exec_*.c. */
#include "ebpf/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/events.h"
#include "ebpf/frames.h"
#include "ebpf/helpers.h"
#include "ebpf/maps.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"
#include "proto/visible.h"

int ebpf_machine_error(struct ebpf_machine *m, int rc, const char *format, ...)
{
    va_list args;
    if (m->options.error == NULL)
        return rc;
    va_start(args, format);
    vsnprintf(m->options.error, EBPF_ERROR_TEXT, format, args);
    va_end(args);
    return rc;
}

/* A region that cannot be mapped. */
static int region_error(struct ebpf_machine *m, const char *name, uint64_t base, uint64_t size,
                        int rc)
{
    return ebpf_machine_error(
        m, rc, "%s: %llu bytes at 0x%llx: %s", name, (unsigned long long)size,
        (unsigned long long)base,
        rc == NETGDB_NOMEM ? "out of memory"
        : rc == NETGDB_PROTO
            ? "another region is there"
            : "too large (all memory: at most 1024 MiB, 384 regions, addresses below 4 GiB)");
}

int ebpf_map_region(struct ebpf_machine *m, const char *name, uint64_t base, const void *data,
                    uint64_t size, unsigned flags)
{
    int error = 0;
    if (ebpf_memory_map(&m->memory, name, base, data, size, flags, &error) == NULL)
        return region_error(m, name, base, size, error);
    return 0;
}

static int map_segments(struct ebpf_machine *m)
{
    const struct ebpf_image *image = m->image;
    int error = 0;
    for (unsigned i = 0; i < image->segments; i++) {
        const struct ebpf_segment *s = &image->segment[i];
        struct ebpf_region *r =
            ebpf_memory_map(&m->memory, s->name, s->base, NULL, s->size, s->flags, &error);
        if (r == NULL)
            return region_error(m, s->name, s->base, s->size, error);
        if (s->given != 0)
            memcpy(r->host, s->data, (size_t)s->given);
    }
    return 0;
}

static int set_up_ebpf(struct ebpf_machine *m)
{
    uint64_t stack = (uint64_t)m->frame_size * m->depth_max;
    int rc = ebpf_map_region(m, "stack", EBPF_STACK_BASE, NULL, stack, EBPF_READ | EBPF_WRITE);
    if (rc == 0)
        rc = ebpf_maps_set_up(m);
    if (rc == 0 && m->map_count != 0)
        rc = ebpf_map_region(m, "keys of loops", EBPF_KEYS_BASE, NULL,
                             EBPF_LOOPS_MAX * EBPF_LOOP_KEY, EBPF_READ);
    if (rc == 0)
        rc = ebpf_context_set_up(m);
    m->reg[10] = EBPF_STACK_BASE + stack;
    m->frame_step = -(uint64_t)m->frame_size;
    return rc;
}

/* Maps the memory, and sets the registers. */
static int set_up_machine(struct ebpf_machine *m)
{
    struct ebpf_memory *mem = &m->memory;
    if (m->image->sbpf != NULL) {
        mem->low = m->image->sbpf->strict ? 0 : EBPF_PAGE;
        mem->top = SBPF_TOP;
    }
    int rc = map_segments(m);
    if (rc == 0)
        rc = ebpf_map_region(m, "call frames", EBPF_SHADOW_BASE, NULL,
                             (uint64_t)EBPF_RECORD_SIZE * m->depth_max, EBPF_DEBUG_RO);
    if (rc == 0)
        rc = m->image->sbpf != NULL ? sbpf_set_up(m) : set_up_ebpf(m);
    m->pc = m->image->entry;
    m->random = m->options.world != NULL ? m->options.world->seed : 0;
    return rc;
}

static int check_options(struct ebpf_machine *m, const struct ebpf_options *o)
{
    if (o->helpers == NULL) {
        m->options.helpers = m->image->sbpf != NULL ? sbpf_syscalls : ebpf_helpers;
        m->options.helper_count = m->image->sbpf != NULL ? sbpf_syscall_count : ebpf_helper_count;
    }
    m->depth_max = o->depth != 0 ? o->depth : EBPF_DEPTH;
    m->frame_size = o->frame_size != 0       ? o->frame_size
                    : m->image->sbpf != NULL ? SBPF_FRAME_SIZE
                                             : EBPF_FRAME_SIZE;
    m->budget = o->budget;
    if (m->depth_max > EBPF_DEPTH_MAX || m->frame_size > EBPF_FRAME_MAX || m->frame_size % 8 != 0)
        return ebpf_machine_error(m, NETGDB_TOO_LONG,
                                  "a call depth above %d, or a stack frame of "
                                  "more than %d bytes, or not of whole 8 bytes",
                                  EBPF_DEPTH_MAX, EBPF_FRAME_MAX);
    if (m->image->code_size / BPF_INSN_SIZE > EBPF_SLOTS_MAX)
        return ebpf_machine_error(m, NETGDB_TOO_LONG, "text: more than %d instructions",
                                  EBPF_SLOTS_MAX);
    return 0;
}

int ebpf_machine_new(struct ebpf_machine **out, const struct ebpf_image *image,
                     const struct ebpf_options *options)
{
    struct ebpf_machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NETGDB_NOMEM;
    m->image = image;
    m->text = image->code_at;
    m->slots = (uint32_t)(image->code_size / BPF_INSN_SIZE);
    m->options = *options;
    (void)ebpf_machine_error(m, 0, "out of memory");
    buf_init(&m->output, EBPF_OUTPUT_MAX);
    buf_init(&m->events, EBPF_EVENTS_MAX);
    buf_init(&m->return_data, SBPF_RETURN_MAX);
    ebpf_memory_init(&m->memory);
    int rc = check_options(m, options);
    if (rc == 0) {
        m->frames = calloc(m->depth_max, sizeof *m->frames);
        m->breaks = calloc((size_t)m->slots + 1, 1);
        rc = m->frames == NULL || m->breaks == NULL ? NETGDB_NOMEM : set_up_machine(m);
    }
    if (rc == 0)
        rc = ebpf_decode(m);
    if (rc != 0) {
        ebpf_machine_free(m);
        return rc;
    }
    *out = m;
    return 0;
}

void ebpf_machine_free(struct ebpf_machine *m)
{
    if (m == NULL)
        return;
    ebpf_maps_free(m);
    ebpf_memory_free(&m->memory);
    buf_free(&m->output);
    buf_free(&m->events);
    buf_free(&m->return_data);
    free(m->code);
    free(m->frames);
    free(m->breaks);
    free(m);
}

const struct ebpf_helper *ebpf_machine_helper(const struct ebpf_machine *m, uint32_t id)
{
    const struct ebpf_options *o = &m->options;
    const char *import = m->image->sbpf != NULL ? NULL : ebpf_image_import_called(m->image, id);
    if (import != NULL)
        return ebpf_helper_by_name(o->stubs, o->stub_count, import);
    const struct ebpf_helper *h = ebpf_helper_by_id(o->stubs, o->stub_count, id);
    if (h == NULL && m->image->sbpf != NULL)
        h = sbpf_stub(o->stubs, o->stub_count, id);
    return h != NULL ? h : ebpf_helper_by_id(o->helpers, o->helper_count, id);
}

void ebpf_machine_reason(const struct ebpf_machine *m, uint64_t address, uint64_t size, bool write,
                         char text[EBPF_REASON])
{
    const char *import = ebpf_image_import_at(m->image, address);
    if (import != NULL)
        snprintf(text, EBPF_REASON, "undefined symbol %.32s: --kconfig %.32s=VALUE defines it",
                 import, import);
    else
        ebpf_memory_reason(&m->memory, address, size, write, text);
}

struct ebpf_op *ebpf_op_at(const struct ebpf_machine *m, uint64_t address)
{
    uint64_t at = address - m->text;
    if (at >= (uint64_t)m->slots * BPF_INSN_SIZE || at % BPF_INSN_SIZE != 0)
        return NULL;
    return &m->code[at / BPF_INSN_SIZE];
}

enum ebpf_stop ebpf_fault_at(struct ebpf_machine *m, enum ebpf_stop stop, uint64_t address,
                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(m->fault.text, sizeof m->fault.text, format, args);
    visible_line(m->fault.text); /* names and text of the program */
    va_end(args);
    m->fault.address = address;
    return stop;
}

/* Checks before the first instruction of a run. EBPF_RUNNING: it may run. */
static enum ebpf_stop check_start(struct ebpf_machine *m)
{
    m->memory.hit = NULL;
    m->attention = false;
    if (m->exited)
        return EBPF_EXITED;
    if (ebpf_op_at(m, m->pc) == NULL)
        return ebpf_fault_at(m, EBPF_JUMP, m->pc, "there is no instruction at 0x%llx",
                             (unsigned long long)m->pc);
    if (m->executed >= m->budget)
        return ebpf_fault_at(m, EBPF_OVER_BUDGET, m->pc,
                             "the budget of %llu instruction%s is used up",
                             (unsigned long long)m->budget, m->budget == 1 ? "" : "s");
    return EBPF_RUNNING;
}

/* At the end of a slice there may also be a watchpoint or a breakpoint. */
static enum ebpf_stop final_reason(const struct ebpf_machine *m, enum ebpf_stop stop)
{
    if (stop != EBPF_RUNNING)
        return stop;
    if (m->memory.hit != NULL)
        return EBPF_WATCHPOINT;
    return m->breaks[(m->pc - m->text) / BPF_INSN_SIZE] != 0 ? EBPF_BREAKPOINT : EBPF_RUNNING;
}

static uint64_t bounded(uint64_t slice, uint64_t left)
{
    slice = slice < EBPF_SLICE_MAX ? slice : EBPF_SLICE_MAX;
    slice = slice < left ? slice : left;
    return slice != 0 ? slice : 1;
}

enum ebpf_stop ebpf_run(struct ebpf_machine *m, uint64_t slice)
{
    enum ebpf_stop stop = check_start(m);
    if (stop != EBPF_RUNNING)
        return stop;
    uint64_t left = m->budget - m->executed;
    slice = bounded(slice, left);
    /* The unchecked loop may exceed a slice by the number of slots, as only jumps check it. */
    if (m->memory.watches != 0 || left <= m->slots)
        return final_reason(m, ebpf_run_checked(m, 0, UINT64_MAX, slice));
    slice = bounded(slice, left - m->slots);
    if (m->breaks[(m->pc - m->text) / BPF_INSN_SIZE] != 0) /* ignore the breakpoint at pc */
        return final_reason(m, ebpf_run_checked(m, 0, UINT64_MAX, 1));
    return final_reason(m, ebpf_run_unchecked(m, slice));
}

enum ebpf_stop ebpf_step(struct ebpf_machine *m, uint64_t low, uint64_t high, uint64_t limit)
{
    enum ebpf_stop stop = check_start(m);
    if (stop != EBPF_RUNNING)
        return stop;
    stop = ebpf_run_checked(m, low, high, bounded(limit, m->budget - m->executed));
    if (stop == EBPF_RUNNING && m->pc - low >= high - low)
        stop = EBPF_STEPPED;
    return final_reason(m, stop);
}

static void change_breaks(struct ebpf_machine *m, size_t slot, int by)
{
    m->breaks[slot] = (uint8_t)(m->breaks[slot] + by);
    ebpf_arm(m, (uint32_t)slot);
    if (slot > 0)
        ebpf_arm(m, (uint32_t)slot - 1); /* it may be fused with this one */
}

int ebpf_break_add(struct ebpf_machine *m, uint64_t address)
{
    const struct ebpf_op *op = ebpf_op_at(m, address);
    if (op == NULL)
        return NETGDB_PROTO;
    size_t slot = (size_t)(op - m->code);
    if (m->breaks[slot] == UINT8_MAX)
        return NETGDB_TOO_LONG;
    change_breaks(m, slot, 1);
    return 0;
}

int ebpf_break_remove(struct ebpf_machine *m, uint64_t address)
{
    const struct ebpf_op *op = ebpf_op_at(m, address);
    if (op == NULL || m->breaks[op - m->code] == 0)
        return NETGDB_PROTO;
    size_t slot = (size_t)(op - m->code);
    change_breaks(m, slot, -1);
    return 0;
}

void ebpf_machine_budget(struct ebpf_machine *m, uint64_t left)
{
    bool sum_fits = left <= UINT64_MAX - 1 - m->executed;
    m->budget = sum_fits ? m->executed + left : EBPF_NO_BUDGET;
}

size_t ebpf_machine_poke(struct ebpf_machine *m, uint64_t address, const void *data, size_t len)
{
    size_t done = ebpf_memory_poke(&m->memory, address, data, len);
    bool code = address < m->text + (uint64_t)m->slots * BPF_INSN_SIZE && m->text < address + done;
    if (code && ebpf_decode(m) != 0)
        return 0;
    return done;
}

unsigned ebpf_stop_signal(enum ebpf_stop stop)
{
    switch (stop) {
    case EBPF_ACCESS:
    case EBPF_JUMP:
    case EBPF_TOO_DEEP:
        return 11; /* SIGSEGV */
    case EBPF_ILLEGAL:
        return 4; /* SIGILL */
    case EBPF_DIVISION:
        return 8; /* SIGFPE */
    case EBPF_ABORTED:
        return 6; /* SIGABRT */
    case EBPF_OVER_BUDGET:
        return 24; /* SIGXCPU */
    case EBPF_RUNNING:
    case EBPF_EXITED:
        return 0;
    default:
        return 5; /* SIGTRAP */
    }
}
