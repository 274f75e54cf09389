/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file to which memory and notes are appended, and which is a complete ELF core after each call:
 * whoever writes it may be killed at any moment.
 *
 *   ELF header      names the table of program headers and the number of its entries
 *   table           of program headers, with room for more
 *   areas           of memory, and of notes: each has room at its end
 *
 * Data is written first, where no entry leads yet. Then an entry after the last is written, and
 * only then the ELF header, by one write, with the larger number. Data that continues the last
 * memory or the last notes is added by one write of that entry's size. A full table is copied to
 * the end of the file, and the ELF header then names the copy. Each of these writes lies within a
 * page, so that it is made or not made. (The order of the writes is for a process that dies; a
 * machine that dies may leave less.)
 *
 * A new file is written under a temporary name, the same with .new, and renamed when it is a core.
 * So the name always leads to a complete one, also while a file replaces another.
 */
#ifndef NETGDB_RECORD_CORE_FILE_H
#define NETGDB_RECORD_CORE_FILE_H

#include "record/elf_core.h"
#include "record/ranges.h"

#define CORE_FILE_MAX (UINT64_C(1) << 40) /* bytes of a file that is written */

/* Names and types of our notes; others are those of the system. */
#define CORE_NOTE_NAME "netgdb"
enum {
    CORE_NOTE_RECORDING = 0x6e670001, /* the first: a version, a number of 4 bytes */
    CORE_NOTE_EXCHANGE = 0x6e670002,  /* recording.h */
    CORE_NOTE_VERSION = 1,
};

struct core_area {
    uint64_t at, end; /* file offsets: where the next bytes go, and the end of the room */
};

struct core_file {
    int fd;          /* owned; -1: none */
    bool bare;       /* without headers and notes: only a place for memory */
    char *path;      /* owned; NULL: bare, or only to be read */
    char *temporary; /* owned; NULL: it has its name */
    struct core_machine machine;
    uint64_t end; /* of the used part */
    uint64_t table;
    uint32_t entries, capacity;
    struct core_area memory, notes;
    struct core_entry last_notes; /* in the area of notes … */
    uint32_t last_notes_entry;    /* … and its entry */
};

/* All functions that write return 0, or -1 with errno. A failure leaves the core as it was. */

/* Makes a file without a name and without headers. */
int core_file_bare(struct core_file *f);

/*
 * Makes a core for `path`, which core_file_commit() gives its name. An existing file must be an
 * empty one, or a core of netgdb, be of this user and in use only by `previous` (NULL: unused).
 * Sets *why to a constant text if errno does not explain a failure.
 */
int core_file_create(struct core_file *f, const char *path, const struct core_machine *machine,
                     const struct core_file *previous, const char **why);
int core_file_commit(struct core_file *f);

/* Opens a core of netgdb, to be continued if `write`. Sets *why as above. */
int core_file_open(struct core_file *f, const char *path, bool write, const char **why);

/* Appends memory. It extends *last (NULL: none), if it continues that in the file as well;
 * otherwise *added is a new range, whose `len` is else 0. */
int core_file_add_memory(struct core_file *f, uint64_t address, const void *bytes, size_t len,
                         struct range *last, struct range *added);

/* Appends a whole note (core_note_add). */
int core_file_add_note(struct core_file *f, const void *note, size_t len);

/* Overwrites bytes of memory that are in the file. */
int core_file_write(struct core_file *f, uint64_t offset, const void *bytes, size_t len);

/* Reads `len` bytes. Returns whether they are all there. */
bool core_file_read(const struct core_file *f, uint64_t offset, void *bytes, size_t len);

/* Closes; a file without its name is removed. */
void core_file_close(struct core_file *f);

#endif
