/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target of an observer; see observer.h. */
#include "session/observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fds.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/requests.h"

static const char runs[] = "E.netgdb: the target is running";

struct observing {
    struct target target; /* first */
    struct observed *h;
    struct observer o;
    struct io_fds *io;
    int (*need)(void *context);
    void *context;
    enum awaited {
        NOTHING,
        LOCAL,    /* `reply` is the reply; with `output` console output before it */
        POSTED,   /* the owner executes the request */
        STOP,     /* the reply is the next stop */
        ANY_STOP, /* the reply is the last stop, or the next one if the target runs */
    } awaits;
    const struct packet *packet; /* POSTED */
    uint64_t until;              /* look again then */
    bool interrupted, noticed;   /* Ctrl-C; its notice was sent */
    bool had_client;             /* when the wait began: the target had a debugger */
    bool noticed_end;            /* of the session */
    struct buf output, reply;
};

static struct observing *observing_of(struct target *t)
{
    return (struct observing *)t;
}

/* ---- requests ---- */

static int answer_locally(struct observing *t, const char *text)
{
    t->awaits = LOCAL;
    return buf_sets(&t->reply, text);
}

/* The explanation of the table completes the sentence. */
static int refuse_observer(struct observing *t, const struct packet *packet)
{
    t->awaits = LOCAL;
    buf_reset(&t->reply);
    return buf_printf(&t->reply, "E.netgdb: an observer only reads: refused '%s' (%s)",
                      packet->name, packet->explanation);
}

/* GDB prints the output; an error with a text would be taken for output in hexadecimal. */
static int refuse_monitor(struct observing *t)
{
    static const char why[] = "netgdb: an observer only reads: monitor commands for the target are "
                              "for the first client\n";
    buf_reset(&t->output);
    (void)buf_adds(&t->output, "O");
    (void)buf_addhex(&t->output, why, sizeof why - 1);
    return answer_locally(t, "E01");
}

/* H: the id after the letter. No particular thread stands for the one that stopped. */
static int select_locally(struct observing *t, const struct request *r)
{
    const char *id = (const char *)r->data + 2;
    size_t len = r->len > 2 ? r->len - 2 : 0;
    if (r->len > 1 && r->data[1] != 'g')
        return answer_locally(t, "OK"); /* for resumes, of which there are none */
    if (len == 0 || len >= sizeof t->o.thread || memchr(id, '\0', len) != NULL)
        return answer_locally(t, "E01");
    bool any = observed_any_thread(id, len);
    memcpy(t->o.thread, id, any ? 0 : len);
    t->o.thread[any ? 0 : len] = '\0';
    return answer_locally(t, "OK");
}

/* The selected thread, or the one that stopped. */
static int answer_thread(struct observing *t)
{
    char text[OBSERVED_THREAD_MAX + 2];
    pthread_mutex_lock(&t->h->lock);
    const char *thread = t->o.thread[0] != '\0' ? t->o.thread : t->h->thread;
    (void)snprintf(text, sizeof text, "%s%s", thread[0] != '\0' ? "QC" : "", thread);
    pthread_mutex_unlock(&t->h->lock);
    return answer_locally(t, text);
}

/* Whether the owner is to execute a request, or does. Under the lock. */
static bool is_with_owner(const struct observer *o)
{
    return o->state == OBSERVER_QUEUED || o->state == OBSERVER_TAKEN;
}

/* Gives o.request to the owner. Under the lock. */
static void queue_request(struct observing *t)
{
    buf_reset(&t->o.reply);
    t->o.result = 0;
    t->o.state = OBSERVER_QUEUED;
    if (t->h->owner != NULL)
        io_fds_wake(t->h->owner);
}

static int post(struct observing *t, const struct request *r)
{
    pthread_mutex_lock(&t->h->lock);
    CHECK(!is_with_owner(&t->o)); /* one request at a time */
    int rc = buf_set(&t->o.request, r->data, r->len);
    if (rc == 0)
        queue_request(t);
    pthread_mutex_unlock(&t->h->lock);
    t->awaits = POSTED;
    t->packet = r->packet;
    return rc;
}

/* The first client's features, or the owner asks. */
static int answer_features(struct observing *t)
{
    const struct request ask = request_of("qSupported");
    pthread_mutex_lock(&t->h->lock);
    const struct buf *known = &t->h->features;
    bool is_known = known->len != 0;
    int rc = is_known ? buf_set(&t->reply, known->data, known->len) : 0;
    pthread_mutex_unlock(&t->h->lock);
    if (!is_known)
        return post(t, &ask);
    t->awaits = LOCAL;
    return rc;
}

static int await_stop_of_first(struct observing *t, enum awaited what)
{
    t->awaits = what;
    t->interrupted = t->noticed = t->noticed_end = false;
    pthread_mutex_lock(&t->h->lock);
    CHECK(!is_with_owner(&t->o));
    t->had_client = t->h->has_client;
    t->o.state = OBSERVER_IDLE;
    t->o.result = 0;
    buf_reset(&t->o.reply);
    pthread_mutex_unlock(&t->h->lock);
    return 0;
}

/* Whether the request reads an object: qXfer:OBJECT:read:…. */
static bool reads_object(const struct request *r)
{
    static const char read[] = ":read:";
    const char *text = (const char *)r->data;
    size_t skip = strlen("qXfer:"), len = sizeof read - 1;
    const char *end = r->len > skip ? memchr(text + skip, ':', r->len - skip) : NULL;
    return end != NULL && r->len - (size_t)(end - text) >= len && memcmp(end, read, len) == 0;
}

/* Whether the request searches or sums up memory, which takes as long as the memory is large: the
 * first client would wait. A debugger that gets an empty reply reads the memory in parts. */
static bool takes_long(enum packet_id id)
{
    return id == PACKET_qSearch || id == PACKET_qCRC || id == PACKET_t;
}

/* Whether the stub may execute it. `q` stands for queries of which nothing is known. */
static bool only_reads(const struct request *r)
{
    enum packet_id id = r->packet->id;
    bool known = id != PACKET_q && id != PACKET_vFile_pread && !takes_long(id);
    if (r->packet->effects != PKT_READS || !known)
        return false;
    return !packet_is_object(r->packet) ||
           (observed_knows_object(r->data, r->len) && reads_object(r));
}

/* Requests that a debugger does without if the reply is empty. */
static bool is_optional(const struct packet *packet)
{
    return packet->id == PACKET_UNKNOWN || packet->name[0] == 'Q' || packet->name[0] == 'q' ||
           packet->name[0] == 'v' || packet->id == PACKET_extended || packet->id == PACKET_t;
}

/* Requests that are answered here although they read. Returns 1 if it is none of them. */
static int answer_known(struct observing *t, const struct request *r)
{
    switch (r->packet->id) {
    case PACKET_stop_reason:
        return await_stop_of_first(t, ANY_STOP);
    case PACKET_H:
        return select_locally(t, r);
    case PACKET_qC:
        return answer_thread(t);
    case PACKET_qSupported:
        return answer_features(t);
    case PACKET_D: /* of one process of several */
        return answer_locally(t, "OK");
    case PACKET_qAttached:
        return answer_locally(t, "1"); /* GDB leaves by a detach */
    case PACKET_qSymbol:
        return answer_locally(t, "OK");
    case PACKET_qsThreadInfo:
        return answer_locally(t, "l"); /* the first part was all */
    case PACKET_vMustReplyEmpty:
    case PACKET_vCont_actions: /* c and s will do */
        return answer_locally(t, "");
    case PACKET_qRcmd:
        return refuse_monitor(t);
    default:
        return 1;
    }
}

static int observer_send(struct target *base, const struct request *r)
{
    struct observing *t = observing_of(base);
    buf_reset(&t->output);
    int rc = answer_known(t, r);
    if (rc != 1)
        return rc;
    if ((r->packet->effects & PKT_RESUMES) != 0 && packet_has_reply(r->packet))
        return await_stop_of_first(t, STOP);
    if (only_reads(r))
        return post(t, r);
    if (is_optional(r->packet))
        return answer_locally(t, "");
    return refuse_observer(t, r->packet);
}

/* ---- replies ---- */

/* Takes the owner's reply. Returns whether there is one. Under the lock. */
static bool take_answer(struct observing *t, struct buf *reply, int *rc)
{
    if (t->o.state == OBSERVER_QUEUED && t->h->running) {
        if (t->o.seen == 0 && t->packet->name[0] == 'q')
            return false; /* a debugger that connects asks for features first */
        t->until = t->h->resumed_at + OBSERVED_PATIENCE;
        if (io_fds_now() < t->until)
            return false;
        t->o.state = OBSERVER_IDLE;
        *rc = buf_sets(reply, observed_takes_text(t->packet) ? runs : "E01");
        return true;
    }
    if (t->o.state != OBSERVER_ANSWERED)
        return false;
    t->o.state = OBSERVER_IDLE;
    *rc = t->o.result != 0 ? t->o.result : buf_set(reply, t->o.reply.data, t->o.reply.len);
    return true;
}

/* SIGINT on the thread that stopped last. */
static int local_stop(const struct observing *t, struct buf *reply)
{
    buf_reset(reply);
    if (t->h->thread[0] == '\0')
        return buf_adds(reply, "S02");
    return buf_printf(reply, "T02thread:%s;", t->h->thread);
}

/* A line for the debugger that waits for a stop. */
static int notice(struct buf *reply, bool *final, const char *text)
{
    *final = false;
    (void)buf_sets(reply, "O");
    return buf_addhex(reply, text, strlen(text));
}

/* What happened to the session while the debugger waits for a stop, each once. Returns whether
 * there is a line. Under the lock. */
static bool take_notice(struct observing *t, struct buf *reply, bool *final, int *rc)
{
    bool ended = t->o.session != t->h->session, left = t->had_client && !t->h->has_client;
    bool waits = t->awaits == STOP && !t->noticed_end;
    if (!waits || (!ended && !left))
        return false;
    t->had_client = false;
    t->noticed_end = ended;
    *rc =
        notice(reply, final,
               ended ? "netgdb: the session that you observe has ended: its debugger has "
                       "detached, or the target has gone\n"
                     : "netgdb: the debugger has left the target, which waits for the next one\n");
    return true;
}

/* Ctrl-C while the target runs: a line says that the stop which follows is not the target's. */
static int notice_running(struct observing *t, struct buf *reply, bool *final)
{
    t->noticed = true;
    return notice(reply, final,
                  "netgdb: the target is still running, and an observer cannot interrupt it: this "
                  "ends only the wait; continue waits again\n");
}

/* Whether the last stop is one that the client waits for. Under the lock. */
static bool is_due(const struct observing *t)
{
    return !t->h->running && (t->awaits == ANY_STOP || t->h->stops != t->o.seen);
}

/* Takes the stop that is awaited. Returns whether there is a packet. Under the lock. */
static bool take_observed_stop(struct observing *t, struct buf *reply, bool *final, int *rc)
{
    if (t->interrupted) {
        *final = !t->h->running || t->noticed;
        *rc = *final ? local_stop(t, reply) : notice_running(t, reply, final);
        return true;
    }
    const struct buf *stop = t->h->stop.len != 0 ? &t->h->stop : &t->o.reply;
    if (!is_due(t) || (t->h->stop.len == 0 && t->o.state != OBSERVER_ANSWERED))
        return false;
    t->until = t->h->stopped_at + OBSERVED_SETTLES;
    if (io_fds_now() < t->until)
        return false;
    t->o.seen = t->h->stops;
    t->o.thread[0] = '\0'; /* a stop selects its thread */
    *rc = t->o.result != 0 ? t->o.result : buf_set(reply, stop->data, stop->len);
    return true;
}

/* The owner asks for the stop if its text is not known; not of a target that runs again. Under the
 * lock. */
static void ask_for_stop(struct observing *t)
{
    if (t->h->running && t->o.state == OBSERVER_QUEUED)
        t->o.state = OBSERVER_IDLE;
    if (!is_due(t) || t->h->stop.len != 0 || t->o.state != OBSERVER_IDLE)
        return;
    (void)buf_sets(&t->o.request, "?");
    queue_request(t);
}

/* One look at what is awaited. Returns 0 with the reply, NETGDB_AGAIN, or an error. */
static int look_for_reply(struct observing *t, struct buf *reply, bool *final)
{
    int rc = NETGDB_AGAIN;
    bool there = false;
    t->until = IO_NEVER;
    pthread_mutex_lock(&t->h->lock);
    bool ended = t->o.session != t->h->session;
    if (take_notice(t, reply, final, &rc)) {
        ended = false;
        there = true;
    } else if (!ended && t->awaits == POSTED) {
        there = take_answer(t, reply, &rc);
    } else if (!ended) {
        ask_for_stop(t);
        there = !is_with_owner(&t->o) && take_observed_stop(t, reply, final, &rc);
    }
    bool needs = !there && t->h->owner == NULL;
    pthread_mutex_unlock(&t->h->lock);
    if (ended)
        return NETGDB_CLOSED;
    if (needs && t->need != NULL) {
        int error = t->need(t->context);
        rc = error != 0 ? error : rc;
    }
    return rc;
}

static int take_local(struct observing *t, struct buf *reply, bool *final)
{
    *final = t->output.len == 0;
    const struct buf *from = *final ? &t->reply : &t->output;
    int rc = buf_set(reply, from->data, from->len);
    buf_reset(&t->output);
    return rc;
}

static int observer_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct observing *t = observing_of(base);
    CHECK_OR_RETURN(t->awaits != NOTHING); /* a reply belongs to a request */
    if (t->awaits == LOCAL)
        return take_local(t, reply, final);
    *final = true;
    for (;;) {
        int rc = look_for_reply(t, reply, final);
        if (rc != NETGDB_AGAIN)
            return rc;
        unsigned why = io_wait(&t->io->io, t->until, IO_ON_WAKE | watch);
        io_fds_clear_wake(t->io); /* before this function or its caller looks for its cause */
        if ((why & watch) != 0)
            return NETGDB_AGAIN;
    }
}

static int observer_interrupt(struct target *base)
{
    observing_of(base)->interrupted = true;
    return 0;
}

/* Notices the end of the session. */
static int observer_idle(struct target *base)
{
    struct observing *t = observing_of(base);
    io_fds_clear_wake(t->io);
    pthread_mutex_lock(&t->h->lock);
    bool ended = t->o.session != t->h->session;
    pthread_mutex_unlock(&t->h->lock);
    return ended ? NETGDB_CLOSED : 0;
}

static void observer_free(struct target *base)
{
    struct observing *t = observing_of(base);
    observer_leave(t->h, &t->o);
    buf_free(&t->output);
    buf_free(&t->reply);
    free(t);
}

int observer_new(struct observed *h, struct io_fds *io, int (*need)(void *context), void *context,
                 struct target **target)
{
    /* Without `leave`: an observer disconnects, and the target stays as it is. */
    static const struct target_ops ops = {.send = observer_send,
                                          .recv = observer_recv,
                                          .interrupt = observer_interrupt,
                                          .idle = observer_idle,
                                          .free = observer_free};
    struct observing *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NETGDB_NOMEM;
    t->target.ops = &ops;
    t->h = h;
    t->io = io;
    t->need = need;
    t->context = context;
    buf_init(&t->output, TARGET_REPLY_MAX);
    buf_init(&t->reply, TARGET_REPLY_MAX);
    int rc = observer_join(h, &t->o, io);
    if (rc != 0)
        free(t);
    else
        *target = &t->target;
    return rc;
}
