/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acknowledges HERALDs without state; see herald_responder.h. */
#include "io/herald_responder.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/os.h"
#include "io/sockets.h"
#include "proto/check.h"
#include "proto/link/wire.h"

void herald_responder_init(struct herald_responder *r)
{
    for (unsigned i = 0; i < HERALD_RESPONDER_PORTS; i++)
        r->fd[i] = -1;
    r->key = 0;
    (void)!getrandom(&r->key, sizeof r->key, GRND_NONBLOCK);
}

static void close_one(struct herald_responder *r, unsigned i)
{
    if (r->fd[i] >= 0)
        close(r->fd[i]);
    r->fd[i] = -1;
}

void herald_responder_close(struct herald_responder *r)
{
    for (unsigned i = 0; i < HERALD_RESPONDER_PORTS; i++)
        close_one(r, i);
}

static unsigned choose_socket(const struct herald_responder *r, const struct net_addr *kernel)
{
    uint64_t x = ((uint64_t)kernel->ip << 16 | kernel->port) ^ r->key;
    x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    return (unsigned)((x ^ x >> 29) % HERALD_RESPONDER_PORTS);
}

static void acknowledge_herald(int fd, const struct net_addr *kernel, uint32_t own_ip)
{
    uint8_t ack[WIRE_ACK];
    union os_control control;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(kernel->port),
                             .sin_addr.s_addr = htonl(kernel->ip)};
    struct iovec part = {ack, sizeof ack};
    struct msghdr msg = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    os_set_source(&msg, &control, own_ip);
    wire_encode_ack(1, ack);
    (void)sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL); /* if lost, the HERALD comes again */
}

int herald_responder_answer(struct herald_responder *r, const struct net_addr *kernel,
                            uint32_t own_ip)
{
    unsigned i = choose_socket(r, kernel);
    bool opened = r->fd[i] < 0;
    if (opened)
        r->fd[i] = herald_open(0);
    if (r->fd[i] < 0)
        return -1;
    acknowledge_herald(r->fd[i], kernel, own_ip);
    return opened ? (int)i : -1;
}

/* Whether this is a kernel's T: DATA with seqno 2 that begins an RSP packet. Only the first bytes
 * of the data are here; wire_decode does not access the data. */
static bool is_first_stop(const struct herald *h)
{
    struct wire_msg msg;
    return h->own_ip != 0 && wire_decode(h->data, h->len, &msg) == 0 && msg.type == WIRE_DATA &&
           msg.seqno == 2 && msg.offset == 0 && msg.len != 0 && msg.data[0] == '$';
}

bool herald_responder_take(struct herald_responder *r, unsigned i, struct net_addr *own,
                           struct net_addr *kernel)
{
    struct herald batch[HERALD_BATCH];
    struct sockaddr_in name;
    if (!CHECK(i < HERALD_RESPONDER_PORTS && r->fd[i] >= 0))
        return false;
    int n = herald_receive(r->fd[i], batch);
    for (int k = 0; k < n; k++) {
        if (!is_first_stop(&batch[k]) || !sockets_local(r->fd[i], &name))
            continue;
        *own = (struct net_addr){batch[k].own_ip, ntohs(name.sin_port)};
        *kernel = batch[k].from;
        close_one(r, i);
        return true;
    }
    return false;
}
