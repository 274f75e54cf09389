/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded exchanges that are not memory: a request, the thread on which its reply depends, the
 * console output that preceded the reply, and the reply.
 */
#ifndef NETGDB_RECORD_ANSWERS_H
#define NETGDB_RECORD_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    ANSWERS_MAX = 1 << 18,         /* exchanges: three for each thread of a large kernel */
    ANSWERS_BYTES_MAX = 128 << 20, /* bytes of all of them */
    ANSWER_BYTES_MAX = 64 << 20,   /* bytes of one: ps of a large kernel */
    ANSWER_KEY_MAX = 4096,         /* bytes of a request, and of a thread */
};

/* A piece of bytes that is not owned. */
struct bytes {
    const void *data;
    size_t len;
};

struct answer {
    bool of_stop; /* it is valid only until the target runs */
    struct bytes thread, request, output, reply;
};

struct answer_node;

struct answers {
    void *tree; /* owned; by request and thread (search.h): a file cannot make it slow */
    TAILQ_HEAD(answer_list, answer_node) list; /* in the order in which they came */
    size_t n, bytes;
};

void answers_init(struct answers *a);
void answers_free(struct answers *a);

/* What answers_put has done. */
enum answers_change {
    ANSWER_NEW,
    ANSWER_SAME,    /* it was there with the same contents */
    ANSWER_CHANGED, /* it replaces other contents */
};

/* Stores a copy. Returns an answers_change, or NETGDB_TOO_LONG or NETGDB_NOMEM (proto/err.h). */
int answers_put(struct answers *a, const struct answer *answer);

/* Finds by thread and request; *answer then points into `a`, until it changes. */
bool answers_find(const struct answers *a, struct bytes thread, struct bytes request,
                  struct answer *answer);

/* Exchanges the contents. (A list has its own address in its first element.) */
void answers_swap(struct answers *a, struct answers *b);

/* Removes those for which `goes` returns true. */
void answers_forget(struct answers *a, bool (*goes)(const struct answer *answer));

/* Passes all, in order, to `take`, until it returns another value than 0, which is returned. */
int answers_each(const struct answers *a, int (*take)(void *context, const struct answer *answer),
                 void *context);

/* A text as bytes. */
struct bytes bytes_of(const char *text);

#endif
