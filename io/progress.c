/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on a terminal; see progress.h. */
#include "io/progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/fds.h"
#include "io/thread.h"

#define QUIET (2 * IO_SECOND)    /* before the first line */
#define INTERVAL (1 * IO_SECOND) /* between two */

enum { PROGRESS_LINE_MAX = PROGRESS_TEXT_MAX + 64 };

struct progress {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* `stop`, or `stopped` */
    char text[PROGRESS_TEXT_MAX];
    bool stop, stopped;
    uint64_t began; /* io_fds_now() */
    int width;      /* of the line on the terminal */
};

static atomic_bool permitted;

void progress_permit(void)
{
    atomic_store(&permitted, true);
}

/* The columns that a line may have: in a longer one the terminal breaks, and \r does not return to
 * its beginning. A terminal that does not know its size has 0. */
static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col - 1
                                                                            : PROGRESS_LINE_MAX;
}

/* Replaces the line by this one. The cursor returns to the beginning, so that a line of a log
 * replaces it. */
static void write_line(struct progress *p, const char *line)
{
    int max = columns(), n = (int)strnlen(line, (size_t)max);
    int old = p->width < max ? p->width : max;
    (void)dprintf(STDERR_FILENO, "\r%.*s%*s\r", n, line, old > n ? old - n : 0, "");
    p->width = n;
}

static void show(struct progress *p)
{
    char line[PROGRESS_LINE_MAX];
    unsigned seconds = (unsigned)((io_fds_now() - p->began) / IO_SECOND);
    (void)snprintf(line, sizeof line, "netgdb: %s, %u s", p->text, seconds);
    write_line(p, line);
}

static void *progress_main(void *context)
{
    struct progress *p = context;
    uint64_t wait = QUIET;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        const struct timespec until = clock_after(wait);
        if (pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0)
            continue; /* to stop, or for no reason: then a line comes late */
        show(p);
        wait = INTERVAL;
    }
    if (p->width != 0)
        write_line(p, "");
    p->stopped = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void progress_free(struct progress *p)
{
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct progress *progress_start(const char *format, ...)
{
    va_list args;
    if (!atomic_load(&permitted) || isatty(STDERR_FILENO) != 1)
        return NULL;
    struct progress *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
    p->began = io_fds_now();
    (void)pthread_mutex_init(&p->lock, NULL);
    clock_condition(&p->changed);
    if (thread_start(progress_main, p) == 0)
        return p;
    progress_free(p);
    return NULL;
}

void progress_set(struct progress *p, const char *format, ...)
{
    va_list args;
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    va_start(args, format);
    (void)vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
    pthread_mutex_unlock(&p->lock);
}

void progress_stop(struct progress *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    while (!p->stopped)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    progress_free(p);
}
