/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that wait for a client; see lobby.h. */
#include "session/lobby.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

void lobby_init(struct lobby *b, const struct lobby_ops *ops, void *context,
                uint64_t (*now)(void *context), const struct log *log)
{
    *b = (struct lobby){.ops = ops,
                        .context = context,
                        .now = now,
                        .log = log,
                        .kernels_max = LOBBY_KERNELS_MAX,
                        .heralded_max = LOBBY_HERALDED_MAX,
                        .due = IO_NEVER};
    TAILQ_INIT(&b->kernels);
}

/* Closes the socket, and frees the session. */
static void close_session(struct lobby *b, struct session *k)
{
    CHECK(k->io != NULL && k->host == NULL);
    b->ops->close(b->context, k);
    k->io = k->link->io = NULL;
    session_free(k);
}

static void discard(struct lobby *b, struct session *k)
{
    lobby_remove(b, k);
    close_session(b, k);
}

void lobby_free(struct lobby *b)
{
    while (
        !TAILQ_EMPTY(&b->kernels)) /* NOLINTNEXTLINE: clang 14 does not see that it was removed */
        discard(b, TAILQ_FIRST(&b->kernels));
}

/* ---- admitted hosts ---- */

/* Returns the index of a network in the list; net_count: not in the list. */
static unsigned find_net(const struct lobby *b, struct lobby_net net)
{
    unsigned i = 0;
    while (i < b->net_count && (b->nets[i].ip != net.ip || b->nets[i].mask != net.mask))
        i++;
    return i;
}

static bool admitted(const struct lobby *b, uint32_t ip)
{
    bool found = b->any != 0;
    for (unsigned i = 0; i < b->net_count && !found; i++)
        found = ((ip ^ b->nets[i].ip) & b->nets[i].mask) == 0;
    return found;
}

int lobby_admit_net(struct lobby *b, struct lobby_net net)
{
    unsigned i = find_net(b, net);
    if (i == LOBBY_HOSTS_MAX)
        return b->any != 0 ? 0 : NETGDB_TOO_LONG;
    if (i == b->net_count) {
        b->nets[b->net_count++] = net;
        b->net_uses[i] = 0;
    }
    b->net_uses[i]++;
    return 0;
}

int lobby_admit(struct lobby *b, uint32_t ip)
{
    b->any += ip == 0;
    return ip == 0 ? 0 : lobby_admit_net(b, (struct lobby_net){ip, UINT32_MAX});
}

void lobby_dismiss_net(struct lobby *b, struct lobby_net net)
{
    unsigned i = find_net(b, net);
    if (i == b->net_count || (CHECK(b->net_uses[i] != 0) && --b->net_uses[i] != 0))
        return;
    b->net_count--;
    b->nets[i] = b->nets[b->net_count];
    b->net_uses[i] = b->net_uses[b->net_count];
}

void lobby_dismiss(struct lobby *b, uint32_t ip)
{
    b->any -= ip == 0 && b->any != 0;
    if (ip != 0)
        lobby_dismiss_net(b, (struct lobby_net){ip, UINT32_MAX});
}

/* ---- sessions and hosts ---- */

static unsigned session_bucket(uint32_t ip, uint16_t port)
{
    return (unsigned)((((uint64_t)ip << 16 | port) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) %
           LOBBY_BUCKETS;
}

static struct lobby_host *find_lobby_host(struct lobby *b, uint32_t ip)
{
    struct lobby_host *h;
    LIST_FOREACH (h, &b->hosts[session_bucket(ip, 0)], entries) {
        if (h->ip == ip)
            break;
    }
    return h;
}

/* Adds a session to the counters, or removes it. */
static void count(struct lobby *b, const struct session *k, unsigned by)
{
    bool heralded = k->state == LOBBY_HERALDED;
    unsigned *of_host = heralded ? &k->host->heralded : &k->host->kernels;
    b->count += by;
    b->heralded += heralded ? by : 0;
    *of_host += by;
    CHECK(*of_host <= b->count && b->heralded <= b->count); /* also false below 0 */
}

static void wake_by(struct lobby *b, uint64_t due)
{
    if (due < b->ticked + LOBBY_TICK)
        due = b->ticked + LOBBY_TICK;
    b->due = due < b->due ? due : b->due;
}

static void set_session_state(struct lobby *b, struct session *k, enum lobby_state state)
{
    CHECK(k->state == state || state == LOBBY_ANNOUNCED); /* no way back */
    count(b, k, -1U);
    k->state = state;
    count(b, k, 1);
    k->since = b->now(b->context);
    wake_by(b, state == LOBBY_HERALDED ? k->since + LOBBY_HERALD_EXPIRES : k->since);
}

/* False: no memory. */
static bool insert_session(struct lobby *b, struct session *k, enum lobby_state state)
{
    CHECK(k->host == NULL && k->io != NULL);
    k->host = find_lobby_host(b, k->kernel.ip);
    if (k->host == NULL && (k->host = calloc(1, sizeof *k->host)) != NULL) {
        k->host->ip = k->kernel.ip;
        LIST_INSERT_HEAD(&b->hosts[session_bucket(k->host->ip, 0)], k->host, entries);
    }
    if (k->host == NULL)
        return false;
    k->state = state;
    count(b, k, 1);
    set_session_state(b, k, state);
    TAILQ_INSERT_TAIL(&b->kernels, k, entries);
    LIST_INSERT_HEAD(&b->by_kernel[session_bucket(k->kernel.ip, k->kernel.port)], k, same);
    return true;
}

void lobby_remove(struct lobby *b, struct session *k)
{
    struct lobby_host *h = k->host;
    if (!CHECK(h != NULL)) /* it is not in the lobby */
        return;
    count(b, k, -1U);
    TAILQ_REMOVE(&b->kernels, k, entries);
    LIST_REMOVE(k, same);
    k->host = NULL;
    if (h->heralded + h->kernels != 0)
        return;
    LIST_REMOVE(h, entries);
    free(h);
}

/* ---- limits ---- */

/* Returns whether to drop k rather than `than` (or NULL). No client has been attached to either. */
static bool goes_before(const struct session *k, const struct session *than)
{
    if (than == NULL)
        return true;
    bool mute = k->state == LOBBY_PROBING && !link_acked(k->link);
    bool than_mute = than->state == LOBBY_PROBING && !link_acked(than->link);
    if (mute != than_mute)
        return mute;
    return !mute && k->host->kernels > than->host->kernels; /* else the older one */
}

/* Above the limit of kernels, drops one other than `but`. */
static void evict_session(struct lobby *b, const struct session *but)
{
    struct session *k, *goes = NULL;
    char more[LOG_MORE];
    char ip[NET_ADDR_TEXT];
    if (b->count - b->heralded <= b->kernels_max)
        return;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k != but && k->state != LOBBY_HERALDED && k->target == NULL && goes_before(k, goes))
            goes = k;
    }
    /* All of them have had clients, which may come back. */
    if (goes == NULL)
        return;
    if (log_limit_allows(&b->evicted, b->now(b->context), more))
        log_warn(b->log,
                 "more than %u kernels are waiting: dropped one of %s that was never attached%s",
                 b->kernels_max, net_ip_text(goes->kernel.ip, ip), more);
    goes->ended = true; /* removes its state file as well */
    discard(b, goes);
}

/* Leaves room for one more host, even if many hosts have many sessions without a T. */
static bool has_room(struct lobby *b, uint32_t ip)
{
    const struct lobby_host *h = find_lobby_host(b, ip);
    return b->heralded < b->heralded_max &&
           (h == NULL || h->heralded < LOBBY_SHARE * (b->heralded_max - b->heralded));
}

/* Makes room for a session whose T has arrived. */
static void drop_oldest_herald(struct lobby *b)
{
    struct session *k, *oldest = NULL;
    if (b->heralded < b->heralded_max)
        return;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_HERALDED && (oldest == NULL || k->since < oldest->since))
            oldest = k;
    }
    if (oldest != NULL)
        discard(b, oldest);
}

/* ---- HERALDs ---- */

static void log_failed_session(struct lobby *b, enum lobby_state state, int error)
{
    char more[LOG_MORE];
    if (!log_limit_allows(&b->full, b->now(b->context), more))
        return;
    if (state == LOBBY_PROBING)
        log_error(b->log, "cannot take over the session that another debugger left: %s%s",
                  strerror(error), more);
    else
        log_error(b->log, "cannot answer the HERALD of a kernel: %s%s", strerror(error), more);
}

/* Adds a new session with its socket to the lobby. NULL with errno. */
static struct session *receive_session(struct lobby *b, const struct net_addr *own,
                                       const struct net_addr *kernel, enum lobby_state state)
{
    struct session *k = session_new(own, kernel);
    size_t payload;
    if (k != NULL && (k->io = b->ops->open(b->context, k, &payload)) != NULL) {
        link_init(k->link, k->io, payload, b->log);
        if (insert_session(b, k, state))
            return k;
        b->ops->close(b->context, k);
        k->io = k->link->io = NULL;
        errno = ENOMEM;
    }
    int error = errno;
    log_failed_session(b, state, error);
    session_free(k);
    errno = error;
    return NULL;
}

/* A kernel that sends a HERALD is at db>: its old session is no longer probed. */
static void silence_probes(struct lobby *b, const struct net_addr *kernel)
{
    struct session *k;
    LIST_FOREACH (k, &b->by_kernel[session_bucket(kernel->ip, kernel->port)], same) {
        if (k->state == LOBBY_PROBING && k->silenced == 0 && net_addr_equal(&k->kernel, kernel))
            k->silenced = b->now(b->context);
    }
}

/*
 * A duplicate of a HERALD is acknowledged again from the same port: the first ack that reaches the
 * kernel fixes its session port for good. Any other HERALD begins a tentative session. That
 * replaces the others of the kernel only when its T arrives, so that a late HERALD does no harm.
 */
static void herald(struct lobby *b, const struct net_addr *from, uint32_t own_ip)
{
    const struct net_addr own = {own_ip, 0};
    uint64_t now = b->now(b->context);
    struct session *k;
    silence_probes(b, from);
    LIST_FOREACH (k, &b->by_kernel[session_bucket(from->ip, from->port)], same) {
        if (k->state == LOBBY_HERALDED && net_addr_equal(&k->kernel, from) && k->own.ip == own_ip)
            break;
    }
    if (k != NULL && now - k->answered < LOBBY_HERALD_INTERVAL)
        return;
    if (k == NULL && has_room(b, from->ip))
        k = receive_session(b, &own, from, LOBBY_HERALDED);
    if (k == NULL) {
        if (b->ops->crowd != NULL)
            b->ops->crowd(b->context, from, own_ip);
        return;
    }
    /* Again: its T has 12 s from now on. */
    set_session_state(b, k, LOBBY_HERALDED);
    k->answered = now;
    link_ack_herald(k->link);
}

void lobby_arrive(struct lobby *b, const struct net_addr *own, const struct net_addr *kernel)
{
    if (kernel->port == 0 || !admitted(b, kernel->ip))
        return;
    drop_oldest_herald(b);
    (void)receive_session(b, own, kernel, LOBBY_HERALDED);
}

static void note_refused_host(struct lobby *b, uint32_t ip)
{
    b->refused++;
    b->refused_last = ip;
    b->refused_at = b->now(b->context);
    if (b->stranger.ip != 0 || b->stranger.logged)
        return;
    b->stranger.ip = ip;
    b->stranger.since = b->now(b->context);
    wake_by(b, b->stranger.since + LOBBY_STRANGER_GRACE);
}

/* Returns the time of the next call. */
static uint64_t log_stranger(struct lobby *b)
{
    char ip[NET_ADDR_TEXT];
    if (b->stranger.ip != 0 && admitted(b, b->stranger.ip))
        b->stranger.ip = 0; /* a client has asked for it since */
    if (b->stranger.ip == 0)
        return IO_NEVER;
    if (b->now(b->context) - b->stranger.since < LOBBY_STRANGER_GRACE)
        return b->stranger.since + LOBBY_STRANGER_GRACE;
    log_warn(b->log, "ignored %s, which tried to connect: no client here has asked for it",
             net_ip_text(b->stranger.ip, ip));
    b->stranger.logged = true;
    b->stranger.ip = 0;
    return IO_NEVER;
}

void lobby_datagram(struct lobby *b, const struct net_addr *from, uint32_t own_ip,
                    const uint8_t *datagram, size_t len)
{
    struct wire_msg msg;
    char more[LOG_MORE];
    /* A socket that is connected to port 0 receives from every port. */
    if (from->port == 0 || wire_decode(datagram, len, &msg) != 0 || msg.type != WIRE_HERALD ||
        msg.seqno != 1 || msg.len != 0) {
        b->malformed++;
    } else if (msg.total != WIRE_NETGDB_V1) {
        b->malformed++;
        if (log_limit_allows(&b->unknown, b->now(b->context), more))
            log_warn(b->log, "a HERALD of an unknown protocol version (0x%08x) was ignored%s",
                     (unsigned)msg.total, more);
    } else if (!admitted(b, from->ip)) {
        note_refused_host(b, from->ip);
    } else {
        herald(b, from, own_ip);
    }
}

/* Frees the earlier sessions of the same kernel, which has forgotten them. */
static void discard_predecessors(struct lobby *b, struct session *k)
{
    struct session *other = LIST_FIRST(&b->by_kernel[session_bucket(k->kernel.ip, k->kernel.port)]);
    while (other != NULL) {
        struct session *next = LIST_NEXT(other, same);
        if (other != k && other->state != LOBBY_HERALDED &&
            net_addr_equal(&other->kernel, &k->kernel)) {
            other->ended = true;
            discard(b, other);
        }
        other = next;
    }
}

static void announce_session(struct lobby *b, struct session *k)
{
    CHECK(k->state != LOBBY_ANNOUNCED && k->target == NULL);
    set_session_state(b, k, LOBBY_ANNOUNCED);
    discard_predecessors(b, k);
    evict_session(b, k);
    b->ops->announced(b->context, k);
}

/* Notes how the T begins; the client that takes the kernel reads all of it. */
static void note_first_stop(struct session *k)
{
    const struct buf *stream = &k->link->stream;
    stop_begin(&k->link->stop, stream->data, stream->len);
    for (size_t i = 0; i + 1 < stream->len && i + 1 < SESSION_STOP_MAX; i++) {
        uint8_t c = stream->data[1 + i];
        k->stop[i] = isalnum(c) ? (char)c : '?';
    }
}

/* Returns the end of the quiet period, which is longer on a lossy path, where the dead server's
 * request takes longer. */
static uint64_t quiet_at(const struct session *k)
{
    return k->link->heard + (k->link->lossy ? LINK_KERNEL_GIVES_UP : link_quiet(k->link));
}

/* Returns whether the session is no longer probed, and the kernel has been silent since. */
static bool is_silenced(const struct session *k)
{
    return k->silenced != 0 && k->link->heard < k->silenced;
}

/* Returns the next deadline of a session. */
static uint64_t due_of(const struct session *k)
{
    if (k->state == LOBBY_HERALDED)
        return k->since + LOBBY_HERALD_EXPIRES;
    if (k->state == LOBBY_PROBING && link_acked(k->link))
        return quiet_at(k);
    if (k->state == LOBBY_ANNOUNCED && k->link->tx.transmissions >= LOBBY_TRANSMISSIONS)
        return IO_NEVER;
    uint64_t due = link_deadline(k->link), expires = k->since + LOBBY_PROBE_EXPIRES;
    if (k->state != LOBBY_PROBING)
        return due;
    return due < expires && !is_silenced(k) ? due : expires;
}

void lobby_input(struct lobby *b, struct session *k)
{
    const struct buf *stream = &k->link->stream;
    CHECK(k->host != NULL && k->link->io == k->io);
    /* the next client handles errors of a parked kernel */
    (void)(k->target != NULL ? target_idle(k->target) : link_input(k->link));
    if (k->state == LOBBY_HERALDED && stream->len >= 2 && stream->data[0] == '$') {
        note_first_stop(k);
        announce_session(b, k);
    }
    wake_by(b, due_of(k));
}

/* Sends a probe, at growing intervals, up to LOBBY_PROBES. */
static void probe(struct lobby *b, struct session *k)
{
    char ip[NET_ADDR_TEXT];
    char more[LOG_MORE];
    unsigned asked = k->link->tx.transmissions;
    uint64_t pause = LOBBY_PROBE_FIRST, now = b->now(b->context);
    if (is_silenced(k))
        return;
    if (k->silenced == 0 && asked >= LOBBY_PROBES) {
        k->silenced = now;
        if (log_limit_allows(&b->mute, now, more))
            log_warn(b->log,
                     "%s does not respond in the session that another debugger left: no longer "
                     "probed; if it is at db>, type netgdb there again%s",
                     net_ip_text(k->kernel.ip, ip), more);
        return;
    }
    for (unsigned i = 1; k->silenced == 0 && i < asked && pause < LOBBY_PROBE_MAX; i++)
        pause *= 2;
    link_be_patient(k->link, pause < LOBBY_PROBE_MAX ? pause : LOBBY_PROBE_MAX);
    (void)link_tick(k->link);
}

/* Without a T, or an answer to the probes, the kernel has no such session, and no state file is
 * needed.
 */
static bool has_expired(struct session *k, uint64_t now)
{
    k->ended |=
        k->state == LOBBY_PROBING && !link_acked(k->link) && now - k->since >= LOBBY_PROBE_EXPIRES;
    return k->ended || (k->state == LOBBY_HERALDED && now - k->since >= LOBBY_HERALD_EXPIRES);
}

/*
 * Sends a probe that is due, or announces a kernel that has answered; retransmits what a client
 * left in flight.
 */
static void update(struct lobby *b, struct session *k, uint64_t now)
{
    bool due = k->state != LOBBY_HERALDED && due_of(k) <= now;
    if (due && k->state == LOBBY_PROBING && !link_acked(k->link))
        probe(b, k);
    else if (due)
        (void)link_tick(k->link);
    if (k->state == LOBBY_PROBING && link_acked(k->link) && now >= quiet_at(k))
        announce_session(b, k);
}

uint64_t lobby_tick(struct lobby *b)
{
    uint64_t now = b->now(b->context);
    struct session *k = TAILQ_FIRST(&b->kernels), *following;
    if (now < b->due)
        return b->due;
    b->due = IO_NEVER;
    b->ticked = now;
    wake_by(b, log_stranger(b));
    for (; k != NULL; k = following) {
        update(b, k, now); /* may free other sessions */
        following = TAILQ_NEXT(k, entries);
        if (has_expired(k, now))
            discard(b, k);
        else
            wake_by(b, due_of(k));
    }
    return b->due;
}

struct session *lobby_take_over(struct lobby *b, const struct net_addr *own,
                                const struct net_addr *kernel,
                                const struct link_session_state *saved)
{
    struct session *k = receive_session(b, own, kernel, LOBBY_PROBING);
    if (k == NULL)
        return NULL;
    evict_session(b, k);
    k->taken_over = true;
    k->link->stop = saved->stop;
    link_take_over(k->link, saved->sent, saved->next);
    (void)link_send(k->link, "", 0, 0, 0); /* a probe: acknowledged, and without effect */
    return k;
}

/* Returns whether the kernel has announced another session. */
static bool has_successor(struct lobby *b, const struct session *k)
{
    struct session *other;
    LIST_FOREACH (other, &b->by_kernel[session_bucket(k->kernel.ip, k->kernel.port)], same) {
        if (other != k && other->state == LOBBY_ANNOUNCED &&
            net_addr_equal(&other->kernel, &k->kernel))
            return true;
    }
    return false;
}

int lobby_return(struct lobby *b, struct session *k)
{
    if (!insert_session(b, k, LOBBY_ANNOUNCED)) {
        close_session(b, k);
        return NETGDB_NOMEM;
    }
    k->ended = has_successor(b, k);
    if (k->ended) {
        discard(b, k);
        return 0;
    }
    evict_session(b, k);
    b->ops->announced(b->context, k);
    return 0;
}

bool lobby_is_probing(struct lobby *b, uint32_t ip)
{
    uint64_t now = b->now(b->context);
    struct session *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_PROBING && (ip == 0 || k->kernel.ip == ip) &&
            (now - k->since < LOBBY_PROBE_TIME || link_acked(k->link)))
            return true;
    }
    return false;
}

bool lobby_probe_acked(struct lobby *b, uint32_t ip)
{
    uint64_t now = b->now(b->context);
    struct session *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_PROBING && (ip == 0 || k->kernel.ip == ip) && link_acked(k->link) &&
            now - k->link->tx.arrived < LOBBY_QUIET_TIME)
            return true;
    }
    return false;
}
