/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A preload whose clocks stand still (NETGDB_TEST_CLOCK=frozen) or advance by an hour at each call,
 * as with faketime(1).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

enum { BEGINNING = 1000000, HOUR = 3600 };

static time_t seconds(void)
{
    static time_t looks;
    const char *kind = getenv("NETGDB_TEST_CLOCK");
    return BEGINNING + (kind != NULL && strcmp(kind, "frozen") == 0 ? 0 : ++looks * HOUR);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    (void)clock;
    *t = (struct timespec){seconds(), 0};
    return 0;
}

/* Systems differ in the type of `zone`, so not from <sys/time.h>. */
int gettimeofday(struct timeval *restrict t, void *restrict zone);

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    (void)zone;
    *t = (struct timeval){seconds(), 0};
    return 0;
}

time_t time(time_t *t)
{
    time_t now = seconds();
    if (t != NULL)
        *t = now;
    return now;
}
