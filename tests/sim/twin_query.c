/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's queries: features, thread lists and memory search (sys/gdb/gdb_main.c, with
 * gdb_rx_bindata and gdb_search_mem of gdb_packet.c).
 */
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

enum { PATTERN_MAX = 64, LIST_ROOM = 4096, TID_DIGITS = 8, XFER_FRAMING = 4, ESCAPE = '}' };

static void current_thread(struct twin *t)
{
    buf_reset(&t->stub.reply);
    (void)buf_printf(&t->stub.reply, "QC%x", t->thread->tid);
    stub_reply(t);
}

/* Whether a feature of the debugger has the form that the stub accepts. */
static bool feature_good(const uint8_t *text, size_t len)
{
    if (len < 2)
        return false;
    uint8_t last = text[len - 1];
    return last == '+' || last == '-' || memchr(text, '=', len) != NULL;
}

static bool features_good(struct twin_cursor *c)
{
    if (c->len == 0)
        return true;
    if (cursor_char(c) != ':')
        return false;
    while (c->len > 0) {
        const uint8_t *end = memchr(c->p, ';', c->len);
        size_t len = end != NULL ? (size_t)(end - c->p) : c->len;
        if (!feature_good(c->p, len))
            return false;
        len += end != NULL;
        c->p += len;
        c->len -= len;
    }
    return true;
}

static void supported(struct twin *t, struct twin_cursor *c)
{
    if (!features_good(c)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    buf_reset(&t->stub.reply);
    (void)buf_printf(&t->stub.reply, "PacketSize=%zx;qXfer:threads:read+;QStartNoAckMode+",
                     t->config.buffer - TWIN_SLACK + TWIN_FRAMING);
    stub_reply(t);
}

static bool list_has_room(const struct twin *t, unsigned sent)
{
    if (t->config.threads_a_reply != 0)
        return sent < t->config.threads_a_reply;
    return t->stub.reply.len + TID_DIGITS + 1 <= LIST_ROOM;
}

/* qfThreadInfo and qsThreadInfo: m with threads, then l once, then an error. */
static void thread_info(struct twin *t, bool first)
{
    struct buf *reply = &t->stub.reply;
    unsigned sent = 0;
    if (first) {
        t->list = LIST_MORE;
        t->list_next = 0;
    }
    if (t->list != LIST_MORE) {
        bool done = t->list == LIST_DONE;
        t->list = LIST_NONE;
        if (done)
            stub_reply_text(t, "l");
        else
            stub_reply_error(t, E_NXIO);
        return;
    }
    (void)buf_sets(reply, "m");
    for (; t->list_next < machine_threads(t->machine) && list_has_room(t, sent); t->list_next++)
        (void)buf_printf(reply, sent++ > 0 ? ",%x" : "%x", MACHINE_TID + t->list_next);
    if (t->list_next == machine_threads(t->machine))
        t->list = LIST_DONE;
    stub_reply(t);
}

/* A name; characters that are special in XML or in a packet become '_'. */
static void append_name(struct buf *text, const char *name)
{
    for (; *name != 0; name++)
        (void)buf_addc(text,
                       *name < ' ' || strchr("<&\"#$}*", *name) != NULL ? '_' : (uint8_t)*name);
}

static void write_threads(const struct machine *m, unsigned all, struct buf *text)
{
    (void)buf_sets(text, "<threads>");
    for (unsigned i = 0; i < MACHINE_THREADS; i++) {
        const struct machine_thread *thread = &m->threads[i];
        (void)buf_printf(text, "<thread id=\"%x\"", thread->tid);
        if (thread->cpu >= 0)
            (void)buf_printf(text, " core=\"%d\"", thread->cpu);
        (void)buf_adds(text, " name=\"");
        append_name(text, thread->name);
        (void)buf_printf(text, "\">%s</thread>", thread->state);
    }
    for (unsigned i = MACHINE_THREADS; i < all; i++)
        (void)buf_printf(text, "<thread id=\"%x\" name=\"kproc%u\">Sleeping</thread>",
                         MACHINE_TID + i, i);
    (void)buf_adds(text, "</threads>");
}

/* The next chunk of the document, always of the length in the first request. */
static void xfer_piece(struct twin *t)
{
    struct twin_xfer *x = &t->xfer;
    size_t left = x->text.len - x->offset;
    size_t len = left < x->chunk ? left : x->chunk;
    bool last = len == left;
    buf_reset(&t->stub.reply);
    (void)buf_addc(&t->stub.reply, last ? 'l' : 'm');
    (void)buf_add(&t->stub.reply, x->text.data + x->offset, len);
    x->offset = last ? 0 : x->offset + len;
    stub_reply(t);
}

/* qXfer:threads:read, after "read:": a generator that only moves forward. */
static void xfer_threads(struct twin *t, struct twin_cursor *c)
{
    struct twin_xfer *x = &t->xfer;
    uint64_t offset, len;
    if (cursor_char(c) != ':' || !cursor_hex(c, &offset) || cursor_char(c) != ',' ||
        !cursor_hex(c, &len)) {
        stub_reply_error(t, 0);
        return;
    }
    if (offset != 0 && offset != x->offset) {
        stub_reply_error(t, E_SPIPE);
        return;
    }
    if (offset == 0) {
        if (len < sizeof "$m#nn") {
            stub_reply_error(t, E_NOSPC);
            return;
        }
        len = len - XFER_FRAMING < TWIN_CONTENT ? len - XFER_FRAMING : TWIN_CONTENT;
        x->chunk = (size_t)len - 1; /* one byte of the kernel's string buffer is its NUL */
        x->offset = 0;
        write_threads(t->machine, t->config.threads, &x->text);
    }
    xfer_piece(t);
}

/* Unescapes at most PATTERN_MAX bytes. Returns false if the text ends in an escape. */
static bool read_pattern(struct twin_cursor *c, uint8_t *pattern, size_t *len)
{
    for (*len = 0; *len < PATTERN_MAX && c->len > 0; (*len)++) {
        int byte = cursor_char(c);
        if (byte == ESCAPE && (byte = cursor_char(c) ^ ' ') < 0)
            return false;
        pattern[*len] = (uint8_t)byte;
    }
    return true;
}

/* Searches for the pattern up to the first hole. 0: not found; -1: a hole was reached. */
static int search(const struct machine *m, uint64_t addr, uint64_t size, const uint8_t *pattern,
                  size_t len, uint64_t *found)
{
    uint8_t bytes[PATTERN_MAX];
    for (uint64_t i = 0; len <= size && i <= size - len; i++) {
        if (machine_read(m, addr + i, bytes, len) < len)
            return -1;
        if (memcmp(bytes, pattern, len) == 0) {
            *found = addr + i;
            return 1;
        }
    }
    return 0;
}

static void search_memory(struct twin *t, struct twin_cursor *c)
{
    uint8_t pattern[PATTERN_MAX];
    uint64_t addr, size, found;
    size_t len;
    if (!cursor_hex(c, &addr) || cursor_char(c) != ';' || !cursor_hex(c, &size) ||
        cursor_char(c) != ';' || !read_pattern(c, pattern, &len)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    int rc = search(t->machine, addr, size, pattern, len, &found);
    if (rc <= 0) {
        if (rc == 0)
            stub_reply_text(t, "0");
        else
            stub_reply_error(t, E_IO);
        return;
    }
    buf_reset(&t->stub.reply);
    (void)buf_printf(&t->stub.reply, "1,%08llx", (unsigned long long)found);
    stub_reply(t);
}

void query_execute(struct twin *t, struct twin_cursor *c)
{
    if (cursor_equal(c, "C")) /* matches qCRC too */
        current_thread(t);
    else if (cursor_equal(c, "Supported"))
        supported(t, c);
    else if (cursor_equal(c, "fThreadInfo"))
        thread_info(t, true);
    else if (cursor_equal(c, "sThreadInfo"))
        thread_info(t, false);
    else if (cursor_equal(c, "Xfer:threads:read:"))
        xfer_threads(t, c);
    else if (cursor_equal(c, "Search:memory:"))
        search_memory(t, c);
    else
        stub_reply_text(t, "");
}

void query_set(struct twin *t, struct twin_cursor *c)
{
    if (!cursor_equal(c, "StartNoAckMode")) {
        stub_reply_text(t, "");
        return;
    }
    t->stub.ack_mode = false; /* before the reply: its OK needs no '+' */
    stub_reply_text(t, "OK");
}
