/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue and its writer thread; see logqueue.h. */
#include "io/logqueue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "io/clock.h"
#include "io/thread.h"
#include "proto/check.h"
#include "proto/io.h"

struct line {
    STAILQ_ENTRY(line) entries;
    enum log_level level;
    size_t bytes;
    bool is_spare; /* the spare line: never freed */
    char text[];
};

struct logqueue {
    void (*write)(void *context, enum log_level level, const char *line);
    void *context;
    pthread_mutex_t lock; /* protects all below */
    pthread_cond_t changed;
    STAILQ_HEAD(, line) lines;
    struct line *spare; /* used when memory is short; NULL: in use */
    size_t bytes;       /* of queued lines and the line being written */
    unsigned long lost; /* lines dropped since the last report */
    bool runs;          /* the thread has been started */
};

struct logqueue *logqueue_new(void (*write)(void *context, enum log_level level, const char *line),
                              void *context)
{
    struct logqueue *q = calloc(1, sizeof *q);
    if (q == NULL || (q->spare = malloc(sizeof *q->spare + LOG_LINE_MAX)) == NULL) {
        free(q);
        return NULL;
    }
    q->spare->is_spare = true;
    q->write = write;
    q->context = context;
    STAILQ_INIT(&q->lines);
    pthread_mutex_init(&q->lock, NULL);
    clock_condition(&q->changed);
    return q;
}

/* Writes the first line. Called with the lock held; releases it during the write. */
static void write_one(struct logqueue *q)
{
    char text[64];
    struct line *l = STAILQ_FIRST(&q->lines);
    unsigned long lost = q->lost;
    STAILQ_REMOVE_HEAD(&q->lines, entries);
    q->lost = 0;
    pthread_mutex_unlock(&q->lock);
    q->write(q->context, l->level, l->text);
    (void)snprintf(text, sizeof text, "netgdb: %lu lines more could not be written", lost);
    if (lost != 0)
        q->write(q->context, LOG_WARN, text);
    pthread_mutex_lock(&q->lock);
    CHECK(q->bytes >= l->bytes && (!l->is_spare || q->spare == NULL));
    q->bytes -= l->bytes;
    if (l->is_spare)
        q->spare = l;
    else
        free(l);
    pthread_cond_broadcast(&q->changed);
}

static void *logqueue_main(void *argument)
{
    struct logqueue *q = argument;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        while (STAILQ_EMPTY(&q->lines))
            pthread_cond_wait(&q->changed, &q->lock);
        write_one(q);
    }
    return NULL;
}

/* Returns the spare line for a text of `bytes` bytes, or NULL if it is in use or too small. Called
 * with the lock held. */
static struct line *take_spare(struct logqueue *q, size_t bytes)
{
    struct line *l = bytes <= LOG_LINE_MAX ? q->spare : NULL;
    if (l != NULL)
        q->spare = NULL;
    return l;
}

void logqueue_sink(void *context, enum log_level level, const char *line)
{
    struct logqueue *q = context;
    size_t text = strlen(line) + 1, bytes = sizeof(struct line) + text;
    int error = errno;
    struct line *l = malloc(bytes);
    if (l != NULL)
        l->is_spare = false;
    pthread_mutex_lock(&q->lock);
    if (!q->runs)
        q->runs = thread_start(logqueue_main, q) == 0;
    bool room = q->runs && q->bytes + bytes <= LOGQUEUE_BYTES;
    if (room && l == NULL)
        l = take_spare(q, text);
    if (!room || l == NULL) {
        q->lost++;
        free(l);
    } else {
        l->level = level;
        l->bytes = bytes;
        memcpy(l->text, line, text);
        q->bytes += bytes;
        CHECK(q->bytes <= LOGQUEUE_BYTES);
        STAILQ_INSERT_TAIL(&q->lines, l, entries);
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    errno = error;
}

bool logqueue_drain(struct logqueue *q, unsigned ms)
{
    const struct timespec until = clock_after(ms * IO_MS);
    int rc = 0;
    pthread_mutex_lock(&q->lock);
    while (q->bytes != 0 && rc == 0)
        rc = pthread_cond_timedwait(&q->changed, &q->lock, &until);
    bool all = q->bytes == 0;
    pthread_mutex_unlock(&q->lock);
    return all;
}
