/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hashes that programs for Solana call: SHA-256 (FIPS 180-4), Keccak-256 (the Keccak team's
 * submission, with its padding of 1, not FIPS 202's) and BLAKE3 (its specification, 2.1 to 2.4).
 */
#include <stdlib.h>
#include <string.h>

#include "ebpf/sbpf.h"

/* Limits of Agave: sha256_max_slices; a compute unit for 2 bytes of MAX_COMPUTE_UNIT_LIMIT. Ctrl-C
 * waits for the end of a hash: 0.1 s. */
enum {
    DIGEST = 32,
    SLICE = 16, /* bytes of a slice: address, length */
    SLICES_MAX = 20000,
    MESSAGE_MAX = 2 * 1400000, /* bytes of all slices */
};

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* --- SHA-256 ------------------------------------------------------------------------------ */

static const uint32_t sha256_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* FIPS 180-4, 4.2.2: the fractions of the cube roots of the first 64 primes. */
static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha256_block(uint32_t state[8], const uint8_t *p)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] +
               (rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t a = v[0], e = v[4];
        uint32_t one = v[7] + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                       ((e & v[5]) ^ (~e & v[6])) + sha256_k[i] + w[i];
        uint32_t two = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += one;
        v[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

static void sha256(const uint8_t *p, size_t len, uint8_t out[DIGEST])
{
    uint32_t state[8];
    uint8_t last[128] = {0};
    size_t rest = len % 64, end = rest < 56 ? 64 : 128;
    memcpy(state, sha256_start, sizeof state);
    for (size_t i = 0; i < len / 64; i++)
        sha256_block(state, p + 64 * i);
    memcpy(last, p + (len - rest), rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[end - 1 - i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    for (size_t i = 0; i < end; i += 64)
        sha256_block(state, last + i);
    for (int i = 0; i < DIGEST; i++)
        out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* --- Keccak-256 --------------------------------------------------------------------------- */

enum { KECCAK_RATE = 136 };

static uint64_t rotate64(uint64_t x, unsigned n)
{
    return n == 0 ? x : x << n | x >> (64 - n);
}

static void keccak_theta(uint64_t a[25])
{
    uint64_t c[5];
    for (int x = 0; x < 5; x++)
        c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (int i = 0; i < 25; i++)
        a[i] ^= c[(i + 4) % 5] ^ rotate64(c[(i + 1) % 5], 1);
}

static void keccak_rho_pi(uint64_t a[25])
{
    uint64_t moved = a[1];
    for (unsigned t = 0, x = 1, y = 0; t < 24; t++) {
        unsigned next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        uint64_t kept = a[x + 5 * y];
        a[x + 5 * y] = rotate64(moved, (t + 1) * (t + 2) / 2 % 64);
        moved = kept;
    }
}

static void keccak_chi(uint64_t a[25])
{
    for (int y = 0; y < 25; y += 5) {
        uint64_t row[5];
        memcpy(row, a + y, sizeof row);
        for (int x = 0; x < 5; x++)
            a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

/* The round constants come from a shift register: x^8 + x^6 + x^5 + x^4 + 1. */
static void keccak_permute(uint64_t a[25])
{
    unsigned shift = 1;
    for (int round = 0; round < 24; round++) {
        keccak_theta(a);
        keccak_rho_pi(a);
        keccak_chi(a);
        for (int j = 0; j < 7; j++) {
            if (shift & 1)
                a[0] ^= UINT64_C(1) << ((1 << j) - 1);
            shift = shift << 1 ^ (shift & 0x80 ? 0x171 : 0);
        }
    }
}

static void keccak_block(uint64_t a[25], const uint8_t *p)
{
    for (int i = 0; i < KECCAK_RATE; i++)
        a[i / 8] ^= (uint64_t)p[i] << 8 * (i % 8);
    keccak_permute(a);
}

static void keccak256(const uint8_t *p, size_t len, uint8_t out[DIGEST])
{
    uint64_t a[25] = {0};
    uint8_t last[KECCAK_RATE] = {0};
    size_t rest = len % KECCAK_RATE;
    for (size_t i = 0; i < len / KECCAK_RATE; i++)
        keccak_block(a, p + i * KECCAK_RATE);
    memcpy(last, p + (len - rest), rest);
    last[rest] = 1;
    last[KECCAK_RATE - 1] |= 0x80;
    keccak_block(a, last);
    for (int i = 0; i < DIGEST; i++)
        out[i] = (uint8_t)(a[i / 8] >> 8 * (i % 8));
}

/* --- BLAKE3 ------------------------------------------------------------------------------- */

enum { B3_BLOCK = 64, B3_CHUNK = 1024, CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static void b3_mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate_right(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate_right(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotate_right(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotate_right(v[b] ^ v[c], 7);
}

static void b3_round(uint32_t v[16], const uint32_t m[16])
{
    for (int i = 0; i < 4; i++)
        b3_mix(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
    for (int i = 0; i < 4; i++)
        b3_mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i],
               m[9 + 2 * i]);
}

/* Compresses a block of `len` bytes, padded with zeros, into the chaining value cv. */
static void b3_compress(uint32_t cv[8], const uint8_t block[B3_BLOCK], uint64_t counter,
                        uint32_t len, uint32_t flags)
{
    static const uint8_t order[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    uint32_t v[16], m[16], next[16];
    memcpy(v, cv, 8 * sizeof v[0]);
    memcpy(v + 8, sha256_start, 4 * sizeof v[0]); /* the same constants */
    v[12] = (uint32_t)counter;
    v[13] = (uint32_t)(counter >> 32);
    v[14] = len;
    v[15] = flags;
    for (int i = 0; i < 16; i++)
        m[i] = block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16 |
               (uint32_t)block[4 * i + 3] << 24;
    for (int round = 0; round < 7; round++) {
        b3_round(v, m);
        for (int i = 0; i < 16; i++)
            next[i] = m[order[i]];
        memcpy(m, next, sizeof m);
    }
    for (int i = 0; i < 8; i++)
        cv[i] = v[i] ^ v[i + 8];
}

static void b3_put(const uint32_t cv[8], uint8_t out[DIGEST])
{
    for (int i = 0; i < DIGEST; i++)
        out[i] = (uint8_t)(cv[i / 4] >> 8 * (i % 4));
}

static void b3_chunk(const uint8_t *p, size_t len, uint64_t counter, uint32_t root, uint32_t cv[8])
{
    size_t at = 0;
    memcpy(cv, sha256_start, 8 * sizeof cv[0]);
    do {
        uint8_t block[B3_BLOCK] = {0};
        size_t n = len - at < B3_BLOCK ? len - at : B3_BLOCK;
        bool last = at + n == len;
        memcpy(block, p + at, n);
        b3_compress(cv, block, counter, (uint32_t)n,
                    (at == 0 ? CHUNK_START : 0U) | (last ? CHUNK_END | root : 0U));
        at += n;
    } while (at < len);
}

/* A node of the tree: the left part is the largest power of two of chunks. */
static void b3_tree(const uint8_t *p, size_t len, uint64_t counter, uint32_t root, uint32_t cv[8])
{
    if (len <= B3_CHUNK) {
        b3_chunk(p, len, counter, root, cv);
        return;
    }
    uint8_t block[B3_BLOCK];
    size_t left = B3_CHUNK;
    while (2 * left < len)
        left *= 2;
    b3_tree(p, left, counter, 0, cv);
    b3_put(cv, block);
    b3_tree(p + left, len - left, counter + left / B3_CHUNK, 0, cv);
    b3_put(cv, block + DIGEST);
    memcpy(cv, sha256_start, 8 * sizeof cv[0]);
    b3_compress(cv, block, 0, B3_BLOCK, PARENT | root);
}

static void blake3(const uint8_t *p, size_t len, uint8_t out[DIGEST])
{
    uint32_t cv[8];
    b3_tree(p, len, 0, ROOT, cv);
    b3_put(cv, out);
}

/* --- the system calls --------------------------------------------------------------------- */

/* Appends the bytes of all slices. */
static enum ebpf_stop gather(struct ebpf_machine *m, const struct ebpf_helper *self,
                             const uint64_t arg[5], struct buf *message)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint64_t slice[2];
    if (arg[1] > SLICES_MAX)
        return ebpf_fault_at(m, EBPF_ACCESS, arg[0], "%s: more than %d slices", self->name,
                             SLICES_MAX);
    const uint8_t *slices = ebpf_reach(m, arg[0], arg[1] * SLICE, false, &stop);
    for (uint64_t i = 0; i < arg[1] && stop == EBPF_RUNNING; i++) {
        memcpy(slice, slices + i * SLICE, sizeof slice);
        const uint8_t *bytes = ebpf_reach(m, slice[0], slice[1], false, &stop);
        if (bytes != NULL && buf_add(message, bytes, (size_t)slice[1]) != 0)
            return ebpf_fault_at(m, EBPF_ACCESS, slice[0], "%s: more than %d bytes", self->name,
                                 MESSAGE_MAX);
    }
    return stop;
}

/* Slices (address, length), their number, address of the result. `value` selects the hash. */
EBPF_HELPER_FUNCTION(sbpf_digest)
{
    static void (*const hashes[])(const uint8_t *p, size_t len,
                                  uint8_t out[DIGEST]) = {sha256, keccak256, blake3};
    static const uint8_t nothing[1];
    struct buf message;
    buf_init(&message, MESSAGE_MAX);
    enum ebpf_stop stop = gather(m, self, arg, &message);
    uint8_t *out = stop != EBPF_RUNNING ? NULL : ebpf_reach(m, arg[2], DIGEST, true, &stop);
    if (out != NULL)
        hashes[self->value](message.len == 0 ? nothing : message.data, message.len, out);
    m->attention = true; /* it takes long: Ctrl-C works after each digest */
    buf_free(&message);
    *result = 0;
    return stop;
}
