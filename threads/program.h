/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the program on the target: its symbols, by the session's ELF file or, without
 * one, by the client's answers to qSymbol; its debug information; what its memory is for.
 */
#ifndef NETGDB_THREADS_PROGRAM_H
#define NETGDB_THREADS_PROGRAM_H

#include "proto/regions.h"
#include "symbols/symbols.h"
#include "threads/dwarf.h"

enum { PROGRAM_NAME_MAX = 64, PROGRAM_ANSWERS_MAX = 128 };

#define PROGRAM_LTO ".lto_priv.0" /* behind a static's name after link-time optimization */

struct program_symbol {
    uint64_t address; /* in memory */
    uint64_t size;    /* bytes; 0: not known */
};

struct program_answer {
    char name[PROGRAM_NAME_MAX];
    uint64_t address;
    bool found;
};

struct program {
    struct symbols *symbols; /* NULL: no file; not owned */
    struct layouts_dwarf *dwarf;
    bool dwarf_tried;
    struct program_answer answers[PROGRAM_ANSWERS_MAX];
    size_t n;
};

void program_init(struct program *p, struct symbols *symbols);
void program_free(struct program *p);

/* The symbol table of the file, when there is one and its place in memory is certain. */
const struct symtab *program_table(struct program *p, uint64_t *slide);

bool program_find(struct program *p, const char *name, struct program_symbol *symbol);

/* What memory at this address is for; REGION_UNKNOWN also without a file. */
enum region_kind program_kind(struct program *p, uint64_t address, uint64_t len);

/* Whether the file tells at all where code is. */
bool program_knows_code(struct program *p);

/* The data object that holds this address, and its name; false when there is none. */
bool program_object_at(struct program *p, uint64_t address, struct symbol *symbol);

/* The debug information, or NULL. */
struct layouts_dwarf *program_dwarf(struct program *p);

/* Answers of the client. A name that is too long is not remembered. */
void program_answer(struct program *p, const char *name, bool found, uint64_t address);
bool program_was_asked(const struct program *p, const char *name);
void program_forget_answers(struct program *p);

#endif
