/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The symbols of one session: which file, where it lies in memory (the slide), and whether its
 * addresses may be told to a stub. Loaded on first need, by the thread that asks, which is the
 * one that owns the target. Shared by qSymbol and by thread awareness.
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
    const char *file;    /* symbols=FILE or NETGDB_SYMBOLS; NULL: none given */
    const char *program; /* else the program of gdb's command line (find_elf.h); NULL: none */
    bool freebsd;        /* the target is a FreeBSD kernel: it has a `version` */
    bool have_slide;     /* slide= was given: */
    uint64_t slide;      /* added to every address, modulo 2^64 */
    /* Whether this is gdb's only connection; NULL: yes. Called by the owner of the target. */
    bool (*only)(void *context);
    void *context;
    const struct log *log; /* must outlive the symbols; NULL: silent */
};

struct symbols;

/* Copies the options; opens nothing yet. NULL: out of memory. */
struct symbols *symbols_new(const struct symbols_options *options);
void symbols_free(struct symbols *s); /* NULL is fine */

/* Whether a file was named at all. */
bool symbols_named(const struct symbols *s);

/*
 * The table of symbols, loaded now if it was not; NULL when there is no file or it is not usable
 * (said once in the log, and not tried again).
 */
const struct symtab *symbols_table(struct symbols *s);

/*
 * Before a stub may be told addresses: compares the file with the target (fits.h), and asks for
 * qOffsets when nobody has. For a target that is stopped and has no request outstanding; does its
 * work once. Returns 0 or the target's error.
 */
int symbols_prepare(struct symbols *s, struct target *t);

/*
 * The region of the file's allocated sections that holds an address in memory. false when there
 * is none, when addresses are not final, or when it may be another target's file. Asks nothing of
 * the target and does not load the table.
 */
bool symbols_region(struct symbols *s, uint64_t address, struct region *region);

/* The file's ELF header; NULL when there is no usable file. */
const struct elf_ident *symbols_ident(struct symbols *s);

/* The file is known not to be the target's: nothing is told from it, and nothing compared. */
void symbols_reject(struct symbols *s);

/* A reply to qOffsets came by; empty when the stub does not know. */
void symbols_offsets(struct symbols *s, const uint8_t *reply, size_t len);

/* The target was replaced by another (a reboot): what was learned of it is forgotten. */
void symbols_forget(struct symbols *s);

/*
 * Whether the addresses are final: given by slide=, or by qOffsets, or the file is ET_EXEC and
 * the stub reports no offsets. Sets *slide, what is added to link-time addresses modulo 2^64.
 */
bool symbols_slide(struct symbols *s, uint64_t *slide);

/*
 * Whether a stub may be told these addresses without asking GDB: they are final, and the file is
 * this target's (symbols=; or its build-id is in memory; or it is the program of gdb's command
 * line and this is gdb's only connection), and nothing compared so far says that it is not.
 */
bool symbols_may_answer(struct symbols *s);

/*
 * The address in memory of a symbol. false when it is not in the file, is thread-local, an old
 * version or an indirect function; and when it is not certain that GDB would answer the same,
 * unless `guess`. Only meaningful when symbols_may_answer. Loads the table.
 */
bool symbols_address(struct symbols *s, const char *name, bool guess, uint64_t *address);

/*
 * The name of the function that holds an address in memory, cut to `size` bytes with its NUL. false
 * when there is none, when addresses are not final, or when it may be another target's file. Loads
 * the table.
 */
bool symbols_function(struct symbols *s, uint64_t address, char *name, size_t size);

#endif
