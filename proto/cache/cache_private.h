/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the files of the cache: its state, and the functions of each file. */
#ifndef NETGDB_PROTO_CACHE_PRIVATE_H
#define NETGDB_PROTO_CACHE_PRIVATE_H

#include "proto/cache/cache.h"
#include "proto/cache/cache_memory.h"
#include "proto/cache/cache_replies.h"
#include "proto/decorator.h"

enum {
    CACHE_THREAD_TEXT = 40,   /* bytes of a thread id, "pPID.TID", with its NUL */
    CACHE_BLOCK_MIN = 64,     /* bytes; no blocks are read from a stub with a lower limit */
    CACHE_READ_UNKNOWN = 160, /* bytes per read from a stub without PacketSize; GDB's default */
};

/* A result of cache_sync_thread: the stub rejected the thread; its reply is in c->d.reply. */
enum { CACHE_THREAD_REJECTED = DECORATOR_REPLACE + 1 };

/*
 * The thread selected by Hg: its id as text. If the id is unknown: '#' and a number that is never
 * used again, so that it equals no other selection.
 */
struct cache_thread {
    char id[CACHE_THREAD_TEXT];
};

struct cache {
    struct decorator d; /* first */
    struct cache_program program;
    bool kernel;

    /* The stub, from its features. */
    size_t read_max;    /* bytes that an m may read */
    size_t block;       /* bytes of a block, a power of two; 0: blocks are not read */
    bool shared_memory; /* all threads of a process share one address space */
    bool binary;        /* x is supported as in GDB: its reply begins with 'b' */
    bool offers_map;    /* supports qXfer:memory-map */
    bool map_requested;
    bool non_stop;          /* non-stop mode: nothing can be cached */
    struct regions devices; /* may belong to a device: never cached */
    struct regions mapped;  /* memory listed in the stub's map */
    bool have_map;
    unsigned machine; /* e_machine; 0: unknown */
    bool is64, big;

    /* Threads and processes. */
    struct cache_thread client_thread; /* selected by the client */
    struct cache_thread stub_thread;   /* selected at the stub; Hg makes them equal */
    uint64_t next_unknown_id;          /* number for the next selection without an id */
    char process[CACHE_THREAD_TEXT];   /* "pPID", the first one seen */

    /* Cached data. */
    struct cache_thread address_space; /* owner of `memory`: a process or a thread */
    struct cache_memory memory;
    struct cache_memory failed_blocks; /* a "touched" page: block reads fail there */
    struct cache_memory unreadable;    /* a "known" byte: the stub cannot read it */
    struct buf read_error;             /* the stub's reply to the last failed read */
    struct cache_replies replies;
    struct cache_document threads, map;
    struct cache_list list;

    /* The outstanding request. */
    bool block_read; /* it is our read of [window, window + window_len) */
    uint64_t window;
    size_t window_len;
    uint64_t address; /* the client's read */
    size_t size;
    char command;                                            /* 'm' or 'x' */
    void (*learn)(struct cache *c, const struct buf *reply); /* gets the final reply; or NULL */
    struct request request;                                  /* the client's; used by learn */
    struct buf request_bytes;                                /* its bytes */
    struct buf own_reply;                                    /* of cache_ask */
    struct buf bytes;                                        /* decoded memory */
    struct cache_stats stats;
};

/* Handles one request of the client, as a decorator does; c->learn gets the reply to it. */
typedef int cache_answer(struct cache *c, const struct request *r);

/* ---- cache.c ---- */

/* Returns whether the parts of the cache agree with each other, as between any two requests. */
bool cache_is_sound(const struct cache *c);

/* Sends c->d.request and stores the reply in c->own_reply. Returns 0 or the target's error. */
int cache_ask(struct cache *c);

/* Discards memory. */
void cache_clear_memory(struct cache *c);

/* ---- cache_select.c: threads ---- */
cache_answer cache_select_thread, cache_thread_alive;

/* Marks both selected threads as unknown. */
void cache_select_unknown(struct cache *c);

/*
 * Selects the client's thread at the stub if another one is selected there. Returns 0,
 * CACHE_THREAD_REJECTED with the stub's reply in c->d.reply, or the target's error.
 */
int cache_sync_thread(struct cache *c);

/* Like cache_sync_thread, but only if the two threads have different address spaces. */
int cache_sync_address_space(struct cache *c);

/* Maps the result of cache_sync_thread to that of an answer: DECORATOR_PASS if it succeeded. */
int cache_pass_after(int rc);

/* Switches c->memory to the client's thread; clears it if the address space differs. */
void cache_enter_address_space(struct cache *c);

/* Records the selected thread and the processes from a stop reply. */
void cache_learn_stop(struct cache *c, const struct buf *reply);

/* Record live threads from the thread list document, and from a reply to qfThreadInfo. */
void cache_learn_document(struct cache *c);
void cache_learn_ids(struct cache *c, const struct buf *reply);

/* ---- cache_read.c: memory ---- */
cache_answer cache_read;

/* Handles the reply to a block read: replaces it by the client's, or has the client's own request
 * sent. Returns as on_reply of a decorator does. */
int cache_take_block(struct cache *c, struct buf *reply);

/* ---- cache_window.c: where a block may be read ---- */

/* Returns whether any of these bytes may belong to a device. */
bool cache_is_device(const struct cache *c, uint64_t address, size_t len);

/*
 * Computes the range to read for `len` bytes at `address`: their block, clipped to the region of
 * the program's file. Returns false if only the requested bytes may be read.
 */
bool cache_window(const struct cache *c, uint64_t address, size_t len, uint64_t *window,
                  size_t *window_len);

/* Fetches the stub's memory map, once. Returns 0 or the target's error. */
int cache_load_map(struct cache *c);

/* Records the machine from a document of qXfer:features. */
void cache_learn_machine(struct cache *c, const struct buf *reply);

/* ---- cache_lists.c: cached replies, lists and documents ---- */
cache_answer cache_global_reply, cache_thread_reply, cache_first_threads, cache_next_threads,
    cache_threads_document, cache_map_document;

/*
 * Fetches a whole document, `len` bytes at a time. Returns 0 or the target's error. If d->known is
 * false after 0, the stub did not provide it; its last reply is in c->own_reply.
 */
int cache_fetch(struct cache *c, struct cache_document *d, const char *object, uint64_t len);

#endif
