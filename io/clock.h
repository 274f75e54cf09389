/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system's clocks. In a debugger somebody else's preload may have a clock_gettime() of its own
 * (faketime(1): a clock that stands still, or jumps); this is libc's.
 */
#ifndef NETGDB_IO_CLOCK_H
#define NETGDB_IO_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* As clock_gettime, for the clocks that cannot fail. */
void clock_read(clockid_t clock, struct timespec *t);

/*
 * Makes a condition whose timed waits count by the monotonic clock: somebody who sets the date
 * neither ends nor prolongs them. clock_after is the time to give to pthread_cond_timedwait: so
 * many nanoseconds from now.
 */
void clock_condition(pthread_cond_t *condition);
struct timespec clock_after(uint64_t ns);

#endif
