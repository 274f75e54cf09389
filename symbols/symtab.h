/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The symbols of one ELF file in a compact index: name → address, size, kind, and address →
 * name. Addresses are the file's own (link-time) and, for functions, what GDB answers to
 * qSymbol: no Thumb bit, the MIPS16/microMIPS bit set, the code and not the descriptor of a
 * ppc64 ELFv1 function (gdb/remote.c remote_check_symbols, gdb/ppc-sysv-tdep.c, gdb/mips-tdep.c).
 *
 * Once made it never changes, and any number of threads may read it.
 */
#ifndef NETGDB_SYMBOLS_SYMTAB_H
#define NETGDB_SYMBOLS_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/log.h"
#include "proto/regions.h"
#include "symbols/elf_check.h"
#include "symbols/elf_file.h"

enum symbol_kind {
    SYMBOL_CODE,
    SYMBOL_DATA,
    SYMBOL_ABSOLUTE, /* a number: not moved with the program */
    SYMBOL_TLS,      /* its address is an offset into each thread's block */
};

struct symbol {
    const char *name; /* as in the file, without @@VERSION; owned by the table */
    uint64_t address;
    uint64_t size; /* st_size; 0 when the file does not say. SYMBOL_SIZE_MAX: that or more */
    enum symbol_kind kind;
    bool global;  /* global or weak; else local to a source file */
    bool ask;     /* the address is not what the name means: an indirect function, an old version */
    bool certain; /* only by symtab_find: GDB finds the same */
};

#define SYMBOL_SIZE_MAX INT32_MAX

struct symtab;

/*
 * Reads the symbols of the ELF file at `path`: its symbol table; without one, that of its
 * separate debug file; without that, the dynamic one. NULL when there are none or the file is
 * not usable: the reason is then one line in the log, at level warn. Slow (tens of milliseconds
 * for a kernel): not for GDB's thread.
 */
struct symtab *symtab_open(const char *path, const struct log *log);
void symtab_free(struct symtab *t); /* NULL is fine */

/*
 * The symbol of this name: a global one before a local one, else the first in the file. A static
 * that LTO renamed (NAME.lto_priv.N, NAME.llvm.N) is found under NAME when nothing else is.
 * Returns how many candidates of the best sort there were: 0 is "not found", more than 1 means
 * that *found was chosen among several.
 *
 * It is not certain that GDB finds the same when the file has another address under this very name
 * (another version, say), or has the name only as LTO made it, and for a local symbol where GDB may
 * prefer another one: that of a shared library, or a function of C++ that has this name and
 * parameters.
 */
size_t symtab_find(const struct symtab *t, const char *name, struct symbol *found);

/*
 * The symbol of code or data that holds this link-time address; one whose size the file does not
 * say reaches up to the next. false when there is none.
 */
bool symtab_at(const struct symtab *t, uint64_t address, struct symbol *found);

size_t symtab_count(const struct symtab *t);
const struct symbol *symtab_nth(const struct symtab *t, size_t i, struct symbol *symbol);

/* What is where in memory by the file's allocated sections, at link-time addresses. */
const struct regions *symtab_regions(const struct symtab *t);

/* The file's own headers, and where its symbols were read from (it, or its debug file). */
const struct elf_ident *symtab_ident(const struct symtab *t);
const char *symtab_path(const struct symtab *t);

/* Bytes of memory that the table holds. */
size_t symtab_bytes(const struct symtab *t);

#endif
