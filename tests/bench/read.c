/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes GDB's calls on one or more connections, with or without the preload, and reads memory
 * through each.
 *
 *   read SIZE COUNT NODE SERVICE...         prints the median of one read of SIZE bytes, in ns, for
 *                                           each connection, which take turns
 *   read memory COUNT NODE SERVICE...       prints the resident bytes per connection
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/client.h"

enum { CONNECTIONS = 16 };

static uint64_t time_read(int fd, const char *request)
{
    uint64_t began = bench_now();
    (void)client_ask(fd, request);
    return bench_now() - began;
}

static void measure_reads(unsigned size, unsigned n, int pairs, char **names)
{
    uint64_t *samples = calloc((size_t)n * (size_t)pairs, sizeof *samples);
    int fds[CONNECTIONS];
    char request[64];
    if (samples == NULL)
        err(1, "calloc");
    for (int c = 0; c < pairs; c++)
        fds[c] = client_begin(names[2 * c], names[2 * c + 1]);
    snprintf(request, sizeof request, "m123456,%x", size);
    for (unsigned i = 0; i < BENCH_WARM_UP + n; i++) {
        for (int c = 0; c < pairs; c++) {
            uint64_t took = time_read(fds[c], request);
            if (i >= BENCH_WARM_UP)
                samples[(unsigned)c * n + i - BENCH_WARM_UP] = took;
        }
    }
    for (int c = 0; c < pairs; c++) {
        client_finish(fds[c]);
        printf("%llu%c", (unsigned long long)bench_median(samples + (unsigned)c * n, n),
               c + 1 < pairs ? ' ' : '\n');
    }
    free(samples);
}

/* Resident bytes of this process. */
static long resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        err(1, "/proc/self/statm");
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void measure_memory(unsigned n, int pairs, char **names)
{
    int fds[CONNECTIONS];
    long before = resident();
    for (int c = 0; c < pairs; c++) {
        fds[c] = client_begin(names[2 * c], names[2 * c + 1]);
        for (unsigned i = 0; i < n; i++)
            (void)client_ask(fds[c], i % 2 == 0 ? "m1000,800" : "m1000,40");
    }
    long after = resident();
    for (int c = 0; c < pairs; c++)
        client_finish(fds[c]);
    printf("%ld\n", (after - before) / pairs);
}

int main(int argc, char **argv)
{
    int pairs = (argc - 3) / 2;
    if (argc < 5 || argc % 2 == 0 || pairs > CONNECTIONS)
        errx(2, "usage: read SIZE|memory COUNT NODE SERVICE...");
    unsigned n = bench_number(argv[2]);
    if (strcmp(argv[1], "memory") == 0)
        measure_memory(n, pairs, argv + 3);
    else
        measure_reads(bench_number(argv[1]), n, pairs, argv + 3);
    return 0;
}
