/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target is a GDB stub, wherever it is: it takes one RSP request and returns its reply. A
 * decorator is a target in front of another one, its `next`.
 *
 * Requests and replies are packet contents: the bytes between '$' and '#', run-lengths expanded,
 * the escapes of binary data (0x7d) unchanged.
 *
 * One request at a time: send, then recv until `*final`. Calls are synchronous and wait in the io
 * that the target was created with. A target belongs to one thread.
 */
#ifndef NETGDB_PROTO_TARGET_H
#define NETGDB_PROTO_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/io.h"
#include "proto/rsp/request.h"

/* Maximum bytes of a reply, run-lengths expanded: more than LLDB's and gdbserver's largest. */
enum { TARGET_REPLY_MAX = 160 * 1024 };

/* ns that a silent stub gets for a reply if nobody can end the wait: recv without `watch`. */
#define TARGET_PATIENCE (30 * IO_SECOND)

struct target;

struct target_ops {
    /*
     * Sends a request. Returns 0 when it is certain to be executed exactly once, or an error;
     * NETGDB_TOO_LONG: it is longer than max_request, and nothing was sent; NETGDB_REPLACED: as of
     * recv.
     */
    int (*send)(struct target *t, const struct request *r);

    /*
     * Waits for the next packet of the stub and puts it into *reply (contents replaced).
     * *final is false for console output ('O'), which precedes the reply. `watch` (IO_ON_CLIENT,
     * IO_ON_WAKE and IO_ON_ALARM, or 0) selects other events that end the wait. With 0 a stub that
     * does not run, and has sent bytes before, is lost after TARGET_PATIENCE of silence. Returns 0;
     * NETGDB_AGAIN if such an event came first: call again; NETGDB_REPLACED if the kernel rebooted
     * into a new session: the next recv returns its stop; NETGDB_LOST, NETGDB_CLOSED, … if no more
     * packets will come.
     */
    int (*recv)(struct target *t, struct buf *reply, bool *final, unsigned watch);

    /* Interrupts a running target (Ctrl-C). NETGDB_UNSUPPORTED for a kernel: nothing is sent.
     * NULL: nothing runs, and it returns 0. */
    int (*interrupt)(struct target *t);

    /* Processes arrived data (acknowledges late duplicates) without blocking. NULL: no data arrives
     * between requests, and it returns 0. */
    int (*idle)(struct target *t);

    /*
     * Detaches: sends the request (D, or D;PID to a multiprocess stub), puts the reply into *reply
     * and ensures that the stub knows that the reply arrived (only then a kernel detaches). Only
     * for a stopped target without an outstanding request. After a reply that is not an error the
     * target replies to nothing more. NULL: there is nothing to do, and the reply is OK.
     */
    int (*leave)(struct target *t, const struct request *r, struct buf *reply);

    /* Maximum length of a request, in bytes of content. NULL: REQUEST_MAX (rsp/requests.h). */
    size_t (*max_request)(struct target *t);

    /* Frees the target and all targets after it. */
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

/* Frees all decorators of a chain and returns its last target, which is the caller's. */
struct target *target_strip(struct target *t);

/*
 * Sends a request of our own and receives its final reply; console output is dropped. _ask takes
 * text, _ask_bytes a buffer.
 */
int target_transact(struct target *t, const struct request *r, struct buf *reply);
int target_ask(struct target *t, const char *request, struct buf *reply);
int target_ask_bytes(struct target *t, const struct buf *request, struct buf *reply);

#endif
