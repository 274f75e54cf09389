/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine as a target (proto/target.h): a complete GDB stub with qXfer and vFile, for GDB and
 * LLDB. It runs programs inside recv, in slices, and polls its io between two slices, so that
 * Ctrl-C can interrupt an endless program.
 *
 * A program starts stopped at its first instruction. After it has ended, the next connection
 * (recognized by qSupported) gets the next program of the list, in a circle; vRun and R restart the
 * same one. After D the program continues to run while the target's owner calls
 * ebpf_target_run_on(). A new connection stops it.
 */
#ifndef NETGDB_EBPF_TARGET_H
#define NETGDB_EBPF_TARGET_H

#include "ebpf/arch.h"
#include "ebpf/machine.h"
#include "proto/io.h"
#include "proto/log.h"
#include "proto/target.h"

enum {
    EBPF_SLICE = 1 << 18,     /* instructions between two polls of the io: below 2 ms */
    EBPF_PACKET_MAX = 0x4000, /* PacketSize, bytes */
    EBPF_POINTS_MAX = 1024    /* breakpoints of a client */
};

struct ebpf_target_options {
    struct ebpf_image *const *images; /* the programs, at least one; must outlive the target */
    unsigned count;
    struct ebpf_options machine; /* for each of them; what it points to must outlive the target */
    enum ebpf_arch_kind arch;
    struct io *io;         /* must outlive it */
    const struct log *log; /* NULL: silent */
};

/*
 * Makes a target with the first program stopped. Returns 0, NETGDB_NOMEM, or NETGDB_TOO_LONG or
 * NETGDB_PROTO if the program exceeds the machine's limits, with options->machine.error.
 */
int ebpf_target_new(struct target **out, const struct ebpf_target_options *options);

/*
 * After a detach: runs the program until it ends or faults (returns 0), or an event in `watch`
 * (IO_ON_… bits) occurs (returns NETGDB_AGAIN; call again). Passes its output to `print` as it is,
 * with control characters; NULL: drops it. Returns 0 at once if no program runs.
 */
int ebpf_target_run_on(struct target *t, unsigned watch,
                       void (*print)(void *context, const uint8_t *text, size_t len),
                       void *context);

/* Returns the target's machine, owned by the target. */
struct ebpf_machine *ebpf_target_machine(struct target *t);

#endif
