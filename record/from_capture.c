/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays a capture to a recorder; see from_capture.h. */
#include "record/from_capture.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/capture/pcapng_read.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"
#include "record/from_wire.h"

/* The target at the end of the chain: it replies what was captured. */
struct playback {
    struct target target; /* first */
    struct buf reply;     /* the packet that is next */
    bool final;
    bool abandoned;                 /* there is none */
    const struct request *captured; /* the request that it answers */
    bool unasked; /* the recorder's own request is outstanding: it was not captured */
};

/* A session that is being played. */
struct player {
    struct target *chain; /* the recorder's decorators, and the playback */
    struct playback *playback;
    struct buf bytes, received; /* of the outstanding request; what the chain returns */
    struct request request;
    bool outstanding, sent, chosen;
    uint32_t client;
    unsigned long seen, played_to; /* requests; what comes later is left out */
    bool stale;                    /* what was recorded may not hold any more */
    struct recorder *recorder;
    const struct log *log;
    struct from_capture *what;
};

static int playback_send(struct target *t, const struct request *r)
{
    struct playback *p = (struct playback *)t;
    p->unasked = r != p->captured;
    return 0;
}

static int playback_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct playback *p = (struct playback *)t;
    (void)watch;
    if (p->abandoned)
        return NETGDB_TOO_LONG; /* ends this request, and not the session */
    *final = p->final || p->unasked;
    buf_reset(reply);
    return p->unasked ? 0 : buf_set(reply, p->reply.data, p->reply.len);
}

static void playback_free(struct target *t)
{
    buf_free(&((struct playback *)t)->reply);
    free(t);
}

static struct playback *playback_new(void)
{
    static const struct target_ops ops = {
        .send = playback_send, .recv = playback_recv, .free = playback_free};
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
    p->playback->captured = &p->request;
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

/* Begins an empty recording. */
static int begin_recording(struct player *p)
{
    target_free(p->chain);
    recorder_free(p->recorder);
    p->chain = NULL;
    p->outstanding = p->sent = p->stale = false;
    p->recorder = recorder_new(p->log);
    if (p->recorder == NULL)
        return NETGDB_NOMEM;
    recorder_recording(p->recorder)->limit = FROM_CAPTURE_MEMORY;
    p->chain = make_chain(p, p->recorder);
    return p->chain != NULL ? 0 : NETGDB_NOMEM;
}

/* ---- a capture of datagrams alone ---- */

static int on_wire_packet(void *context, bool request, const struct buf *bytes)
{
    struct player *p = context;
    int rc = 0;
    p->seen += request;
    if (p->seen > p->played_to)
        return 0;
    if (request && p->stale) { /* keeps only what has been read since then */
        p->what->left_out += p->what->requests;
        p->what->requests = 0;
        p->what->stops = 1;
        rc = begin_recording(p);
    }
    const struct pcapng_rsp rsp = {.inbound = request, .data = bytes->data, .len = bytes->len};
    return rc == 0 ? take_captured_packet(p, &rsp) : rc;
}

/* Returns the entry of the request in a packet with its framing; NULL if there is none. */
static const struct packet *request_in(const struct buf *bytes)
{
    struct rsp_parser parser;
    const struct packet *found = NULL;
    const uint8_t *at = bytes->data;
    size_t left = bytes->len;
    enum rsp_event event;
    rsp_parser_init(&parser, RSP_FROM_GDB, REQUEST_MAX);
    while ((event = rsp_parse(&parser, &at, &left)) == RSP_ACK)
        continue;
    if (event == RSP_PACKET)
        found = packet_find(parser.content.data, parser.content.len);
    rsp_parser_free(&parser);
    return found;
}

/* Only a request that reads has certainly changed nothing. */
static int on_wire_doubt(void *context, const struct buf *bytes)
{
    struct player *p = context;
    if (++p->seen > p->played_to)
        return 0;
    const struct packet *packet = request_in(bytes);
    p->stale |= packet == NULL || packet->effects != PKT_READS;
    p->what->left_out += packet == NULL || packet_has_reply(packet);
    return 0;
}

static int on_wire_gap(void *context)
{
    ((struct player *)context)->stale = true;
    return 0;
}

/* ---- its end ---- */

/* The last requests of a session that read memory or registers, and that resumed the target. */
struct survey {
    unsigned long seen, look, resume;
};

static int survey_packet(void *context, bool request, const struct buf *bytes)
{
    struct survey *s = context;
    s->seen += request;
    const struct packet *packet = request ? request_in(bytes) : NULL;
    if (packet == NULL)
        return 0;
    if (packet->id == PACKET_m || packet->id == PACKET_x || packet->id == PACKET_g)
        s->look = s->seen;
    if ((packet->effects & PKT_RESUMES) != 0)
        s->resume = s->seen;
    return 0;
}

static int survey_doubt(void *context, const struct buf *bytes)
{
    return survey_packet(context, true, bytes);
}

static int survey_gap(void *context)
{
    (void)context;
    return 0;
}

/* A detach lets a kernel step over a breakpoint first. This last resume is not played: its stop
 * would replace the one that the client has examined. */
static int find_end(struct player *p, struct from_wire *w, unsigned n)
{
    struct survey s = {0};
    const struct wire_events events = {&s, survey_packet, survey_doubt, survey_gap};
    int rc = from_wire_exchanges(w, n, &events);
    p->played_to = s.resume > s.look && s.look != 0 ? s.look : ULONG_MAX;
    p->seen = 0;
    return rc;
}

static int gather_datagrams(struct from_wire *w, const uint8_t *file, size_t len)
{
    struct pcapng_reader reader;
    struct pcapng_record packet;
    struct udp_datagram datagram;
    int rc;
    pcapng_read(&reader, file, len);
    while ((rc = pcapng_next(&reader, &packet)) == 1) {
        if (udp_in_packet(&packet, &datagram))
            rc = from_wire_add(w, &datagram);
        if (rc < 0)
            break;
    }
    return rc;
}

/* Plays the last session that has exchanges. */
static int play_wire(struct player *p, const uint8_t *file, size_t len)
{
    const struct wire_events events = {p, on_wire_packet, on_wire_doubt, on_wire_gap};
    struct from_wire *w = from_wire_new();
    if (w == NULL)
        return NETGDB_NOMEM;
    int rc = gather_datagrams(w, file, len);
    for (unsigned i = from_wire_sessions(w); rc == 0 && i-- > 0 && p->what->requests == 0;) {
        *p->what = (struct from_capture){.stops = 1, .from_wire = true};
        rc = begin_recording(p);
        if (rc == 0)
            rc = find_end(p, w, i);
        if (rc == 0)
            rc = from_wire_exchanges(w, i, &events);
    }
    p->what->other_clients = from_wire_sessions(w) > 1;
    from_wire_free(w);
    return rc;
}

/* ---- any capture ---- */

static int record(struct player *p, const uint8_t *file, size_t len)
{
    buf_init(&p->bytes, REQUEST_MAX);
    buf_init(&p->received, TARGET_REPLY_MAX);
    int rc = begin_recording(p);
    if (rc == 0)
        rc = play(p, file, len);
    if (rc == 0 && p->what->requests == 0)
        rc = play_wire(p, file, len);
    target_free(p->chain);
    buf_free(&p->bytes);
    buf_free(&p->received);
    return rc;
}

static const char *capture_trouble(int rc, const struct from_capture *what)
{
    if (rc == NETGDB_PROTO)
        return "it is not a pcapng or pcap file";
    if (rc == NETGDB_TOO_LONG)
        return "it has too many datagrams: cut the session out with editcap";
    if (rc != 0)
        return netgdb_strerror(rc);
    return what->requests == 0
               ? "it has no RSP packets of a client, and no debugnet session with a reply"
               : NULL;
}

struct recording *from_capture(const uint8_t *file, size_t len, struct from_capture *what,
                               const struct log *log, char why[RECORDING_WHY_MAX])
{
    struct player p = {.what = what, .log = log};
    struct recording *recording = NULL;
    *what = (struct from_capture){.stops = 1};
    int rc = record(&p, file, len);
    what->old_registers = rc == 0 && recorder_has_old_registers(p.recorder);
    const char *text = capture_trouble(rc, what);
    if (text == NULL && (recording = recorder_take(p.recorder)) == NULL)
        text = netgdb_strerror(NETGDB_NOMEM);
    if (text != NULL)
        (void)snprintf(why, RECORDING_WHY_MAX, "%s", text);
    recorder_free(p.recorder);
    return recording;
}
