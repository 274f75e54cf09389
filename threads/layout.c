/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layout of the RTOS's structures: from debug information first, then from the descriptor's
 * learn() (the RTOS's own table, symbol sizes), then from built-in numbers.
 */
#include <string.h>

#include "threads/engine.h"

static bool is_size(enum rtos_field_id id)
{
    return id == LIST_SIZE || id == ITEM_SIZE || id == REGISTRY_SIZE;
}

bool layout_has(const struct engine *e, enum rtos_field_id id)
{
    return e->layout[id].origin != ORIGIN_NONE;
}

uint32_t layout_offset(const struct engine *e, enum rtos_field_id id)
{
    return e->layout[id].offset;
}

void layout_set(struct engine *e, enum rtos_field_id id, uint64_t offset, uint64_t size,
                enum rtos_origin origin)
{
    e->layout[id] = (struct layout_value){(uint32_t)offset, (uint16_t)size, origin};
}

/* Larger offsets and sizes mean a wrong file. */
static bool layout_sane(uint64_t offset, uint64_t size)
{
    return offset < 0x4000 && size < 0x1000;
}

static bool from_debug_info(struct engine *e, const struct rtos_field *f)
{
    struct types_member m;
    if (f->path == NULL || !types_member(program_types(e->program), NULL, f->path, &m))
        return false;
    uint64_t offset = is_size(f->id) ? m.size : m.offset;
    uint64_t size = is_size(f->id) ? 0 : m.size;
    if (layout_sane(offset, size))
        layout_set(e, f->id, offset, size, ORIGIN_DEBUG_INFO);
    return true;
}

void layout_from_program(struct engine *e)
{
    memset(e->layout, 0, sizeof e->layout);
    for (size_t i = 0; i < e->rtos->n_fields; i++) {
        const struct rtos_field *f = &e->rtos->fields[i];
        int number = f->number[e->arch->word == 8];
        if (!from_debug_info(e, f) && number >= 0)
            layout_set(e, f->id, (uint64_t)number, f->size, ORIGIN_BUILT_IN);
    }
}

size_t layout_tcb_size(const struct engine *e)
{
    size_t most = 0;
    for (unsigned id = TCB_SP; id <= TCB_WAITS_FOR; id++) {
        const struct layout_value *v = &e->layout[id];
        size_t size = v->size != 0 ? v->size : e->arch->word;
        if (id == TCB_STATE_ITEM || id == TCB_EVENT_ITEM)
            size = layout_offset(e, ITEM_SIZE);
        if (v->origin != ORIGIN_NONE && v->offset + size > most)
            most = v->offset + size;
    }
    return most < ENGINE_TCB_MAX ? most : ENGINE_TCB_MAX;
}

int engine_field(struct engine *e, uint64_t base, enum rtos_field_id id, uint64_t *value)
{
    const struct layout_value *v = &e->layout[id];
    unsigned size = v->size != 0 ? v->size : e->arch->word;
    *value = 0;
    if (v->origin == ORIGIN_NONE)
        return 0;
    if (size != 1 && size != 2 && size != 4 && size != 8)
        size = size > 4 ? e->arch->word : 1; /* an array: its first element */
    return memory_number(e->memory, base + v->offset, size, value);
}
