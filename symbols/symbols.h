/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The symbols of a session: the ELF file, its slide (target address minus link-time address), and
 * whether its addresses are certain enough to send to a stub. The file is loaded on first use, by
 * the thread that owns the target. qsymbol.h and the RTOS threads share one instance.
 */
#ifndef NETGDB_SYMBOLS_SYMBOLS_H
#define NETGDB_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symtab.h"

struct symbols_options {
    const char *file;    /* from symbols=FILE or NETGDB_SYMBOLS; NULL: none */
    const char *program; /* without `file`: from gdb's command line (find_elf.h); NULL: none */
    bool freebsd;        /* the target is a FreeBSD kernel: it has a `version` */
    bool recorded;       /* it is a recording: memory that cannot be read proves nothing */
    bool have_slide;     /* slide= was given */
    uint64_t slide;      /* added to every address, modulo 2^64 */
    /* True if this is gdb's only connection; NULL: it is. Called by the target's owner thread. */
    bool (*only)(void *context);
    void *context;
    const struct log *log; /* must outlive the symbols; NULL: silent */
};

struct symbols;

/*
 * Copies the options and strings; does not open the file. Returns NULL if out of memory. The caller
 * frees it.
 */
struct symbols *symbols_new(const struct symbols_options *options);
void symbols_free(struct symbols *s); /* NULL is fine */

/* True if the options name a file. */
bool symbols_named(const struct symbols *s);

/*
 * Tells where the target stopped. symbols_prepare() then also finds the slide of a FreeBSD kernel
 * that is not at its link-time addresses (find_slide.h), unless slide= or qOffsets gives it.
 */
void symbols_stopped_at(struct symbols *s, uint64_t pc);

/*
 * Returns the symbol table, owned by `s`, and loads it at the first call. NULL if there is no file
 * or it is not usable; that is logged once and not retried.
 */
const struct symtab *symbols_table(struct symbols *s);

/*
 * Prepares for symbols_may_answer(): sends qOffsets if GDB has not, and compares the file with the
 * target (build_id_match.h). Does so once. The target must be stopped and have no request pending.
 * Returns 0 or the target's error.
 */
int symbols_prepare(struct symbols *s, struct target *t);

/*
 * Finds the region (allocated sections of one kind) that contains an address in memory. Returns
 * false if there is none, if it wraps there, or unless symbols_may_answer(). Sends no request and
 * does not load the table.
 */
bool symbols_region(struct symbols *s, uint64_t address, struct region *region);

/* Returns the file's ELF header, owned by `s`; NULL: no usable file. */
const struct elf_ident *symbols_ident(struct symbols *s);

/* Sets *base to the lowest link-time address of the file's segments. Returns false, and 0, if the
 * file is not usable. */
bool symbols_base(struct symbols *s, uint64_t *base);

/*
 * Writes how the file was found to be the target's into text[size]: "build-id 0123abcd… matches
 * kernel.debug", "the version matches kernel.debug". "": it was not compared, or does not match.
 */
void symbols_describe_match(const struct symbols *s, char *text, size_t size);

/* Returns the build-id that the file and the target share, and sets *len; NULL: they were not
 * compared by one, or differ. Owned by `s`. */
const uint8_t *symbols_build_id(const struct symbols *s, size_t *len);

/* Marks the file as another target's: it is no longer used or compared. */
void symbols_reject(struct symbols *s);

/* Records the stub's reply to qOffsets; an empty one: the stub does not support it. */
void symbols_offsets(struct symbols *s, const uint8_t *reply, size_t len);

/* Forgets everything about the target, which was replaced by another (a reboot). A file that was
 * rejected stays so. */
void symbols_forget(struct symbols *s);

/*
 * Sets *slide, which is added to link-time addresses modulo 2^64. Returns true if it is final: from
 * slide=, or from qOffsets, or found in memory, or 0 for an ET_EXEC file if the stub reports no
 * offsets.
 */
bool symbols_slide(struct symbols *s, uint64_t *slide);

/*
 * True if addresses may be sent to a stub without asking GDB: the slide is final; the file belongs
 * to this target (symbols=, or an equal build-id in memory, or gdb's command line names it and this
 * is gdb's only connection); and no comparison has failed.
 */
bool symbols_may_answer(struct symbols *s);

/*
 * Looks up a symbol's address in memory. Returns false if it is not in the file, is thread-local,
 * an old version or an indirect function; and, unless `guess`, if GDB might find another address.
 * Call it only if symbols_may_answer(). Loads the table.
 */
bool symbols_address(struct symbols *s, const char *name, bool guess, uint64_t *address);

/*
 * Copies the name of the function that contains an address in memory to name[size], truncated if
 * needed. Returns false if there is none, or unless symbols_may_answer(). Loads the table.
 */
bool symbols_function(struct symbols *s, uint64_t address, char *name, size_t size);

#endif
