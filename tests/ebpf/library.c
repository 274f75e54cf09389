/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program for gcc-bpf: it calls functions of libgcc for what eBPF has no instruction for, and
 * returns a hash of their results. The test compiles it for the host, too, for the expected one.
 */
typedef unsigned long long u64;
typedef unsigned u32;
typedef long long s64;

static u64 hash = 14695981039346656037ULL;

static void mix(u64 value)
{
    hash = (hash ^ value) * 1099511628211ULL;
}

static void bits(volatile u64 *p)
{
    u64 a = *p;
    u32 b = (u32)a;
    mix(__builtin_bswap64(a));
    mix(__builtin_bswap32(b));
    mix((u64)__builtin_popcountll(a));
    mix((u64)__builtin_parityll(a));
    mix((u64)__builtin_ffsll((s64)a));
    mix((u64)__builtin_clrsbll((s64)a));
    mix(a == 0 ? 64 : (u64)__builtin_clzll(a));
    mix(a == 0 ? 64 : (u64)__builtin_ctzll(a));
}

static void division(volatile s64 *p, s64 by)
{
    s64 a = *p;
    mix((u64)(a / by));
    mix((u64)(a % by));
    mix((u64)(s64)((int)a / (int)by));
    mix((u64)(s64)((int)a % (int)by));
}

#define ATOMICS(type, p, value)                                                                    \
    do {                                                                                           \
        type old = 77;                                                                             \
        mix(__sync_fetch_and_add(p, value));                                                       \
        mix(__sync_sub_and_fetch(p, 3));                                                           \
        mix(__sync_fetch_and_or(p, 0x41));                                                         \
        mix(__sync_and_and_fetch(p, 0x7b));                                                        \
        mix(__sync_fetch_and_xor(p, 0x55));                                                        \
        mix(__sync_nand_and_fetch(p, 0x1f));                                                       \
        mix(__sync_lock_test_and_set(p, value));                                                   \
        mix(__sync_val_compare_and_swap(p, value, 9));                                             \
        mix(__sync_bool_compare_and_swap(p, value, 10));                                           \
        mix(__atomic_fetch_add(p, 5, __ATOMIC_SEQ_CST));                                           \
        mix(__atomic_exchange_n(p, value, __ATOMIC_SEQ_CST));                                      \
        mix(__atomic_compare_exchange_n(p, &old, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));       \
        mix(old);                                                                                  \
        mix(__atomic_compare_exchange_n(p, &old, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));       \
        mix(*p);                                                                                   \
    } while (0)

u64 entry(void)
{
    static const s64 numbers[] = {0,   1,        -1, 0x123456789abcdef0, -0x7654321089abcdef,
                                  255, 1LL << 40};
    unsigned char byte = 200;
    unsigned short half = 60000;
    u32 word = 4000000000U;
    u64 wide = 0xfedcba9876543210ULL;
    for (int i = 0; i < 7; i++) {
        volatile s64 n = numbers[i];
        bits((volatile u64 *)&n);
        division(&n, 7);
        division(&n, -3);
    }
    ATOMICS(unsigned char, &byte, 100);
    ATOMICS(unsigned short, &half, 10000);
    ATOMICS(u32, &word, 1000000000U);
    ATOMICS(u64, &wide, 0x8000000000000001ULL);
    return hash;
}
