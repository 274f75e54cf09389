/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures the cost of a datagram that one process sends and receives over loopback with the calls
 * of io/transfer.c. Prints the median ns per datagram: alone; in batches of 16; the same with
 * buffers that are aligned to cache lines.
 *
 *   batch COUNT BYTES     COUNT batches of each kind in turn, of datagrams of this size
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/fds.h"
#include "proto/link/wire.h"
#include "tests/bench/bench.h"

enum {
    BATCH = IO_FDS_BATCH,
    SLOT = WIRE_DATAGRAM_MAX + 1, /* contiguous, as in transfer.c */
    LINE = 64,
    ALIGNED = (SLOT + LINE - 1) / LINE * LINE,
};

static int out, in;

static void prepare(struct mmsghdr batch[BATCH], struct iovec parts[BATCH], uint8_t *memory,
                    size_t slot, size_t len)
{
    memset(batch, 0, BATCH * sizeof *batch);
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){memory + i * slot, len};
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
    }
}

/* Sends n datagrams with one call, and receives them with one. */
static void exchange(uint8_t *from, uint8_t *to, size_t slot, unsigned n, size_t len)
{
    struct mmsghdr batch[BATCH];
    struct iovec parts[BATCH];
    prepare(batch, parts, from, slot, len);
    if (sendmmsg(out, batch, n, MSG_DONTWAIT) != (int)n)
        err(1, "sendmmsg");
    prepare(batch, parts, to, slot, SLOT);
    if (recvmmsg(in, batch, BATCH, MSG_DONTWAIT, NULL) != (int)n)
        err(1, "recvmmsg");
}

/* BATCH datagrams, n per call; returns ns per datagram. */
static uint64_t time_batch(uint8_t *from, uint8_t *to, size_t slot, unsigned n, size_t len)
{
    uint64_t began = bench_now();
    for (unsigned i = 0; i < BATCH; i += n)
        exchange(from, to, slot, n, len);
    return (bench_now() - began) / BATCH;
}

static uint8_t *buffers(void)
{
    uint8_t *memory = aligned_alloc(LINE, (size_t)BATCH * ALIGNED + LINE);
    if (memory == NULL)
        err(1, "aligned_alloc");
    memset(memory, 'n', (size_t)BATCH * ALIGNED + LINE);
    return memory;
}

int main(int argc, char **argv)
{
    enum { KINDS = 3, MALLOC = 16 }; /* what malloc aligns to */
    struct sockaddr_in a = bench_loopback(0), b = bench_loopback(0);
    if (argc != 3)
        errx(2, "usage: batch COUNT BYTES");
    unsigned n = bench_number(argv[1]), len = bench_number(argv[2]);
    uint64_t *samples = calloc((size_t)n * KINDS, sizeof *samples);
    uint8_t *from = buffers(), *to = buffers();
    out = bench_udp(&a);
    in = bench_udp(&b);
    if (samples == NULL || len > WIRE_DATAGRAM_MAX ||
        connect(out, (struct sockaddr *)&b, sizeof b) != 0)
        err(1, "batch");
    for (unsigned i = 0; i < n; i++) {
        samples[i] = time_batch(from + MALLOC, to + MALLOC, SLOT, 1, len);
        samples[n + i] = time_batch(from + MALLOC, to + MALLOC, SLOT, BATCH, len);
        samples[2 * n + i] = time_batch(from, to, ALIGNED, BATCH, len);
    }
    for (unsigned kind = 0; kind < KINDS; kind++)
        printf("%llu%c", (unsigned long long)bench_median(samples + (size_t)kind * n, n),
               kind + 1 < KINDS ? ' ' : '\n');
    free(samples);
    free(from);
    free(to);
    return 0;
}
