/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thread ids of the client and of the stub, and the threads they name. */
#include <inttypes.h>
#include <string.h>

#include "proto/rsp/rsp.h"
#include "proto/stop.h"
#include "threads/threads_private.h"

/* Parses a hexadecimal number, or -1; returns its length. */
static size_t parse_tid_number(const uint8_t *text, size_t len, uint64_t *value)
{
    if (len >= 2 && text[0] == '-' && text[1] == '1') {
        *value = ALL_THREADS;
        return 2;
    }
    return rsp_hex_number(text, len, value);
}

size_t tid_parse(const uint8_t *text, size_t len, struct tid *id)
{
    *id = (struct tid){0, 0};
    if (len == 0 || text[0] != 'p')
        return parse_tid_number(text, len, &id->tid);
    size_t n = parse_tid_number(text + 1, len - 1, &id->pid);
    if (n == 0)
        return 0;
    n++;
    /* A process id alone means all of its threads. */
    id->tid = ALL_THREADS;
    if (n == len || text[n] != '.')
        return n;
    size_t m = parse_tid_number(text + n + 1, len - n - 1, &id->tid);
    return m == 0 ? 0 : n + 1 + m;
}

static void add_tid_number(struct buf *b, uint64_t value)
{
    if (value == ALL_THREADS)
        (void)buf_adds(b, "-1");
    else
        (void)buf_printf(b, "%" PRIx64, value);
}

void tid_add_stub(struct threads *t, struct buf *b, const struct tid *id)
{
    if (t->multiprocess) {
        (void)buf_printf(b, "p%" PRIx64 ".", id->pid != 0 ? id->pid : 1);
    }
    add_tid_number(b, id->tid);
}

void tid_add(struct threads *t, struct buf *b, uint64_t id)
{
    const struct tid own = {t->stopped.pid, id};
    tid_add_stub(t, b, &own);
}

/* Adds the ids of one reply, "mID,ID…". Returns false at the end of the list. */
static bool store_stub_threads(struct threads *t)
{
    const uint8_t *at = t->stub_reply.data, *end = at + t->stub_reply.len;
    if (t->stub_reply.len == 0 || *at != 'm')
        return false;
    while (++at < end && t->n_stub_threads < STUB_THREADS_MAX) {
        struct tid *id = &t->stub_threads[t->n_stub_threads];
        size_t n = tid_parse(at, (size_t)(end - at), id);
        if (n == 0)
            return false;
        at += n;
        t->n_stub_threads++;
    }
    return t->n_stub_threads < STUB_THREADS_MAX;
}

/* Reads the stub's own threads: its cores, in order. QEMU sends one id per reply. */
static int ask_stub_threads(struct threads *t)
{
    int rc = threads_ask(t, "qfThreadInfo");
    t->n_stub_threads = 0;
    t->stub_threads_known = rc == 0;
    for (unsigned i = 0; rc == 0 && store_stub_threads(t) && i < STUB_THREADS_MAX; i++)
        rc = threads_ask(t, "qsThreadInfo");
    return rc;
}

int tid_of_core(struct threads *t, unsigned core, struct tid *id, bool *known)
{
    int rc = 0;
    *known = false;
    if (t->engine.cores == 1 && t->stopped.tid != 0) {
        *id = t->stopped;
        *known = true;
        return 0;
    }
    if (!t->stub_threads_known)
        rc = ask_stub_threads(t);
    if (rc == 0 && core < t->n_stub_threads) {
        *id = t->stub_threads[core];
        *known = id->tid != 0 && id->tid != ALL_THREADS;
    }
    return rc;
}

int threads_stopped_core(struct threads *t, unsigned *core)
{
    int rc = 0;
    *core = 0;
    if (t->engine.cores == 1 || t->stopped.tid == 0)
        return 0;
    if (!t->stub_threads_known)
        rc = ask_stub_threads(t);
    for (size_t i = 0; rc == 0 && i < t->n_stub_threads; i++) {
        if (t->stub_threads[i].tid == t->stopped.tid)
            *core = (unsigned)i;
    }
    return rc;
}

void tid_learn(struct threads *t, const struct buf *reply)
{
    size_t len;
    const uint8_t *at = stop_thread(reply->data, reply->len, &len);
    struct tid id;
    if (reply->len > 2 && memcmp(reply->data, "QC", 2) == 0) {
        at = reply->data + 2;
        len = reply->len - 2;
    }
    if (at != NULL && tid_parse(at, len, &id) != 0 && id.tid != ALL_THREADS && id.tid != 0)
        t->stopped = id;
}

int threads_current(struct threads *t, unsigned *id)
{
    unsigned core;
    int rc = threads_stopped_core(t, &core);
    return rc == 0 ? engine_current(&t->engine, core, id) : rc;
}

int threads_find(struct threads *t, unsigned id, struct thread **thread)
{
    int rc = id == 0 ? threads_current(t, &id) : 0;
    return rc == 0 ? engine_thread(&t->engine, id, thread) : rc;
}

bool threads_runs(const struct threads *t, const struct thread *thread)
{
    (void)t;
    return thread->kind == THREAD_CPU || (thread->kind == THREAD_TASK && thread->core >= 0);
}

int threads_choose_core(struct threads *t, const struct thread *thread)
{
    struct tid id;
    bool known;
    unsigned core = thread->core > 0 ? (unsigned)thread->core : 0;
    if (t->engine.cores == 1)
        return 0;
    int rc = tid_of_core(t, core, &id, &known);
    if (rc != 0 || !known || t->stub_selected == id.tid)
        return rc;
    buf_reset(&t->d.request);
    (void)buf_adds(&t->d.request, "Hg");
    tid_add_stub(t, &t->d.request, &id);
    rc = target_ask_bytes(t->d.base.next, &t->d.request, &t->stub_reply);
    buf_reset(&t->d.request);
    t->stub_selected = id.tid;
    return rc;
}
