/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target is one GDB stub, wherever it is: it takes one RSP request and gives its reply. A
 * decorator is a target that stands in front of another and holds it as its `next`.
 *
 * Requests and replies are packet contents: what stands between '$' and '#', with run-lengths
 * expanded and the escapes of binary data (0x7d) left as they are.
 *
 * One request at a time: send, then recv until `*final`. Calls are synchronous; whoever must
 * wait does so in the io that the target was made with. A target belongs to one thread.
 */
#ifndef NETGDB_PROTO_TARGET_H
#define NETGDB_PROTO_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/request.h"

/* A reply may be this long, run-lengths expanded: LLDB's and gdbserver's largest, with room. */
enum { TARGET_REPLY_MAX = 160 * 1024 };

struct target;

struct target_ops {
    /*
     * Sends a request; returns 0 when it is certain to be on its way exactly once, else an error
     * (NETGDB_TOO_LONG: it is longer than max_request and was not sent).
     */
    int (*send)(struct target *t, const struct request *r);

    /*
     * Waits for the next packet of the stub and puts it into *reply (contents replaced).
     * *final is false for what precedes the reply (console output, 'O'). `watch`, IO_ON_CLIENT,
     * IO_ON_WAKE and IO_ON_ALARM or 0, says what else may end the wait. Returns 0; NETGDB_AGAIN
     * when what is watched came first, call again afterwards; NETGDB_REPLACED when the kernel
     * rebooted into a new session, whose stop the next recv gives; NETGDB_LOST, NETGDB_CLOSED, …
     * when no more is to come.
     */
    int (*recv)(struct target *t, struct buf *reply, bool *final, unsigned watch);

    /* Ctrl-C for a target that runs. NETGDB_UNSUPPORTED for a kernel: nothing was sent. */
    int (*interrupt)(struct target *t);

    /* Takes what has come in (late copies are acknowledged) without ever blocking. */
    int (*idle)(struct target *t);

    /*
     * Detaches: sends the request (D, or D;PID to a multiprocess stub), puts the reply to it into
     * *reply and sees to it that the stub knows that it came (a kernel lets go only then). Only
     * for a target that is stopped and has no request outstanding. When the reply is not an
     * error, the target answers nothing more.
     */
    int (*leave)(struct target *t, const struct request *r, struct buf *reply);

    /* The longest request that send takes, in bytes of content. */
    size_t (*max_request)(struct target *t);

    /* Releases the target and the chain behind it. */
    void (*free)(struct target *t);
};

struct target {
    const struct target_ops *ops;
    struct target *next; /* owned; NULL for a target that is not a decorator */
};

int target_send(struct target *t, const struct request *r);
int target_recv(struct target *t, struct buf *reply, bool *final, unsigned watch);
int target_interrupt(struct target *t);
int target_idle(struct target *t);
int target_leave(struct target *t, const struct request *r, struct buf *reply);
size_t target_max_request(struct target *t);
void target_free(struct target *t); /* NULL is fine */

/*
 * send, then recv to the final reply, watching nothing else; console output on the way is
 * dropped. For requests of our own that are answered at once.
 */
int target_transact(struct target *t, const struct request *r, struct buf *reply);
int target_ask(struct target *t, const char *request, struct buf *reply);
int target_ask_bytes(struct target *t, const struct buf *request, struct buf *reply);

/* For decorators that do not change a call: hand it to the next target as it is. */
int target_next_send(struct target *t, const struct request *r);
int target_next_recv(struct target *t, struct buf *reply, bool *final, unsigned watch);
int target_next_interrupt(struct target *t);
int target_next_idle(struct target *t);
int target_next_leave(struct target *t, const struct request *r, struct buf *reply);
size_t target_next_max_request(struct target *t);

#endif
