/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breakpoints in functions that run while a FreeBSD stub has the kernel: they would trap where no
 * handler exists. This decorator refuses them, in a process that has the symbols and is a client of
 * the proxy. Where the stub's quirks are corrected in the same process, quirks.c does it.
 */
#ifndef NETGDB_PROTO_KEEPOUT_H
#define NETGDB_PROTO_KEEPOUT_H

#include "proto/log.h"
#include "proto/target.h"

enum { KEEPOUT_NAME_MAX = 64 }; /* bytes of a function's name, with its NUL */

/* Whether these bytes are a breakpoint instruction that GDB inserts. */
bool keepout_is_breakpoint(const struct buf *data);

/* Whether the stub itself runs the function with this name. */
bool keepout_is_stubs_own(const char *name);

/*
 * The reply to the refused insertion of a breakpoint in function `name`, a static string. Logs one
 * line, unless `said`, the name in the last such line, is the same; updates `said`.
 */
const char *keepout_answer(char said[KEEPOUT_NAME_MAX], const char *name, const struct log *log);

/* Writes the name of the function at `address` into name[size], with its NUL. False: not known. */
typedef bool keepout_function(void *context, uint64_t address, char *name, size_t size);

/* The decorator. Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *keepout_new(struct target *next, keepout_function *function, void *context,
                           const struct log *log);

#endif
