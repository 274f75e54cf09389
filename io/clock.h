/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system's clocks. In a debugger somebody else's preload may have a clock_gettime() of its own
 * (faketime(1): a clock that stands still, or jumps); this is libc's.
 */
#ifndef NETGDB_IO_CLOCK_H
#define NETGDB_IO_CLOCK_H

#include <time.h>

/* As clock_gettime, for the clocks that cannot fail. */
void clock_read(clockid_t clock, struct timespec *t);

#endif
