/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The headers and notes of an ELF core, of both classes and both byte orders, as bytes. Written by
 * hand and not by libelf, because each must be written into an open file by one small write.
 *
 * Source: System V ABI, chapters 4 and 5 ("ELF Header", "Program Header", "Note Section"), <elf.h>.
 */
#ifndef NETGDB_RECORD_ELF_CORE_H
#define NETGDB_RECORD_ELF_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum {
    ELF_CORE_HEADER = 64,         /* bytes of the longer header */
    ELF_CORE_ENTRY = 56,          /* bytes of the longer program header */
    ELF_CORE_ENTRIES_MAX = 65534, /* a larger number needs a section (PN_XNUM) */
    ELF_CORE_NOTE_NAME_MAX = 16,  /* bytes of a note's name with its NUL */
};

/* For which machine a core is. */
struct core_machine {
    uint16_t machine; /* EM_…; EM_NONE: not known */
    uint8_t osabi;    /* ELFOSABI_… */
    bool is64, big;
};

struct core_header {
    struct core_machine machine;
    uint64_t table;   /* file offset of the program headers */
    unsigned entries; /* their number */
};

/* A program header. `size` is that in the file; in memory it is the same, or 0 for notes. */
struct core_entry {
    uint32_t type;   /* PT_LOAD or PT_NOTE */
    uint64_t offset; /* in the file */
    uint64_t address, size;
};

/* A note within bytes that were read; nothing is copied. */
struct core_note {
    const char *name; /* not terminated */
    size_t name_len;  /* without the NUL */
    uint32_t type;
    const uint8_t *data;
    size_t len;
};

/* Bytes of a header and of a program header. */
size_t core_header_size(bool is64);
size_t core_entry_size(bool is64);

/* Write core_header_size() or core_entry_size() bytes, then zeros. */
void core_header_encode(const struct core_header *h, uint8_t out[ELF_CORE_HEADER]);
void core_entry_encode(const struct core_machine *m, const struct core_entry *e,
                       uint8_t out[ELF_CORE_ENTRY]);

/*
 * Where the size of an entry is: its offset in the program header, and its bytes: two numbers for
 * memory, the file's and memory's, which are next to each other; one for notes.
 */
size_t core_entry_sizes(const struct core_machine *m, const struct core_entry *e, size_t *offset,
                        uint8_t out[16]);

/* Reads a header of data[len]. Returns false if it is not that of an ELF core. */
bool core_header_decode(const uint8_t *data, size_t len, struct core_header *h);

/* Reads a program header of core_entry_size() bytes into *e. Returns false if it is memory
 * (PT_LOAD) whose size is another than in the file. */
bool core_entry_decode(const struct core_machine *m, const uint8_t *data, struct core_entry *e);

/* Appends a note. Returns 0 or the buffer's error. */
int core_note_add(struct buf *out, const struct core_machine *m, const char *name, uint32_t type,
                  const void *data, size_t len);

/* Takes the first note of *data and advances *data and *len. Returns false at the end, or if the
 * rest is no note. */
bool core_note_next(const struct core_machine *m, const uint8_t **data, size_t *len,
                    struct core_note *note);

/* Numbers of `size` bytes, 1 to 8, big or little endian. */
void core_number_put(uint8_t *out, unsigned size, bool big, uint64_t value);
uint64_t core_number_get(const uint8_t *in, unsigned size, bool big);

#endif
