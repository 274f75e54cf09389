/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb kernel snapshot: reads what a post-mortem usually needs into a session.core. It asks what
 * a debugger asks when it connects, every query, and then the memory that the core does not have
 * yet. So a snapshot that was cut off continues where it stopped, if the kernel is still at the
 * same stop of the same boot: build-id, message, date, registers and a random number are compared.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "freebsd/freebsd.h"
#include "io/fds.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "record/exchange.h"
#include "session/kernel.h"
#include "tools/kernel.h"
#include "tools/tools.h"

enum {
    CHUNK = 2048, /* bytes of one read: FreeBSD's stub has room for no more */
    IDENTITY_MAX = 4096,
    WHY_MAX = 1024,
    THREAD_TEXT = 128, /* bytes of a request about a thread */
    MIB = 1 << 20,
};

#define PROGRESS_EVERY (200 * IO_MS)

struct progress {
    uint64_t total, done; /* bytes to read, and read by now */
    uint64_t began, shown;
    uint64_t unreadable; /* bytes */
    bool terminal;
};

/* ---- Ctrl-C ---- */

/* A signal waits until a request is complete, and then until the kernel is back at db>. */
static bool is_interrupted(struct kernel_tool *k)
{
    const struct timespec now = {0, 0};
    sigset_t ends;
    hold_ends(&ends);
    k->stopped |= sigtimedwait(&ends, NULL, &now) > 0;
    return k->stopped;
}

/* Why to stop now: 0: there is no reason. A core that cannot be written is one. */
static int must_stop(struct kernel_tool *k, const struct chain *chain)
{
    bool full = !recording_is_saved(recorder_recording(chain->recorder)); /* the log says why */
    return full || is_interrupted(k) ? NETGDB_REFUSED : 0;
}

/* ---- what a debugger asks ---- */

/* Reads a whole object; one that is not there is no error. Offsets are those of bytes without
 * escapes, and a part that has none is the last. */
static int ask_object(struct kernel_tool *k, const struct chain *chain, const char *object,
                      struct buf *reply)
{
    struct buf part;
    size_t offset = 0;
    int rc = 0;
    buf_init(&part, TARGET_REPLY_MAX);
    do {
        char text[128];
        (void)snprintf(text, sizeof text, "qXfer:%s:%zx,%x", object, offset, CHUNK);
        rc = target_ask(chain->target, text, reply);
        buf_reset(&part);
        if (rc == 0 && buf_starts(reply, "m"))
            (void)rsp_unescape(&part, reply->data + 1, reply->len - 1);
        offset += part.len;
        if (rc == 0)
            rc = must_stop(k, chain);
    } while (rc == 0 && part.len != 0 && offset < MIB);
    buf_free(&part);
    return rc;
}

static int snapshot_ask_list(struct kernel_tool *k, const struct chain *chain, struct buf *list,
                             struct buf *reply)
{
    int rc = target_ask(chain->target, "qfThreadInfo", reply);
    while (rc == 0 && buf_starts(reply, "m") && list->error == 0) {
        (void)buf_addc(list, ',');
        (void)buf_add(list, reply->data + 1, reply->len - 1);
        rc = target_ask(chain->target, "qsThreadInfo", reply);
        if (rc == 0)
            rc = must_stop(k, chain);
    }
    return rc == 0 ? list->error : rc;
}

/* Registers and description of a thread. */
static int ask_thread(const struct chain *chain, const uint8_t *id, int len, struct buf *reply)
{
    char select[THREAD_TEXT], extra[THREAD_TEXT];
    (void)snprintf(select, sizeof select, "Hg%.*s", len, (const char *)id);
    (void)snprintf(extra, sizeof extra, "qThreadExtraInfo,%.*s", len, (const char *)id);
    int rc = target_ask(chain->target, select, reply);
    if (rc == 0)
        rc = target_ask(chain->target, "g", reply);
    return rc == 0 ? target_ask(chain->target, extra, reply) : rc;
}

/* The threads in ",ID,ID…". */
static int ask_threads(struct kernel_tool *k, const struct chain *chain, const struct buf *list,
                       struct buf *reply)
{
    int rc = 0;
    for (size_t at = 1, end; rc == 0 && at < list->len; at = end + 1) {
        const uint8_t *comma = memchr(list->data + at, ',', list->len - at);
        end = comma != NULL ? (size_t)(comma - list->data) : list->len;
        if (end - at < THREAD_TEXT / 2)
            rc = ask_thread(chain, list->data + at, (int)(end - at), reply);
        if (rc == 0)
            rc = must_stop(k, chain);
    }
    return rc;
}

static int ask_as_debugger(struct kernel_tool *k, const struct chain *chain)
{
    static const char *const requests[] = {"?", "g", "qC", "qAttached", "qOffsets", "vCont?"};
    static const char *const objects[] = {"features:read:target.xml", "libraries:read:"};
    struct buf reply, list;
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_init(&list, MIB);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < sizeof requests / sizeof requests[0]; i++)
        rc = target_ask(chain->target, requests[i], &reply);
    for (unsigned i = 0; rc == 0 && i < sizeof objects / sizeof objects[0]; i++)
        rc = ask_object(k, chain, objects[i], &reply);
    if (rc == 0)
        rc = snapshot_ask_list(k, chain, &list, &reply);
    if (rc == 0)
        rc = ask_threads(k, chain, &list, &reply);
    buf_free(&reply);
    buf_free(&list);
    return rc;
}

/* ---- the queries ---- */

/* Records the answer to a query as that to `monitor netgdb QUERY`. */
static int ask_query(const struct chain *chain, const char *line, struct buf *text)
{
    struct buf request;
    buf_reset(text);
    int rc = chain_query(chain, line, text);
    buf_init(&request, 256);
    (void)buf_adds(&request, "qRcmd,");
    (void)buf_addhex(&request, "netgdb ", 7);
    (void)buf_addhex(&request, line, strlen(line));
    const struct answer a = {.of_stop = true,
                             .thread = {"", 0},
                             .request = {request.data, request.len},
                             .output = {text->data, text->len},
                             .reply = bytes_of("OK")};
    if (rc == 0 && request.error == 0)
        (void)recorder_answer(chain->recorder, &a); /* must_stop() sees a failure */
    buf_free(&request);
    return rc;
}

static int ask_queries(struct kernel_tool *k, const struct chain *chain)
{
    int rc = 0;
    for (const struct query *q = queries; rc == 0 && q->name != NULL; q++) {
        char json[64];
        (void)snprintf(json, sizeof json, "%s --json", q->name);
        rc = ask_query(chain, q->name, &k->answer);
        if (rc == 0)
            rc = ask_query(chain, json, &k->answer);
        if (rc == 0)
            rc = must_stop(k, chain);
    }
    buf_reset(&k->answer);
    return rc;
}

/* ---- the file ---- */

/* Which kernel, which panic, and which stop of which boot. */
static int identify(struct kernel_tool *k, const struct chain *chain, char identity[IDENTITY_MAX])
{
    char stop[SIGNATURE_ID_MAX] = "";
    struct answer id;
    buf_reset(&k->answer);
    int rc = chain_query(chain, "panic --json", &k->answer);
    if (rc == 0)
        rc = kernel_identity(chain, "", stop);
    bool known = recording_find(recorder_recording(chain->recorder), (struct bytes){"", 0},
                                EXCHANGE_BUILD_ID, &id);
    (void)snprintf(identity, IDENTITY_MAX, "%.*s %s %.*s", known ? (int)id.reply.len : 0,
                   known ? (const char *)id.reply.data : "", stop, (int)k->answer.len,
                   (const char *)k->answer.data);
    buf_reset(&k->answer);
    return rc;
}

/* Opens the core at k->out. False after a message. */
static bool open_earlier(const struct kernel_tool *k, struct recording *earlier)
{
    if (recording_open(earlier, k->out, false) == 0)
        return true;
    complain("%s: %s: give --out another name", k->out, earlier->why);
    return false;
}

bool kernel_snapshot_check(const struct kernel_tool *k)
{
    struct recording earlier;
    char path[PATH_MAX];
    if (access(k->out, F_OK) == 0) {
        bool usable = open_earlier(k, &earlier);
        if (usable)
            recording_free(&earlier);
        return usable;
    }
    (void)snprintf(path, sizeof path, "%s", k->out);
    if (access(dirname(path), W_OK | X_OK) == 0)
        return true;
    complain("%s: %s: give --out another name", k->out, strerror(errno));
    return false;
}

/* Whether the core at k->out is of this kernel. */
static bool is_same_panic(const struct kernel_tool *k, const char *identity)
{
    struct recording old;
    struct answer a;
    if (recording_open(&old, k->out, false) != 0) {
        complain("%s: %s: give --out another name", k->out, old.why);
        return false;
    }
    bool same = recording_find(&old, (struct bytes){"", 0}, EXCHANGE_KERNEL, &a) &&
                a.reply.len == strlen(identity) && memcmp(a.reply.data, identity, a.reply.len) == 0;
    recording_free(&old);
    if (!same)
        complain("%s is not a snapshot of this panic: give --out another name", k->out);
    return same;
}

/* Begins the core, or continues one. */
static int open_core(struct kernel_tool *k, const struct chain *chain)
{
    char identity[IDENTITY_MAX], why[WHY_MAX];
    bool exists = access(k->out, F_OK) == 0;
    int rc = identify(k, chain, identity);
    if (rc != 0)
        return rc;
    if (exists && !is_same_panic(k, identity))
        return NETGDB_REFUSED;
    recorder_fact(chain->recorder, EXCHANGE_KERNEL, identity);
    rc = exists ? recorder_continue(chain->recorder, k->out, why, sizeof why)
                : recorder_save(chain->recorder, k->out, why, sizeof why);
    if (rc != 0)
        complain("%s", why);
    return rc != 0 ? NETGDB_REFUSED : 0;
}

/* ---- memory ---- */

static int plan_memory(const struct kernel_tool *k, const struct chain *chain, struct snapshot *s)
{
    struct image *im = freebsd_image(chain->freebsd);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < k->n_ranges; i++)
        rc = snapshot_add(s, k->ranges[i].address, k->ranges[i].len);
    if (rc == 0)
        rc = snapshot_add_stacks(s, im);
    return rc == 0 && !k->only_stacks ? snapshot_add_data(s, im) : rc;
}

/* The next piece of a range that is not recorded, at most up to a multiple of CHUNK. Returns its
 * length; 0: there is none. Advances *at to it. */
static size_t next_piece(const struct recording *r, uint64_t *at, uint64_t left)
{
    while (left != 0) {
        uint64_t gap, known = recording_known(r, *at, left, &gap);
        uint64_t most = CHUNK - *at % CHUNK;
        if (known == 0)
            return (size_t)(gap < most ? gap : most);
        *at += known;
        left -= known;
    }
    return 0;
}

static uint64_t count_missing(const struct recording *r, const struct snapshot *s)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t done = 0, gap;
        while (done < s->list[i].len) {
            uint64_t known =
                recording_known(r, s->list[i].address + done, s->list[i].len - done, &gap);
            done += known != 0 ? known : gap;
            missing += known != 0 ? 0 : gap;
        }
    }
    return missing;
}

static void show_progress(const struct kernel_tool *k, struct progress *p, bool last)
{
    uint64_t now = io_fds_now(), ns = now - p->began;
    if (!p->terminal || (!last && now - p->shown < PROGRESS_EVERY))
        return;
    p->shown = now;
    double rate = ns != 0 ? (double)p->done / ((double)ns / 1e9) : 0;
    double left = rate > 0 ? (double)(p->total - p->done) / rate : 0;
    fprintf(stderr, "\rnetgdb: %s: %.1f of %.1f MiB, %.2f MiB/s, %.0f s left \033[K%s", k->log.name,
            (double)p->done / MIB, (double)p->total / MIB, rate / MIB, left, last ? "\n" : "");
}

/* Reads a piece. What cannot be read is not in the core. */
static int snapshot_read_piece(const struct chain *chain, uint64_t address, size_t len,
                               struct progress *p, struct buf *reply)
{
    char text[48];
    (void)snprintf(text, sizeof text, "m%" PRIx64 ",%zx", address, len);
    int rc = target_ask(chain->target, text, reply);
    p->done += len;
    if (rc == 0 && reply->len != 2 * len)
        p->unreadable += len;
    return rc;
}

static int snapshot_read(struct kernel_tool *k, const struct chain *chain, const struct snapshot *s,
                         struct progress *p)
{
    const struct recording *r = recorder_recording(chain->recorder);
    struct buf reply;
    int rc = 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    p->total = count_missing(r, s);
    p->began = io_fds_now();
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        uint64_t at = s->list[i].address, len = s->list[i].len, start = at;
        size_t n;
        while (rc == 0 && (n = next_piece(r, &at, len - (at - start))) != 0) {
            rc = snapshot_read_piece(chain, at, n, p, &reply);
            at += n;
            show_progress(k, p, false);
            if (rc == 0)
                rc = must_stop(k, chain);
        }
    }
    show_progress(k, p, true);
    buf_free(&reply);
    return rc;
}

static void print_snapshot(const struct kernel_tool *k, const struct chain *chain,
                           const struct snapshot *s, const struct progress *p)
{
    const struct recording *r = recorder_recording(chain->recorder);
    if (s->problem[0] != '\0')
        complain("%s: %s", k->log.name, s->problem);
    if (p->unreadable != 0)
        complain("%s: %" PRIu64 " bytes cannot be read", k->log.name, p->unreadable);
    if (k->stopped)
        complain("%s: stopped: the same command continues", k->out);
    printf("%s: %.1f MiB of memory%s\n", k->out, (double)r->bytes / MIB,
           k->stopped ? "" : ", complete");
}

/* ---- */

static int take_snapshot(struct kernel_tool *k, struct chain *chain)
{
    struct snapshot s = {.list = NULL};
    struct progress p = {.terminal = isatty(STDERR_FILENO) == 1};
    int rc = open_core(k, chain);
    if (rc == 0)
        rc = ask_as_debugger(k, chain);
    if (rc == 0)
        rc = ask_queries(k, chain);
    if (rc == 0)
        rc = plan_memory(k, chain, &s);
    if (rc == 0)
        rc = snapshot_read(k, chain, &s, &p);
    if (recording_is_saved(recorder_recording(chain->recorder)) && (rc == 0 || k->stopped))
        print_snapshot(k, chain, &s, &p);
    snapshot_free(&s);
    return rc;
}

int kernel_snapshot(struct kernel_tool *k, struct chain *chain)
{
    if (chain->recorder == NULL)
        return NETGDB_NOMEM;
    (void)signal(SIGXFSZ, SIG_IGN); /* EFBIG is reported like a full disk */
    return take_snapshot(k, chain);
}
