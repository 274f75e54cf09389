/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator for a FreeBSD kernel whose kernel.debug is at hand: it reads the kernel's own data
 * structures, by the offsets in the debug information.
 *
 *   qXfer:libraries:read, qXfer:libraries-svr4:read
 *                      the kernel's modules, with files of this machine (libraries.h)
 *   qXfer:threads      not offered: GDB then asks qThreadExtraInfo, and only for what it shows
 *   qThreadExtraInfo   command, pid, state, wait message, CPU
 *   qOffsets           the slide of a kernel that is not at its link-time address
 *
 * It reads nothing before the client asks. After the kernel ran, it compares the kernel's list of
 * modules with the one that the client has read; if it changed, GDB gets an event "library" first,
 * reads the list again, resumes, and then gets the stop. The kernel is not resumed by that. LLDB
 * gets the event with its first stop and with such a stop.
 *
 * Without symbols or debug information every request passes.
 */
#ifndef NETGDB_FREEBSD_FREEBSD_H
#define NETGDB_FREEBSD_FREEBSD_H

#include "freebsd/image.h"
#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symbols.h"

struct freebsd_options {
    struct symbols *symbols; /* not owned; NULL: none */
    const char *kernel;      /* path of kernel.debug, to find modules next to it; NULL: none */
    const char *modules;     /* of modules=: DIR[:DIR…]; NULL or "": none */
    const char *machine;     /* as FreeBSD names it: "amd64" */
    const struct log *log;
};

/*
 * Creates the decorator and takes ownership of `next`. Copies the options; what they point to must
 * outlive it. Returns NULL if memory is short; `next` then still belongs to the caller.
 */
struct target *freebsd_new(struct target *next, const struct freebsd_options *options);

/*
 * Answers a query (queries.h): appends its output to *text. `line` is "NAME [--json] [ARGUMENT]".
 * The target must be stopped and have no outstanding request. Returns 0, NETGDB_UNSUPPORTED if
 * there is no query of that name, NETGDB_REFUSED if *text says why it cannot be answered, or the
 * target's error.
 */
int freebsd_query(struct target *freebsd, const char *line, struct buf *text);

/* Returns the kernel as data; owned by the decorator. Its thread that stopped is known after `?`.
 */
struct image *freebsd_image(struct target *freebsd);

/* Returns whether queries have data: the symbols are certain and have debug information. */
bool freebsd_has_queries(struct target *freebsd);

/*
 * Logs one line about the kernel: version, machine, panic, number of CPUs. Reads at most some
 * hundred bytes. Returns 0 or the target's error.
 */
int freebsd_introduce(struct target *freebsd);

#endif
