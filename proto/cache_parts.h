/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the cache and by nothing else. */
#ifndef NETGDB_PROTO_CACHE_PARTS_H
#define NETGDB_PROTO_CACHE_PARTS_H

#include "proto/cache.h"
#include "proto/cache_memory.h"
#include "proto/cache_replies.h"
#include "proto/packets.h"

enum {
    CACHE_THREAD_TEXT = 40,   /* bytes of a thread id, "pPID.TID", with its NUL */
    CACHE_BLOCK_MIN = 64,     /* a stub that takes less is read from as asked */
    CACHE_READ_UNKNOWN = 160, /* bytes that a stub may be asked for that does not tell: GDB's */
};

/* What an answer returns besides an error of the target. */
enum {
    CACHE_ANSWERED = 0,
    CACHE_HAND_ON = 1, /* this very request goes to the target; c->learn looks at its reply */
    CACHE_INSTEAD = 2, /* c->own goes, a read of the block around what the client reads */
    CACHE_REFUSED = 3, /* the thread that it is about; the stub's words are in c->reply */
};

/*
 * A choice of a thread by Hg: its id as text; or, where nobody knows which one it is, '#' and a
 * number that no other such choice has.
 */
struct cache_choice {
    char id[CACHE_THREAD_TEXT];
};

struct cache {
    struct target base;
    struct cache_program program;
    bool kernel;

    /* The stub, by its features. */
    size_t read_max; /* bytes that an m may ask for */
    size_t block;    /* bytes of a block, a power of two; 0: none are read */
    bool shared;     /* threads of a process have one memory */
    bool binary;     /* x is GDB's, its reply begins with 'b' */
    bool offers_map; /* qXfer:memory-map */
    bool map_asked;
    bool non_stop;                  /* nothing can be kept */
    struct regions devices, mapped; /* may not be read around; memory by the stub's map */
    bool have_map;
    unsigned machine; /* e_machine, 0: not known */
    bool is64, big;

    /* Threads and processes. */
    struct cache_choice wished, stub; /* the client's choice and the stub's */
    uint64_t anonymous;               /* number of the last choice that has no id */
    char process[CACHE_THREAD_TEXT];  /* "pPID", the first that was seen */

    /* What is known. */
    struct cache_choice space; /* whose memory: a process or a thread */
    struct cache_memory memory;
    struct cache_memory failed; /* blocks there cannot be read: pages that are "touched" */
    struct cache_memory denied; /* bytes that cannot be read: those that are "known" */
    struct buf denial;          /* the stub's words for the last one */
    struct cache_replies replies;
    struct cache_document threads, map;
    struct cache_list list;

    /* The outstanding request. */
    bool broken;     /* the target has failed: nothing more is sent on our own account */
    bool running;    /* it lets the target run: nothing can be sent */
    bool handed_on;  /* the reply is the target's */
    bool block_read; /* it is that to a read of [window, window + window_len) */
    uint64_t window;
    size_t window_len;
    uint64_t address; /* what the client reads */
    size_t size;
    char command;                                            /* 'm' or 'x' */
    void (*learn)(struct cache *c, const struct buf *reply); /* at the final reply; may be NULL */
    struct request request;                                  /* the client's, for learn */
    struct buf request_bytes;
    struct buf reply;     /* made here */
    struct buf own, part; /* a request of ours, and what is read */
    struct buf bytes;     /* decoded memory */
    struct cache_stats stats;
};

typedef int cache_answer(struct cache *c, const struct request *r);

/* ---- cache.c ---- */

/* Asks the stub c->own; the reply is in c->part. Returns 0 or the target's error. */
int cache_ask(struct cache *c);

/* The target's error, with what follows from it for the cache. */
int cache_failed(struct cache *c, int rc);

void cache_forget(struct cache *c);
void cache_forget_memory(struct cache *c);

/* ---- cache_choose.c: threads ---- */
cache_answer cache_choose;

/* A choice that nobody knows. */
void cache_choose_unknown(struct cache *c);

/*
 * Makes the stub's choice the client's. Returns 0, CACHE_REFUSED with the stub's reply in
 * c->reply, or the target's error.
 */
int cache_sync_thread(struct cache *c);

/* The same, when the two choices have not the same memory. */
int cache_sync_space(struct cache *c);

/* What an answer returns when what goes in front of its request gave `rc`. */
int cache_then_hand_on(int rc);

/* Makes c->memory that of the chosen thread. */
void cache_enter_space(struct cache *c);

/* Whether c->memory is that of the chosen thread already. */
bool cache_is_in_space(const struct cache *c);

/* Looks at a stop: which thread is chosen now. */
void cache_learn_stop(struct cache *c, const struct buf *reply);

/* The ids in a thread list or in a reply to qfThreadInfo live. */
void cache_learn_document(struct cache *c);
void cache_learn_ids(struct cache *c, const struct buf *reply);

/* ---- cache_read.c: memory ---- */
cache_answer cache_read;

/* The reply to a block that was read. CACHE_HAND_ON: ask for what the client asked for. */
int cache_take_block(struct cache *c, const struct buf *reply);

/* Keeps what the reply to a read of [address, address + len) by 'm' or 'x' holds. */
void cache_keep_memory(struct cache *c, char command, const struct buf *reply, uint64_t address,
                       size_t len);

/* ---- cache_where.c: where a block may be read ---- */

/* Whether these bytes may be a device's. */
bool cache_is_device(const struct cache *c, uint64_t address, size_t len);

/* The window around `len` bytes at `address`, which are inside a block. False: as asked. */
bool cache_window(const struct cache *c, uint64_t address, size_t len, uint64_t *window,
                  size_t *window_len);

/* The stub's memory map, asked for once. Returns 0 or the target's error. */
int cache_load_map(struct cache *c);

/* What a document of qXfer:features tells of the machine. */
void cache_learn_machine(struct cache *c, const struct buf *reply);

/* ---- cache_lists.c: what is kept as replies ---- */
cache_answer cache_keep, cache_keep_threads, cache_first_threads, cache_next_threads,
    cache_threads_document, cache_map_document;

/* Reads a whole document. Returns 0 with d->known, or without it when the stub does not give it
 * (its reply is in c->part); or the target's error. */
int cache_fetch(struct cache *c, struct cache_document *d, const char *object, uint64_t len);

#endif
