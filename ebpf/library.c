/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of compilers; see library.h. */
#include "ebpf/library.h"

#include <string.h>

#include "ebpf/exec.h"

#define NUMBER(name, expression)                                                                   \
    EBPF_HELPER_FUNCTION(name)                                                                     \
    {                                                                                              \
        bool wide = self->value == 64;                                                             \
        uint64_t a = wide ? arg[0] : (uint32_t)arg[0], b = wide ? arg[1] : (uint32_t)arg[1];       \
        (void)b;                                                                                   \
        *result = (uint64_t)(expression);                                                          \
        return EBPF_RUNNING;                                                                       \
    }

/* A signed result of 32 bits is extended. */
static uint64_t sign32(uint32_t value)
{
    return (uint64_t)(int64_t)(int32_t)value;
}

static int leading_zeros(uint64_t a, bool wide)
{
    int bits = wide ? 64 : 32;
    return a == 0 ? bits : __builtin_clzll(a) - (64 - bits);
}

/* The number of bits after the sign that are equal to it. */
static int sign_bits(uint64_t a, bool wide)
{
    uint64_t top = wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    uint64_t positive = a & top ? ~a & (top | (top - 1)) : a;
    return leading_zeros(positive, wide) - 1;
}

NUMBER(ebpf_library_bswap64, ((void)wide, (void)a, __builtin_bswap64(arg[0])))
NUMBER(ebpf_library_bswap32, ((void)wide, __builtin_bswap32((uint32_t)a)))
NUMBER(ebpf_library_popcount, __builtin_popcountll(a))
NUMBER(ebpf_library_clz, leading_zeros(a, wide))
NUMBER(ebpf_library_ctz, a == 0 ? (wide ? 64 : 32) : __builtin_ctzll(a))
NUMBER(ebpf_library_ffs, a == 0 ? 0 : __builtin_ctzll(a) + 1)
NUMBER(ebpf_library_parity, __builtin_parityll(a))
NUMBER(ebpf_library_clrsb, sign_bits(a, wide))
NUMBER(ebpf_library_div, wide ? signed_div64(a, b) : sign32(signed_div32((uint32_t)a, (uint32_t)b)))
NUMBER(ebpf_library_mod, wide ? signed_mod64(a, b) : sign32(signed_mod32((uint32_t)a, (uint32_t)b)))
NUMBER(ebpf_library_udiv, b == 0 ? 0 : a / b)
NUMBER(ebpf_library_umod, b == 0 ? a : a % b)

static uint64_t atomic_new(enum ebpf_atomic operation, uint64_t old, uint64_t value)
{
    switch (operation) {
    case EBPF_ATOMIC_ADD:
        return old + value;
    case EBPF_ATOMIC_SUB:
        return old - value;
    case EBPF_ATOMIC_OR:
        return old | value;
    case EBPF_ATOMIC_AND:
        return old & value;
    case EBPF_ATOMIC_XOR:
        return old ^ value;
    case EBPF_ATOMIC_NAND:
        return ~(old & value);
    default:
        return value;
    }
}

/* Programs run alone, so that any operation is atomic. */
EBPF_HELPER_FUNCTION(ebpf_library_atomic)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    unsigned size = self->value & 15;
    enum ebpf_atomic operation = (enum ebpf_atomic)(self->value >> 4 & 15);
    bool compares = operation == EBPF_ATOMIC_COMPARE || operation == EBPF_ATOMIC_EXPECT;
    uint64_t old = 0, expected = arg[1],
             mask = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
    uint8_t *at = ebpf_reach(m, arg[0], size, true, &stop), *expects = NULL;
    if (at != NULL && operation == EBPF_ATOMIC_EXPECT)
        expects = ebpf_reach(m, arg[1], size, true, &stop);
    if (at == NULL || stop != EBPF_RUNNING)
        return stop;
    memcpy(&old, at, size);
    if (expects != NULL)
        memcpy(&expected, expects, size);
    bool equal = old == (expected & mask);
    uint64_t new = atomic_new(operation, old, compares ? arg[2] : arg[1]);
    if (!compares || equal)
        memcpy(at, &new, size);
    else if (expects != NULL)
        memcpy(expects, &old, size);
    *result = self->value & EBPF_RETURN_BOOL  ? equal
              : self->value & EBPF_RETURN_NEW ? new &mask
                                              : old;
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_library_strlen)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint64_t n = 0;
    const uint8_t *c;
    while ((c = ebpf_reach(m, arg[0] + n, 1, false, &stop)) != NULL && *c != 0)
        n++;
    ebpf_worked(m, n);
    *result = n;
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_library_strcmp)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    for (uint64_t i = 0;; i++) {
        const uint8_t *a = ebpf_reach(m, arg[0] + i, 1, false, &stop);
        const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[1] + i, 1, false, &stop);
        if (b == NULL)
            return stop;
        *result = (uint64_t)(int64_t)(*a - *b);
        ebpf_worked(m, i);
        if (*a != *b || *a == 0)
            return stop;
    }
}
