/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A single-threaded stub as a target, without a network: memory in pieces, registers, stops that a
 * test has written down. For tests of what stands in front of it.
 */
#ifndef NETGDB_TESTS_RTOS_STUB_H
#define NETGDB_TESTS_RTOS_STUB_H

#include "proto/target.h"

enum { RTOS_STUB_PIECES = 32, RTOS_STUB_STOPS = 16 };

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
    const char *current;                /* reply to qC */
    const char *p;                      /* reply to every p; "" is "not supported" */
    const char *stop;                   /* reply to ? */
    const char *no_points;              /* types of Z that are refused */
    const char *symbol_question;        /* what it asks at qSymbol::, NULL: nothing */
    const char *stops[RTOS_STUB_STOPS]; /* replies to resumes, in order */
    void (*on_resume)(struct rtos_stub *s, unsigned n); /* before the n-th of them, from 0 */
    void *context;
    unsigned resumes, reads;
    struct buf asked; /* every request but m, each behind a space */
    struct buf reply;
    int result; /* of the next recv */
};

/* Ends the program when memory is short. */
struct rtos_stub *rtos_stub_new(void);

/* A piece of memory full of zeros. */
void rtos_stub_map(struct rtos_stub *s, uint64_t address, size_t len);

/* Where these bytes are; NULL when they are not mapped. */
uint8_t *rtos_stub_at(struct rtos_stub *s, uint64_t address, size_t len);

/* Numbers in the stub's byte order; the address must be mapped. */
void rtos_stub_put(struct rtos_stub *s, uint64_t address, uint64_t value, unsigned size);
void rtos_stub_word(struct rtos_stub *s, uint64_t address, uint64_t value);
uint64_t rtos_stub_get(struct rtos_stub *s, uint64_t address, unsigned size);
void rtos_stub_text(struct rtos_stub *s, uint64_t address, const char *text);

/* The registers of g: n of them, the i-th is start + i. */
void rtos_stub_registers(struct rtos_stub *s, unsigned n, unsigned size, uint64_t start);

/* Sets one of equal size in g. */
void rtos_stub_register(struct rtos_stub *s, unsigned i, unsigned size, uint64_t value);

/* What was asked since the last call. */
const char *rtos_stub_asked(struct rtos_stub *s);

#endif
