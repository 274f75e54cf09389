/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fake single-threaded stub as a target, without a network: blocks of memory, registers, and the
 * stop replies that a test gives. For tests of decorators.
 */
#ifndef NETGDB_TESTS_RTOS_STUB_H
#define NETGDB_TESTS_RTOS_STUB_H

#include "proto/target.h"

enum { RTOS_STUB_PIECES = 32, RTOS_STUB_STOPS = 16 };

#define RTOS_STUB_STOP "T05thread:01;" /* the first reply to `?` */

struct rtos_stub {
    struct target base;
    struct piece_of_memory {
        uint64_t address;
        uint8_t *bytes; /* owned */
        size_t len;
    } pieces[RTOS_STUB_PIECES];
    size_t n;
    bool big;
    unsigned word;

    char g[2048];                       /* reply to g */
    const char *features;               /* reply to qSupported */
    const char *xml;                    /* target.xml; NULL: none */
    const char *threads;                /* reply to qfThreadInfo */
    unsigned more_threads;              /* replies to qsThreadInfo, of one thread each */
    const char *current;                /* reply to qC */
    const char *p;                      /* reply to every p; "": not supported */
    const char *stop;                   /* reply to ? */
    const char *no_points;              /* types of Z that it rejects */
    const char *symbol_question;        /* its reply to qSymbol::; NULL: not supported */
    const char *stops[RTOS_STUB_STOPS]; /* replies to resumes, in order */
    void (*on_resume)(struct rtos_stub *s, unsigned n); /* before the n-th stop, from 0 */
    void *context;
    unsigned resumes, reads;
    uint64_t read_address, read_len; /* of the last read */
    struct buf asked;                /* every request but m, each after a space */
    struct buf reply;
    int result; /* of the next recv */
};

/* Makes a stub; aborts the program if out of memory. */
struct rtos_stub *rtos_stub_new(void);

/* Maps a block of zeros. */
void rtos_stub_map(struct rtos_stub *s, uint64_t address, size_t len);

/* Returns the host address of `len` bytes; NULL if they are not mapped. */
uint8_t *rtos_stub_at(struct rtos_stub *s, uint64_t address, size_t len);

/* Write and read numbers in the stub's byte order; the address must be mapped. */
void rtos_stub_put(struct rtos_stub *s, uint64_t address, uint64_t value, unsigned size);
void rtos_stub_word(struct rtos_stub *s, uint64_t address, uint64_t value);
uint64_t rtos_stub_get(struct rtos_stub *s, uint64_t address, unsigned size);
void rtos_stub_text(struct rtos_stub *s, uint64_t address, const char *text);

/* Sets g to n registers of `size` bytes; the i-th has the value start + i. */
void rtos_stub_registers(struct rtos_stub *s, unsigned n, unsigned size, uint64_t start);

/* Sets the i-th register of g, if all have `size` bytes. */
void rtos_stub_register(struct rtos_stub *s, unsigned i, unsigned size, uint64_t value);

/* Returns the requests since the last call, as in `asked`. */
const char *rtos_stub_asked(struct rtos_stub *s);

#endif
