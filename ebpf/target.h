/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine as a target (proto/target.h): a whole GDB stub, with its own qXfer and vFile, that
 * LLDB can talk to as well. It runs programs in recv, in slices, and looks at its io between two
 * of them, so that Ctrl-C is heard while a program runs for ever.
 *
 * A program waits before its first instruction. When it has ended, the next connection (seen by
 * its qSupported) gets the next program of the list, after the last the first again; vRun and R
 * start the same one anew. After D the program runs on: whoever owns the target calls
 * ebpf_target_run_on meanwhile. A new connection stops it where it is.
 */
#ifndef NETGDB_EBPF_TARGET_H
#define NETGDB_EBPF_TARGET_H

#include "ebpf/face.h"
#include "ebpf/machine.h"
#include "proto/io.h"
#include "proto/log.h"
#include "proto/target.h"

enum {
    EBPF_SLICE = 1 << 18, /* instructions between two looks at the io: below 2 ms */
    EBPF_PACKET_MAX = 0x4000,
    EBPF_POINTS_MAX = 1024 /* breakpoints of a client */
};

struct ebpf_target_options {
    struct ebpf_image *const *images; /* the programs, at least one; must outlive the target */
    unsigned count;
    struct ebpf_options machine; /* for each of them */
    enum ebpf_face_kind face;
    struct io *io;         /* must outlive it */
    const struct log *log; /* NULL: silent */
};

/* Returns 0, NETGDB_NOMEM, or NETGDB_TOO_LONG or NETGDB_PROTO: a program does not fit. */
int ebpf_target_new(struct target **out, const struct ebpf_target_options *options);

/*
 * After a detach: runs the program on until it ends or stops by a fault (0), or something in
 * `watch` (IO_ON_… bits) comes (NETGDB_AGAIN; call again). What it prints goes to `print`, NULL:
 * nowhere. 0 at once when nothing runs.
 */
int ebpf_target_run_on(struct target *t, unsigned watch,
                       void (*print)(void *context, const uint8_t *text, size_t len),
                       void *context);

/* The machine of a target, for the one who made it; the program in it, and how it stopped last. */
struct ebpf_machine *ebpf_target_machine(struct target *t);
enum ebpf_stop ebpf_target_stop(const struct target *t);

#endif
