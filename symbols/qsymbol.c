/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers qSymbol; see qsymbol.h. */
#include "symbols/qsymbol.h"

#include <inttypes.h>
#include <string.h>

#include "proto/decorator.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"

#define PREFIX "qSymbol:"
enum { PREFIX_LEN = sizeof PREFIX - 1 };

struct qsymbol {
    struct decorator d; /* first */
    struct symbols *symbols;
    const struct log *log;
    enum { OTHER, OFFSETS, ROUND } request; /* kind of the pending request */
    bool offered;                           /* GDB or the decorator has sent qSymbol:: */
    bool gdb_has_file;                      /* GDB has sent qOffsets: it will offer by itself */
    bool asking;                            /* a question was forwarded, its answer is pending */
    unsigned questions;                     /* questions answered in this round */
};

static bool starts_with(const uint8_t *text, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_question(const struct buf *reply)
{
    return buf_starts(reply, PREFIX) && reply->len > PREFIX_LEN;
}

/* Decodes the name in a question. Returns false if it is malformed, has a NUL or is too long. */
static bool question_name(const struct buf *question, struct buf *name)
{
    return rsp_unhex(name, question->data + PREFIX_LEN, question->len - PREFIX_LEN) == 0 &&
           name->len != 0 && memchr(name->data, '\0', name->len) == NULL &&
           buf_addc(name, '\0') == 0;
}

/* Writes the answer to a question to q->d.request; `found` false: an empty value. */
static int make_answer(struct qsymbol *q, const struct buf *question, bool found, uint64_t address)
{
    struct buf *answer = &q->d.request;
    buf_reset(answer);
    if (found)
        buf_printf(answer, PREFIX "%" PRIx64 ":", address);
    else
        buf_adds(answer, PREFIX ":");
    return buf_add(answer, question->data + PREFIX_LEN, question->len - PREFIX_LEN);
}

/* Writes the answer to q->d.request if the symbol is known and final. `guess`: GDB has no symbols,
 * so an ambiguous symbol is accepted too (symbols_address()). */
static bool answer_question(struct qsymbol *q, const struct buf *question, bool guess)
{
    struct buf name;
    uint64_t address;
    if (q->questions == QSYMBOL_ROUND_MAX || !symbols_may_answer(q->symbols))
        return false;
    buf_init(&name, QSYMBOL_NAME_MAX + 1);
    bool found = question_name(question, &name) &&
                 symbols_address(q->symbols, (const char *)name.data, guess, &address);
    if (found) {
        log_debug(q->log, "symbols: %s is %#" PRIx64, (const char *)name.data, address);
        found = make_answer(q, question, true, address) == 0 &&
                q->d.request.len <= target_max_request(q->d.base.next);
    }
    q->questions += found;
    buf_free(&name);
    return found;
}

static void log_forwarded(const struct qsymbol *q, const struct buf *question)
{
    struct buf name;
    buf_init(&name, QSYMBOL_NAME_MAX + 1);
    if (question_name(question, &name))
        log_info(q->log, "symbols: asking gdb for %s", (const char *)name.data);
    buf_free(&name);
}

/*
 * Runs a round without GDB: unknown symbols are answered as not found. It ends with OK, an empty
 * reply, or after QSYMBOL_ROUND_MAX; a stub that still asks takes the next request as its answer.
 */
static int own_round(struct qsymbol *q)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    q->offered = true;
    q->questions = 0;
    int rc = target_ask(q->d.base.next, "qSymbol::", &reply);
    for (unsigned n = 0; rc == 0 && is_question(&reply) && n < QSYMBOL_ROUND_MAX; n++) {
        if (!answer_question(q, &reply, true) && make_answer(q, &reply, false, 0) != 0)
            break;
        rc = target_ask_bytes(q->d.base.next, &q->d.request, &reply);
    }
    buf_free(&reply);
    return rc;
}

/*
 * GDB with a symbol file sends qOffsets before it reads registers or memory or resumes the target,
 * and offers qSymbol by itself. A GDB that has not sent it by then has no symbol file
 * (gdb/remote.c, remote_target::start_remote_1).
 */
static bool must_offer(const struct qsymbol *q, const struct packet *packet)
{
    if (q->offered || q->gdb_has_file || q->asking)
        return false;
    return packet->id == PACKET_g || packet->id == PACKET_p || packet->id == PACKET_m ||
           packet->id == PACKET_x || (packet->effects & PKT_RESUMES) != 0;
}

static int offer(struct qsymbol *q)
{
    int rc = symbols_prepare(q->symbols, q->d.base.next);
    if (rc == 0 && symbols_may_answer(q->symbols))
        rc = own_round(q);
    q->offered = true;
    return rc;
}

static void qsymbol_new_session(struct decorator *d)
{
    struct qsymbol *q = (struct qsymbol *)d;
    symbols_forget(q->symbols);
    q->request = OTHER;
    q->offered = q->gdb_has_file = q->asking = false;
}

static int qsymbol_request(struct decorator *d, const struct request *r)
{
    struct qsymbol *q = (struct qsymbol *)d;
    int rc = 0;
    q->request = OTHER;
    if (r->len == PREFIX_LEN + 1 && starts_with(r->data, r->len, PREFIX ":")) {
        q->questions = 0;
        q->offered = true;
        q->asking = false;
        q->request = ROUND;
        rc = symbols_prepare(q->symbols, d->base.next);
    } else if (starts_with(r->data, r->len, PREFIX)) {
        q->asking = false;
        q->request = ROUND;
    } else if (r->packet->id == PACKET_qOffsets) {
        q->gdb_has_file = true;
        q->request = OFFSETS;
    } else if (symbols_named(q->symbols) && must_offer(q, r->packet)) {
        rc = offer(q);
    }
    return rc != 0 ? rc : DECORATOR_PASS;
}

/* Handles a reply within a round. */
static int handle_round(struct qsymbol *q, const struct buf *reply)
{
    if (!is_question(reply)) {
        log_debug(q->log, "symbols: %u names answered without gdb", q->questions);
        return DECORATOR_DONE;
    }
    if (answer_question(q, reply, false))
        return DECORATOR_REPLACE;
    log_forwarded(q, reply);
    q->asking = true;
    return DECORATOR_DONE;
}

static int qsymbol_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct qsymbol *q = (struct qsymbol *)d;
    if (final && q->request == OFFSETS)
        symbols_offsets(q->symbols, reply->data, reply->len);
    return final && q->request == ROUND ? handle_round(q, reply) : DECORATOR_DONE;
}

struct target *qsymbol_new(struct target *next, struct symbols *symbols, const struct log *log)
{
    static const struct decorator_ops ops = {.on_request = qsymbol_request,
                                             .on_reply = qsymbol_reply,
                                             .on_new_session = qsymbol_new_session};
    struct qsymbol *q = decorator_new(sizeof *q, next, &ops, 0, 2 * QSYMBOL_NAME_MAX + 64);
    if (q == NULL)
        return NULL;
    q->symbols = symbols;
    q->log = log;
    return &q->d.base;
}
