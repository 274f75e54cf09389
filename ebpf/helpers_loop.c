/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The helpers that call a function of the program: bpf_loop and bpf_for_each_map_elem. See struct
 * ebpf_loop (machine.h).
 */
#include "ebpf/helpers_linux.h"

#include <inttypes.h>
#include <string.h>

#include "ebpf/exec.h"
#include "ebpf/maps.h"

enum { COUNT_MAX = 1 << 23 /* calls of bpf_loop, as in Linux */ };

/* The slot of the call of the running helper. */
static uint32_t calling_slot(const struct ebpf_machine *m)
{
    return (uint32_t)(m->calling - m->code);
}

/* The loop that the running helper continues, or NULL. Loops that the program has left end. */
static struct ebpf_loop *current_loop(struct ebpf_machine *m)
{
    while (m->loops != 0) {
        struct ebpf_loop *l = &m->loop[m->loops - 1];
        if (l->depth == m->depth && l->call == calling_slot(m))
            return l;
        if (l->depth < m->depth)
            return NULL;
        m->loops--;
    }
    return NULL;
}

/* Starts a loop. NULL and *stop: a fault. */
static struct ebpf_loop *begin_loop(struct ebpf_machine *m, const uint64_t arg[5],
                                    enum ebpf_stop *stop)
{
    if (m->loops == EBPF_LOOPS_MAX) {
        *stop = ebpf_fault_at(m, EBPF_TOO_DEEP, address_of(m, m->calling),
                              "more than %d loops inside each other", EBPF_LOOPS_MAX);
        return NULL;
    }
    struct ebpf_loop *l = &m->loop[m->loops++];
    *l = (struct ebpf_loop){
        .call = calling_slot(m), .depth = m->depth, .function = arg[1], .context = arg[2]};
    return l;
}

/* Ends the innermost loop; the result of the helper is the number of calls. */
static enum ebpf_stop end_loop(struct ebpf_machine *m, uint64_t *result)
{
    *result = m->loop[--m->loops].done;
    return EBPF_RUNNING;
}

/* Calls the function, with r1 and others set, and continues with the helper. */
static enum ebpf_stop call_function(struct ebpf_machine *m, struct ebpf_loop *l, uint64_t *result)
{
    const struct ebpf_op *to = ebpf_op_at(m, l->function);
    if (to == NULL)
        return ebpf_fault_at(m, EBPF_JUMP, l->function, "there is no function at 0x%" PRIx64,
                             l->function);
    if (m->depth + 1 >= m->depth_max)
        return ebpf_fault_at(m, EBPF_TOO_DEEP, address_of(m, m->calling),
                             "more than %u functions active at once", m->depth_max);
    push_frame(m, l->call);
    l->done++;
    m->next = to;
    m->attention = true;
    *result = m->reg[0];
    return EBPF_RUNNING;
}

/* bpf_loop: count, function (index, context), context, flags. */
EBPF_HELPER_FUNCTION(ebpf_loop_count)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_loop *l = current_loop(m);
    uint32_t count = (uint32_t)arg[0];
    *result = (uint64_t)(int64_t)(arg[3] != 0 ? EBPF_EINVAL : EBPF_E2BIG);
    if (l == NULL && (arg[3] != 0 || count > COUNT_MAX))
        return stop;
    bool ends = l != NULL && m->reg[0] != 0;
    if (l == NULL) {
        l = begin_loop(m, arg, &stop);
        if (l == NULL)
            return stop;
        l->count = count;
    }
    if (ends || l->done == l->count)
        return end_loop(m, result);
    m->reg[1] = l->done;
    m->reg[2] = l->context;
    return call_function(m, l, result);
}

/* Puts a key where the function can read it; returns the address. */
static uint64_t put_key(struct ebpf_machine *m, const uint8_t *key, uint32_t size)
{
    uint64_t at = (uint64_t)EBPF_LOOP_KEY * (m->loops - 1);
    struct ebpf_region *r = ebpf_memory_find(&m->memory, EBPF_KEYS_BASE);
    memcpy(r->host + at, key, size);
    return EBPF_KEYS_BASE + at;
}

/* bpf_for_each_map_elem: map, function (map, key, value, context), context, flags. */
EBPF_HELPER_FUNCTION(ebpf_loop_map)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_loop *l = current_loop(m);
    const uint8_t *key;
    uint32_t number, index;
    uint64_t value;
    bool ends = l != NULL && m->reg[0] != 0;
    *result = (uint64_t)(int64_t)EBPF_EINVAL;
    if (l == NULL && arg[3] == 0) {
        struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_VALUES, self->name, &stop);
        l = map == NULL ? NULL : begin_loop(m, arg, &stop);
        if (l != NULL)
            l->map = map;
    }
    if (l == NULL)
        return stop;
    if (ends || !ebpf_map_next(l->map, l->next, &number, &index, &key, &value))
        return end_loop(m, result);
    l->next = number + 1;
    m->reg[1] = l->map->definition->address;
    m->reg[2] = put_key(m, key, l->map->definition->key_size);
    m->reg[3] = value;
    m->reg[4] = l->context;
    return call_function(m, l, result);
}
