/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls on a target; see target.h. */
#include "proto/target.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/requests.h"

int target_send(struct target *t, const struct request *r)
{
    return t->ops->send(t, r);
}

int target_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    return t->ops->recv(t, reply, final, watch);
}

int target_interrupt(struct target *t)
{
    return t->ops->interrupt != NULL ? t->ops->interrupt(t) : 0;
}

int target_idle(struct target *t)
{
    return t->ops->idle != NULL ? t->ops->idle(t) : 0;
}

int target_leave(struct target *t, const struct request *r, struct buf *reply)
{
    return t->ops->leave != NULL ? t->ops->leave(t, r, reply) : buf_sets(reply, "OK");
}

size_t target_max_request(struct target *t)
{
    return t->ops->max_request != NULL ? t->ops->max_request(t) : REQUEST_MAX;
}

void target_free(struct target *t)
{
    if (t != NULL)
        t->ops->free(t);
}

struct target *target_strip(struct target *t)
{
    struct target *last = t, *decorator = NULL;
    for (; last->next != NULL; last = last->next)
        decorator = last;
    CHECK(last->ops != NULL && (decorator == NULL) == (last == t));
    if (decorator != NULL) {
        decorator->next = NULL;
        target_free(t);
    }
    return last;
}

int target_transact(struct target *t, const struct request *r, struct buf *reply)
{
    CHECK_OR_RETURN(r->packet != NULL && r->rest_len <= r->len);
    int rc = target_send(t, r);
    bool final = false;
    while (rc == 0 && !final)
        rc = target_recv(t, reply, &final, 0);
    return rc;
}

int target_ask(struct target *t, const char *request, struct buf *reply)
{
    const struct request r = request_of(request);
    return target_transact(t, &r, reply);
}

int target_ask_bytes(struct target *t, const struct buf *request, struct buf *reply)
{
    struct request r;
    request_parse(&r, request->data, request->len);
    return target_transact(t, &r, reply);
}
