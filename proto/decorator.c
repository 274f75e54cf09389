/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of decorators; see decorator.h. */
#include "proto/decorator.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/err.h"

static struct decorator *decorator_of(struct target *t)
{
    return (struct decorator *)t;
}

static int note_error(struct decorator *d, int rc)
{
    d->failed |= rc < 0 && rc != NETGDB_AGAIN && rc != NETGDB_REPLACED;
    if (rc == NETGDB_REPLACED) {
        d->packet = packet_of(PACKET_stop_reason);
        if (d->ops->on_new_session != NULL)
            d->ops->on_new_session(d);
    }
    return rc;
}

static int send_instead(struct decorator *d)
{
    struct request r;
    if (d->request.error != 0)
        return d->request.error;
    request_parse(&r, d->request.data, d->request.len);
    return note_error(d, target_next_send(&d->base, &r));
}

static int decorator_send(struct target *t, const struct request *r)
{
    struct decorator *d = decorator_of(t);
    buf_reset(&d->reply);
    buf_reset(&d->request);
    d->packet = r->packet;
    int rc = d->ops->on_request != NULL ? d->ops->on_request(d, r) : DECORATOR_PASS;
    if (rc < 0)
        return note_error(d, rc);
    CHECK_OR_RETURN(rc <= DECORATOR_REPLACE);
    d->answered = rc == DECORATOR_ANSWER;
    if (d->answered)
        return 0;
    return rc == DECORATOR_REPLACE ? send_instead(d) : note_error(d, target_next_send(t, r));
}

static int give_answer(struct decorator *d, struct buf *reply, bool *final)
{
    *final = true;
    return d->reply.error != 0 ? d->reply.error : buf_set(reply, d->reply.data, d->reply.len);
}

static int decorator_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct decorator *d = decorator_of(t);
    if (d->answered)
        return give_answer(d, reply, final);
    int rc;
    do {
        rc = note_error(d, target_next_recv(t, reply, final, watch));
        if (rc == 0 && d->ops->on_reply != NULL)
            rc = note_error(d, d->ops->on_reply(d, reply, *final));
    } while (rc == DECORATOR_AGAIN);
    return rc;
}

static void decorator_free(struct target *t)
{
    struct decorator *d = decorator_of(t);
    target_free(t->next);
    if (d->ops->free != NULL)
        d->ops->free(d);
    buf_free(&d->reply);
    buf_free(&d->request);
    free(d);
}

void decorator_init(struct decorator *d, struct target *next, const struct decorator_ops *ops,
                    size_t reply_max, size_t request_max)
{
    static const struct target_ops target_ops = {
        .send = decorator_send,
        .recv = decorator_recv,
        .interrupt = target_next_interrupt,
        .idle = target_next_idle,
        .leave = target_next_leave,
        .max_request = target_next_max_request,
        .free = decorator_free,
    };
    d->base = (struct target){&target_ops, next};
    d->ops = ops;
    d->packet = packet_of(PACKET_stop_reason);
    buf_init(&d->reply, reply_max);
    buf_init(&d->request, request_max);
}
