/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated FreeBSD stub; see freebsd_stub.h. */
#include "tests/freebsd_stub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"

static void __attribute__((noreturn)) die(const char *what, const uint8_t *request, size_t len)
{
    fprintf(stderr, "this request harms a kernel: %s: %.*s\n", what, len < 100 ? (int)len : 100,
            (const char *)request);
    abort();
}

size_t stub_register(unsigned n, size_t *size)
{
    *size = n > 16 && n < 24 ? 4 : 8;
    return n <= 16 ? 8 * n : n < 24 ? 17 * 8 + 4 * (n - 17) : 17 * 8 + 28 + 8 * (n - 24);
}

static void add_register(struct stub *s, unsigned n)
{
    size_t size, at = stub_register(n, &size);
    if (n < STUB_AVAILABLE)
        buf_addhex(&s->reply, s->registers + at, size);
    for (size_t i = 0; n >= STUB_AVAILABLE && i < size; i++)
        buf_adds(&s->reply, "xx");
}

/* Like gdb_rx_mem: returns 1, 0 for a fault, or -1 if the lengths differ; the kernel's callers
 * treat -1 like 1. */
static int write_memory(struct stub *s, uint64_t addr, uint64_t size, const uint8_t *hex,
                        size_t len)
{
    if (size != len / 2 || len % 2 != 0)
        return -1;
    for (uint64_t i = 0; i < size; i++) {
        uint64_t at = addr + i - STUB_MEMORY;
        if (at >= STUB_MEMORY_SIZE)
            return 0;
        s->memory[at] = (uint8_t)rsp_hex_byte(hex + 2 * i);
    }
    return 1;
}

static void do_memory(struct stub *s, const uint8_t *r, size_t len)
{
    uint64_t addr, size;
    size_t n = rsp_hex_number(r + 1, len - 1, &addr) + 2;
    n += rsp_hex_number(r + n, len - n, &size);
    if (r[0] == 'M') {
        int rc = write_memory(s, addr, size, r + n + 1, len - n - 1);
        if (rc < 0)
            die("M whose length is wrong", r, len);
        buf_sets(&s->reply, rc == 0 ? "E05" : "OK");
        return;
    }
    if (2 * size > s->bufsz)
        die("read overflows a buffer", r, len);
    for (uint64_t i = 0; i < size; i++) {
        if (addr + i - STUB_MEMORY >= STUB_MEMORY_SIZE) {
            buf_sets(&s->reply, "E05");
            return;
        }
        buf_addhex(&s->reply, &s->memory[addr + i - STUB_MEMORY], 1);
    }
}

static void do_set_register(struct stub *s, const uint8_t *r, size_t len)
{
    uint64_t reg;
    size_t n = rsp_hex_number(r + 1, len - 1, &reg) + 2, size, at;
    at = stub_register((unsigned)reg, &size);
    buf_sets(&s->reply, "OK");
    if (len - n != 2 * size)
        s->corrupted = true;
    else if (reg < STUB_WRITTEN)
        for (size_t i = 0; i < size; i++)
            s->registers[at + i] = (uint8_t)rsp_hex_byte(r + n + 2 * i);
}

static void do_search(struct stub *s, const uint8_t *r, size_t len)
{
    uint64_t addr, size;
    size_t n = strlen("qSearch:memory:");
    n += rsp_hex_number(r + n, len - n, &addr) + 1;
    n += rsp_hex_number(r + n, len - n, &size) + 1;
    struct buf pattern;
    buf_init(&pattern, len);
    rsp_unescape(&pattern, r + n, len - n);
    if (pattern.len > 64)
        die("a pattern that it truncates", r, len);
    uint64_t from = addr - STUB_MEMORY;
    bool inside = from < STUB_MEMORY_SIZE;
    uint64_t there = inside ? STUB_MEMORY_SIZE - from : 0;
    const uint8_t *hit = !inside ? NULL
                                 : memmem(s->memory + from, (size_t)(there < size ? there : size),
                                          pattern.data, pattern.len);
    if (hit != NULL)
        buf_printf(&s->reply, "1,%08" PRIx64, STUB_MEMORY + (uint64_t)(hit - s->memory));
    else
        buf_sets(&s->reply, size > there ? "E05" : "0");
    buf_free(&pattern);
}

static void make_thread_list(struct stub *s)
{
    struct buf *xml = &s->xml;
    if (s->xml_threads == s->threads)
        return;
    s->xml_threads = s->threads;
    buf_reset(xml);
    buf_adds(xml, "<threads>");
    for (unsigned i = 0; i < s->threads; i++)
        buf_printf(xml, "<thread id=\"%x\" core=\"%u\" name=\"thread_%u\">RunQ</thread>",
                   100001 + i, i % 4, i);
    buf_adds(xml, "</threads>");
}

static void do_thread_list(struct stub *s, const uint8_t *r, size_t len)
{
    uint64_t offset, size;
    size_t n = strlen("qXfer:threads:read::");
    n += rsp_hex_number(r + n, len - n, &offset) + 1;
    rsp_hex_number(r + n, len - n, &size);
    if (offset != 0 && offset != s->listed) {
        buf_sets(&s->reply, "E1d");
        return;
    }
    make_thread_list(s);
    uint64_t left = s->xml.len - offset, give = size - 4 < s->bufsz - 1 ? size - 4 : s->bufsz - 1;
    if (give > left)
        give = left;
    buf_addc(&s->reply, give == left ? 'l' : 'm');
    buf_add(&s->reply, s->xml.data + offset, (size_t)give);
    s->listed = give == left ? 0 : (size_t)(offset + give);
}

static void do_query(struct stub *s, const uint8_t *r, size_t len)
{
    struct buf request = {(uint8_t *)(uintptr_t)r, len, len, len, 0};
    if (buf_starts(&request, "qSupported"))
        buf_printf(&s->reply, "PacketSize=%zx;qXfer:threads:read+;QStartNoAckMode+", s->bufsz + 3);
    else if (buf_starts(&request, "qSearch:memory:"))
        do_search(s, r, len);
    else if (buf_starts(&request, "qXfer:threads:read::"))
        do_thread_list(s, r, len);
    else if (buf_starts(&request, "qC"))
        buf_sets(&s->reply, "QC186a1");
    else if (!buf_is(&request, "qOffsets"))
        die("a query that must not reach it", r, len);
}

static void do_request(struct stub *s, const uint8_t *r, size_t len)
{
    uint64_t reg;
    switch (r[0]) {
    case 'm':
    case 'M':
        do_memory(s, r, len);
        break;
    case 'g':
        for (unsigned i = 0; i < STUB_REGISTERS; i++)
            add_register(s, i);
        break;
    case 'p':
        rsp_hex_number(r + 1, len - 1, &reg);
        add_register(s, reg < 1000 ? (unsigned)reg : 1000);
        break;
    case 'P':
        do_set_register(s, r, len);
        break;
    case 'q':
        do_query(s, r, len);
        break;
    case 'c':
    case 'C':
    case 's':
    case 'S':
        s->resumes++;
        buf_sets(&s->reply, "T0510:00000080ffffffff;thread:186a1;");
        break;
    case '?':
        buf_sets(&s->reply, "T05thread:186a1;");
        break;
    case 'Z':
        buf_sets(&s->reply, s->z_reply != NULL ? s->z_reply : "OK");
        break;
    case 'D':
    case 'H':
    case 'T':
    case 'z':
        buf_sets(&s->reply, "OK");
        break;
    default:
        die("a request that must not reach it", r, len);
    }
}

/* Checks a request for bytes and lengths that gdb_rx_begin or the debugnet port would mishandle. */
static void check_bytes(const struct stub *s, const uint8_t *r, size_t len)
{
    if (len == 0 || len > s->max_request)
        die("longer than one DATA, or empty", r, len);
    if (len >= s->bufsz - 1)
        die("panic: longer than its buffer", r, len);
    for (size_t i = 0; i < len; i++) {
        if (r[i] == 0x03 || r[i] == 0xff || r[i] == '#' || r[i] == '$' || r[i] == '+')
            die("a byte with a special meaning", r, len);
    }
}

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    if (s->pending)
        die("a request while another one is outstanding", r->data, r->len);
    s->pending = true;
    check_bytes(s, r->data, r->len);
    buf_addc(&s->asked, ' ');
    buf_add(&s->asked, r->data, r->len);
    s->requests++;
    if (s->requests == s->spoil_at)
        s->listed = 1;
    buf_reset(&s->reply);
    s->result = s->requests == s->replace_at ? NETGDB_REPLACED : 0;
    if (s->result == 0)
        do_request(s, r->data, r->len);
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct stub *s = (struct stub *)t;
    int result = s->result;
    (void)watch;
    *final = true;
    s->pending = result == NETGDB_REPLACED;
    s->result = 0;
    if (result == NETGDB_REPLACED)
        buf_sets(&s->reply, "T05thread:186a1;");
    if (result == 0 && s->says != NULL)
        return buf_sets(reply, s->says);
    return result != 0 ? result : buf_set(reply, s->reply.data, s->reply.len);
}

static int stub_interrupt(struct target *t)
{
    (void)t;
    return NETGDB_UNSUPPORTED;
}

static int stub_leave(struct target *t, const struct request *r, struct buf *reply)
{
    bool final;
    int rc = stub_send(t, r);
    return rc != 0 ? rc : stub_recv(t, reply, &final, 0);
}

static size_t stub_max_request(struct target *t)
{
    return ((struct stub *)t)->max_request;
}

static void stub_free(struct target *t)
{
    struct stub *s = (struct stub *)t;
    if (s->was_freed != NULL)
        *s->was_freed = true;
    buf_free(&s->asked);
    buf_free(&s->xml);
    buf_free(&s->reply);
    free(s);
}

static const struct target_ops ops = {.send = stub_send,
                                      .recv = stub_recv,
                                      .interrupt = stub_interrupt,
                                      .leave = stub_leave,
                                      .max_request = stub_max_request,
                                      .free = stub_free};

/* Fills the memory from a pattern that is computed once: a fuzzer creates many stubs. */
static void fill_memory(uint8_t *memory)
{
    static uint8_t pattern[STUB_MEMORY_SIZE];
    for (size_t i = STUB_MEMORY_SIZE; pattern[1] == 0 && i-- > 0;)
        pattern[i] = (uint8_t)(i ^ i >> 8);
    memcpy(memory, pattern, sizeof pattern);
}

struct stub *stub_new(void)
{
    struct stub *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->base.ops = &ops;
    s->bufsz = 4096;
    s->max_request = 1444;
    s->threads = 3;
    buf_init(&s->xml, 16 * 1024 * 1024);
    buf_init(&s->asked, 16 * 1024 * 1024);
    buf_init(&s->reply, TARGET_REPLY_MAX);
    fill_memory(s->memory);
    for (size_t i = 0; i < STUB_REGISTER_BYTES; i++)
        s->registers[i] = (uint8_t)(i + 1);
    return s;
}
