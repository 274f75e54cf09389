/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays a capture to a recorder; see from_capture.h. */
#include "record/from_capture.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/capture/pcapng_read.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"

/* The target at the end of the chain: it replies what was captured. */
struct playback {
    struct target target; /* first */
    struct buf reply;     /* the packet that is next */
    bool final;
    bool abandoned; /* there is none */
};

/* A session that is being played. */
struct player {
    struct target *chain; /* the recorder's decorators, and the playback */
    struct playback *playback;
    struct buf bytes, received; /* of the outstanding request; what the chain returns */
    struct request request;
    bool outstanding, sent, chosen;
    uint32_t client;
    struct from_capture *what;
};

static int playback_send(struct target *t, const struct request *r)
{
    (void)t;
    (void)r;
    return 0;
}

static int playback_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct playback *p = (struct playback *)t;
    (void)watch;
    if (p->abandoned)
        return NETGDB_TOO_LONG; /* ends this request, and not the session */
    *final = p->final;
    return buf_set(reply, p->reply.data, p->reply.len);
}

static size_t playback_max_request(struct target *t)
{
    (void)t;
    return REQUEST_MAX;
}

static void playback_free(struct target *t)
{
    buf_free(&((struct playback *)t)->reply);
    free(t);
}

static struct playback *playback_new(void)
{
    static const struct target_ops ops = {.send = playback_send,
                                          .recv = playback_recv,
                                          .max_request = playback_max_request,
                                          .free = playback_free};
    struct playback *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->target.ops = &ops;
    buf_init(&p->reply, TARGET_REPLY_MAX);
    return p;
}

/* ---- packets ---- */

/* Console output, `O` and hexadecimal digits, precedes the reply. */
static bool is_output(const struct buf *content)
{
    return content->len > 2 && content->data[0] == 'O' && isxdigit(content->data[1]) != 0;
}

/* A request whose output was captured, and no reply: the chain waits for that. */
static int abandon_request(struct player *p)
{
    bool final, waits = p->outstanding && p->sent;
    p->outstanding = p->sent = false;
    if (!waits)
        return 0;
    p->playback->abandoned = true;
    int rc = target_recv(p->chain, &p->received, &final, 0);
    p->playback->abandoned = false;
    return rc == NETGDB_TOO_LONG ? 0 : rc;
}

static int take_captured_request(struct player *p, const struct buf *content)
{
    int rc = abandon_request(p);
    if (rc != 0 || content->len == 0)
        return rc;
    rc = buf_set(&p->bytes, content->data, content->len);
    if (rc != 0)
        return rc;
    request_parse(&p->request, p->bytes.data, p->bytes.len);
    p->outstanding = packet_has_reply(p->request.packet);
    return 0;
}

static int take_reply(struct player *p, const struct buf *content)
{
    bool final = !is_output(content);
    if (!p->outstanding)
        return 0;
    int rc = p->sent ? 0 : target_send(p->chain, &p->request);
    p->sent = true;
    p->playback->final = final;
    if (rc == 0)
        rc = buf_set(&p->playback->reply, content->data, content->len);
    if (rc == 0)
        rc = target_recv(p->chain, &p->received, &final, 0);
    if (!final || rc != 0)
        return rc;
    p->outstanding = false;
    p->what->requests++;
    p->what->stops += (p->request.packet->effects & PKT_RESUMES) != 0;
    return 0;
}

/* One packet of the client, or to it. A damaged one is left out, and the reply to it. */
static int take_captured_packet(struct player *p, const struct pcapng_rsp *rsp)
{
    struct rsp_parser parser;
    const uint8_t *at = rsp->data;
    size_t left = rsp->len;
    int rc = 0;
    if (p->chosen && rsp->client != p->client) {
        p->what->other_clients = true;
        return 0;
    }
    p->chosen = true;
    p->client = rsp->client;
    rsp_parser_init(&parser, rsp->inbound ? RSP_FROM_GDB : RSP_FROM_STUB, TARGET_REPLY_MAX);
    if (rsp_parse(&parser, &at, &left) == RSP_PACKET)
        rc = rsp->inbound ? take_captured_request(p, &parser.content)
                          : take_reply(p, &parser.content);
    else if (rsp->inbound && memchr(rsp->data, '$', rsp->len) != NULL)
        rc = abandon_request(p);
    rsp_parser_free(&parser);
    return rc;
}

static int play(struct player *p, const uint8_t *file, size_t len)
{
    struct pcapng_reader reader;
    struct pcapng_record packet;
    struct pcapng_rsp rsp;
    int rc;
    pcapng_read(&reader, file, len);
    while ((rc = pcapng_next(&reader, &packet)) == 1) {
        if (pcapng_is_rsp(&packet, &rsp))
            rc = take_captured_packet(p, &rsp);
        if (rc < 0)
            break;
    }
    return rc;
}

/* ---- the recording ---- */

/* The playback, with the decorators of a recorder in front of it; NULL: no memory. */
static struct target *make_chain(struct player *p, struct recorder *recorder)
{
    p->playback = playback_new();
    if (p->playback == NULL)
        return NULL;
    struct target *memory = recorder_memory_new(&p->playback->target, recorder);
    if (memory == NULL) {
        target_free(&p->playback->target);
        return NULL;
    }
    struct target *exchanges = recorder_exchanges_new(memory, recorder);
    if (exchanges == NULL)
        target_free(memory);
    return exchanges;
}

static int record(struct recorder *recorder, const uint8_t *file, size_t len,
                  struct from_capture *what)
{
    struct player p = {.what = what};
    recorder_recording(recorder)->limit = FROM_CAPTURE_MEMORY;
    buf_init(&p.bytes, REQUEST_MAX);
    buf_init(&p.received, TARGET_REPLY_MAX);
    p.chain = make_chain(&p, recorder);
    int rc = p.chain != NULL ? play(&p, file, len) : NETGDB_NOMEM;
    target_free(p.chain);
    buf_free(&p.bytes);
    buf_free(&p.received);
    return rc;
}

static const char *capture_trouble(int rc, const struct from_capture *what)
{
    if (rc == NETGDB_PROTO)
        return "it is not a pcapng file";
    if (rc != 0)
        return netgdb_strerror(rc);
    return what->requests == 0
               ? "it has no RSP packets of a client: only captures that netgdb made "
                 "beside the debugger have them"
               : NULL;
}

struct recording *from_capture(const uint8_t *file, size_t len, struct from_capture *what,
                               const struct log *log, char why[RECORDING_WHY_MAX])
{
    struct recorder *recorder = recorder_new(log);
    struct recording *recording = NULL;
    *what = (struct from_capture){.stops = 1};
    int rc = recorder != NULL ? record(recorder, file, len, what) : NETGDB_NOMEM;
    const char *text = capture_trouble(rc, what);
    if (text == NULL && (recording = recorder_take(recorder)) == NULL)
        text = netgdb_strerror(NETGDB_NOMEM);
    if (text != NULL)
        (void)snprintf(why, RECORDING_WHY_MAX, "%s", text);
    recorder_free(recorder);
    return recording;
}
