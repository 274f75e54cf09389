/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub on a byte stream; see stream_target.h. */
#include "proto/rsp/stream_target.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"

enum {
    RETRIES_MAX = 16,               /* retransmissions of one packet, requested by either side */
    RAW_MAX = 2 * TARGET_REPLY_MAX, /* bytes of one packet before run-lengths are expanded */
};

/* Silence of a stub that has never sent a byte: see stream_target_give_up. */
#define NO_REPLY_WARN (3 * IO_SECOND)

static const char no_ack_mode[] = "QStartNoAckMode";

struct stream_target {
    struct target target;
    struct io *io;
    const struct log *log;
    struct rsp_parser parser;
    const uint8_t *at; /* received bytes that are not parsed yet */
    size_t left;
    struct buf frame;            /* the request, with framing */
    const struct packet *packet; /* its entry */
    bool outstanding, no_ack;
    bool choosing;        /* the outstanding request is ours, for no-ack mode … */
    struct buf features;  /* … and this is the reply to qSupported */
    bool give_up_enabled; /* see stream_target_give_up */
    bool no_interrupt;    /* see stream_target_no_interrupt */
    bool heard;           /* the stub has sent a byte */
    bool warned;          /* that it has sent none */
    uint64_t asked;       /* time of the first request */
    uint64_t last;        /* time of the last request, or of bytes received since */
    unsigned retries;
    size_t max_request;
    int error; /* not 0: permanent, returned by every call */
};

static struct stream_target *stream_of(struct target *t)
{
    return (struct stream_target *)t;
}

/* As between any two calls. The request for no-ack mode is ours, and keeps the reply before it. */
static bool stream_is_sound(const struct stream_target *s)
{
    return s->io != NULL && (!s->outstanding || s->packet != NULL) &&
           (!s->choosing || s->outstanding) && (s->at != NULL || s->left == 0) &&
           s->max_request <= REQUEST_MAX && s->retries <= RETRIES_MAX + 1;
}

static int send_to_stub(struct stream_target *s, uint8_t *data, size_t len)
{
    CHECK_OR_RETURN(len != 0);
    const struct io_msg msg = {.data = data, .len = len};
    int rc = io_send(s->io, IO_TARGET, &msg, 1);
    return rc == 0 ? 0 : (s->error = rc);
}

/* Sends '+' or '-', unless in no-ack mode. */
static int acknowledge_packet(struct stream_target *s, uint8_t sign)
{
    return s->no_ack ? 0 : send_to_stub(s, &sign, 1);
}

/* Counts one more retransmission of the same packet. */
static int retry(struct stream_target *s)
{
    return ++s->retries <= RETRIES_MAX ? 0 : (s->error = NETGDB_PROTO);
}

/* Handles a damaged packet. Returns 1 if it is accepted all the same, 0 if dropped, or an error. */
static int take_bad(struct stream_target *s)
{
    if (s->parser.content.error != 0)
        return s->error = s->parser.content.error;
    if (s->parser.notification)
        return 0;
    if (s->no_ack)
        return s->parser.bad ? (s->error = NETGDB_PROTO) : 1;
    int rc = retry(s);
    return rc != 0 ? rc : acknowledge_packet(s, '-');
}

/* Handles '-': the request was damaged. */
static int take_nack(struct stream_target *s)
{
    if (s->no_ack || !s->outstanding)
        return 0;
    CHECK_OR_RETURN(s->frame.len != 0 && s->packet != NULL);
    int rc = retry(s);
    return rc != 0 ? rc : send_to_stub(s, s->frame.data, s->frame.len);
}

/* Returns 1 for a packet in parser.content, 0 to continue, or an error. */
static int take_stream_event(struct stream_target *s, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
        /* Ignore errors: a stub may exit right after its reply. */
        (void)acknowledge_packet(s, '+');
        return 1;
    case RSP_BAD:
        return take_bad(s);
    case RSP_NACK:
        return take_nack(s);
    case RSP_NOTIFICATION:
        log_debug(s->log, "dropped a notification of the stub");
        return 0;
    default:
        return 0;
    }
}

/* Whether the packet being read exceeds the limits. */
static bool is_endless(const struct stream_target *s)
{
    return s->parser.state == RSP_BODY && (s->parser.content.error != 0 || s->parser.raw > RAW_MAX);
}

/* Parses received bytes up to a packet. Returns as take_event does. */
static int parse_received(struct stream_target *s)
{
    while (s->error == 0 && s->left > 0) {
        int rc = take_stream_event(s, rsp_parse(&s->parser, &s->at, &s->left));
        if (rc != 0)
            return rc;
    }
    if (s->error == 0 && is_endless(s))
        s->error = NETGDB_TOO_LONG;
    return s->error;
}

/* Receives more bytes once all are parsed. Returns 1, 0 if there are none now, or an error. */
static int receive_bytes(struct stream_target *s)
{
    struct io_msg msg;
    CHECK_OR_RETURN(s->left == 0); /* they lie in the io's buffer */
    int n = io_recv(s->io, IO_TARGET, &msg, 1);
    if (n < 0)
        return s->error = n;
    if (n > 0) {
        s->heard = true;
        s->last = io_now(s->io);
        s->at = msg.data;
        s->left = msg.len;
    }
    return n;
}

/* Returns when to check a stub that has sent no byte; IO_NEVER for any other. */
static uint64_t no_reply_deadline(const struct stream_target *s)
{
    return s->heard || !s->give_up_enabled
               ? IO_NEVER
               : s->asked + (s->warned ? TARGET_PATIENCE : NO_REPLY_WARN);
}

/* Warns, or ends the wait with an error. */
static int check_no_reply(struct stream_target *s)
{
    CHECK_OR_RETURN(!s->heard && s->give_up_enabled);
    if (s->warned)
        return s->error = NETGDB_LOST;
    s->warned = true;
    log_warn(s->log, "connected, but no stub answers (another debugger may have it): still asking");
    return 0;
}

/* Returns when a wait that nothing else can end is given up. */
static uint64_t patience_deadline(const struct stream_target *s, unsigned watch)
{
    CHECK(s->packet != NULL);
    bool runs = (s->packet->effects & PKT_RESUMES) != 0;
    return s->heard && watch == 0 && !runs ? s->last + TARGET_PATIENCE : IO_NEVER;
}

/* Waits for a packet. Returns 0 (parser.content), NETGDB_AGAIN, or an error. */
static int await_packet(struct stream_target *s, unsigned watch)
{
    for (;;) {
        int rc = parse_received(s);
        if (rc != 0)
            return rc == 1 ? 0 : rc;
        rc = receive_bytes(s);
        if (rc < 0)
            return rc;
        if (rc > 0)
            continue;
        uint64_t first = no_reply_deadline(s), later = patience_deadline(s, watch);
        unsigned why = io_wait(s->io, first < later ? first : later, IO_ON_TARGET | watch);
        if ((why & IO_ON_TARGET) == 0 && (why & watch) != 0)
            return NETGDB_AGAIN;
        if (why == 0 && (rc = first < later ? check_no_reply(s) : (s->error = NETGDB_LOST)) != 0)
            return rc;
    }
}

/* Drops everything received between requests. */
static int stream_target_idle(struct target *t)
{
    struct stream_target *s = stream_of(t);
    int rc;
    CHECK_OR_RETURN(stream_is_sound(s));
    do {
        while ((rc = parse_received(s)) == 1)
            log_debug(s->log, "dropped a packet that answers nothing");
        if (rc == 0)
            rc = receive_bytes(s);
    } while (rc > 0);
    return rc;
}

static int stream_target_send(struct target *t, const struct request *r)
{
    struct stream_target *s = stream_of(t);
    CHECK_OR_RETURN(stream_is_sound(s) && r->packet != NULL);
    if (s->error != 0)
        return s->error;
    CHECK_OR_RETURN(!s->outstanding || !packet_has_reply(s->packet)); /* one request at a time */
    if (r->len > s->max_request)
        return NETGDB_TOO_LONG;
    int rc = stream_target_idle(t);
    if (rc != 0)
        return rc;
    buf_reset(&s->frame);
    if (rsp_frame(&s->frame, r->data, r->len) != 0)
        return s->frame.error;
    s->packet = r->packet;
    s->last = io_now(s->io);
    if (s->asked == 0)
        s->asked = s->last;
    s->outstanding = true;
    s->retries = 0;
    return send_to_stub(s, s->frame.data, s->frame.len);
}

/* Whether the packet is console output: 'O' and hexadecimal digits, in reply to a request that may
 * print (GDB manual, "Stop Reply Packets" and qRcmd). */
static bool is_stub_output(const struct packet *request, const struct buf *content)
{
    if (content->len == 0 || content->data[0] != 'O' || content->len % 2 == 0)
        return false;
    for (size_t i = 1; i < content->len; i += 2) {
        if (rsp_hex_byte(content->data + i) < 0)
            return false;
    }
    return (request->effects & PKT_RESUMES) != 0 || request->id == PACKET_qRcmd ||
           request->id == PACKET_vRun || request->id == PACKET_vAttach;
}

/* Requests no-ack mode. The stub still acknowledges this request, and we its OK. */
static int choose_no_ack(struct stream_target *s, const struct buf *features)
{
    const struct request no_ack = request_of(no_ack_mode);
    int rc = buf_set(&s->features, features->data, features->len);
    if (rc == 0)
        rc = stream_target_send(&s->target, &no_ack);
    s->choosing = rc == 0;
    return rc;
}

/* Waits for the answer. The reply is then that to qSupported. */
static int await_no_ack(struct stream_target *s, struct buf *reply, unsigned watch)
{
    CHECK_OR_RETURN(s->choosing && stream_is_sound(s));
    int rc = await_packet(s, watch);
    if (rc == NETGDB_AGAIN)
        return rc;
    s->choosing = s->outstanding = false;
    s->no_ack = rc == 0 && buf_is(&s->parser.content, "OK");
    return rc == 0 ? buf_set(reply, s->features.data, s->features.len) : rc;
}

/* Reads the stub's features. Removes non-stop mode, because notifications are dropped: GDB then
 * reports that it is unsupported, rather than wait for a stop forever. */
static int learn_stub_features(struct stream_target *s, struct buf *reply)
{
    int rc = features_set(reply, "QNonStop", NULL);
    if (rc != 0)
        return rc;
    CHECK_OR_RETURN(!s->outstanding && !s->choosing);
    uint64_t size = features_packet_size(reply->data, reply->len);
    if (size != 0)
        s->max_request = size < REQUEST_MAX ? (size_t)size : REQUEST_MAX;
    if (s->no_ack || !features_has(reply->data, reply->len, no_ack_mode))
        return 0;
    return choose_no_ack(s, reply);
}

static int stream_target_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct stream_target *s = stream_of(t);
    CHECK_OR_RETURN(s->outstanding && stream_is_sound(s));
    *final = true;
    if (s->choosing)
        return await_no_ack(s, reply, watch);
    int rc = await_packet(s, watch);
    if (rc == 0)
        rc = buf_set(reply, s->parser.content.data, s->parser.content.len);
    if (rc != 0)
        return rc;
    *final = !is_stub_output(s->packet, reply);
    if (!*final)
        return 0;
    s->outstanding = false;
    if (s->packet->id == PACKET_QStartNoAckMode && buf_is(reply, "OK"))
        s->no_ack = true;
    if (s->packet->id == PACKET_qSupported)
        rc = learn_stub_features(s, reply);
    return rc == 0 && s->choosing ? await_no_ack(s, reply, watch) : rc;
}

static int stream_target_interrupt(struct target *t)
{
    uint8_t ctrl_c = 0x03;
    if (stream_of(t)->no_interrupt)
        return NETGDB_UNSUPPORTED;
    return send_to_stub(stream_of(t), &ctrl_c, 1);
}

static size_t stream_target_max_request(struct target *t)
{
    return stream_of(t)->max_request;
}

static void stream_target_free(struct target *t)
{
    struct stream_target *s = stream_of(t);
    CHECK(stream_is_sound(s));
    rsp_parser_free(&s->parser);
    buf_free(&s->frame);
    buf_free(&s->features);
    free(s);
}

void stream_target_no_interrupt(struct target *t)
{
    stream_of(t)->no_interrupt = true;
}

void stream_target_give_up(struct target *t)
{
    stream_of(t)->give_up_enabled = true;
}

struct target *stream_target_new(struct io *io, const struct log *log)
{
    static const struct target_ops ops = {.send = stream_target_send,
                                          .recv = stream_target_recv,
                                          .interrupt = stream_target_interrupt,
                                          .idle = stream_target_idle,
                                          .leave = target_transact,
                                          .max_request = stream_target_max_request,
                                          .free = stream_target_free};
    struct stream_target *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->target.ops = &ops;
    s->io = io;
    s->log = log;
    s->max_request = REQUEST_MAX;
    rsp_parser_init(&s->parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    buf_init(&s->frame, REQUEST_MAX + 4);
    buf_init(&s->features, TARGET_REPLY_MAX);
    return &s->target;
}
