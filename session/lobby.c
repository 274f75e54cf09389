/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that wait to be taken; see lobby.h. */
#include "session/lobby.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "proto/err.h"

void lobby_init(struct lobby *b, const struct lobby_ops *ops, void *context,
                uint64_t (*now)(void *context), const struct log *log)
{
    *b = (struct lobby){.ops = ops, .context = context, .now = now, .log = log};
    TAILQ_INIT(&b->kernels);
}

static void discard(struct lobby *b, struct lobby_kernel *k)
{
    lobby_remove(b, k);
    if (k->target != NULL) {
        target_free(k->target);
    } else {
        link_free(k->link);
        free(k->link);
    }
    b->ops->close(b->context, k);
    free(k);
}

void lobby_free(struct lobby *b)
{
    while (!TAILQ_EMPTY(&b->kernels)) /* NOLINTNEXTLINE: clang 14 loses that it was taken out */
        discard(b, TAILQ_FIRST(&b->kernels));
}

static bool admitted(const struct lobby *b, uint32_t ip)
{
    bool found = b->any;
    for (unsigned i = 0; i < b->net_count && !found; i++)
        found = ((ip ^ b->nets[i].ip) & b->nets[i].mask) == 0;
    return found;
}

int lobby_admit_net(struct lobby *b, struct lobby_net net)
{
    for (unsigned i = 0; i < b->net_count; i++) {
        if (b->nets[i].ip == net.ip && b->nets[i].mask == net.mask)
            return 0;
    }
    if (b->net_count == LOBBY_HOSTS_MAX)
        return NETGDB_TOO_LONG;
    b->nets[b->net_count++] = net;
    return 0;
}

int lobby_admit(struct lobby *b, uint32_t ip)
{
    b->any |= ip == 0;
    return admitted(b, ip) ? 0 : lobby_admit_net(b, (struct lobby_net){ip, UINT32_MAX});
}

static void enter(struct lobby *b, struct lobby_kernel *k, enum lobby_state state)
{
    k->state = state;
    k->since = b->now(b->context);
}

static void insert(struct lobby *b, struct lobby_kernel *k, enum lobby_state state)
{
    enter(b, k, state);
    TAILQ_INSERT_TAIL(&b->kernels, k, entries);
    b->count++;
}

/* A kernel with a socket and a link, in the lobby; NULL with errno when it cannot be had. */
static struct lobby_kernel *receive(struct lobby *b, const struct net_addr *own,
                                    const struct net_addr *kernel, enum lobby_state state)
{
    struct lobby_kernel *k = calloc(1, sizeof *k);
    struct link *link = malloc(sizeof *link);
    size_t payload;
    int error = ENOMEM;
    if (k == NULL || link == NULL || b->count == LOBBY_KERNELS_MAX)
        goto fail;
    k->own = *own;
    k->kernel = *kernel;
    k->link = link;
    k->io = b->ops->open(b->context, k, &payload);
    error = errno;
    if (k->io == NULL)
        goto fail;
    link_init(link, k->io, payload, b->log);
    insert(b, k, state);
    return k;
fail:
    log_error(b->log, "a kernel calls and cannot be let in: %s",
              b->count == LOBBY_KERNELS_MAX ? "too many wait already" : "no memory or no socket");
    free(k);
    free(link);
    errno = error;
    return NULL;
}

/* A kernel that calls is at db>: of its old session nothing is asked any more. */
static void silence_probes(struct lobby *b, const struct net_addr *kernel)
{
    struct lobby_kernel *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_PROBING && k->silenced == 0 && net_addr_equal(&k->kernel, kernel))
            k->silenced = b->now(b->context);
    }
}

/*
 * A copy of a HERALD that was answered is answered again from the same port: the first answer
 * that reaches the kernel fixes its session port for good. Any other HERALD begins a session
 * beside those that there are; it takes their place only when its T arrives, so that a HERALD
 * that was late harms nobody.
 */
static void herald(struct lobby *b, const struct net_addr *from, uint32_t own_ip)
{
    struct lobby_kernel *k;
    silence_probes(b, from);
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_HERALDED && net_addr_equal(&k->kernel, from) && k->own.ip == own_ip)
            break;
    }
    if (k == NULL) {
        const struct net_addr own = {own_ip, 0};
        k = receive(b, &own, from, LOBBY_HERALDED);
    }
    if (k == NULL)
        return;
    enter(b, k, LOBBY_HERALDED); /* again, since its T has its own 12 s from now on */
    link_ack_herald(k->link);
}

static void refuse(struct lobby *b, uint32_t ip)
{
    b->refused++;
    b->refused_last = ip;
    b->refused_at = b->now(b->context);
    if (b->stranger.ip != 0 || b->stranger.told)
        return;
    b->stranger.ip = ip;
    b->stranger.since = b->now(b->context);
}

/* Returns when to come again. */
static uint64_t tell_stranger(struct lobby *b)
{
    char ip[NET_ADDR_TEXT];
    if (b->stranger.ip != 0 && admitted(b, b->stranger.ip))
        b->stranger.ip = 0; /* it was early */
    if (b->stranger.ip == 0)
        return IO_NEVER;
    if (b->now(b->context) - b->stranger.since < LOBBY_TELLS)
        return b->stranger.since + LOBBY_TELLS;
    log_warn(b->log, "%s calls, and nobody here asked for it: ignored",
             net_ip_text(b->stranger.ip, ip));
    b->stranger.told = true;
    b->stranger.ip = 0;
    return IO_NEVER;
}

void lobby_datagram(struct lobby *b, const struct net_addr *from, uint32_t own_ip,
                    const uint8_t *datagram, size_t len)
{
    struct wire_msg msg;
    if (wire_decode(datagram, len, &msg) != 0 || msg.type != WIRE_HERALD || msg.seqno != 1 ||
        msg.len != 0) {
        b->malformed++;
    } else if (msg.total != WIRE_NETGDB_V1) {
        b->malformed++;
        log_warn(b->log, "a HERALD of an unknown protocol version (0x%08x) was ignored",
                 (unsigned)msg.total);
    } else if (!admitted(b, from->ip)) {
        refuse(b, from->ip);
    } else {
        herald(b, from, own_ip);
    }
}

/* A session of the same kernel that this one stands in for: the kernel forgot it. */
static void discard_predecessors(struct lobby *b, struct lobby_kernel *k)
{
    struct lobby_kernel *other = TAILQ_FIRST(&b->kernels);
    while (other != NULL) {
        struct lobby_kernel *next = TAILQ_NEXT(other, entries);
        if (other != k && other->state != LOBBY_HERALDED &&
            net_addr_equal(&other->kernel, &k->kernel)) {
            other->superseded = true;
            discard(b, other);
        }
        other = next;
    }
}

static void announce(struct lobby *b, struct lobby_kernel *k)
{
    enter(b, k, LOBBY_ANNOUNCED);
    discard_predecessors(b, k);
    b->ops->announced(b->context, k);
}

/* How the T begins: what it says in full is for whoever takes the kernel. */
static void note_stop(struct lobby_kernel *k)
{
    const struct buf *stream = &k->link->stream;
    stop_begin(&k->link->stop, stream->data, stream->len);
    for (size_t i = 0; i + 1 < stream->len && i + 1 < LOBBY_STOP_MAX; i++) {
        uint8_t c = stream->data[1 + i];
        k->stop[i] = isalnum(c) ? (char)c : '?';
    }
}

void lobby_input(struct lobby *b, struct lobby_kernel *k)
{
    const struct buf *stream = &k->link->stream;
    /* A parked kernel's errors are met by whoever takes it. */
    (void)(k->target != NULL ? target_idle(k->target) : link_input(k->link));
    if (k->state != LOBBY_HERALDED || stream->len < 2 || stream->data[0] != '$')
        return;
    note_stop(k);
    announce(b, k);
}

/* Asks again, more and more rarely, and not for ever. Returns when to come again. */
static uint64_t ask_again(struct lobby *b, struct lobby_kernel *k)
{
    char ip[NET_ADDR_TEXT];
    unsigned asked = k->link->tx.transmissions;
    uint64_t pause = LOBBY_PROBE_FIRST;
    if (k->silenced != 0 && k->link->heard < k->silenced)
        return IO_NEVER; /* one that ran and stops is heard of */
    if (k->silenced == 0 && asked >= LOBBY_PROBES) {
        k->silenced = b->now(b->context);
        log_warn(
            b->log,
            "%s does not answer in the session that another debugger left: not asked any more; "
            "if it is at db>, type netgdb there again",
            net_ip_text(k->kernel.ip, ip));
        return IO_NEVER;
    }
    for (unsigned i = 1; k->silenced == 0 && i < asked && pause < LOBBY_PROBE_MAX; i++)
        pause *= 2;
    link_be_patient(k->link, pause < LOBBY_PROBE_MAX ? pause : LOBBY_PROBE_MAX);
    (void)link_tick(k->link);
    return link_deadline(k->link);
}

/* Announces a kernel that has answered. Returns when to come again. */
static uint64_t probe(struct lobby *b, struct lobby_kernel *k)
{
    if (!link_acked(k->link))
        return ask_again(b, k);
    (void)link_tick(k->link);
    /* Where datagrams get lost, what the dead server had asked may be silent for longer. */
    uint64_t quiet = k->link->heard + (k->link->lossy ? LINK_KERNEL_GIVES_UP : link_quiet(k->link));
    if (b->now(b->context) < quiet)
        return quiet;
    announce(b, k);
    return IO_NEVER;
}

/* What a client left on its way to the kernel is sent until it has arrived. */
static uint64_t tick_parked(struct lobby_kernel *k)
{
    if (k->link->tx.transmissions >= LOBBY_TRANSMISSIONS)
        return IO_NEVER;
    (void)link_tick(k->link);
    return link_deadline(k->link);
}

uint64_t lobby_tick(struct lobby *b)
{
    uint64_t now = b->now(b->context), next = tell_stranger(b);
    struct lobby_kernel *k = TAILQ_FIRST(&b->kernels), *following;
    for (; k != NULL; k = following) {
        uint64_t due = IO_NEVER;
        if (k->state == LOBBY_PROBING)
            due = probe(b, k); /* others may be gone then */
        following = TAILQ_NEXT(k, entries);
        if (k->state == LOBBY_HERALDED && now - k->since >= LOBBY_HERALD_EXPIRES)
            discard(b, k);
        else if (k->state == LOBBY_HERALDED)
            due = k->since + LOBBY_HERALD_EXPIRES;
        else if (k->state == LOBBY_ANNOUNCED)
            due = tick_parked(k);
        next = due < next ? due : next;
    }
    return next;
}

struct lobby_kernel *lobby_take_over(struct lobby *b, const struct net_addr *own,
                                     const struct net_addr *kernel, const struct link_mark *mark)
{
    struct lobby_kernel *k = receive(b, own, kernel, LOBBY_PROBING);
    if (k == NULL)
        return NULL;
    k->taken_over = true;
    k->link->stop = mark->stop;
    link_take_over(k->link, mark->sent, mark->next);
    (void)link_send(k->link, "", 0, 0, 0); /* a probe: acknowledged, and without effect */
    return k;
}

/* Whether the kernel has announced another session. */
static bool has_successor(struct lobby *b, const struct lobby_kernel *k)
{
    struct lobby_kernel *other;
    TAILQ_FOREACH (other, &b->kernels, entries) {
        if (other != k && other->state == LOBBY_ANNOUNCED &&
            net_addr_equal(&other->kernel, &k->kernel))
            return true;
    }
    return false;
}

void lobby_return(struct lobby *b, struct lobby_kernel *k)
{
    insert(b, k, LOBBY_ANNOUNCED);
    k->superseded = has_successor(b, k);
    if (k->superseded)
        discard(b, k);
    else
        b->ops->announced(b->context, k);
}

struct lobby_kernel *lobby_find(struct lobby *b, uint32_t ip)
{
    struct lobby_kernel *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_ANNOUNCED && (ip == 0 || k->kernel.ip == ip))
            break;
    }
    return k;
}

void lobby_remove(struct lobby *b, struct lobby_kernel *k)
{
    TAILQ_REMOVE(&b->kernels, k, entries);
    b->count--;
}

bool lobby_asks(struct lobby *b, uint32_t ip)
{
    uint64_t now = b->now(b->context);
    struct lobby_kernel *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_PROBING && (ip == 0 || k->kernel.ip == ip) &&
            (now - k->since < LOBBY_ASKS || link_acked(k->link)))
            return true;
    }
    return false;
}

bool lobby_answers(struct lobby *b, uint32_t ip)
{
    uint64_t now = b->now(b->context);
    struct lobby_kernel *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_PROBING && (ip == 0 || k->kernel.ip == ip) && link_acked(k->link) &&
            now - k->link->tx.arrived < LOBBY_ANSWERS)
            return true;
    }
    return false;
}
