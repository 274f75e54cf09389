/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of decorators; see decorator.h. */
#include "proto/decorator.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

static struct decorator *decorator_of(struct target *t)
{
    return (struct decorator *)t;
}

/* As between any two calls of the client. */
static bool decorator_is_sound(const struct decorator *d)
{
    return d->base.next != NULL && d->packet != NULL && d->state <= DECORATOR_OUTSTANDING;
}

/* After NETGDB_REPLACED, the next recv returns the stop of the new session. */
static int note_error(struct decorator *d, int rc)
{
    CHECK_OR_RETURN(decorator_is_sound(d));
    if (rc >= 0 || rc == NETGDB_AGAIN)
        return rc;
    d->state = rc == NETGDB_REPLACED ? DECORATOR_OUTSTANDING : DECORATOR_IDLE;
    d->failed |= rc != NETGDB_REPLACED && rc != NETGDB_TOO_LONG;
    if (rc == NETGDB_REPLACED) {
        d->packet = packet_of(PACKET_stop_reason);
        if (d->ops->on_new_session != NULL)
            d->ops->on_new_session(d);
    }
    return rc;
}

/* One request at a time. The reply to one without a reply is not awaited. */
static bool accepts_request(const struct decorator *d)
{
    return d->state != DECORATOR_OUTSTANDING || !packet_has_reply(d->packet);
}

static int pass(struct decorator *d, const struct request *r)
{
    CHECK_OR_RETURN(d->base.next != NULL && d->state != DECORATOR_ANSWERED);
    d->state = DECORATOR_OUTSTANDING;
    return note_error(d, target_send(d->base.next, r));
}

static int send_own(struct decorator *d)
{
    struct request r;
    if (d->request.error != 0)
        return note_error(d, d->request.error);
    CHECK_OR_RETURN(d->state != DECORATOR_OUTSTANDING && d->request.len != 0);
    request_parse(&r, d->request.data, d->request.len);
    return pass(d, &r);
}

static int decorator_send(struct target *t, const struct request *r)
{
    struct decorator *d = decorator_of(t);
    CHECK_OR_RETURN(decorator_is_sound(d) && accepts_request(d));
    CHECK_OR_RETURN(r->packet != NULL && r->rest_len <= r->len);
    d->state = DECORATOR_IDLE;
    buf_reset(&d->output);
    buf_reset(&d->reply);
    buf_reset(&d->request);
    d->packet = r->packet;
    int rc = d->ops->on_request != NULL ? d->ops->on_request(d, r) : DECORATOR_PASS;
    if (rc < 0)
        return note_error(d, rc);
    CHECK_OR_RETURN(rc <= DECORATOR_REPLACE);
    /* Only an answer may contain output. */
    CHECK_OR_RETURN(rc == DECORATOR_DONE || d->output.len == 0);
    if (rc == DECORATOR_DONE)
        d->state = DECORATOR_ANSWERED;
    return rc == DECORATOR_DONE ? 0 : rc == DECORATOR_PASS ? pass(d, r) : send_own(d);
}

/* Gives the next line of the output, or else the reply. */
static int give_answer(struct decorator *d, struct buf *reply, bool *final)
{
    const uint8_t *end = d->output.len == 0 ? NULL : memchr(d->output.data, '\n', d->output.len);
    CHECK_OR_RETURN(d->state == DECORATOR_ANSWERED);
    *final = end == NULL;
    if (*final) {
        d->state = DECORATOR_IDLE;
        return d->reply.error != 0 ? d->reply.error : buf_set(reply, d->reply.data, d->reply.len);
    }
    size_t n = (size_t)(end - d->output.data) + 1;
    (void)buf_sets(reply, "O");
    int rc = buf_addhex(reply, d->output.data, n);
    buf_drop(&d->output, n);
    return rc;
}

/* Receives one packet. Returns DONE, REPLACE or an error of the target. */
static int receive(struct decorator *d, struct buf *reply, bool *final, unsigned watch)
{
    CHECK_OR_RETURN(d->state == DECORATOR_OUTSTANDING);
    int rc = note_error(d, target_recv(d->base.next, reply, final, watch));
    if (rc != 0)
        return rc;
    if (*final)
        d->state = DECORATOR_IDLE;
    buf_reset(&d->request);
    rc = d->ops->on_reply != NULL ? d->ops->on_reply(d, reply, *final) : DECORATOR_DONE;
    /* Only a final reply may be followed by another exchange. */
    CHECK_OR_RETURN(rc <= 0 || (rc == DECORATOR_REPLACE && *final));
    return note_error(d, rc);
}

static int decorator_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct decorator *d = decorator_of(t);
    CHECK_OR_RETURN(decorator_is_sound(d));
    if (d->state != DECORATOR_OUTSTANDING)
        return give_answer(d, reply, final);
    int rc;
    do {
        rc = receive(d, reply, final, watch);
        if (rc != DECORATOR_REPLACE)
            return rc;
        rc = send_own(d);
    } while (rc == 0 && watch == 0);
    return rc == 0 ? NETGDB_AGAIN : rc; /* the caller looks at its client */
}

static int decorator_interrupt(struct target *t)
{
    CHECK_OR_RETURN(decorator_is_sound(decorator_of(t)));
    return target_interrupt(t->next);
}

static int decorator_idle(struct target *t)
{
    return note_error(decorator_of(t), target_idle(t->next));
}

static int decorator_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct decorator *d = decorator_of(t);
    CHECK_OR_RETURN(accepts_request(d));
    bool own = d->ops->leave != NULL;
    return note_error(d, own ? d->ops->leave(d, r, reply) : target_leave(t->next, r, reply));
}

static size_t decorator_max_request(struct target *t)
{
    struct decorator *d = decorator_of(t);
    return d->ops->max_request != NULL ? d->ops->max_request(d) : target_max_request(t->next);
}

static void decorator_free(struct target *t)
{
    struct decorator *d = decorator_of(t);
    CHECK(d->packet != NULL && d->state <= DECORATOR_OUTSTANDING);
    target_free(t->next);
    if (d->ops->free != NULL)
        d->ops->free(d);
    buf_free(&d->output);
    buf_free(&d->reply);
    buf_free(&d->request);
    free(d);
}

void *decorator_new(size_t size, struct target *next, const struct decorator_ops *ops,
                    size_t reply_max, size_t request_max)
{
    static const struct target_ops target_ops = {
        .send = decorator_send,
        .recv = decorator_recv,
        .interrupt = decorator_interrupt,
        .idle = decorator_idle,
        .leave = decorator_leave,
        .max_request = decorator_max_request,
        .free = decorator_free,
    };
    struct decorator *d = CHECK(size >= sizeof *d && next != NULL) ? calloc(1, size) : NULL;
    if (d == NULL)
        return NULL;
    d->base = (struct target){&target_ops, next};
    d->ops = ops;
    d->packet = packet_of(PACKET_stop_reason);
    buf_init(&d->reply, reply_max);
    buf_init(&d->request, request_max);
    return d;
}
