/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the slide of a kernel that runs at another address than it was linked for: its build-id, or
 * without one its `version` string, is in memory at its link-time address plus the slide.
 *
 * Only few slides are tried, because each read of an address that is not mapped costs a FreeBSD
 * kernel some lines on its console: those that put the program counter into kdb_enter(), where
 * every panic stops, in whole pages; then those in multiples of 2 MiB, a superpage, that put it
 * into the kernel's code.
 */
#ifndef NETGDB_SYMBOLS_FIND_SLIDE_H
#define NETGDB_SYMBOLS_FIND_SLIDE_H

#include "proto/target.h"
#include "symbols/build_id_match.h"
#include "symbols/symtab.h"

enum { FIND_SLIDE_TRIES_MAX = 64 };

/*
 * Tries slides until the file at `path`, whose symbols and build-id these are, is found. `pc` is
 * the program counter of the thread that stopped. The target must be stopped and have no request
 * pending. Returns 1 and sets *slide, and *match to MATCH_BUILD_ID or MATCH_VERSION; 0: none fits;
 * or the target's error.
 */
int find_slide(struct target *t, const char *path, const struct symtab *symbols,
               const struct build_id *id, uint64_t pc, uint64_t *slide, enum file_match *match);

#endif
