/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compares an ELF file with the kernel or program on the target: the build-id note in memory at the
 * address that the file gives, and for a FreeBSD kernel its `version` string. Both are cheap to
 * read. A mismatch is one line in the log; it never ends the session.
 */
#ifndef NETGDB_SYMBOLS_BUILD_ID_MATCH_H
#define NETGDB_SYMBOLS_BUILD_ID_MATCH_H

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symtab.h"

enum file_match {
    MATCH_UNKNOWN,  /* nothing to compare, or memory cannot be read to the end of the build-id, or
                       has no note of one */
    MATCH_VERSION,  /* equal version strings: the same source, perhaps another build */
    MATCH_BUILD_ID, /* equal build-ids: the same file */
    MATCH_MISMATCH, /* another file */
};

/*
 * Compares the build-id of the file with the note in the target's memory at its address + slide.
 * Reads a few dozen bytes with `m` requests; the target must be stopped and have no request
 * pending. `path` is for the log. Sets *match and returns 0, or returns the target's error.
 */
int match_build_id(struct target *t, const char *path, const struct elf_ident *ident,
                   const struct build_id *id, uint64_t slide, const struct log *log,
                   enum file_match *match);

/*
 * As match_build_id(), with FreeBSD's `version` string. MATCH_UNKNOWN if the file is not a FreeBSD
 * kernel, or is a kernel.debug without data (objcopy --only-keep-debug), or if no version is in
 * memory there.
 */
int match_version(struct target *t, const char *path, const struct symtab *symbols, uint64_t slide,
                  const struct log *log, enum file_match *match);

/*
 * For a FreeBSD kernel whose matches are MATCH_UNKNOWN. A kernel is loaded with its build-id and
 * its version: if the file has one, it is another kernel's. Logs that and returns MATCH_MISMATCH;
 * returns MATCH_UNKNOWN if the file has neither.
 */
enum file_match match_missing(const char *path, const struct symtab *symbols,
                              const struct build_id *id, uint64_t slide, const struct log *log);

#endif
