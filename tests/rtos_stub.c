/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub with memory and registers; see rtos_stub.h. */
#include "tests/rtos_stub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"

static struct rtos_stub *of(struct target *t)
{
    return (struct rtos_stub *)t;
}

static void fail(const char *what)
{
    fprintf(stderr, "rtos_stub: %s\n", what);
    abort();
}

void rtos_stub_map(struct rtos_stub *s, uint64_t address, size_t len)
{
    uint8_t *bytes = calloc(1, len);
    if (bytes == NULL || s->n == RTOS_STUB_PIECES)
        fail("no room for more memory");
    s->pieces[s->n++] = (struct piece_of_memory){address, bytes, len};
}

uint8_t *rtos_stub_at(struct rtos_stub *s, uint64_t address, size_t len)
{
    for (size_t i = 0; i < s->n; i++) {
        struct piece_of_memory *p = &s->pieces[i];
        if (address >= p->address && address - p->address <= p->len &&
            len <= p->len - (address - p->address))
            return p->bytes + (address - p->address);
    }
    return NULL;
}

void rtos_stub_put(struct rtos_stub *s, uint64_t address, uint64_t value, unsigned size)
{
    uint8_t *at = rtos_stub_at(s, address, size);
    if (at == NULL)
        fail("a test writes a number to unmapped memory");
    for (unsigned i = 0; i < size; i++)
        at[s->big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

void rtos_stub_word(struct rtos_stub *s, uint64_t address, uint64_t value)
{
    rtos_stub_put(s, address, value, s->word);
}

uint64_t rtos_stub_get(struct rtos_stub *s, uint64_t address, unsigned size)
{
    uint8_t *at = rtos_stub_at(s, address, size);
    uint64_t value = 0;
    if (at == NULL)
        fail("a test reads unmapped memory");
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[s->big ? size - 1 - i : i] << 8 * i;
    return value;
}

void rtos_stub_text(struct rtos_stub *s, uint64_t address, const char *text)
{
    uint8_t *at = rtos_stub_at(s, address, strlen(text) + 1);
    if (at == NULL)
        fail("a test writes text to unmapped memory");
    memcpy(at, text, strlen(text) + 1);
}

void rtos_stub_register(struct rtos_stub *s, unsigned i, unsigned size, uint64_t value)
{
    char *at = s->g + 2 * (size_t)i * size;
    for (unsigned b = 0; b < size; b++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x",
                 (unsigned)(value >> 8 * (s->big ? size - 1 - b : b) & 0xff));
        memcpy(at + 2 * b, digits, 2);
    }
}

void rtos_stub_registers(struct rtos_stub *s, unsigned n, unsigned size, uint64_t start)
{
    memset(s->g, 0, sizeof s->g);
    for (unsigned i = 0; i < n; i++)
        rtos_stub_register(s, i, size, start + i);
}

const char *rtos_stub_asked(struct rtos_stub *s)
{
    static char text[8192];
    size_t n = s->asked.len < sizeof text - 1 ? s->asked.len : sizeof text - 1;
    if (n != 0)
        memcpy(text, s->asked.data, n);
    text[n] = '\0';
    buf_reset(&s->asked);
    return text;
}

/* ---- requests ---- */

static bool two_numbers(const char *text, uint64_t *address, uint64_t *len, const char **rest)
{
    size_t n = rsp_hex_number((const uint8_t *)text, strlen(text), address);
    if (n == 0 || text[n] != ',')
        return false;
    text += n + 1;
    n = rsp_hex_number((const uint8_t *)text, strlen(text), len);
    *rest = text + n;
    return n != 0;
}

static void read_memory(struct rtos_stub *s, const char *text)
{
    uint64_t address = 0, len = 0;
    const char *rest;
    s->reads++;
    uint8_t *at =
        two_numbers(text, &address, &len, &rest) ? rtos_stub_at(s, address, (size_t)len) : NULL;
    s->read_address = address;
    s->read_len = len;
    if (at == NULL || len > 2048)
        buf_sets(&s->reply, "E14");
    else
        buf_addhex(&s->reply, at, (size_t)len);
}

static void write_memory(struct rtos_stub *s, const char *text)
{
    uint64_t address, len;
    const char *rest;
    struct buf bytes;
    buf_init(&bytes, 65536);
    bool good = two_numbers(text, &address, &len, &rest) && *rest == ':' &&
                rsp_unhex(&bytes, (const uint8_t *)rest + 1, strlen(rest + 1)) == 0 &&
                bytes.len == len;
    uint8_t *at = good ? rtos_stub_at(s, address, bytes.len) : NULL;
    if (at != NULL && len != 0)
        memcpy(at, bytes.data, bytes.len);
    buf_sets(&s->reply, at != NULL ? "OK" : "E14");
    buf_free(&bytes);
}

static void read_features(struct rtos_stub *s, const char *text)
{
    uint64_t offset, len;
    const char *rest;
    size_t n = s->xml != NULL ? strlen(s->xml) : 0;
    if (s->xml == NULL || strncmp(text, "target.xml:", 11) != 0 ||
        !two_numbers(text + 11, &offset, &len, &rest)) {
        buf_sets(&s->reply, s->xml != NULL ? "E00" : "");
        return;
    }
    size_t from = offset < n ? (size_t)offset : n, give = n - from < len ? n - from : (size_t)len;
    buf_addc(&s->reply, from + give < n ? 'm' : 'l');
    buf_add(&s->reply, s->xml + from, give);
}

static void resume(struct rtos_stub *s)
{
    unsigned n = s->resumes++;
    if (n >= RTOS_STUB_STOPS || s->stops[n] == NULL)
        fail("resumed more often than the test has stops");
    if (s->on_resume != NULL)
        s->on_resume(s, n);
    buf_sets(&s->reply, s->stops[n]);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void answer_query(struct rtos_stub *s, const char *r)
{
    if (starts(r, "qSupported"))
        buf_sets(&s->reply, s->features);
    else if (starts(r, "qXfer:features:read:"))
        read_features(s, r + strlen("qXfer:features:read:"));
    else if (starts(r, "qfThreadInfo"))
        buf_sets(&s->reply, s->threads);
    else if (starts(r, "qsThreadInfo"))
        buf_sets(&s->reply, s->more_threads == 0 ? "l" : s->more_threads-- % 2 != 0 ? "m7" : "m8");
    else if (strcmp(r, "qC") == 0)
        buf_sets(&s->reply, s->current);
    else if (strcmp(r, "qSymbol::") == 0 && s->symbol_question != NULL)
        buf_sets(&s->reply, s->symbol_question);
    else if (starts(r, "qSymbol:") && s->symbol_question != NULL)
        buf_sets(&s->reply, "OK");
}

static void answer(struct rtos_stub *s, const char *r)
{
    switch (r[0]) {
    case 'm':
        read_memory(s, r + 1);
        break;
    case 'M':
        write_memory(s, r + 1);
        break;
    case 'g':
        buf_sets(&s->reply, s->g);
        break;
    case 'p':
        buf_sets(&s->reply, s->p);
        break;
    case '?':
        buf_sets(&s->reply, s->stop);
        break;
    case 'Z':
    case 'z':
        buf_sets(&s->reply, strchr(s->no_points, r[1]) != NULL ? "" : "OK");
        break;
    case 'c':
    case 's':
        resume(s);
        break;
    case 'q':
        answer_query(s, r);
        break;
    case 'H':
    case 'G':
    case 'P':
    case 'D':
        buf_sets(&s->reply, "OK");
        break;
    default:
        if (starts(r, "vCont;"))
            resume(s);
    }
}

static int stub_send(struct target *t, const struct request *r)
{
    struct rtos_stub *s = of(t);
    char *text = malloc(r->len + 1);
    if (text == NULL)
        fail("no memory");
    if (r->len != 0)
        memcpy(text, r->data, r->len);
    text[r->len] = '\0';
    if (text[0] != 'm')
        buf_printf(&s->asked, " %s", text);
    buf_reset(&s->reply);
    answer(s, text);
    free(text);
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct rtos_stub *s = of(t);
    int result = s->result;
    (void)watch;
    s->result = 0;
    *final = true;
    return result != 0 ? result : buf_set(reply, s->reply.data, s->reply.len);
}

static int stub_interrupt(struct target *t)
{
    buf_adds(&of(t)->asked, " \\x03");
    return 0;
}

static int stub_leave(struct target *t, const struct request *r, struct buf *reply)
{
    buf_adds(&of(t)->asked, " leave");
    (void)r->len;
    return buf_sets(reply, "OK");
}

static size_t stub_max_request(struct target *t)
{
    (void)t;
    return 16384;
}

static void stub_free(struct target *t)
{
    struct rtos_stub *s = of(t);
    for (size_t i = 0; i < s->n; i++)
        free(s->pieces[i].bytes);
    buf_free(&s->asked);
    buf_free(&s->reply);
    free(s);
}

struct rtos_stub *rtos_stub_new(void)
{
    static const struct target_ops ops = {.send = stub_send,
                                          .recv = stub_recv,
                                          .interrupt = stub_interrupt,
                                          .leave = stub_leave,
                                          .max_request = stub_max_request,
                                          .free = stub_free};
    struct rtos_stub *s = calloc(1, sizeof *s);
    if (s == NULL)
        fail("no memory");
    s->base.ops = &ops;
    s->word = 4;
    s->features = "PacketSize=1000;qXfer:features:read+;multiprocess+;vContSupported+";
    s->threads = "m1";
    s->current = "QC1";
    s->p = "00000000";
    s->stop = RTOS_STUB_STOP;
    s->no_points = "";
    buf_init(&s->asked, 1024 * 1024);
    buf_init(&s->reply, TARGET_REPLY_MAX);
    return s;
}
