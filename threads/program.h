/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program on the target: its symbols, its debug information and the use of its memory. Symbols
 * come from the session's ELF file, or without one from the client's answers to qSymbol.
 */
#ifndef NETGDB_THREADS_PROGRAM_H
#define NETGDB_THREADS_PROGRAM_H

#include "proto/regions.h"
#include "symbols/symbols.h"
#include "symbols/types.h"

enum { PROGRAM_NAME_MAX = 64, PROGRAM_ANSWERS_MAX = 128 };

#define PROGRAM_LTO ".lto_priv.0" /* suffix of a static's name after link-time optimization */

struct program_symbol {
    uint64_t address; /* in the target's memory */
    uint64_t size;    /* bytes; 0: not known */
};

struct program_answer {
    char name[PROGRAM_NAME_MAX];
    uint64_t address;
    bool found;
};

struct program {
    struct symbols *symbols; /* NULL: no file; not owned */
    struct types *types;
    bool types_tried;
    struct program_answer answers[PROGRAM_ANSWERS_MAX];
    size_t n;
};

/* `symbols` stays the caller's and must outlive *p; NULL: there is no file. */
void program_init(struct program *p, struct symbols *symbols);
void program_free(struct program *p);

/*
 * Returns the symbol table of the ELF file, owned by `symbols`, and sets *slide (added to link-time
 * addresses). NULL if there is no file, or its address in memory is not certain.
 */
const struct symtab *program_table(struct program *p, uint64_t *slide);

/*
 * Looks up a symbol; without a file, also under its name after LTO. Returns false if it is unknown
 * or thread-local.
 */
bool program_find(struct program *p, const char *name, struct program_symbol *symbol);

/* Returns the use of `len` bytes at an address; without a file, REGION_UNKNOWN. */
enum region_kind program_kind(struct program *p, uint64_t address, uint64_t len);

/* True if the file has sections with code. */
bool program_knows_code(struct program *p);

/* Finds the data object of a known size that contains an address. Returns false if there is none.
 */
bool program_object_at(struct program *p, uint64_t address, struct symbol *symbol);

/* Returns the debug information, owned by `p`, or NULL. */
struct types *program_types(struct program *p);

/*
 * Records the client's answer about `name`. Drops names of PROGRAM_NAME_MAX bytes or more, and
 * answers after PROGRAM_ANSWERS_MAX.
 */
void program_answer(struct program *p, const char *name, bool found, uint64_t address);

/* Whether there is an answer about `name`; and drops all answers. */
bool program_was_asked(const struct program *p, const char *name);
void program_forget_answers(struct program *p);

#endif
