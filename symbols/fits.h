/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does an ELF file fit the kernel or program that is being debugged? What is cheap and certain is
 * compared: the build-id note in memory at the address that the file names, and for a FreeBSD
 * kernel its `version` string. The answer is never a refusal; a mismatch is one line in the log.
 */
#ifndef NETGDB_SYMBOLS_FITS_H
#define NETGDB_SYMBOLS_FITS_H

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symtab.h"

enum fits {
    FITS_UNKNOWN, /* nothing to compare, or memory that cannot be read or holds no such thing */
    FITS_VERSION, /* the version strings are the same: the same source, perhaps another build */
    FITS_BUILD,   /* the build-ids are the same: the same file */
    FITS_NOT,
};

/*
 * Compares the build-id of the file with the note in the target's memory at its address + slide.
 * Asks the target for a few dozen bytes with `m` requests; it must be stopped and have no request
 * outstanding. Sets *fits and returns 0, or the target's error.
 */
int fits_build_id(struct target *t, const char *path, const struct elf_ident *ident,
                  const struct build_id *id, uint64_t slide, const struct log *log,
                  enum fits *fits);

/*
 * For a FreeBSD kernel whose build-id was FITS_UNKNOWN although the file has one: the note is part
 * of what a kernel loads, so it would be there. Says so, and returns FITS_NOT.
 */
enum fits fits_missing_id(const char *path, const struct elf_ident *ident,
                          const struct build_id *id, uint64_t slide, const struct log *log);

/*
 * As fits_build_id with FreeBSD's `version`; FITS_UNKNOWN for what is not a FreeBSD kernel, and for
 * a kernel.debug, which has no data (objcopy --only-keep-debug).
 */
int fits_version(struct target *t, const char *path, const struct symtab *symbols, uint64_t slide,
                 const struct log *log, enum fits *fits);

#endif
