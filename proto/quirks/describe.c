/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target description of a kernel; see describe.h. */
#include "proto/quirks/describe.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decorator.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"

/* How to start a gdb that lacks FreeBSD's OS ABI. */
#define HOW                                                                                        \
    "start it as \"netgdb run gdb FILE\", or type \"set osabi none\" before the file is loaded"

#define FEATURES "qXfer:features:read"
#define DOCUMENT "target.xml"

enum { DOCUMENT_MAX = 16 * 1024, VALUE_MAX = 16 };

struct describe {
    struct decorator d; /* first */
    struct describe_config config;
    struct buf xml;
    bool is_cut;      /* the outstanding request is a read that may be cut */
    struct buf reply; /* to a request of our own */
    bool asked;       /* the client knows of the stop, and … */
    bool settled;     /* … has read memory since: it took the registers */
    bool has_file;    /* it has asked qOffsets */
    bool warned;      /* of addresses that are cut */
    uint64_t address; /* of a read that may be cut */
};

static struct describe *describe_of(struct decorator *d)
{
    return (struct describe *)d;
}

/* Whether this client may be one that rejects the kernel's registers. */
static bool is_watched(const struct describe *d)
{
    uint16_t machine = d->config.description->elf_machine;
    return d->config.osabi_missing && (machine == EM_X86_64 || machine == EM_386);
}

/* A read of target.xml. */
static int answer_document(struct describe *d, const struct request *r)
{
    if (r->numbers < 2 || r->rest_len != sizeof DOCUMENT - 1 ||
        memcmp(r->rest, DOCUMENT, r->rest_len) != 0 || r->address > d->xml.len)
        return buf_sets(&d->d.reply, "E00");
    return rsp_add_piece(&d->d.reply, d->xml.data, d->xml.len, r->address, r->length);
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

static int describe_request(struct decorator *base, const struct request *r)
{
    struct describe *d = describe_of(base);
    enum packet_id id = r->packet->id;
    d->settled |=
        id == PACKET_m || id == PACKET_x || (r->packet->effects & (PKT_RESUMES | PKT_LEAVES)) != 0;
    if (d->config.offer && id == PACKET_qXfer_features)
        return answer_document(d, r);
    d->is_cut = id == PACKET_m && may_be_cut(d, r);
    d->address = r->address;
    d->has_file |= id == PACKET_qOffsets;
    return DECORATOR_PASS;
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
    int rc = target_ask(d->d.base.next, request, &d->reply);
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
    int rc = target_ask(d->d.base.next, request, &d->reply);
    if (rc != 0 || d->reply.len != 2)
        return rc;
    d->warned = true;
    log_error(d->config.log,
              "gdb reads 0x%" PRIx64 " for 0x%" PRIx64 ": it has no FreeBSD OS ABI and loaded a "
              "FreeBSD file after its start: " HOW,
              d->address, whole);
    return 0;
}

static int describe_reply(struct decorator *base, struct buf *reply, bool final)
{
    struct describe *d = describe_of(base);
    enum packet_id id = base->packet->id;
    if (!final)
        return DECORATOR_DONE;
    if (d->config.offer && id == PACKET_qSupported)
        return features_set(reply, FEATURES, "+");
    if (is_watched(d) && id == PACKET_stop_reason)
        return add_pc(d, reply);
    return d->is_cut ? check_cut(d, reply) : DECORATOR_DONE;
}

static void describe_free(struct decorator *base)
{
    struct describe *d = describe_of(base);
    if (d->asked && !d->settled && !base->failed)
        log_error(d->config.log,
                  "gdb broke off: it has no FreeBSD OS ABI and may have loaded a FreeBSD file "
                  "after its start: " HOW);
    buf_free(&d->xml);
    buf_free(&d->reply);
}

struct target *describe_new(struct target *next, const struct describe_config *config)
{
    static const struct decorator_ops ops = {
        .on_request = describe_request, .on_reply = describe_reply, .free = describe_free};
    struct describe *d = decorator_new(sizeof *d, next, &ops, DOCUMENT_MAX + 1, 0);
    if (d == NULL)
        return NULL;
    d->config = *config;
    buf_init(&d->xml, DOCUMENT_MAX);
    if (description_write(config->description, &d->xml) != 0) {
        buf_free(&d->xml);
        free(d);
        return NULL;
    }
    buf_init(&d->reply, TARGET_REPLY_MAX);
    return &d->d.base;
}
