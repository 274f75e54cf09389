/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures the speed of the eBPF machine as a ratio to a C loop of dependent additions in the same
 * run: through the stub, with a breakpoint set and the client's descriptor polled between slices.
 * Also the maximum latency of Ctrl-C.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ebpf/target.h"
#include "io/fds.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"
#include "tests/requests.h"

#define BASE_ADDS UINT64_C(200000000)
enum { INPUT = 1 << 20, PRIMES = 1000000, ROOT = 1000, LOOPS = 40000000, ROUNDS = 7 };

/* `x ^= x << 13; x ^= x >> 7; x ^= x << 17; sum += x;` as clang 14 compiles it at -O2. */
static const uint64_t alu[] = {
    LDDW(3, 88172645463325252),
    MOV_K(2, 0),
    MOV_K(1, LOOPS),
    MOV_X(4, 3),
    ALU_K(BPF_LSH, 4, 13),
    ALU_X(BPF_XOR, 4, 3),
    MOV_X(5, 4),
    ALU_K(BPF_RSH, 5, 7),
    ALU_X(BPF_XOR, 5, 4),
    MOV_X(3, 5),
    ALU_K(BPF_LSH, 3, 17),
    ALU_X(BPF_XOR, 3, 5),
    MOV_X(0, 3),
    ALU_X(BPF_ADD, 0, 2),
    ALU_K(BPF_ADD, 1, -1),
    MOV_X(2, 0),
    JMP_K(BPF_JEQ, 1, 0, 1),
    JA(-15),
    EXIT,
    EXIT,
};

/* The worst case: no moves, one chain. */
static const uint64_t chain[] = {
    MOV_K(0, 1),
    MOV_K(1, LOOPS),
    ALU_X(BPF_ADD, 0, 1),
    ALU_K(BPF_LSH, 0, 3),
    ALU_X(BPF_XOR, 0, 1),
    ALU_K(BPF_ADD, 0, 77),
    ALU_X(BPF_SUB, 0, 1),
    ALU_K(BPF_RSH, 0, 1),
    ALU_K(BPF_ADD, 1, -1),
    JMP_K(BPF_JNE, 1, 0, -8),
    EXIT,
    EXIT,
};

/* The sieve of Eratosthenes over a million bytes, ten times. */
static const uint64_t sieve[] = {
    MOV_K(9, 10),
    MOV_X(8, 1),
    MOV_K(6, 0),
    MOV_X(7, 8),
    ALU_X(BPF_ADD, 7, 6),
    ST(BPF_B, 7, 0, 1),
    ALU_K(BPF_ADD, 6, 1),
    JMP_K(BPF_JLT, 6, PRIMES, -5),
    MOV_K(6, 2),
    MOV_X(7, 8),
    ALU_X(BPF_ADD, 7, 6),
    LDX(BPF_B, 2, 7, 0),
    JMP_K(BPF_JEQ, 2, 0, 8),
    MOV_X(3, 6),
    ALU_X(BPF_MUL, 3, 6),
    JMP_K(BPF_JGE, 3, PRIMES, 5),
    MOV_X(7, 8),
    ALU_X(BPF_ADD, 7, 3),
    ST(BPF_B, 7, 0, 0),
    ALU_X(BPF_ADD, 3, 6),
    JMP_K(BPF_JLT, 3, PRIMES, -5),
    ALU_K(BPF_ADD, 6, 1),
    JMP_K(BPF_JLT, 6, ROOT, -14),
    ALU_K(BPF_ADD, 9, -1),
    JMP_K(BPF_JNE, 9, 0, -23),
    EXIT,
    EXIT,
};

/* Copies half a megabyte in 8-byte words, 400 times. */
static const uint64_t copy[] = {
    MOV_K(9, 400),
    MOV_X(8, 1),
    MOV_X(1, 8),
    MOV_X(2, 8),
    ALU_K(BPF_ADD, 2, INPUT / 2),
    MOV_K(3, INPUT / 16),
    LDX(BPF_DW, 4, 1, 0),
    STX(BPF_DW, 2, 0, 4),
    ALU_K(BPF_ADD, 1, 8),
    ALU_K(BPF_ADD, 2, 8),
    ALU_K(BPF_ADD, 3, -1),
    JMP_K(BPF_JNE, 3, 0, -6),
    ALU_K(BPF_ADD, 9, -1),
    JMP_K(BPF_JNE, 9, 0, -12),
    EXIT,
    EXIT,
};

/* A function of two instructions, called from a loop. */
static const uint64_t calls[] = {
    MOV_K(6, LOOPS),
    MOV_K(0, 0),
    MOV_X(1, 6),
    CALL_LOCAL(3),
    ALU_K(BPF_ADD, 6, -1),
    JMP_K(BPF_JNE, 6, 0, -4),
    EXIT,
    ALU_X(BPF_ADD, 0, 1),
    EXIT,
    EXIT,
};

static const uint64_t endless[] = {ALU_K(BPF_ADD, 0, 1), JA(-2)};
static const uint64_t filling[] = {MOV_X(6, 1),     MOV_X(1, 6),       MOV_K(2, 5),
                                   MOV_K(3, INPUT), CALL_HELPER(1002), JA(-5)};

static const struct {
    const char *name;
    const uint64_t *code;
    size_t bytes;
    double bar; /* 0: none */
} programs[] = {
    {"alu", alu, sizeof alu, 0.28},
    {"alu, one chain", chain, sizeof chain, 0},
    {"sieve", sieve, sizeof sieve, 0.19},
    {"copy", copy, sizeof copy, 0.21},
    {"local calls", calls, sizeof calls, 0.11},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Additions per second. */
static double base_rate(void)
{
    uint64_t x = 0;
    double start = seconds();
    for (uint64_t i = 0; i < BASE_ADDS; i++) {
        x += i;
        __asm__ volatile("" : "+r"(x));
    }
    return (double)BASE_ADDS / (seconds() - start);
}

static struct target *open_target(struct io_fds *io, struct ebpf_image **image,
                                  const uint64_t *code, size_t bytes)
{
    static const uint8_t input[INPUT];
    struct target *t;
    if (ebpf_image_from_code(image, (const uint8_t *)code, bytes) != 0)
        abort();
    struct ebpf_target_options o = {
        .images = image,
        .count = 1,
        .io = &io->io,
        .machine = {.budget = EBPF_NO_BUDGET, .input = input, .input_size = INPUT}};
    if (ebpf_target_new(&t, &o) != 0)
        abort();
    return t;
}

/* Instructions per second. */
static double rate(struct io_fds *io, const uint64_t *code, size_t bytes)
{
    struct ebpf_image *image;
    struct target *t = open_target(io, &image, code, bytes);
    struct ebpf_machine *m = ebpf_target_machine(t);
    struct buf reply;
    bool final = false;
    buf_init(&reply, TARGET_REPLY_MAX);
    if (ebpf_break_add(m, image->entry + bytes - BPF_INSN_SIZE) != 0)
        abort();
    double start = seconds();
    if (send_bytes(t, "c", 1) != 0)
        abort();
    while (!final)
        if (target_recv(t, &reply, &final, IO_ON_CLIENT) != 0)
            abort();
    double result = (double)m->executed / (seconds() - start);
    if (!m->exited)
        abort();
    buf_free(&reply);
    target_free(t);
    ebpf_image_free(image);
    return result;
}

/* The maximum time until recv notices an event that is already pending. */
static double longest_wait(struct io_fds *io, const uint64_t *code, size_t bytes)
{
    struct ebpf_image *image;
    struct target *t = open_target(io, &image, code, bytes);
    struct buf reply;
    bool final;
    double longest = 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    if (send_bytes(t, "c", 1) != 0)
        abort();
    for (int i = 0; i < 200; i++) {
        double start = seconds();
        if (target_recv(t, &reply, &final, IO_ON_CLIENT) != NETGDB_AGAIN)
            abort();
        double took = seconds() - start;
        longest = took > longest ? took : longest;
    }
    buf_free(&reply);
    target_free(t);
    ebpf_image_free(image);
    return longest;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of some rounds; each measures the additions first. */
static void measure(struct io_fds *io, size_t i)
{
    double ratio[ROUNDS], speed[ROUNDS];
    for (int k = 0; k < ROUNDS; k++) {
        double base = base_rate();
        speed[k] = rate(io, programs[i].code, programs[i].bytes);
        ratio[k] = speed[k] / base;
    }
    qsort(ratio, ROUNDS, sizeof ratio[0], by_size);
    qsort(speed, ROUNDS, sizeof speed[0], by_size);
    printf("%-16s %6.0f million/s, ratio %.3f (%.3f to %.3f)", programs[i].name,
           speed[ROUNDS / 2] / 1e6, ratio[ROUNDS / 2], ratio[0], ratio[ROUNDS - 1]);
    if (programs[i].bar != 0)
        printf(", bar %.2f", programs[i].bar);
    printf("\n");
    fflush(stdout);
}

int main(void)
{
    struct io_fds io;
    int pair[2];
    if (io_fds_init(&io) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    io_fds_set_stream(&io, IO_CLIENT, pair[0], pair[0]);
    printf("dependent additions in C: %.0f million/s\n", base_rate() / 1e6);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        measure(&io, i);
    if (write(pair[1], "\003", 1) != 1)
        return 1;
    printf("Ctrl-C stops the program within %.2f ms, while a helper fills memory within %.2f ms "
           "(bar 50)\n",
           1e3 * longest_wait(&io, endless, sizeof endless),
           1e3 * longest_wait(&io, filling, sizeof filling));
    close(pair[1]);
    io_fds_close(&io);
    return 0;
}
