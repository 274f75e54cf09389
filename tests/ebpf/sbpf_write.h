/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes programs for Solana (sBPF), as ELF files of each version, for tests. */
#ifndef NETGDB_TESTS_SBPF_WRITE_H
#define NETGDB_TESTS_SBPF_WRITE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum { SBPF_SYMBOLS_MAX = 128, SBPF_RELOCATIONS_MAX = 256, SBPF_EXTRAS_MAX = 32 };

struct sbpf_file {
    unsigned version; /* 0 to 3; e_flags */
    bool draft;       /* version 3 as first proposed */
    const void *text, *rodata;
    size_t text_size, rodata_size;
    uint64_t entry;        /* distance from the start of the text */
    const char *data_name; /* NULL: .rodata */
    bool data_writable;
    struct {
        const char *name;
        uint64_t value, size; /* value: an address; 0: undefined */
    } symbol[SBPF_SYMBOLS_MAX];
    unsigned symbols;
    struct {
        uint64_t offset;       /* an address */
        unsigned type, symbol; /* symbol: index in the table above */
    } relocation[SBPF_RELOCATIONS_MAX];
    unsigned relocations;
    struct {
        const char *name;
        const void *data;
        size_t size;
    } extra[SBPF_EXTRAS_MAX]; /* sections for debuggers */
    unsigned extras;
};

/* The addresses in the file: in versions 0 to 2 file offsets. */
uint64_t sbpf_text_at(const struct sbpf_file *f);
uint64_t sbpf_rodata_at(const struct sbpf_file *f);

/* Adds a symbol; returns its index. */
unsigned sbpf_add_symbol(struct sbpf_file *f, const char *name, uint64_t value, uint64_t size);
void sbpf_add_relocation(struct sbpf_file *f, uint64_t offset, unsigned type, unsigned symbol);

/* Appends the file to an empty buffer. */
void sbpf_write(const struct sbpf_file *f, struct buf *out);

#endif
