/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The symbols of one ELF file in a compact index: from names to addresses, and from addresses to
 * names. Addresses are link-time addresses. For functions they have the form in which GDB answers
 * qSymbol: without the Thumb bit, with the MIPS16/microMIPS bit, and for ppc64 ELFv1 the address of
 * the code, not of the descriptor (gdb/remote.c remote_check_symbols, gdb/ppc-sysv-tdep.c,
 * gdb/mips-tdep.c).
 *
 * A table is immutable; any number of threads may read it.
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
    SYMBOL_ABSOLUTE, /* a number: not relocated */
    SYMBOL_TLS,      /* the address is an offset into each thread's TLS block */
};

struct symbol {
    const char *name; /* as in the file, without @VERSION; owned by the table */
    uint64_t address;
    uint64_t size; /* st_size in bytes; 0: unknown; SYMBOL_SIZE_MAX: that or more */
    enum symbol_kind kind;
    bool global;  /* global or weak; else local to a source file */
    bool ask;     /* only GDB can resolve it: an indirect function, an old version */
    bool certain; /* set by symtab_find() only: GDB finds the same symbol */
};

#define SYMBOL_SIZE_MAX INT32_MAX

struct symtab;

/*
 * Reads the symbols of the ELF file at `path`: from its symbol table, else from that of its
 * separate debug file, else from its dynamic symbol table. Returns NULL if there are none or the
 * file is not usable, with one warning in the log. Takes tens of milliseconds for a kernel: not for
 * GDB's thread. The caller frees the table.
 */
struct symtab *symtab_open(const char *path, const struct log *log);
void symtab_free(struct symtab *t); /* NULL is fine */

/*
 * Finds a symbol by name: a global one before a local one, else the first in the file. A static
 * that LTO renamed (NAME.lto_priv.N, NAME.llvm.N) is found as NAME if there is no such symbol.
 * Returns the number of equally good candidates with different addresses: 0: not found; above 1:
 * *found is the first of them.
 *
 * found->certain is false if GDB might find another symbol: if the file has several addresses for
 * this name (versions, for example), or only a name changed by LTO; and for a local symbol if GDB
 * may prefer one of a shared library, or a C++ function with this name and parameters.
 */
size_t symtab_find(const struct symtab *t, const char *name, struct symbol *found);

/*
 * Finds the code or data symbol that contains a link-time address. A symbol without a size extends
 * to the next one. Returns false if there is none.
 */
bool symtab_at(const struct symtab *t, uint64_t address, struct symbol *found);

/* The number of symbols, and the i-th one in the order of the file; fills and returns *symbol. */
size_t symtab_count(const struct symtab *t);
const struct symbol *symtab_nth(const struct symtab *t, size_t i, struct symbol *symbol);

/* Returns the kinds of memory by the file's allocated sections, at link-time addresses. */
const struct regions *symtab_regions(const struct symtab *t);

/* Return the file's ELF header, and the path of the symbols: the file or its debug file. */
const struct elf_ident *symtab_ident(const struct symtab *t);
const char *symtab_path(const struct symtab *t);

/* Returns the bytes of memory that the table uses. */
size_t symtab_bytes(const struct symtab *t);

#endif
