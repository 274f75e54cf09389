/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any replies of a target to gdb's and LLDB's requests, each a byte that selects the
 * request, two for the length, and the reply. What the debugger gets brings no control character to
 * a terminal.
 */
#include "proto/guard.h"

#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/requests.h"

static const char *const requests[] = {
    "c", "?", "qThreadExtraInfo,1", "qRcmd,00", "qMemoryRegionInfo:0", "jThreadsInfo", "m1,1",
};
enum { REQUESTS = sizeof requests / sizeof requests[0], DOCUMENT = REQUESTS };

struct stub {
    struct target base; /* first: a target is cast to it */
    const uint8_t *reply;
    size_t len;
    bool final;
};

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    if (r->data[0] == 'F') { /* a refused file request: the target continues */
        s->reply = (const uint8_t *)"S05";
        s->len = 3;
        s->final = true;
    }
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct stub *s = (struct stub *)t;
    (void)watch;
    *final = s->final;
    return buf_set(reply, s->reply, s->len);
}

static void stub_free(struct target *t)
{
    (void)t;
}

static bool is_control(const uint8_t *d, size_t i)
{
    bool space = d[i] == '\n' || d[i] == '\t' || d[i] == '\r';
    return (d[i] < 0x20 && !space) || d[i] == 0x7f ||
           (i > 0 && d[i - 1] == 0xc2 && d[i] >= 0x80 && d[i] < 0xa0);
}

static void check_text(const uint8_t *d, size_t len, uint8_t last)
{
    MUST(len == 0 || last != 0xc2 || d[0] < 0x80 || d[0] >= 0xa0);
    for (size_t i = 0; i < len; i++)
        MUST(!is_control(d, i));
}

static uint8_t before; /* the last byte of the part before */

static void check_reply(unsigned request, const struct buf *reply, bool final)
{
    struct buf text;
    MUST(reply->len <= TARGET_REPLY_MAX);
    buf_init(&text, TARGET_REPLY_MAX);
    if (request == DOCUMENT && final && reply->len != 0 && reply->data[0] == 'm') {
        MUST(rsp_unescape(&text, reply->data + 1, reply->len - 1) == 0);
        check_text(text.data, text.len, before);
        MUST(text.len == 0 || memmem(text.data, text.len, "&#x9b;", 6) == NULL);
        MUST(text.len == 0 || memmem(text.data, text.len, "&#155;", 6) == NULL);
        before = text.len != 0 ? text.data[text.len - 1] : before;
    } else if (final && strcmp(requests[request % REQUESTS], "jThreadsInfo") == 0) {
        MUST(rsp_unescape(&text, reply->data, reply->len) == 0);
        check_text(text.data, text.len, 0);
    } else if (!final && reply->data[0] == 'O') {
        MUST(rsp_unhex(&text, reply->data + 1, reply->len - 1) == 0);
        check_text(text.data, text.len, 0);
    } else if (request < REQUESTS) {
        check_text(reply->data, reply->len, 0);
    }
    buf_free(&text);
    if (request != DOCUMENT)
        before = 0;
}

static void ask(struct target *t, unsigned request, uint64_t *offset)
{
    struct buf reply;
    char text[64];
    bool final = false;
    (void)snprintf(text, sizeof text, "qXfer:threads:read::%llx,1000", (unsigned long long)*offset);
    const char *r = request < REQUESTS ? requests[request] : text;
    buf_init(&reply, TARGET_REPLY_MAX);
    MUST(send_bytes(t, r, strlen(r)) == 0);
    int rc = target_recv(t, &reply, &final, 0);
    MUST(rc == 0);
    check_reply(request, &reply, final);
    if (!final) { /* the reply after the output */
        ((struct stub *)t->next)->final = true;
        rc = target_recv(t, &reply, &final, 0);
        MUST(rc == 0 && final);
    }
    *offset =
        request == DOCUMENT && reply.len > 1 && reply.data[0] == 'm' ? *offset + reply.len - 1 : 0;
    buf_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv, .free = stub_free};
    struct stub s = {.base.ops = &ops};
    struct target *t = guard_new(&s.base, false, NULL);
    uint64_t offset = 0;
    before = 0;
    MUST(t != NULL);
    for (size_t at = 0; at + 3 <= size;) {
        unsigned what = data[at];
        size_t n = (size_t)data[at + 1] | (size_t)data[at + 2] << 8;
        at += 3;
        s.reply = data + at;
        s.len = n < size - at ? n : size - at;
        at += s.len;
        s.final = (what & 0x80) == 0 || s.len == 0 || s.reply[0] != 'O'; /* console output */
        ask(t, (what & 0x7f) % (REQUESTS + 1), &offset);
    }
    target_free(t);
    return 0;
}
