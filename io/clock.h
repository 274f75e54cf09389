/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the system clocks through libc's own clock_gettime(). Another preloaded object in the
 * debugger's process may replace that function: the clock of faketime(1) stands still or jumps.
 */
#ifndef NETGDB_IO_CLOCK_H
#define NETGDB_IO_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Reads `clock` into *t as clock_gettime() does. For clocks that always exist; reports no error. */
void clock_read(clockid_t clock, struct timespec *t);

/*
 * Initializes a condition variable whose timed waits use the monotonic clock, so that setting the
 * date neither shortens nor prolongs them.
 */
void clock_condition(pthread_cond_t *condition);

/* Returns the monotonic time `ns` nanoseconds from now, for pthread_cond_timedwait(). */
struct timespec clock_after(uint64_t ns);

#endif
