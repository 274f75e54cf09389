/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recording: what a session has read from its target. It has memory, byte by byte what was read
 * and nothing else, and the exchanges that are not memory. It is held in memory, or written to a
 * session.core as it grows (core_file.h), or read from one.
 *
 * A recording is of one stop. When the target has run and stopped again, recording_new_stop()
 * forgets the memory and the exchanges of the stop before it; those that hold for the whole session
 * stay. Until then the last stop stays complete, also while the target runs. The file of a new stop
 * replaces the old one when it has its first contents.
 *
 * A session.core: PT_LOAD segments are the memory. PT_NOTE segments have notes called "netgdb" (the
 * exchanges, below), and those that other readers of cores know: registers, build-id.
 *
 *   CORE_NOTE_RECORDING   4 bytes: the version
 *   CORE_NOTE_EXCHANGE    five numbers of 4 bytes: flags (1: of the stop), and the lengths of
 *                         thread, request, output and reply; then these bytes. Of several with one
 *                         thread and request the last counts
 *
 * Numbers are in the byte order of the ELF header.
 */
#ifndef NETGDB_RECORD_RECORDING_H
#define NETGDB_RECORD_RECORDING_H

#include "record/answers.h"
#include "record/core_file.h"

#define RECORDING_BUILD_ID                                                                         \
    "netgdb:build-id" /* a fact (exchange.h), which is also a note called GNU */

enum {
    RECORDING_BARE_MAX = 4 << 20, /* bytes of memory that are held without a file */
    RECORDING_WHY_MAX = 160,
    RECORDING_NOTES_MAX = 256 << 20, /* bytes of notes that are read, and so written */
};

/* Not public, but for allocation: recording.c, recording_load.c. */
struct recording {
    struct core_file file;
    struct ranges memory;
    size_t last;    /* index of the range that was added last; SIZE_MAX: none */
    uint64_t bytes; /* of memory */
    uint64_t notes; /* bytes of them in the file */
    uint64_t limit; /* for them while there is no file; recording_init sets RECORDING_BARE_MAX */
    struct answers answers;
    struct buf note, old; /* scratch */
    char why[RECORDING_WHY_MAX];
};

/* Initializes an empty recording, held in memory. Returns 0 or NETGDB_IO with errno. */
int recording_init(struct recording *r);
void recording_free(struct recording *r);

/*
 * Writes what is recorded to a new core at `path`, and from then on everything as it comes. An
 * existing core of netgdb is replaced. Returns 0, or NETGDB_IO with a reason in r->why; the
 * recording is then as it was.
 */
int recording_save(struct recording *r, const char *path, const struct core_machine *machine);

/*
 * Initializes from a core; with `write`, what is put is appended to it. Returns 0, or NETGDB_IO,
 * NETGDB_PROTO or NETGDB_NOMEM with a reason in r->why; nothing is then to be freed.
 */
int recording_open(struct recording *r, const char *path, bool write);

/*
 * Appends what is recorded to an existing core, and from then on everything as it comes. Returns as
 * recording_save.
 */
int recording_continue(struct recording *r, const char *path);

/* Whether it is written to a file. */
bool recording_is_saved(const struct recording *r);

/*
 * Record memory, or an exchange. Newer contents replace older. Return 0 (of an exchange: an
 * answers_change), or NETGDB_IO with a reason in r->why if the file cannot be written: the caller
 * then calls recording_stop_saving(). Held in memory, at most RECORDING_BARE_MAX bytes of memory
 * are kept (r->limit): at the limit all are dropped.
 */
int recording_put_memory(struct recording *r, uint64_t address, const void *bytes, size_t len);
int recording_put(struct recording *r, const struct answer *answer);

/* Appends a note that other readers know. Held in memory it is dropped. Returns as above. */
int recording_put_note(struct recording *r, const char *name, uint32_t type, const void *data,
                       size_t len);

/*
 * The same, but it replaces the note of the same name, type and length whose first `head` bytes are
 * the same, if there is one, as of a thread's registers. Reads all notes of the file.
 */
int recording_renew_note(struct recording *r, const char *name, uint32_t type, const void *data,
                         size_t len, size_t head);

/* The target has stopped again. Returns as above. */
int recording_new_stop(struct recording *r);

/* Closes the file, which stays as it is, and forgets its memory. */
void recording_stop_saving(struct recording *r);

/* Reads the recorded bytes from `address` on, at most `len`. Returns their number: less than `len`
 * if the next one was not read. */
size_t recording_read(const struct recording *r, uint64_t address, void *bytes, size_t len);

/* Returns the number of bytes from `address` on, at most `len`, that are recorded; or, if the first
 * is not, 0 and in *gap the number that are not. */
uint64_t recording_known(const struct recording *r, uint64_t address, uint64_t len, uint64_t *gap);

/* Finds an exchange. Its contents are the recording's, until it changes. */
bool recording_find(const struct recording *r, struct bytes thread, const char *request,
                    struct answer *answer);

#endif
