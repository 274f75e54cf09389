/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See stub.h. */
#include "tests/kernel/stub.h"

#include <elf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rsp/request.h"

enum { PAGE = 4096 };

uint8_t *kernel_stub_bytes(struct kernel_stub *s, uint64_t address, size_t len)
{
    for (unsigned i = 0; i < s->n; i++) {
        uint64_t at = address - s->segments[i].address;
        if (at < s->segments[i].len && len <= s->segments[i].len - at)
            return s->segments[i].bytes + at;
    }
    return NULL;
}

static int stub_send(struct target *t, const struct request *r)
{
    struct kernel_stub *s = (struct kernel_stub *)t;
    return buf_set(&s->request, r->data, r->len);
}

static int answer_read(struct kernel_stub *s, const struct request *r, struct buf *reply)
{
    uint8_t *bytes = NULL;
    s->reads++;
    if (r->numbers == 2 && r->length <= s->read_max)
        bytes = kernel_stub_bytes(s, r->address - s->moved, (size_t)r->length);
    if (bytes == NULL)
        return buf_sets(reply, "E0e");
    return buf_addhex(reply, bytes, (size_t)r->length);
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct kernel_stub *s = (struct kernel_stub *)t;
    struct request r;
    (void)watch;
    *final = true;
    buf_reset(reply);
    request_parse(&r, s->request.data, s->request.len);
    switch (r.packet->id) {
    case PACKET_m:
        return answer_read(s, &r, reply);
    case PACKET_qSupported:
        return buf_sets(reply, "PacketSize=1000;qXfer:threads:read+");
    case PACKET_stop_reason:
        return buf_sets(reply, s->stop);
    case PACKET_c:
    case PACKET_s:
        s->continued++;
        return buf_sets(reply, s->stop);
    default:
        return 0;
    }
}

static size_t stub_max_request(struct target *t)
{
    (void)t;
    return 1400;
}

static void stub_free(struct target *t)
{
    (void)t;
}

void kernel_stub_init(struct kernel_stub *s)
{
    static const struct target_ops ops = {
        .send = stub_send, .recv = stub_recv, .max_request = stub_max_request, .free = stub_free};
    *s = (struct kernel_stub){.target = {&ops, NULL}, .read_max = 2000, .stop = "T05thread:186a1;"};
    buf_init(&s->request, 64 * 1024);
    elf_version(EV_CURRENT);
}

/* Maps a segment in whole pages. */
static void map(struct kernel_stub *s, const GElf_Phdr *p, const uint8_t *file)
{
    uint64_t first = p->p_vaddr / PAGE * PAGE;
    size_t skipped = (size_t)(p->p_vaddr - first);
    size_t len = (skipped + (size_t)p->p_memsz + PAGE - 1) / PAGE * PAGE;
    uint8_t *bytes = calloc(1, len != 0 ? len : 1);
    if (bytes == NULL || s->n == KERNEL_STUB_SEGMENTS)
        abort();
    memcpy(bytes + skipped, file + p->p_offset, (size_t)p->p_filesz);
    s->segments[s->n].address = first;
    s->segments[s->n].bytes = bytes;
    s->segments[s->n++].len = len;
}

static void map_all(struct kernel_stub *s, uint8_t *file, size_t len)
{
    Elf *elf = elf_memory((char *)file, len);
    size_t count = 0;
    GElf_Phdr p;
    if (elf == NULL || elf_getphdrnum(elf, &count) != 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, &p) != NULL && p.p_type == PT_LOAD)
            map(s, &p, file);
    }
    elf_end(elf);
}

void kernel_stub_load(struct kernel_stub *s, const char *path)
{
    FILE *f = fopen(path, "rb");
    long len = f != NULL && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    uint8_t *bytes = len > 0 ? malloc((size_t)len) : NULL;
    if (bytes == NULL || fseek(f, 0, SEEK_SET) != 0 || fread(bytes, (size_t)len, 1, f) != 1) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        abort();
    }
    (void)fclose(f);
    map_all(s, bytes, (size_t)len);
    free(bytes);
}

void kernel_stub_done(struct kernel_stub *s)
{
    for (unsigned i = 0; i < s->n; i++)
        free(s->segments[i].bytes);
    buf_free(&s->request);
}
