/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thread lists (GDB manual, "Thread List Format", qfThreadInfo, qThreadExtraInfo, qC, T). Without
 * an RTOS the stub's own list is used, and converted to XML for a stub that has no
 * qXfer:threads:read.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/rsp/rsp.h"
#include "proto/xml.h"
#include "threads/threads_private.h"

enum {
    LIST_REPLY = 1000,       /* bytes of one reply to qfThreadInfo or qsThreadInfo */
    LIST_REPLIES_MAX = 1024, /* replies of the stub that are read; QEMU has a CPU in each */
};

/* Adds a thread, running on `core` unless that is -1, with a description unless `text` is NULL. */
static void list_thread(struct threads *t, const struct thread *thread, int core, const char *text)
{
    (void)buf_adds(&t->xml, "<thread id=\"");
    tid_add(t, &t->xml, thread->id);
    (void)buf_adds(&t->xml, "\"");
    if (core >= 0)
        (void)buf_printf(&t->xml, " core=\"%d\"", core);
    if (thread->name[0] != '\0') {
        (void)buf_adds(&t->xml, " name=\"");
        (void)xml_add_text(&t->xml, thread->name);
        (void)buf_adds(&t->xml, "\"");
    }
    (void)buf_adds(&t->xml, ">");
    if (text != NULL)
        (void)xml_add_text(&t->xml, text);
    (void)buf_adds(&t->xml, "</thread>\n");
}

static int list_all_threads(struct threads *t)
{
    char text[ENGINE_NAME_MAX + 2 * ENGINE_TEXT_MAX];
    int rc = engine_list(&t->engine);
    for (size_t i = 0; rc == 0 && i < t->engine.n; i++) {
        const struct thread *thread = &t->engine.threads[i];
        engine_describe(&t->engine, thread, text, sizeof text);
        list_thread(t, thread, thread->core, text);
    }
    return rc;
}

/*
 * GDB reads the list after each step, shows nothing of it but the name of the stopped thread, and
 * reads it again before it shows more (infrun.c normal_stop, thread.c print_thread_info). So the
 * first list after a step has no descriptions, if the threads are the same as at an earlier stop.
 */
static int add_same_threads(struct threads *t, bool *same)
{
    struct engine *e = &t->engine;
    *same = false;
    int rc = t->lists_sent == 0 ? engine_same_threads(e, same) : 0;
    for (size_t i = 0; rc == 0 && *same && i < e->n; i++)
        list_thread(t, &e->threads[i], e->threads[i].tcb == e->running[0] ? 0 : -1, NULL);
    return rc;
}

/* Adds the stub's own threads from a reply to qfThreadInfo. */
static void list_stub_threads(struct threads *t)
{
    const uint8_t *at = t->stub_reply.data, *end = at + t->stub_reply.len;
    struct tid id;
    while (++at < end) {
        size_t n = tid_parse(at, (size_t)(end - at), &id);
        if (n == 0)
            break;
        (void)buf_adds(&t->xml, "<thread id=\"");
        (void)buf_add(&t->xml, at, n);
        (void)buf_adds(&t->xml, "\"/>\n");
        at += n;
    }
}

/* *whole: the list has all of them; some stubs send one thread in each reply. */
static int copy_stub_list(struct threads *t, bool *whole)
{
    int rc = threads_ask(t, "qfThreadInfo");
    unsigned replies = 0;
    while (rc == 0 && buf_starts(&t->stub_reply, "m") && replies++ < LIST_REPLIES_MAX) {
        list_stub_threads(t);
        rc = threads_ask(t, "qsThreadInfo");
    }
    *whole = rc == 0 && !buf_starts(&t->stub_reply, "m");
    t->stub_id_exposed = true;
    return rc;
}

static int make_xml(struct threads *t)
{
    buf_reset(&t->xml);
    (void)buf_adds(&t->xml, "<?xml version=\"1.0\"?>\n<threads>\n");
    bool same = false, whole = true;
    int rc = t->active ? add_same_threads(t, &same) : copy_stub_list(t, &whole);
    if (rc == 0 && t->active && !same)
        rc = list_all_threads(t);
    (void)buf_adds(&t->xml, "</threads>\n");
    t->xml_made = rc == 0 && whole;
    t->lists_sent++;
    return rc;
}

/* True if the request goes to the stub, which has qXfer:threads:read itself. */
static bool stub_has_xml(const struct threads *t)
{
    return !t->active && t->stub_lists;
}

int answer_xfer_threads(struct threads *t, const struct request *r)
{
    int rc = threads_detect(t);
    if (rc != 0)
        return rc;
    if (stub_has_xml(t)) {
        t->stub_id_exposed = true;
        return DECORATOR_PASS;
    }
    if (r->numbers < 2 || r->rest_len != 0)
        return threads_reply(t, "E01");
    if (r->address == 0 || !t->xml_made)
        rc = make_xml(t);
    if (rc != 0)
        return rc;
    if (!t->xml_made)
        return threads_reply(t, "E01"); /* GDB then sends qfThreadInfo, which is forwarded */
    return rsp_add_piece(&t->d.reply, t->xml.data, t->xml.len, r->address, r->length);
}

/* Adds the next ids, up to LIST_REPLY bytes. */
static int add_ids(struct threads *t)
{
    if (t->listed >= t->engine.n)
        return threads_reply(t, "l");
    (void)buf_addc(&t->d.reply, 'm');
    for (bool first = true; t->listed < t->engine.n && t->d.reply.len < LIST_REPLY; first = false) {
        if (!first)
            (void)buf_addc(&t->d.reply, ',');
        tid_add(t, &t->d.reply, t->engine.threads[t->listed++].id);
    }
    return t->d.reply.error;
}

int answer_first(struct threads *t, const struct request *r)
{
    (void)r;
    int rc = threads_detect(t);
    if (rc == 0 && !t->active) {
        t->stub_id_exposed = true;
        return DECORATOR_PASS;
    }
    if (rc == 0)
        rc = engine_list(&t->engine);
    t->listed = 0;
    return rc == 0 ? add_ids(t) : rc;
}

int answer_next(struct threads *t, const struct request *r)
{
    (void)r;
    if (!t->active)
        return DECORATOR_PASS;
    int rc = engine_list(&t->engine);
    return rc == 0 ? add_ids(t) : rc;
}

/* Finds the thread whose id is at the end of a request; NULL: none. */
static int thread_of(struct threads *t, const uint8_t *text, size_t len, struct thread **thread)
{
    struct tid id;
    *thread = NULL;
    size_t n = tid_parse(text, len, &id);
    if (n == 0 || id.tid == ALL_THREADS || id.tid > UINT32_MAX || id.tid == 0)
        return 0;
    return engine_thread(&t->engine, (unsigned)id.tid, thread);
}

/* Replies with text in hexadecimal, also for an unknown thread: GDB prints any text. */
int answer_extra(struct threads *t, const struct request *r)
{
    static const char start[] = "qThreadExtraInfo,";
    char text[ENGINE_NAME_MAX + 2 * ENGINE_TEXT_MAX];
    struct thread *thread;
    if (!t->active)
        return DECORATOR_PASS;
    size_t at = r->len < sizeof start - 1 ? r->len : sizeof start - 1;
    int rc = thread_of(t, r->data + at, r->len - at, &thread);
    if (rc != 0)
        return rc;
    if (thread == NULL)
        return buf_addhex(&t->d.reply, "no such thread", strlen("no such thread"));
    engine_describe(&t->engine, thread, text, sizeof text);
    (void)buf_addhex(&t->d.reply, thread->name, strlen(thread->name));
    (void)buf_addhex(&t->d.reply, " (", 2);
    (void)buf_addhex(&t->d.reply, text, strlen(text));
    return buf_addhex(&t->d.reply, ")", 1);
}

int answer_current(struct threads *t, const struct request *r)
{
    unsigned id;
    (void)r;
    int rc = threads_detect(t);
    if (rc == 0 && !t->active) {
        t->stub_id_exposed = true;
        return DECORATOR_PASS;
    }
    if (rc == 0)
        rc = threads_current(t, &id);
    if (rc != 0)
        return rc;
    (void)buf_adds(&t->d.reply, "QC");
    tid_add(t, &t->d.reply, id);
    return t->d.reply.error;
}

int answer_alive(struct threads *t, const struct request *r)
{
    struct thread *thread;
    if (!t->active)
        return DECORATOR_PASS;
    int rc = thread_of(t, r->data + 1, r->len - 1, &thread);
    return rc == 0 ? threads_reply(t, thread != NULL ? "OK" : "E01") : rc;
}

int add_name(struct buf *b, const struct thread *thread)
{
    (void)buf_adds(b, "hexname:");
    (void)buf_addhex(b, thread->name, strlen(thread->name));
    return buf_addc(b, ';');
}

/* LLDB reads thread names from this reply (lldb-gdb-remote.txt). Only the current thread has a
 * signal. */
int answer_stop_info(struct threads *t, const struct request *r)
{
    static const char start[] = "qThreadStopInfo";
    struct thread *thread;
    unsigned current;
    if (!t->active)
        return DECORATOR_PASS;
    size_t at = r->len < sizeof start - 1 ? r->len : sizeof start - 1;
    int rc = thread_of(t, r->data + at, r->len - at, &thread);
    if (rc == 0)
        rc = threads_current(t, &current);
    if (rc != 0)
        return rc;
    if (thread == NULL)
        return threads_reply(t, "E01");
    (void)buf_printf(&t->d.reply, "T%sthread:", thread->id == current ? t->signal : "00");
    tid_add(t, &t->d.reply, thread->id);
    (void)buf_addc(&t->d.reply, ';');
    return add_name(&t->d.reply, thread);
}
