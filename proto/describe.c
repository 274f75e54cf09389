/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target description of a kernel; see describe.h. */
#include "proto/describe.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/features.h"
#include "proto/packets.h"
#include "proto/rsp.h"

/* How to start a gdb that lacks FreeBSD's OS ABI. */
#define HOW                                                                                        \
    "start it as \"netgdb run gdb FILE\", or type \"set osabi none\" before the file is loaded"

#define FEATURES "qXfer:features:read"
#define DOCUMENT "target.xml"

enum { DOCUMENT_MAX = 16 * 1024, VALUE_MAX = 16 };

struct describe {
    struct target base;
    struct describe_config config;
    struct buf xml;
    enum { HAND_ON, SUPPORTED, LOCAL, STOP, CUT } request; /* what the outstanding request is */
    struct buf reply; /* to a LOCAL one, and to one of our own */
    bool asked;       /* the client knows of the stop, and … */
    bool settled;  /* … has read memory since, or the target has failed: it took the registers */
    bool has_file; /* it has asked qOffsets */
    bool warned;   /* of addresses that are cut */
    uint64_t address; /* of a CUT read */
};

static struct describe *of(struct target *t)
{
    return (struct describe *)t;
}

/* Whether this client may be one that rejects the kernel's registers. */
static bool is_watched(const struct describe *d)
{
    uint16_t machine = d->config.description->elf_machine;
    return d->config.osabi_missing && (machine == EM_X86_64 || machine == EM_386);
}

/* A read of target.xml: nothing in the document needs an escape. */
static void answer_document(struct describe *d, const struct request *r)
{
    (void)buf_sets(&d->reply, "E00");
    if (r->numbers < 2 || r->rest_len != sizeof DOCUMENT - 1 ||
        memcmp(r->rest, DOCUMENT, r->rest_len) != 0 || r->address > d->xml.len)
        return;
    size_t left = d->xml.len - (size_t)r->address;
    (void)buf_sets(&d->reply, r->length >= left ? "l" : "m");
    (void)buf_add(&d->reply, d->xml.data + r->address,
                  r->length >= left ? left : (size_t)r->length);
}

/*
 * Whether a read is in the upper half of 32 bits, where an amd64 kernel's own addresses are when
 * they are cut: `symbol-file` leaves such a gdb with the right registers and 32-bit pointers.
 */
static bool may_be_cut(const struct describe *d, const struct request *r)
{
    return is_watched(d) && d->has_file && !d->warned && d->config.description->is64 &&
           r->numbers != 0 && r->address <= UINT32_MAX && r->address > INT32_MAX;
}

static int describe_send(struct target *t, const struct request *r)
{
    struct describe *d = of(t);
    const struct packet *packet = r->packet;
    d->request = HAND_ON;
    d->settled |= packet->id == PACKET_m || packet->id == PACKET_x ||
                  (packet->does & (PKT_RESUMES | PKT_LEAVES)) != 0;
    if (d->config.offer && packet->id == PACKET_qXfer_features) {
        d->request = LOCAL;
        answer_document(d, r);
        return 0;
    }
    if (d->config.offer && packet->id == PACKET_qSupported)
        d->request = SUPPORTED;
    if (is_watched(d) && packet->id == PACKET_stop_reason)
        d->request = STOP;
    if (packet->id == PACKET_m && may_be_cut(d, r))
        d->request = CUT;
    d->address = r->address;
    d->has_file |= packet->id == PACKET_qOffsets;
    return target_next_send(t, r);
}

static bool is_value(const struct buf *reply, size_t digits)
{
    for (size_t i = 0; i + 1 < reply->len; i += 2) {
        if (rsp_hex_byte(reply->data + i) < 0)
            return false;
    }
    return reply->len == digits;
}

/* Puts the program counter into the reply to `?`, where the stub leaves it out. */
static int add_pc(struct describe *d, struct buf *reply)
{
    const struct description *about = d->config.description;
    char request[VALUE_MAX], stop[] = "Txx";
    d->asked = true;
    if (reply->len < 3 || !buf_starts(reply, "T") || memchr(reply->data, ':', reply->len) == NULL)
        return 0;
    memcpy(stop, reply->data, 3);
    (void)snprintf(request, sizeof request, "p%x", about->pc);
    int rc = target_ask(d->base.next, request, &d->reply);
    if (rc != 0 || !is_value(&d->reply, about->is64 ? 16 : 8))
        return rc;
    struct buf longer;
    buf_init(&longer, TARGET_REPLY_MAX);
    (void)buf_printf(&longer, "%s%x:%.*s;", stop, about->pc, (int)d->reply.len,
                     (const char *)d->reply.data);
    rc = buf_add(&longer, reply->data + 3, reply->len - 3);
    if (rc == 0)
        rc = buf_set(reply, longer.data, longer.len);
    buf_free(&longer);
    return rc;
}

/* Says so when the read failed and what it is cut from can be read. */
static int check_cut(struct describe *d, const struct buf *reply)
{
    uint64_t whole = d->address | UINT64_C(0xffffffff00000000);
    char request[sizeof "mffffffffffffffff,1"];
    if (!buf_starts(reply, "E"))
        return 0;
    (void)snprintf(request, sizeof request, "m%" PRIx64 ",1", whole);
    int rc = target_ask(d->base.next, request, &d->reply);
    if (rc != 0 || d->reply.len != 2)
        return rc;
    d->warned = true;
    log_error(d->config.log,
              "gdb reads 0x%" PRIx64 " for 0x%" PRIx64 ": it has no FreeBSD OS ABI and loaded a "
              "FreeBSD file after its start: " HOW,
              d->address, whole);
    return 0;
}

static int describe_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct describe *d = of(t);
    if (d->request == LOCAL) {
        *final = true;
        return buf_set(reply, d->reply.data, d->reply.len);
    }
    int rc = target_next_recv(t, reply, final, watch);
    d->settled |= rc != 0 && rc != NETGDB_AGAIN;
    if (rc != 0 || !*final)
        return rc;
    if (d->request == SUPPORTED)
        return features_set(reply, FEATURES, "+");
    if (d->request == STOP)
        return add_pc(d, reply);
    if (d->request == CUT)
        return check_cut(d, reply);
    return 0;
}

static void describe_free(struct target *t)
{
    struct describe *d = of(t);
    if (d->asked && !d->settled)
        log_error(d->config.log,
                  "gdb broke off: it has no FreeBSD OS ABI and may have loaded a FreeBSD file "
                  "after its start: " HOW);
    target_free(t->next);
    buf_free(&d->xml);
    buf_free(&d->reply);
    free(d);
}

static const struct target_ops ops = {
    .send = describe_send,
    .recv = describe_recv,
    .interrupt = target_next_interrupt,
    .idle = target_next_idle,
    .leave = target_next_leave,
    .max_request = target_next_max_request,
    .free = describe_free,
};

struct target *describe_new(struct target *next, const struct describe_config *config)
{
    struct describe *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->base = (struct target){.ops = &ops, .next = next};
    d->config = *config;
    buf_init(&d->xml, DOCUMENT_MAX);
    buf_init(&d->reply, TARGET_REPLY_MAX);
    if (description_write(config->description, &d->xml) != 0) {
        buf_free(&d->xml);
        free(d);
        return NULL;
    }
    return &d->base;
}
