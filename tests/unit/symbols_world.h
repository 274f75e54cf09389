/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Support for the tests of symbols/: the ELF files made for them, a log in memory, and a stub that
 * follows a script of requests and replies and has a block of memory.
 */
#ifndef NETGDB_TESTS_UNIT_SYMBOLS_WORLD_H
#define NETGDB_TESTS_UNIT_SYMBOLS_WORLD_H

#include "proto/log.h"
#include "proto/target.h"

/* Returns the path of a file made by tests/unit/elfs/make; valid for three more calls. */
const char *elf_path(const char *name);

/* The same; fails the test if the file does not exist. */
const char *need_elf(const char *name);

/* A log at level debug; `text` has its lines, each with a newline. */
struct kept_log {
    struct log log;
    char text[8192];
};
void kept_log_init(struct kept_log *k);

/* Returns the number of lines that contain `text`. */
unsigned logged(const struct kept_log *k, const char *text);

/* The next request that the stub must get, and its reply. A script ends with a NULL request. */
struct exchange {
    const char *request, *reply;
};

struct played_stub {
    struct target target;
    const struct exchange *script, *next;
    int error;          /* not 0: recv returns this once instead of a reply */
    uint64_t memory_at; /* address of `memory`, from which other `m` requests are answered … */
    const void *memory; /* … with E01 outside of it */
    size_t memory_len;
    bool partial;     /* a read past its end gets the bytes before it, not E02 */
    unsigned reads;   /* number of those requests */
    char reading[64]; /* the last of them */
    bool read;        /* the pending request is one of them */
};

/* A request that is not the next of the script fails the test; played_out() fails if any are left.
 */
void played_stub_init(struct played_stub *s, const struct exchange *script);
void played_out(const struct played_stub *s);

/* Sends a request, waits for the final reply and compares it. */
void ask(struct target *t, const char *request, const char *expected);

#endif
