/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Starts a program repeatedly, with and without a preload. Prints three medians in ns: the time of
 * a start without it, and the additional elapsed time and CPU time with it.
 *
 *   start PAIRS OBJECT PROGRAM [ARGUMENT...]
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

struct cost {
    uint64_t time, cpu;
};

static uint64_t nanoseconds(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

/* Starts the program once; `object` NULL: no preload. */
static struct cost start(const char *object, char **command)
{
    struct rusage usage;
    int status;
    uint64_t began = bench_now();
    pid_t child = fork();
    if (child == 0) {
        if (object != NULL)
            setenv("LD_PRELOAD", object, 1);
        execvp(command[0], command);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        errx(1, "%s does not start", command[0]);
    return (struct cost){bench_now() - began,
                         nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime)};
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t median(int64_t *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, compare);
    return samples[n / 2];
}

int main(int argc, char **argv)
{
    if (argc < 4)
        errx(2, "usage: start PAIRS OBJECT PROGRAM [ARGUMENT...]");
    unsigned n = bench_number(argv[1]);
    int64_t *samples = calloc(3 * (size_t)n, sizeof *samples);
    for (unsigned i = 0; i < n && samples != NULL; i++) {
        struct cost cost[2]; /* without and with, in alternating order */
        cost[i % 2] = start(i % 2 != 0 ? argv[2] : NULL, argv + 3);
        cost[1 - i % 2] = start(i % 2 != 0 ? NULL : argv[2], argv + 3);
        samples[i] = (int64_t)cost[0].time;
        samples[n + i] = (int64_t)(cost[1].time - cost[0].time);
        samples[2 * n + i] = (int64_t)(cost[1].cpu - cost[0].cpu);
    }
    for (unsigned i = 0; i < 3 && samples != NULL; i++)
        printf("%lld%c", (long long)median(samples + i * n, n), i == 2 ? '\n' : ' ');
    free(samples);
    return 0;
}
