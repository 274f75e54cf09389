/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, breakpoints and watchpoints of the stub. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/stub.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

enum { READ_MAX = TARGET_REPLY_MAX / 2, REGION_NAME_MAX = 128 };

void stub_read_memory(struct stub *s, struct stub_args a)
{
    uint64_t address, len;
    if (!stub_take_number(&a, &address) || !stub_take(&a, ',') || !stub_take_number(&a, &len)) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    size_t want = len < READ_MAX ? (size_t)len : READ_MAX;
    uint8_t *bytes = malloc(want + 1);
    if (bytes == NULL) {
        stub_error(s, STUB_EIO);
        return;
    }
    size_t n = ebpf_memory_peek(&s->m->memory, address, bytes, want);
    if (n == 0 && want != 0)
        stub_error(s, STUB_EFAULT);
    else
        (void)buf_addhex(&s->reply, bytes, n);
    free(bytes);
}

/* Writes all bytes or none. */
static void write_bytes(struct stub *s, uint64_t address, const struct buf *data)
{
    if (ebpf_memory_poke(&s->m->memory, address, NULL, data->len) != data->len)
        stub_error(s, STUB_EFAULT);
    else if (data->len != 0 && ebpf_machine_poke(s->m, address, data->data, data->len) != data->len)
        stub_error(s, STUB_EIO);
    else
        stub_text(s, "OK");
}

void stub_write_memory(struct stub *s, struct stub_args a, bool binary)
{
    uint64_t address, len;
    struct buf data;
    buf_init(&data, TARGET_REPLY_MAX);
    bool ok = stub_take_number(&a, &address) && stub_take(&a, ',') && stub_take_number(&a, &len) &&
              stub_take(&a, ':');
    if (ok)
        ok = (binary ? rsp_unescape(&data, a.at, a.len) : rsp_unhex(&data, a.at, a.len)) == 0;
    if (ok && data.len == len)
        write_bytes(s, address, &data);
    else
        stub_error(s, STUB_EINVAL);
    buf_free(&data);
}

static struct stub_point *find_stub_point(struct stub *s, char type, uint64_t address)
{
    for (unsigned i = 0; i < s->points; i++)
        if (s->point[i].type == type && s->point[i].address == address)
            return &s->point[i];
    return NULL;
}

/* A second Z of the same kind and address has no effect (GDB manual, "Packets", Z); nor one of a
 * watchpoint, see ebpf_memory_watch(). */
static void add_break(struct stub *s, char type, uint64_t address)
{
    if (find_stub_point(s, type, address) != NULL)
        stub_text(s, "OK");
    else if (s->points == EBPF_POINTS_MAX)
        stub_error(s, STUB_ENOSPC);
    else if (ebpf_break_add(s->m, address) != 0)
        stub_error(s, STUB_EFAULT);
    else {
        s->point[s->points++] = (struct stub_point){type, address};
        stub_text(s, "OK");
    }
}

static void remove_break(struct stub *s, char type, uint64_t address)
{
    struct stub_point *p = find_stub_point(s, type, address);
    if (p == NULL) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    *p = s->point[--s->points];
    (void)ebpf_break_remove(s->m, address);
    stub_text(s, "OK");
}

static void change_watch(struct stub *s, const struct ebpf_watch *watch, bool add)
{
    uint8_t byte;
    if (add && ebpf_memory_peek(&s->m->memory, watch->address, &byte, 1) == 0)
        stub_error(s, STUB_EFAULT);
    else if ((add ? ebpf_memory_watch : ebpf_memory_unwatch)(&s->m->memory, watch) == 0)
        stub_text(s, "OK");
    else
        stub_error(s, add ? STUB_ENOSPC : STUB_EINVAL);
}

void stub_add_point(struct stub *s, struct stub_args a, bool add)
{
    uint64_t address, kind;
    char type = a.len == 0 ? 0 : (char)*a.at;
    if (type < '0' || type > '4')
        return;
    if (!stub_take(&a, type) || !stub_take(&a, ',') || !stub_take_number(&a, &address) ||
        !stub_take(&a, ',') || !stub_take_number(&a, &kind)) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    struct ebpf_watch watch = {(enum ebpf_watch_kind)(type - '0'), address, kind != 0 ? kind : 1};
    if (type >= '2')
        change_watch(s, &watch, add);
    else if (add)
        add_break(s, type, address); /* `kind` is ignored: all instructions are alike */
    else
        remove_break(s, type, address);
}

/* The memory map for GDB: regions that the debugger may write are ram. */
void stub_memory_map(struct stub *s, struct buf *out)
{
    const struct ebpf_memory *m = &s->m->memory;
    (void)buf_adds(out,
                   "<?xml version=\"1.0\"?>\n<!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD "
                   "GDB Memory Map V1.0//EN\" \"http://sourceware.org/gdb/gdb-memory-map.dtd\">\n"
                   "<memory-map>\n");
    for (unsigned i = 0; i < m->regions; i++)
        (void)buf_printf(out,
                         "<memory type=\"%s\" start=\"0x%" PRIx64 "\" length=\"0x%" PRIx64 "\"/>\n",
                         m->region[i].flags & EBPF_DEBUG_RO ? "rom" : "ram", m->region[i].base,
                         m->region[i].size);
    (void)buf_adds(out, "</memory-map>\n");
}

/* qMemoryRegionInfo of LLDB: the region at an address, or the unmapped range. */
void stub_region_info(struct stub *s, struct stub_args a)
{
    const struct ebpf_memory *m = &s->m->memory;
    uint64_t address, next = UINT64_MAX;
    char name[REGION_NAME_MAX];
    if (!stub_take_number(&a, &address)) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    const struct ebpf_region *r = ebpf_memory_find(m, address);
    if (r == NULL) {
        for (unsigned i = 0; i < m->regions; i++)
            if (m->region[i].base > address && m->region[i].base < next)
                next = m->region[i].base;
        (void)buf_printf(&s->reply, "start:%" PRIx64 ";size:%" PRIx64 ";", address, next - address);
        return;
    }
    (void)buf_printf(&s->reply,
                     "start:%" PRIx64 ";size:%" PRIx64 ";permissions:r%s%s;name:", r->base, r->size,
                     r->flags & EBPF_WRITE ? "w" : "", r->flags & EBPF_EXEC ? "x" : "");
    (void)visible_text(name, sizeof name, (const uint8_t *)r->name, strlen(r->name));
    (void)buf_addhex(&s->reply, name, strlen(name));
    stub_text(s, ";");
}
