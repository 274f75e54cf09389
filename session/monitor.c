/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor commands, and the clock of requests; see monitor.h. */
#include "session/monitor.h"

#include <inttypes.h>
#include <string.h>

#include "freebsd/queries.h"
#include "proto/check.h"
#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/nearest.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

enum {
    TEXT_MAX = 64 << 20, /* the longest output: all messages of a kernel */
    REPLY_MAX = 3,       /* "E01" */
    COMMAND_SHOWN = 100,
};

struct monitor {
    struct decorator d; /* first */
    const struct chain *chain;
    struct io *io;
    struct profile *profile; /* NULL: the proxy keeps one */
    const char *title;
    const struct log *log;

    uint64_t sent, answered; /* when the last request arrived and its reply left; 0: none yet */
    const struct packet *packet;
    uint8_t request[PROFILE_SHOWN]; /* its beginning */
    size_t request_len;
};

/* ---- commands ---- */

static void say_help(struct monitor *m)
{
    buf_adds(&m->d.output, "monitor netgdb status   statistics of this session: times, "
                           "round trips, losses, the slowest requests\n"
                           "monitor netgdb cache    statistics of the cache; with flush: "
                           "empty it\n");
    if (m->chain->may_save)
        buf_adds(&m->d.output, "monitor netgdb save     FILE: write what this session reads to "
                               "this file, an ELF core\n");
    for (const struct query *q = queries; chain_has_queries(m->chain) && q->name != NULL; q++)
        (void)buf_printf(&m->d.output, "monitor netgdb %-8s %s%s%s\n", q->name, q->arguments,
                         q->arguments[0] != '\0' ? ": " : "", q->help);
    buf_adds(&m->d.output, "monitor netgdb help     this\n"
                           "All other monitor commands go to the target.\n");
    if (chain_has_queries(m->chain))
        buf_adds(&m->d.output, "Queries about the kernel print JSON with --json.\n");
}

static void say_status(struct monitor *m)
{
    buf_printf(&m->d.output, "%s\n", m->title);
    chain_note_link(m->chain, m->profile);
    profile_text(m->profile, &m->d.output);
}

static void say_status_json(struct monitor *m)
{
    chain_note_link(m->chain, m->profile);
    buf_adds(&m->d.output, "{");
    profile_json(m->profile, &m->d.output);
    buf_adds(&m->d.output, "}\n");
}

static void say_cache(struct monitor *m)
{
    struct cache_stats s;
    if (!chain_cache_stats(m->chain, &s)) {
        buf_adds(&m->d.output, "the cache is off (cache=off)\n");
        return;
    }
    buf_printf(&m->d.output,
               "hits %" PRIu64 ", misses %" PRIu64 " (%" PRIu64 " of them read a block)\n"
               "kept: %" PRIu64 " bytes of memory, %" PRIu64 " replies; emptied %" PRIu64
               " times\n",
               s.hits, s.misses, s.blocks, s.bytes, s.replies, s.flushes);
}

static const char save_command[] = "save";

/* The file that `save FILE` names; NULL: another command. */
static const char *file_to_save(const char *command)
{
    size_t n = sizeof save_command - 1;
    if (strncmp(command, save_command, n) != 0 || (command[n] != ' ' && command[n] != '\0'))
        return NULL;
    return command + n + strspn(command + n, " ");
}

static void flush_cache(struct monitor *m)
{
    chain_flush_cache(m->chain);
    say_cache(m);
}

static const struct {
    const char *name;
    void (*say)(struct monitor *m);
} commands[] = {{"status", say_status},
                {"status --json", say_status_json},
                {"cache", say_cache},
                {"cache flush", flush_cache}};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* Answers a command that does not exist. */
static void say_unknown(struct monitor *m, const char *command)
{
    char text[COMMAND_SHOWN], meant[NEAREST_TEXT];
    struct nearest n = nearest_to(command);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_consider(&n, commands[i].name);
    for (const struct query *q = queries; chain_has_queries(m->chain) && q->name != NULL; q++)
        nearest_consider(&n, q->name);
    (void)visible_text(text, sizeof text, (const uint8_t *)command, strlen(command));
    buf_printf(&m->d.output, "no such command: %s%s\n", text, nearest_text(&n, meant));
}

/* As gdbserver does: the client's script ends there. */
static int refuse_command(struct monitor *m)
{
    return buf_sets(&m->d.reply, "E01");
}

/* Answers a command that may be a query. Returns 0, NETGDB_UNSUPPORTED if it is none, or the
 * target's error. */
static int obey_query(struct monitor *m, const char *command)
{
    bool json;
    const char *argument;
    const struct query *query = query_find(command, &json, &argument);
    int rc = chain_query(m->chain, command, &m->d.output);
    if (rc == NETGDB_UNSUPPORTED && query != NULL) {
        (void)buf_printf(&m->d.output,
                         "%s: not a FreeBSD kernel, or its kernel.debug is missing: name it on "
                         "gdb's command line, or by symbols=FILE\n",
                         query->name);
        rc = NETGDB_REFUSED;
    }
    return rc == NETGDB_REFUSED ? refuse_command(m) : rc;
}

/* Answers a command. Returns 0 or the target's error. */
static int obey(struct monitor *m, const char *command)
{
    int rc = obey_query(m, command);
    if (rc != NETGDB_UNSUPPORTED)
        return rc;
    const char *file = file_to_save(command);
    if (file != NULL) {
        chain_save(m->chain, file, &m->d.output);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            commands[i].say(m);
            return 0;
        }
    }
    bool known = command[0] == '\0' || strcmp(command, "help") == 0;
    if (!known)
        say_unknown(m, command);
    say_help(m);
    return known ? 0 : refuse_command(m);
}

/* Returns the command after "netgdb"; NULL: another request. */
static const char *find_command(const struct buf *line)
{
    static const char name[] = "netgdb";
    const size_t n = sizeof name - 1;
    const char *text = (const char *)line->data;
    if (strncmp(text, name, n) != 0 || (text[n] != ' ' && text[n] != '\0'))
        return NULL;
    return text + n + strspn(text + n, " ");
}

/* Returns whether a command is answered here: without a profile, the proxy answers `status`. */
static bool is_ours(const struct monitor *m, const char *command)
{
    bool json;
    const char *argument;
    if (query_find(command, &json, &argument) != NULL) /* a recording may have the answer */
        return chain_has_queries(m->chain) || (m->profile != NULL && !m->chain->recorded);
    return m->profile != NULL || strncmp(command, "status", 6) != 0;
}

/* Answers a request that is one of our commands. Returns 1, 0 if it is none, or the target's error.
 */
static int take_command(struct monitor *m, const uint8_t *request, size_t len)
{
    static const char prefix[] = "qRcmd,";
    const size_t n = sizeof prefix - 1;
    struct buf line;
    int rc = 0;
    if (len < n || memcmp(request, prefix, n) != 0)
        return 0;
    buf_init(&line, len);
    bool readable = rsp_unhex(&line, request + n, len - n) == 0 && buf_addc(&line, 0) == 0;
    const char *command = readable ? find_command(&line) : NULL;
    bool ours = command != NULL && is_ours(m, command);
    if (ours)
        rc = obey(m, command);
    buf_free(&line);
    return rc == 0 ? ours : rc;
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
    if (!CHECK(m->packet != NULL && m->sent >= m->answered)) /* of the request that was sent */
        return;
    uint64_t asked = m->answered != 0 ? m->sent - m->answered : 0;
    chain_note_link(m->chain, m->profile);
    if (m->profile != NULL)
        profile_request(m->profile, asked, took, m->request, m->request_len, m->packet);
    if (took > PROFILE_SLOW_AFTER && (m->packet->effects & PKT_RESUMES) == 0)
        tell_slow(m, took);
    m->answered = now;
}

/* ---- the decorator ---- */

static int monitor_request(struct decorator *d, const struct request *r)
{
    struct monitor *m = (struct monitor *)d;
    int rc = take_command(m, r->data, r->len);
    if (rc == 1)
        return d->reply.len != 0 ? DECORATOR_DONE : buf_sets(&d->reply, "OK");
    if (rc != 0)
        return rc;
    start_clock(m, r);
    return DECORATOR_PASS;
}

static int monitor_reply(struct decorator *d, struct buf *reply, bool final)
{
    (void)reply;
    if (final)
        stop_clock((struct monitor *)d);
    return DECORATOR_DONE;
}

static int monitor_leave(struct decorator *d, const struct request *r, struct buf *reply)
{
    struct monitor *m = (struct monitor *)d;
    start_clock(m, r);
    int rc = target_leave(d->base.next, r, reply);
    if (rc == 0)
        stop_clock(m);
    return rc;
}

struct target *monitor_new(const struct chain *chain, struct io *io, struct profile *profile,
                           const char *title, const struct log *log)
{
    static const struct decorator_ops ops = {
        .on_request = monitor_request, .on_reply = monitor_reply, .leave = monitor_leave};
    struct monitor *m = decorator_new(sizeof *m, chain->target, &ops, REPLY_MAX, 0);
    if (m == NULL)
        return NULL;
    m->chain = chain;
    m->io = io;
    m->profile = profile;
    m->title = title;
    m->log = log;
    buf_init(&m->d.output, TEXT_MAX);
    if (profile != NULL)
        profile_client(profile);
    return &m->d.base;
}
