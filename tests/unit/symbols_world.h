/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of symbols/ share: the ELF files made for them, a log that is kept, and a stub
 * that plays a list of exchanges and has a little memory.
 */
#ifndef NETGDB_TESTS_UNIT_SYMBOLS_WORLD_H
#define NETGDB_TESTS_UNIT_SYMBOLS_WORLD_H

#include "proto/log.h"
#include "proto/target.h"

/* The path of a file of tests/unit/elfs/make; valid until the next call but three. */
const char *elf_path(const char *name);

/* The same; the test fails when the file could not be made. */
const char *need_elf(const char *name);

/* A log at level debug whose lines are kept one after the other, each with a newline. */
struct kept_log {
    struct log log;
    char text[8192];
};
void kept_log_init(struct kept_log *k);

/* How many lines of the log contain this. */
unsigned logged(const struct kept_log *k, const char *text);

/* One request that the stub must get next, and its reply. A list ends with a NULL request. */
struct exchange {
    const char *request, *reply;
};

struct played_stub {
    struct target target;
    const struct exchange *script, *next;
    int error; /* recv gives this instead of a reply, once, when not 0 */
    uint64_t
        memory_at; /* `m` requests that the script does not have next are answered from here, */
    const void *memory; /* and outside it with E01 */
    size_t memory_len;
    unsigned reads;   /* how many of those there were */
    char reading[64]; /* the last */
    bool read;        /* the outstanding request is one */
};

/* Fails the test when a request is not the next of the script; `played_out` when some are left. */
void played_stub_init(struct played_stub *s, const struct exchange *script);
void played_out(const struct played_stub *s);

/* Sends a request, awaits the final reply and compares. */
void ask(struct target *t, const char *request, const char *expected);

#endif
