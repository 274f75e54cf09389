/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RSP server for GDB on a byte stream; see rsp_server.h. */
#include "proto/rsp/rsp_server.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"
#include "proto/target.h"

static const char no_ack_mode[] = "QStartNoAckMode";

struct rsp_server {
    struct server server;
    struct io *io;
    const struct log *log;
    struct requests requests;
    struct buf frame;            /* our last reply, with framing */
    const struct packet *packet; /* entry of the outstanding request */
    bool no_ack;                 /* no-ack mode: neither side acknowledges */
    bool awaits_ack;             /* GDB has not acknowledged our last reply */
    bool gone;                   /* GDB closed the stream, or sending failed */
    struct log_limit bad_limit, retransmission_limit, too_long_limit;
};

static struct rsp_server *server_of(struct server *s)
{
    return (struct rsp_server *)s;
}

/* As between any two calls. */
static bool server_is_sound(const struct rsp_server *s)
{
    return s->io != NULL && s->frame.error == 0 && (!s->awaits_ack || s->frame.len != 0);
}

static void log_limited(const struct rsp_server *s, struct log_limit *limit, enum log_level level,
                        const char *what)
{
    char more[LOG_MORE];
    if (log_on(s->log, level) && log_limit_allows(limit, io_now(s->io), more))
        log_at(s->log, level, "%s%s", what, more);
}

static void send_to_client(struct rsp_server *s, uint8_t *data, size_t len)
{
    const struct io_msg msg = {.data = data, .len = len};
    if (!s->gone && io_send(s->io, IO_CLIENT, &msg, 1) != 0)
        s->gone = true;
}

static void send_last_reply(struct rsp_server *s)
{
    send_to_client(s, s->frame.data, s->frame.len);
}

/* Sends '+' and '-' for received packets. Their order does not matter: GDB waits for each before it
 * sends the next packet. */
static void send_acks(struct rsp_server *s)
{
    uint8_t plus[] = "+", minus[] = "-";
    for (; s->requests.acks_due > 0; s->requests.acks_due--) {
        if (!s->no_ack)
            send_to_client(s, plus, 1);
    }
    for (; s->requests.nacks_due > 0; s->requests.nacks_due--) {
        log_limited(s, &s->bad_limit, LOG_DEBUG, "dropped a request with a wrong checksum");
        if (!s->no_ack)
            send_to_client(s, minus, 1);
    }
}

/* Handles GDB's '+' and '-' for our last reply. While the next reply is outstanding, a '-' only
 * means that GDB's timeout expired: nothing is retransmitted. */
static void take_acks(struct rsp_server *s)
{
    CHECK(server_is_sound(s));
    if (s->requests.nacks > 0 && s->awaits_ack && !s->requests.outstanding)
        send_last_reply(s);
    if (s->requests.acks > 0)
        s->awaits_ack = false;
    s->requests.acks = s->requests.nacks = 0;
}

/* Handles the bytes of one io_recv. */
static int read_client_input(struct rsp_server *s)
{
    struct io_msg msg;
    int n = s->gone ? 0 : io_recv(s->io, IO_CLIENT, &msg, 1);
    if (n > 0) {
        unsigned long repeats = s->requests.retransmissions;
        requests_feed(&s->requests, msg.data, msg.len);
        take_acks(s);
        send_acks(s);
        if (s->requests.retransmissions != repeats)
            log_limited(s, &s->retransmission_limit, LOG_DEBUG, "swallowed a repeated request");
    }
    if (n == NETGDB_CLOSED)
        s->gone = true;
    return n < 0 && n != NETGDB_CLOSED ? n : 0;
}

/* Replies that may have long runs: memory of zeros, registers without values. GDB handles each byte
 * that it receives on its own, so that a run costs it less. */
static bool is_data(const struct packet *packet)
{
    return packet->id == PACKET_m || packet->id == PACKET_x || packet->id == PACKET_g;
}

/* Frames and sends a reply, and keeps it for a '-'. */
static int send_reply(struct rsp_server *s, const uint8_t *content, size_t len, bool runs)
{
    CHECK_OR_RETURN(!s->requests.outstanding || s->packet != NULL);
    buf_reset(&s->frame);
    int rc = (runs ? rsp_frame_runs : rsp_frame)(&s->frame, content, len);
    if (rc != 0)
        return rc;
    CHECK_OR_RETURN(s->frame.len >= 4); /* the framing */
    s->awaits_ack = !s->no_ack;
    send_last_reply(s);
    return 0;
}

/* Refuses the requests that were dropped. */
static int refuse_too_long(struct rsp_server *s)
{
    int rc = 0;
    for (; rc == 0 && s->requests.too_long > 0; s->requests.too_long--) {
        log_limited(s, &s->too_long_limit, LOG_WARN,
                    s->requests.drop_error == NETGDB_NOMEM ? "dropped a request: out of memory"
                                                           : "dropped a request that is too long");
        rc = send_reply(s, (const uint8_t *)"E07", 3, false);
    }
    return rc;
}

static int begin_client_no_ack(struct rsp_server *s)
{
    CHECK_OR_RETURN(s->requests.outstanding);
    requests_done(&s->requests);
    int rc = send_reply(s, (const uint8_t *)"OK", 2, false); /* GDB still acknowledges this one */
    s->no_ack = true;
    return rc;
}

static void end_request(struct rsp_server *s)
{
    io_keepalive(s->io, false);
    requests_done(&s->requests);
}

/* Takes the next request for the target. Returns 1, 0 if there is none, or an error. */
static int next_client_request(struct rsp_server *s, struct buf *request)
{
    int rc = refuse_too_long(s);
    while (rc == 0 && (rc = requests_next(&s->requests, request)) == 1) {
        if (!buf_is(request, no_ack_mode))
            return 1;
        rc = begin_client_no_ack(s);
    }
    return rc;
}

static int rsp_server_next(struct server *server, struct buf *request, unsigned watch)
{
    struct rsp_server *s = server_of(server);
    CHECK_OR_RETURN(server_is_sound(s));
    end_request(s);
    for (;;) {
        int rc = read_client_input(s);
        if (rc == 0)
            rc = next_client_request(s, request);
        if (rc < 0)
            return rc;
        if (rc == 1)
            break;
        if (s->gone)
            return NETGDB_CLOSED;
        if ((io_wait(s->io, IO_NEVER, IO_ON_CLIENT | watch) & watch) != 0)
            return NETGDB_AGAIN;
    }
    CHECK_OR_RETURN(s->requests.outstanding);
    s->packet = packet_find(request->data, request->len);
    CHECK_OR_RETURN(s->packet != NULL);
    io_keepalive(s->io, (s->packet->effects & PKT_RESUMES) == 0);
    return 0;
}

static int rsp_server_poll(struct server *server)
{
    struct rsp_server *s = server_of(server);
    CHECK_OR_RETURN(server_is_sound(s));
    int rc = read_client_input(s);
    if (rc != 0)
        return rc;
    if (s->requests.interrupt) {
        s->requests.interrupt = false;
        return NETGDB_INTERRUPTED;
    }
    return s->gone ? NETGDB_CLOSED : 0;
}

/* Sends the reply to qSupported with an offer of no-ack mode, whether or not the target has one. */
static int reply_server_features(struct rsp_server *s, const uint8_t *content, size_t len)
{
    struct buf list;
    buf_init(&list, TARGET_REPLY_MAX + sizeof no_ack_mode + 1);
    (void)buf_add(&list, content, len);
    int rc = features_set(&list, no_ack_mode, "+");
    if (rc == 0)
        rc = send_reply(s, list.data, list.len, false);
    buf_free(&list);
    return rc;
}

static int rsp_server_reply(struct server *server, const uint8_t *content, size_t len, bool final)
{
    struct rsp_server *s = server_of(server);
    const struct packet *packet = final ? s->packet : NULL;
    CHECK_OR_RETURN(content != NULL || len == 0);
    CHECK_OR_RETURN(!final || packet != NULL); /* one reply to each request */
    if (final) {
        end_request(s);
        s->packet = NULL;
    }
    bool error = len != 0 && content[0] == 'E';
    if (packet != NULL && packet->id == PACKET_qSupported && !error)
        return reply_server_features(s, content, len);
    return send_reply(s, content, len, packet != NULL && is_data(packet) && len != 0);
}

bool rsp_server_has_request(struct server *server)
{
    return requests_has_pending(&server_of(server)->requests);
}

static void rsp_server_free(struct server *server)
{
    struct rsp_server *s = server_of(server);
    CHECK(server_is_sound(s));
    io_keepalive(s->io, false);
    requests_free(&s->requests);
    buf_free(&s->frame);
    free(s);
}

struct server *rsp_server_new(struct io *io, const struct log *log)
{
    static const struct server_ops ops = {rsp_server_next, rsp_server_poll, rsp_server_reply,
                                          rsp_server_free};
    struct rsp_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->server.ops = &ops;
    s->io = io;
    s->log = log;
    requests_init(&s->requests);
    buf_init(&s->frame, TARGET_REPLY_MAX + sizeof no_ack_mode + 8);
    return &s->server;
}
