/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tap of a side; see tap.h. */
#include "io/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/capture.h"
#include "io/herald.h"
#include "io/sockets.h"

struct tap {
    struct net_addr own, peer; /* peer: of a connected socket */
    unsigned n;
    struct {
        struct net_addr from;
        const uint8_t *data;
        size_t len;
        uint64_t time;
        char note[IO_NOTE_MAX];
    } received[IO_FDS_BATCH];
};

static struct net_addr tap_address(const struct sockaddr_in *sa)
{
    return (struct net_addr){ntohl(sa->sin_addr.s_addr), ntohs(sa->sin_port)};
}

/* The addresses of the socket. One that is bound to no address has that of the route to the peer.
 */
static void tap_find_addresses(struct io_fds_side *side, struct tap *t)
{
    struct sockaddr_in own = {.sin_family = AF_INET}, peer = side->peer;
    socklen_t len = sizeof peer;
    (void)sockets_local(side->in, &own);
    if (side->kind != IO_FDS_PEER)
        (void)getpeername(side->in, (struct sockaddr *)&peer, &len);
    t->own = tap_address(&own);
    t->peer = tap_address(&peer);
    if (t->own.ip == 0)
        t->own.ip = local_address_towards(t->peer.ip);
}

/* The tap of the side; NULL: nothing is captured, or there is no memory. */
static struct tap *tap_of(struct io_fds_side *side)
{
    if (!capture_on())
        return NULL;
    if (side->tap == NULL && (side->tap = calloc(1, sizeof *side->tap)) != NULL)
        tap_find_addresses(side, side->tap);
    return side->tap;
}

static struct net_addr tap_peer(const struct io_fds_side *side)
{
    return side->kind == IO_FDS_PEER ? tap_address(&side->peer) : side->tap->peer;
}

void tap_flush(struct io_fds_side *side)
{
    struct tap *t = side->tap;
    for (unsigned i = 0; t != NULL && i < t->n; i++)
        capture_datagram(&(struct capture_datagram){.from = t->received[i].from,
                                                    .to = t->own,
                                                    .data = t->received[i].data,
                                                    .len = t->received[i].len,
                                                    .original = t->received[i].len,
                                                    .time = t->received[i].time,
                                                    .inbound = true,
                                                    .note = t->received[i].note});
    if (t != NULL)
        t->n = 0;
}

void tap_sent(struct io_fds_side *side, const struct io_msg *msgs, unsigned n, uint64_t time,
              const char *note)
{
    struct tap *t = tap_of(side);
    if (t == NULL)
        return;
    tap_flush(side);
    for (unsigned i = 0; i < n; i++)
        capture_datagram(&(struct capture_datagram){.from = t->own,
                                                    .to = tap_peer(side),
                                                    .data = msgs[i].data,
                                                    .len = msgs[i].len,
                                                    .original = msgs[i].len,
                                                    .time = time,
                                                    .note = note != NULL ? note : msgs[i].note});
}

void tap_received(struct io_fds_side *side, const struct io_msg *msg,
                  const struct sockaddr_in *from, const char *note)
{
    struct tap *t = tap_of(side);
    if (t == NULL || t->n == IO_FDS_BATCH)
        return;
    t->received[t->n].from = side->kind == IO_FDS_PEER ? tap_address(from) : t->peer;
    t->received[t->n].data = msg->data;
    t->received[t->n].len = msg->len;
    t->received[t->n].time = capture_time(msg->arrived);
    t->received[t->n].note[0] = '\0';
    t->n++;
    if (note != NULL)
        tap_note(side, msg, note);
}

void tap_note(struct io_fds_side *side, const struct io_msg *msg, const char *note)
{
    struct tap *t = side->tap;
    for (unsigned i = 0; t != NULL && i < t->n; i++) {
        char *text = t->received[i].note;
        size_t used = strlen(text);
        if (t->received[i].data == msg->data)
            (void)snprintf(text + used, IO_NOTE_MAX - used, "%s%s", used != 0 ? "; " : "", note);
    }
}

void tap_free(struct io_fds_side *side)
{
    tap_flush(side);
    free(side->tap);
    side->tap = NULL;
}
