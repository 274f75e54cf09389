/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breakpoints in what runs while a FreeBSD stub has the kernel: they would trap where nothing
 * handles it. What they are, and a decorator that writes none of them, for a process that has the
 * symbols and talks to a kernel of the proxy. Where the stub's quirks are mended in the same
 * process, quirks.h does that.
 */
#ifndef NETGDB_PROTO_KEEPOUT_H
#define NETGDB_PROTO_KEEPOUT_H

#include "proto/log.h"
#include "proto/target.h"

enum { KEEPOUT_NAME_MAX = 64 }; /* bytes of a function's name, with its NUL */

/* Whether data are a breakpoint instruction, as GDB writes one. */
bool keepout_is_breakpoint(const struct buf *data);

/* Whether the stub itself runs the function of this name. */
bool keepout_is_stubs_own(const char *name);

/*
 * What is answered to a breakpoint that is not written there. A line in the log says so, unless
 * `said`, the name in the last one, is the same.
 */
const char *keepout_answer(char said[KEEPOUT_NAME_MAX], const char *name, const struct log *log);

/* The name of the function at an address, with its NUL in name[size]; false: there is no telling.
 */
typedef bool keepout_function(void *context, uint64_t address, char *name, size_t size);

/* The decorator. Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *keepout_new(struct target *next, keepout_function *function, void *context,
                           const struct log *log);

#endif
