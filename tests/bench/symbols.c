/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compares loading symbols with nm on the same file, alternately; and measures the memory that
 * remains and the time of a look-up: tests/bench/symbols FILE. Prints numbers without bars.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "symbols/symtab.h"

enum { ROUNDS = 9, LOOKUPS = 1000000 };

struct load {
    double seconds;
    size_t kept, peak, table, symbols; /* bytes, bytes, bytes, number */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* The private resident memory of this process. */
static size_t resident(void)
{
    size_t pages = 0, all = 0, shared = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%zu %zu %zu", &all, &pages, &shared) != 3)
        die("/proc/self/statm");
    fclose(f);
    return (pages - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

/* Loads in a new process, so that every load has the same start and its own peak. */
static struct load load_once(const char *path)
{
    int ends[2];
    struct load l = {0};
    if (pipe(ends) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        /* As in a GDB that runs for long: makes malloc keep large freed blocks. */
        void *volatile large = malloc(32 << 20);
        free(large);
        size_t before = resident(), peak_before = peak();
        double start = now();
        struct symtab *t = symtab_open(path, NULL);
        l.seconds = now() - start;
        if (t != NULL) {
            l.kept = resident() - before;
            l.peak = peak() - peak_before;
            l.table = symtab_bytes(t);
            l.symbols = symtab_count(t);
        }
        _exit(write(ends[1], &l, sizeof l) != sizeof l);
    }
    if (pid < 0 || read(ends[0], &l, sizeof l) != sizeof l || waitpid(pid, NULL, 0) != pid)
        die("load");
    close(ends[0]);
    close(ends[1]);
    return l;
}

static double nm_once(const char *path)
{
    int status;
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execlp("nm", "nm", path, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("nm");
    return now() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

static void lookups(const char *path)
{
    struct symtab *t = symtab_open(path, NULL);
    struct symbol s, found;
    size_t missed = 0;
    uint32_t random = 1;
    double loops[2];
    for (int by_address = 0; by_address < 2; by_address++) {
        double start = now();
        for (int i = 0; i < LOOKUPS; i++) {
            random = random * 1664525 + 1013904223;
            symtab_nth(t, random % symtab_count(t), &s);
            missed += by_address ? !symtab_at(t, s.address + 1, &found)
                                 : symtab_find(t, s.name, &found) == 0;
        }
        loops[by_address] = (now() - start) / LOOKUPS * 1e9;
    }
    printf("look-up by name %.0f ns, by address %.0f ns (mean of %d, random order, %zu missed)\n",
           loops[0], loops[1], LOOKUPS, missed);
    symtab_free(t);
}

int main(int argc, char **argv)
{
    double loads[ROUNDS], nms[ROUNDS];
    struct load l = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    nm_once(argv[1]); /* puts the file into the cache for both */
    for (int i = 0; i < ROUNDS; i++) {
        l = load_once(argv[1]);
        loads[i] = l.seconds;
        nms[i] = nm_once(argv[1]);
    }
    if (l.symbols == 0) {
        fprintf(stderr, "%s: no symbols\n", argv[1]);
        return 1;
    }
    double load = median(loads), nm = median(nms);
    printf("load %zu symbols: %.1f ms, nm %.1f ms: ratio %.2f (median of %d)\n", l.symbols,
           load * 1e3, nm * 1e3, load / nm, ROUNDS);
    printf("memory: table %.1f MiB, process keeps %.1f MiB, peak %.1f MiB\n",
           (double)l.table / 1048576, (double)l.kept / 1048576, (double)l.peak / 1048576);
    lookups(argv[1]);
    return 0;
}
