/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor commands, and the clock; see monitor.h. */
#include "session/monitor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cache/cache.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

enum { TEXT_MAX = PROFILE_LINES * PROFILE_LINE_MAX, COMMAND_SHOWN = 100 };

struct monitor {
    struct target base;
    const struct target *netgdb;
    struct target *cache; /* NULL: there is none */
    struct io *io;
    struct profile *profile; /* NULL: the proxy has one */
    const char *title;
    const struct log *log;

    uint64_t sent, answered; /* when the last request came and its reply went; 0: none yet */
    const struct packet *packet;
    uint8_t request[PROFILE_SHOWN]; /* its beginning */
    size_t request_len;

    bool ours;       /* the outstanding request is answered here */
    struct buf text; /* what is left of the answer */
};

static struct monitor *of(struct target *t)
{
    return (struct monitor *)t;
}

/* ---- commands ---- */

static void say_help(struct monitor *m)
{
    buf_adds(&m->text, "monitor netgdb status   how this session goes: times, round trips, "
                       "losses, the slowest requests\n"
                       "monitor netgdb cache    what was answered without asking the target; with "
                       "flush: forget it\n"
                       "monitor netgdb help     this\n"
                       "Every other command of monitor goes to the target.\n");
}

static void say_status(struct monitor *m)
{
    buf_printf(&m->text, "%s\n", m->title);
    if (m->netgdb != NULL)
        profile_note_link(m->profile, m->netgdb);
    profile_text(m->profile, &m->text);
}

static void say_cache(struct monitor *m)
{
    struct cache_stats s;
    if (m->cache == NULL) {
        buf_adds(&m->text, "the cache is off (cache=off)\n");
        return;
    }
    cache_stats(m->cache, &s);
    buf_printf(&m->text,
               "hits %" PRIu64 ", misses %" PRIu64 " (%" PRIu64 " of them read a block)\n"
               "kept: %" PRIu64 " bytes of memory, %" PRIu64 " replies; emptied %" PRIu64
               " times\n",
               s.hits, s.misses, s.blocks, s.bytes, s.replies, s.flushes);
}

static void flush_cache(struct monitor *m)
{
    if (m->cache != NULL)
        cache_flush(m->cache);
    say_cache(m);
}

static const struct {
    const char *name;
    void (*say)(struct monitor *m);
} commands[] = {{"status", say_status}, {"cache", say_cache}, {"cache flush", flush_cache}};

static void obey(struct monitor *m, const char *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            commands[i].say(m);
            return;
        }
    }
    if (command[0] != '\0' && strcmp(command, "help") != 0) {
        char text[COMMAND_SHOWN];
        (void)visible_text(text, sizeof text, (const uint8_t *)command, strlen(command));
        buf_printf(&m->text, "no such command: %s\n", text);
    }
    say_help(m);
}

/* The command after "netgdb"; NULL: another request. */
static const char *find_command(const struct buf *line)
{
    static const char name[] = "netgdb";
    const size_t n = sizeof name - 1;
    const char *text = (const char *)line->data;
    if (strncmp(text, name, n) != 0 || (text[n] != ' ' && text[n] != '\0'))
        return NULL;
    return text + n + strspn(text + n, " ");
}

/* Whether a request is one of our commands; answers it. */
static bool take_command(struct monitor *m, const uint8_t *request, size_t len)
{
    static const char prefix[] = "qRcmd,";
    const size_t n = sizeof prefix - 1;
    struct buf line;
    if (len < n || memcmp(request, prefix, n) != 0)
        return false;
    buf_init(&line, len);
    bool readable = rsp_unhex(&line, request + n, len - n) == 0 && buf_addc(&line, 0) == 0;
    const char *command = readable ? find_command(&line) : NULL;
    if (command != NULL && m->profile == NULL && strncmp(command, "cache", 5) != 0)
        command = NULL;
    if (command != NULL) {
        buf_reset(&m->text);
        obey(m, command);
    }
    buf_free(&line);
    return command != NULL;
}

/* The next line of the answer as console output, or the end of it. */
static int give_line(struct monitor *m, struct buf *reply, bool *final)
{
    const uint8_t *end = m->text.len == 0 ? NULL : memchr(m->text.data, '\n', m->text.len);
    *final = end == NULL;
    if (*final) {
        m->ours = false;
        return buf_sets(reply, "OK");
    }
    size_t n = (size_t)(end - m->text.data) + 1;
    int rc = buf_sets(reply, "O");
    if (rc == 0)
        rc = buf_addhex(reply, m->text.data, n);
    buf_drop(&m->text, n);
    return rc;
}

/* ---- the clock ---- */

static void start_clock(struct monitor *m, const struct request *r)
{
    m->sent = io_now(m->io);
    m->packet = r->packet;
    m->request_len = r->len < sizeof m->request ? r->len : sizeof m->request;
    memcpy(m->request, r->data, m->request_len);
}

static void tell_slow(const struct monitor *m, uint64_t took)
{
    char text[VISIBLE_MAX * PROFILE_SHOWN + 1];
    (void)visible_text(text, sizeof text, m->request, m->request_len);
    log_info(m->log, "%.1f s for %s: %s", (double)took / 1e9, text, m->packet->explanation);
}

static void stop_clock(struct monitor *m)
{
    uint64_t now = io_now(m->io), took = now - m->sent;
    uint64_t asked = m->answered != 0 ? m->sent - m->answered : 0;
    if (m->profile != NULL)
        profile_request(m->profile, asked, took, m->request, m->request_len, m->packet);
    if (m->netgdb != NULL)
        profile_note_link(m->profile, m->netgdb);
    if (took > PROFILE_SLOW_AFTER && (m->packet->does & PKT_RESUMES) == 0)
        tell_slow(m, took);
    m->answered = now;
}

/* ---- the target ---- */

static int monitor_send(struct target *t, const struct request *r)
{
    struct monitor *m = of(t);
    m->ours = take_command(m, r->data, r->len);
    if (m->ours)
        return 0;
    start_clock(m, r);
    return target_next_send(t, r);
}

static int monitor_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct monitor *m = of(t);
    if (m->ours)
        return give_line(m, reply, final);
    int rc = target_next_recv(t, reply, final, watch);
    if (rc == 0 && *final)
        stop_clock(m);
    return rc;
}

static int monitor_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct monitor *m = of(t);
    start_clock(m, r);
    int rc = target_next_leave(t, r, reply);
    if (rc == 0)
        stop_clock(m);
    return rc;
}

static void monitor_free(struct target *t)
{
    target_free(t->next);
    buf_free(&of(t)->text);
    free(t);
}

static const struct target_ops ops = {
    .send = monitor_send,
    .recv = monitor_recv,
    .interrupt = target_next_interrupt,
    .idle = target_next_idle,
    .leave = monitor_leave,
    .max_request = target_next_max_request,
    .free = monitor_free,
};

struct target *monitor_new(struct target *next, const struct target *netgdb, struct target *cache,
                           struct io *io, struct profile *profile, const char *title,
                           const struct log *log)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    *m = (struct monitor){.base = {&ops, next},
                          .netgdb = netgdb,
                          .cache = cache,
                          .io = io,
                          .profile = profile,
                          .title = title,
                          .log = log};
    buf_init(&m->text, TEXT_MAX);
    if (profile != NULL)
        profile_client(profile);
    return &m->base;
}
