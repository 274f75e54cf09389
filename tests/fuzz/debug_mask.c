/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any replies of a stub to the search for arm64's exception handler. The input has sp,
 * pc, and a byte whose bits select which reads are answered with memory; the other replies are a
 * length and any bytes. Only an instruction that unmasks debug exceptions is ever replaced, once.
 */
#include "proto/quirks/debug_mask.h"

#include <inttypes.h>
#include <string.h>

#include "proto/err.h"
#include "tests/fuzz/fuzz.h"

struct stub {
    struct target base; /* first: a target is cast to it */
    const uint8_t *data;
    size_t size;
    unsigned memory; /* a bit for each read: it is answered with memory */
    unsigned reads, writes;
    struct buf reply;
    uint64_t address; /* of the last read */
    size_t len;
    const uint8_t *bytes; /* those it returned, or NULL */
};

static struct stub *of(struct target *t)
{
    return (struct stub *)t;
}

static const uint8_t *take(struct stub *s, size_t *n)
{
    const uint8_t *bytes = s->data;
    *n = *n < s->size ? *n : s->size;
    s->data += *n;
    s->size -= *n;
    return bytes;
}

static uint64_t number(struct stub *s, size_t len)
{
    const uint8_t *bytes = take(s, &len);
    uint64_t value = 0;
    while (len-- > 0)
        value = value << 8 | bytes[len];
    return value;
}

static void answer_read(struct stub *s)
{
    size_t n = s->len;
    const uint8_t *bytes = take(s, &n);
    s->bytes = n == s->len ? bytes : NULL;
    for (size_t i = 0; i < n; i++)
        MUST(buf_printf(&s->reply, "%02x", bytes[i]) == 0);
}

static void answer_any(struct stub *s)
{
    size_t n = (size_t)number(s, 1);
    const uint8_t *bytes = take(s, &n);
    s->bytes = NULL;
    MUST(buf_set(&s->reply, bytes, n) == 0);
}

static void check_write(struct stub *s, const char *request)
{
    static const uint8_t unmask[] = {0xff, 0x48, 0x03, 0xd5};
    uint64_t address;
    char data[16];
    MUST(++s->writes == 1);
    MUST(sscanf(request, "M%" SCNx64 ",4:%15s", &address, data) == 2);
    MUST(strcmp(data, "1f2003d5") == 0);
    if (s->bytes == NULL)
        return; /* any hex digits, which were not checked here */
    MUST(address - s->address <= s->len - sizeof unmask);
    MUST(memcmp(s->bytes + (address - s->address), unmask, sizeof unmask) == 0);
}

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = of(t);
    char request[64];
    MUST(r->len < sizeof request);
    memcpy(request, r->data, r->len);
    request[r->len] = '\0';
    buf_reset(&s->reply);
    if (request[0] == 'M') {
        check_write(s, request);
        answer_any(s);
        return 0;
    }
    MUST(sscanf(request, "m%" SCNx64 ",%zx", &s->address, &s->len) == 2);
    MUST(s->len <= 1024 && s->writes == 0 && ++s->reads <= 3);
    if ((s->memory >> s->reads & 1) != 0)
        answer_read(s);
    else
        answer_any(s);
    return (s->memory >> (3 + s->reads) & 1) != 0 ? NETGDB_LOST : 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    (void)watch;
    *final = true;
    return buf_set(reply, of(t)->reply.data, of(t)->reply.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv};
    struct stub s = {.base.ops = &ops, .data = data, .size = size};
    uint64_t sp = number(&s, 8), pc = number(&s, 8);
    s.memory = (unsigned)number(&s, 1);
    buf_init(&s.reply, TARGET_REPLY_MAX);
    int rc = debug_mask_keep(&s.base, sp, pc, NULL);
    MUST(rc == 0 || rc == NETGDB_LOST);
    buf_free(&s.reply);
    return 0;
}
