/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decorator in the first client's chain that executes observers' requests; see observed.h. */
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/decorator.h"
#include "proto/err.h"
#include "session/observed.h"

struct observed_share {
    struct decorator d; /* first */
    struct observed *h;
    char client[OBSERVED_THREAD_MAX]; /* the first client's selection at the stub; empty: unknown */
    char moved[OBSERVED_THREAD_MAX];  /* an observer's, if that is selected now; else empty */
    char wanted[OBSERVED_THREAD_MAX]; /* of the first client's outstanding H; empty: any thread */
    char kind;                        /* "g" or "c": of that H */
    bool multiprocess;                /* the first client knows of processes */
    bool lists;          /* its last request was for a list of threads, which has more */
    bool list_moved;     /* an observer has read a list since then */
    unsigned list_parts; /* replies of that list that it has */
    bool asked;          /* the stub has asked it, and waits for the answer */
};

bool observed_share_lists(const struct observed_share *s)
{
    return s->lists;
}

bool observed_share_is_asked(const struct observed_share *s)
{
    return s->asked;
}

/* Selects a thread of the stub. Returns 0, NETGDB_REFUSED or an error of the target. */
static int select_at_stub(struct observed_share *s, const char *thread)
{
    char text[OBSERVED_THREAD_MAX + 2];
    struct buf reply;
    (void)snprintf(text, sizeof text, "Hg%s", thread);
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(s->d.base.next, text, &reply);
    if (rc == 0 && !buf_is(&reply, "OK"))
        rc = NETGDB_REFUSED;
    buf_free(&reply);
    return rc;
}

/* ---- the first client ---- */

/* Restores its selection. It was selected before, so a refusal means that the thread has gone, and
 * is the answer to the client's own request, too. */
int observed_share_restore(struct observed_share *s)
{
    if (s->moved[0] == '\0')
        return 0;
    int rc = select_at_stub(s, s->client);
    s->moved[0] = '\0';
    return rc == NETGDB_REFUSED ? 0 : rc;
}

/* The thread of H, without "g" or "c"; empty: any, all, or too long. */
static void read_selection(struct observed_share *s, const struct request *r)
{
    size_t len = r->len > 2 ? r->len - 2 : 0;
    const char *id = (const char *)r->data + 2;
    bool any = observed_any_thread(id, len) || memchr(id, '\0', len) != NULL;
    s->kind = r->len > 1 ? id[-1] : 0;
    s->wanted[0] = '\0';
    if (any || len >= sizeof s->wanted)
        return;
    memcpy(s->wanted, id, len);
    s->wanted[len] = '\0';
}

/* The first client continues a list, and an observer has moved the stub's position: reads
 * again as much of it as the client has. */
static int restore_list(struct observed_share *s)
{
    struct buf part;
    int rc = 0;
    CHECK(s->list_moved && s->list_parts != 0);
    observed_set_lister(s->h, NULL);
    s->list_moved = false;
    buf_init(&part, TARGET_REPLY_MAX);
    for (unsigned i = 0; rc == 0 && i < s->list_parts; i++)
        rc = target_ask(s->d.base.next, i == 0 ? "qfThreadInfo" : "qsThreadInfo", &part);
    buf_free(&part);
    return rc;
}

/* The first client begins a list, continues it, or sends something else. */
static int follow_list(struct observed_share *s, const struct packet *packet)
{
    s->lists = false;
    if (packet->id == PACKET_qsThreadInfo && s->list_moved)
        return restore_list(s);
    if (packet->id == PACKET_qfThreadInfo) {
        observed_set_lister(s->h, NULL);
        s->list_moved = false;
        s->list_parts = 0;
    }
    return 0;
}

static int share_request(struct decorator *d, const struct request *r)
{
    struct observed_share *s = (struct observed_share *)d;
    static const char multiprocess[] = "multiprocess+";
    CHECK_OR_RETURN(s->h->share == s);
    int rc = observed_share_restore(s);
    if (rc == 0)
        rc = follow_list(s, r->packet);
    if (rc != 0)
        return rc;
    if (r->packet->id == PACKET_H)
        read_selection(s, r);
    if (r->packet->id == PACKET_qSupported)
        s->multiprocess = memmem(r->data, r->len, multiprocess, sizeof multiprocess - 1) != NULL;
    if ((r->packet->effects & PKT_RESUMES) != 0 && packet_has_reply(r->packet))
        observed_resumed(s->h);
    if (!packet_has_reply(r->packet)) /* a restart or a kill */
        s->client[0] = '\0';
    return DECORATOR_PASS;
}

/*
 * The stub has selected a thread for the client. FreeBSD's does not distinguish Hc from Hg, and
 * keeps its thread for "any" (sys/gdb/gdb_main.c); others may choose one.
 */
static void note_selection(struct observed_share *s)
{
    bool kernel = s->h->peer == NETGDB_PEER_KERNEL;
    if (!kernel && s->kind != 'g')
        return;
    if (s->wanted[0] != '\0' || !kernel)
        memcpy(s->client, s->wanted, sizeof s->client);
}

/* Whether observers may use this feature: those that need more than reading are not among them. */
static bool is_for_observers(const struct observed_share *s, const uint8_t *entry, size_t len)
{
    static const char size[] = "PacketSize=", processes[] = "multiprocess+",
                      binary[] = "binary-upload+", object[] = "qXfer:", read[] = ":read+";
    if (len > sizeof size && memcmp(entry, size, sizeof size - 1) == 0)
        return true;
    if (len == sizeof processes - 1 && memcmp(entry, processes, len) == 0)
        return s->multiprocess;
    if (len == sizeof binary - 1 && memcmp(entry, binary, len) == 0)
        return true;
    return len > sizeof object + sizeof read && memcmp(entry, object, sizeof object - 1) == 0 &&
           memcmp(entry + len - (sizeof read - 1), read, sizeof read - 1) == 0 &&
           observed_knows_object(entry, len);
}

/* Keeps the features in the stub's reply to qSupported. */
static void note_features(struct observed_share *s, const struct buf *reply)
{
    const uint8_t *at = reply->data, *end = at + reply->len, *next;
    struct buf *kept = &s->h->features;
    pthread_mutex_lock(&s->h->lock);
    buf_reset(kept);
    for (; at < end; at = next + 1) {
        next = memchr(at, ';', (size_t)(end - at));
        if (next == NULL)
            next = end;
        if (!is_for_observers(s, at, (size_t)(next - at)))
            continue;
        if (kept->len != 0)
            (void)buf_addc(kept, ';');
        (void)buf_add(kept, at, (size_t)(next - at));
    }
    if (kept->error != 0)
        buf_reset(kept);
    pthread_mutex_unlock(&s->h->lock);
}

/* A stop selects its thread, also the reply to `?`. */
static void note_stop(struct observed_share *s, const struct buf *reply, bool resumed)
{
    if (resumed && (reply->len == 0 || reply->data[0] == 'E')) {
        observed_not_resumed(s->h);
        return;
    }
    if (resumed && reply->data[0] == 'F')
        return; /* a file request: it goes on when the client has answered */
    observed_thread_of(reply, s->client);
    observed_stopped(s->h, reply, resumed);
}

static void note_list(struct observed_share *s, bool more)
{
    s->lists = more;
    s->list_parts = more ? s->list_parts + 1 : 0;
}

static int share_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct observed_share *s = (struct observed_share *)d;
    const struct packet *packet = d->packet;
    if (!final)
        return DECORATOR_DONE;
    if (packet->id == PACKET_H && buf_is(reply, "OK"))
        note_selection(s);
    if (packet_replies_with_stop(packet))
        note_stop(s, reply, packet->id != PACKET_stop_reason);
    s->asked = packet->id == PACKET_qSymbol && buf_starts(reply, "qSymbol:");
    if (packet->id == PACKET_qSupported)
        note_features(s, reply);
    if (packet_lists_threads(packet))
        note_list(s, buf_starts(reply, "m"));
    return DECORATOR_DONE;
}

/* The new session has other threads and another stop. */
static void share_new_session(struct decorator *d)
{
    struct observed_share *s = (struct observed_share *)d;
    s->client[0] = s->moved[0] = '\0';
    s->lists = s->list_moved = s->asked = false;
    s->list_parts = 0;
}

static void share_free(struct decorator *d)
{
    struct observed_share *s = (struct observed_share *)d;
    CHECK(s->h->share == s);
    s->h->share = NULL;
}

/* ---- an observer's request ---- */

/* Replies without a request to the stub. */
static const char no_selection[] = "E.netgdb: the first client has selected no thread yet";

/* Asks the kernel which thread is selected: its stub replies to qC with that (sys/gdb/gdb_main.c).
 */
static int learn_selection(struct observed_share *s)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(s->d.base.next, "qC", &reply);
    bool known = rc == 0 && buf_starts(&reply, "QC") && reply.len - 2 < sizeof s->client;
    if (known) {
        memcpy(s->client, reply.data + 2, reply.len - 2);
        s->client[reply.len - 2] = '\0';
    }
    buf_free(&reply);
    return rc;
}

bool observed_takes_text(const struct packet *packet)
{
    return packet->id == PACKET_g || packet->id == PACKET_p;
}

/* Returns whether the reply depends on the selected thread. A kernel has one memory for all. */
static bool depends_on_thread(const struct observed_share *s, const struct packet *packet)
{
    return s->h->peer != NETGDB_PEER_KERNEL || packet->id == PACKET_g || packet->id == PACKET_p;
}

/*
 * Selects the observer's thread. Returns 0; NETGDB_REFUSED with o->reply if that is impossible, or
 * could not be undone; or an error of the target.
 */
static int select_for(struct observed_share *s, struct observer *o, const struct packet *packet)
{
    const char *wanted = o->thread[0] != '\0' ? o->thread : s->h->thread;
    const char *now = s->moved[0] != '\0' ? s->moved : s->client;
    int rc = 0;
    if (wanted[0] == '\0' || strcmp(wanted, now) == 0)
        return 0;
    if (s->client[0] == '\0' && s->h->peer == NETGDB_PEER_KERNEL)
        rc = learn_selection(s);
    if (rc == 0 && s->client[0] == '\0') {
        (void)buf_sets(&o->reply, observed_takes_text(packet) ? no_selection : "E01");
        return NETGDB_REFUSED;
    }
    if (rc == 0)
        rc = select_at_stub(s, wanted);
    if (rc == 0)
        memcpy(s->moved, wanted, sizeof s->moved);
    if (rc == NETGDB_REFUSED)
        (void)buf_sets(&o->reply, "E01");
    return rc;
}

/*
 * Reads the next part of a list of threads, whose position the stub keeps. Returns 1 if there is
 * more: o->reply has the parts before. A list that the first client has begun or continued
 * meanwhile is read again from the start.
 */
static int read_list(struct observed_share *s, struct observer *o)
{
    struct buf part;
    bool first = !observed_is_lister(s->h, o);
    s->list_moved = s->list_parts != 0;
    if (first)
        buf_reset(&o->reply);
    buf_init(&part, TARGET_REPLY_MAX);
    int rc = target_ask(s->d.base.next, first ? "qfThreadInfo" : "qsThreadInfo", &part);
    bool more = rc == 0 && buf_starts(&part, "m");
    if (more && !first)
        part.data[0] = ',';
    if (more || (rc == 0 && first)) /* without a list, an error */
        rc = buf_add(&o->reply, part.data, part.len);
    buf_free(&part);
    observed_set_lister(s->h, more && rc == 0 ? o : NULL);
    if (rc == NETGDB_TOO_LONG)
        return buf_sets(&o->reply, "E07");
    return rc == 0 ? more : rc;
}

/* The observers' qSupported must not change what the stub has agreed with the first client. */
static int ask_features_for(struct observed_share *s, struct buf *reply)
{
    bool harmless = s->h->peer == NETGDB_PEER_KERNEL || !s->h->has_client;
    int rc = 0;
    buf_reset(reply);
    if (harmless)
        rc = target_ask(s->d.base.next, "qSupported:multiprocess+;swbreak+;hwbreak+", reply);
    s->multiprocess |= harmless;
    if (rc == 0 && harmless) {
        note_features(s, reply);
        rc = buf_set(reply, s->h->features.data, s->h->features.len);
    }
    return rc;
}

static int execute(struct observed_share *s, const struct request *r, struct observer *o)
{
    struct buf *reply = &o->reply;
    if (r->packet->id == PACKET_qfThreadInfo)
        return read_list(s, o);
    if (r->packet->id == PACKET_qSupported)
        return ask_features_for(s, reply);
    bool stop = r->packet->id == PACKET_stop_reason; /* a kernel names the selected thread */
    int rc = stop ? observed_share_restore(s) : 0;
    if (rc == 0)
        rc = target_transact(s->d.base.next, r, reply);
    if (rc == 0 && stop)
        note_stop(s, reply, false);
    return rc;
}

int observed_share_run(struct observed_share *s, struct observer *o)
{
    struct request r;
    request_parse(&r, o->request.data, o->request.len);
    CHECK_OR_RETURN(r.packet->effects == PKT_READS || r.packet->id == PACKET_qSupported);
    /* Only between two requests of the first client, and not as the answer to a question. */
    CHECK_OR_RETURN(s->d.state != DECORATOR_OUTSTANDING || !packet_has_reply(s->d.packet));
    CHECK_OR_RETURN(!s->asked);
    int rc = depends_on_thread(s, r.packet) ? select_for(s, o, r.packet) : 0;
    if (rc == 0)
        rc = execute(s, &r, o);
    if (rc == NETGDB_TOO_LONG) /* as serve() does for the first client's request */
        return buf_sets(&o->reply, "E07");
    return rc == NETGDB_REFUSED ? 0 : rc;
}

struct target *observed_share_new(struct target *next, struct observed *h)
{
    static const struct decorator_ops ops = {.on_request = share_request,
                                             .on_reply = share_reply,
                                             .on_new_session = share_new_session,
                                             .free = share_free};
    struct observed_share *s = decorator_new(sizeof *s, next, &ops, 0, 0);
    if (s == NULL)
        return NULL;
    CHECK(h->share == NULL); /* a target has one owner */
    s->h = h;
    h->share = s;
    return &s->d.base;
}
