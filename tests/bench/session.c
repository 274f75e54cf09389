/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A gdb-like session on one connection: a number of requests of one kind in sequence.
 *
 *   session KIND WARM COUNT THINK NODE SERVICE
 *
 * Prints the time of COUNT requests after WARM requests, in ns, with THINK us between a reply and
 * the next request. KIND: reads, writes, steps, stepi (gdb 13.1's requests at each, with the
 * complete list of threads), mixed.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"

#define TEXT UINT64_C(0xffffffff80200000) /* of tests/sim/machine.h */
#define DATA UINT64_C(0xffffffff81000000)

enum { READ = 0x40, THREADS_READ = 0x1000 };

static void read_text(int fd, unsigned n)
{
    char request[40];
    snprintf(request, sizeof request, "m%" PRIx64 ",%x", TEXT + n % 4096 * READ, (unsigned)READ);
    (void)client_ask(fd, request);
}

static void write_data(int fd, unsigned n)
{
    char request[48];
    snprintf(request, sizeof request, "M%" PRIx64 ",4:%08x", DATA + 0x1000 + n % 64 * 4, n);
    (void)client_ask(fd, request);
}

static void step(int fd, unsigned n)
{
    (void)n;
    (void)client_ask(fd, "s");
}

static void list_threads(int fd)
{
    char request[48];
    const struct buf *reply;
    size_t offset = 0;
    do {
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,%x", offset,
                 (unsigned)THREADS_READ);
        reply = client_ask(fd, request);
        offset += reply->len - 1;
    } while (reply->len > 1 && reply->data[0] == 'm');
}

static void stepi(int fd, unsigned n)
{
    step(fd, n);
    list_threads(fd);
    (void)client_ask(fd, "g");
    read_text(fd, n);
    read_text(fd, n + 1);
}

static void anything(int fd, unsigned n)
{
    if (n % 10 == 0)
        step(fd, n);
    else if (n % 10 < 4)
        write_data(fd, n);
    else if (n % 10 == 4)
        (void)client_ask(fd, "p10");
    else
        read_text(fd, n);
}

static const struct {
    const char *name;
    void (*request)(int fd, unsigned n);
} kinds[] = {{"reads", read_text},
             {"writes", write_data},
             {"steps", step},
             {"stepi", stepi},
             {"mixed", anything}};

static void play(int fd, size_t kind, unsigned first, unsigned n, unsigned think)
{
    const struct timespec pause = {0, (long)think * 1000};
    for (unsigned i = first; i < first + n; i++) {
        kinds[kind].request(fd, i);
        if (think != 0)
            (void)nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    size_t kind = 0;
    if (argc != 7)
        errx(2, "usage: session KIND WARM COUNT THINK NODE SERVICE");
    while (kind < sizeof kinds / sizeof kinds[0] && strcmp(argv[1], kinds[kind].name) != 0)
        kind++;
    if (kind == sizeof kinds / sizeof kinds[0])
        errx(2, "unknown kind of session '%s'", argv[1]);
    unsigned warm = bench_number(argv[2]), count = bench_number(argv[3]);
    unsigned think = bench_number(argv[4]);
    int fd = client_begin(argv[5], argv[6]);
    play(fd, kind, 0, warm, think);
    uint64_t began = bench_now();
    play(fd, kind, warm, count, think);
    printf("%" PRIu64 "\n", bench_now() - began);
    client_finish(fd);
    return 0;
}
