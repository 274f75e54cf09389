/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RSP in the kernel's role; debugnet_transport.c handles the datagrams. See debugnet_client.h. */
#include "proto/node/debugnet_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_target.h"
#include "proto/link/wire.h"
#include "proto/node/debugnet_transport.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/target.h"

static const char no_ack_mode[] = "QStartNoAckMode";

enum {
    FEATURES_ADDED = 40, /* maximum bytes that our features add to a reply to qSupported */
    LINGER_MS = 100,     /* acknowledging duplicates after the end */
};

struct debugnet_client {
    struct server server;
    struct debugnet_transport transport;
    struct buf frame;            /* our last packet, with framing */
    const struct packet *packet; /* entry of the outstanding request */
    bool no_ack;
    bool ok_acked; /* the '+' to the OK of QStartNoAckMode arrived, or is no longer expected */
    struct log_limit too_long_limit, takeover_limit;
};

static struct debugnet_client *client_of(struct server *s)
{
    return (struct debugnet_client *)s;
}

static const struct log *log_of(const struct debugnet_client *c)
{
    return c->transport.log;
}

/* Limits log lines that received datagrams cause. */
static bool may_log(const struct debugnet_client *c, struct log_limit *limit, char more[LOG_MORE])
{
    return log_limit_allows(limit, io_now(c->transport.io), more);
}

/* As between any two calls: a request acknowledges our reply in no-ack mode only. */
static bool client_is_sound(const struct debugnet_client *c)
{
    return c->transport.io != NULL && c->frame.error == 0 &&
           c->no_ack == c->transport.request_implies_ack;
}

/* Sends one packet. An interruption is no error here: `next` returns it. */
static int send_packet(struct debugnet_client *c, const uint8_t *content, size_t len)
{
    buf_reset(&c->frame);
    if (rsp_frame(&c->frame, content, len) != 0)
        return c->frame.error;
    c->transport.requests.acks = 0;
    int rc = debugnet_transport_send(&c->transport, WIRE_DATA, c->frame.data, c->frame.len);
    return rc == NETGDB_INTERRUPTED ? 0 : rc;
}

/* Sends '+' or '-', unless in no-ack mode. */
static int send_rsp_ack(struct debugnet_client *c, char ack)
{
    const uint8_t byte = (uint8_t)ack;
    return c->no_ack ? 0 : debugnet_transport_send(&c->transport, WIRE_DATA, &byte, 1);
}

/* Acknowledges packets that cannot be served, and repeats our last reply after a '-'. */
static int answer_rsp_acks(struct debugnet_client *c)
{
    struct requests *r = &c->transport.requests;
    char more[LOG_MORE];
    int rc = 0;
    for (; rc == 0 && r->nacks_due > 0; r->nacks_due--)
        rc = send_rsp_ack(c, '-');
    if (rc == 0 && r->nacks > 0 && !c->no_ack && c->frame.len != 0)
        rc = debugnet_transport_send(&c->transport, WIRE_DATA, c->frame.data, c->frame.len);
    for (; rc == 0 && r->too_long > 0; r->too_long--) {
        if (may_log(c, &c->too_long_limit, more))
            log_warn(log_of(c), "dropped a request: %s%s", netgdb_strerror(r->drop_error), more);
        rc = send_rsp_ack(c, '+');
        if (rc == 0)
            rc = send_packet(c, (const uint8_t *)"E07", 3);
    }
    r->nacks = r->acks_due = 0;
    return rc;
}

static int begin_node_no_ack(struct debugnet_client *c)
{
    CHECK_OR_RETURN(c->transport.requests.outstanding);
    requests_done(&c->transport.requests);
    int rc = send_packet(c, (const uint8_t *)"OK", 2);
    c->no_ack = c->transport.request_implies_ack = true;
    c->ok_acked = false;
    return rc;
}

/* A server that has taken the session over starts with '+', because it is in ack mode: leaves
 * no-ack mode. */
static void process_rsp_acks(struct debugnet_client *c)
{
    struct requests *r = &c->transport.requests;
    char more[LOG_MORE];
    if (!c->no_ack || r->acks == 0)
        return;
    if (c->ok_acked || r->acks > 1) {
        if (may_log(c, &c->takeover_limit, more))
            log_info(log_of(c), "another server has taken the session over%s", more);
        c->no_ack = c->transport.request_implies_ack = false;
    }
    c->ok_acked = true;
    r->acks = 0;
}

/* Takes the next request for the target and sends '+'. Returns 1, 0 if there is none, or an error.
 */
static int next_node_request(struct debugnet_client *c, struct buf *request)
{
    int rc = answer_rsp_acks(c);
    while (rc == 0 && (rc = requests_next(&c->transport.requests, request)) == 1) {
        rc = send_rsp_ack(c, '+');
        c->ok_acked = true;
        if (rc != 0 || !buf_is(request, no_ack_mode))
            return rc != 0 ? rc : 1;
        rc = begin_node_no_ack(c);
    }
    return rc;
}

static int debugnet_client_next(struct server *server, struct buf *request, unsigned watch)
{
    struct debugnet_client *c = client_of(server);
    struct debugnet_transport *t = &c->transport;
    CHECK_OR_RETURN(client_is_sound(c));
    requests_done(&t->requests);
    for (;;) {
        int rc = debugnet_transport_take(t);
        process_rsp_acks(c);
        if (rc == 0)
            rc = next_node_request(c, request);
        if (rc == 1)
            break;
        if (rc == NETGDB_INTERRUPTED || (rc == 0 && t->finished))
            return NETGDB_CLOSED;
        if (rc != 0)
            return rc;
        if ((io_wait(t->io, IO_NEVER, IO_ON_CLIENT | watch) & watch) != 0)
            return NETGDB_AGAIN;
    }
    CHECK_OR_RETURN(t->requests.outstanding);
    c->packet = packet_find(request->data, request->len);
    return 0;
}

static int debugnet_client_poll(struct server *server)
{
    struct debugnet_transport *t = &client_of(server)->transport;
    CHECK_OR_RETURN(client_is_sound(client_of(server)));
    int rc = debugnet_transport_take(t);
    process_rsp_acks(client_of(server));
    if (rc != 0)
        return rc;
    if (t->requests.interrupt) {
        t->requests.interrupt = false;
        return NETGDB_INTERRUPTED;
    }
    return t->finished ? NETGDB_CLOSED : 0;
}

/* Sends the reply to qSupported, with a node's features added to the target's, and
 * with the longest request that a session with a node carries. */
static int reply_node_features(struct debugnet_client *c, const uint8_t *content, size_t len)
{
    struct buf list;
    char packet_size[16];
    (void)snprintf(packet_size, sizeof packet_size, "=%x", NETGDB_NODE_REQUEST_MAX);
    buf_init(&list, TARGET_REPLY_MAX + FEATURES_ADDED);
    (void)buf_add(&list, content, len);
    if (features_packet_size(content, len) > NETGDB_NODE_REQUEST_MAX)
        (void)features_set(&list, "PacketSize", packet_size);
    (void)features_set(&list, no_ack_mode, "+");
    int rc = features_set(&list, "netgdb-node", "+");
    if (rc == 0)
        rc = send_packet(c, list.data, list.len);
    buf_free(&list);
    return rc;
}

static int debugnet_client_reply(struct server *server, const uint8_t *content, size_t len,
                                 bool final)
{
    struct debugnet_client *c = client_of(server);
    bool features = final && c->packet != NULL && c->packet->id == PACKET_qSupported &&
                    (len == 0 || content[0] != 'E');
    CHECK_OR_RETURN(client_is_sound(c) && (content != NULL || len == 0));
    CHECK_OR_RETURN(!final || c->packet != NULL); /* one reply to each request */
    if (final) {
        requests_done(&c->transport.requests);
        c->packet = NULL;
    }
    return features ? reply_node_features(c, content, len) : send_packet(c, content, len);
}

static void debugnet_client_free(struct server *server)
{
    struct debugnet_client *c = client_of(server);
    debugnet_transport_free(&c->transport);
    buf_free(&c->frame);
    free(c);
}

struct server *debugnet_client_new(struct io *io, const struct debugnet_options *options,
                                   const struct log *log)
{
    static const struct server_ops ops = {debugnet_client_next, debugnet_client_poll,
                                          debugnet_client_reply, debugnet_client_free};
    struct debugnet_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->server.ops = &ops;
    debugnet_transport_init(&c->transport, io, options, log);
    buf_init(&c->frame, TARGET_REPLY_MAX + FEATURES_ADDED + 4);
    return &c->server;
}

int debugnet_client_open(struct server *server, const uint8_t *stop, size_t len)
{
    struct debugnet_client *c = client_of(server);
    int rc = debugnet_transport_send(&c->transport, WIRE_HERALD, NULL, 0);
    if (rc != 0)
        return rc;
    buf_reset(&c->frame);
    rc = rsp_frame(&c->frame, stop, len);
    if (rc == 0)
        rc = debugnet_transport_send(&c->transport, WIRE_DATA, c->frame.data, c->frame.len);
    return rc;
}

void debugnet_client_finish(struct server *server)
{
    struct debugnet_client *c = client_of(server);
    struct debugnet_transport *t = &c->transport;
    uint64_t now = io_now(t->io), linger = LINGER_MS * IO_MS;
    uint64_t until = now + t->options.tries * t->options.retry;
    bool acked = false;
    if (c->no_ack)
        return;
    while (debugnet_transport_take(t) == 0) {
        if (!acked && t->requests.acks > 0) {
            acked = true;
            until = io_now(t->io) + linger;
        }
        if ((io_wait(t->io, until, IO_ON_CLIENT | IO_ON_WAKE) & IO_ON_CLIENT) == 0)
            break;
    }
}

void debugnet_client_close(struct server *server)
{
    (void)debugnet_transport_send(&client_of(server)->transport, WIRE_FINISHED, NULL, 0);
}
