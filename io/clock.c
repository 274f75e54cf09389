/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds and calls libc's own clock_gettime; see clock.h. */
#include "io/clock.h"

#include "io/os.h"
#include "proto/io.h"

typedef int clock_function(clockid_t clock, struct timespec *t);

static clock_function *own = clock_gettime;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose_clock(void)
{
    /* ISO C does not convert an object pointer into a function pointer. */
    union {
        void *object;
        clock_function *function;
    } found = {.object = NULL};
    found.object = os_libc_function("clock_gettime");
    if (found.object != NULL)
        own = found.function;
}

void clock_read(clockid_t clock, struct timespec *t)
{
    (void)pthread_once(&once, choose_clock);
    (void)own(clock, t);
}

void clock_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct timespec clock_after(uint64_t ns)
{
    struct timespec t;
    clock_read(CLOCK_MONOTONIC, &t);
    uint64_t fraction = (uint64_t)t.tv_nsec + ns % IO_SECOND;
    t.tv_sec += (time_t)(ns / IO_SECOND + fraction / IO_SECOND);
    t.tv_nsec = (long)(fraction % IO_SECOND);
    return t;
}
