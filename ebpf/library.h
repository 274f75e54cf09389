/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Functions of libgcc and libatomic that compilers call for what eBPF has no instruction for (GCC
 * Internals, "The GCC low-level runtime library"; GCC manual, "__sync Builtins", "__atomic
 * Builtins"). They are helpers with numbers from 1100 on; the loader binds them by name.
 */
#ifndef NETGDB_EBPF_LIBRARY_H
#define NETGDB_EBPF_LIBRARY_H

#include "ebpf/helpers.h"

/* What an atomic function does; the value of its helper: operation, bytes, and what it returns. */
enum ebpf_atomic {
    EBPF_ATOMIC_ADD,
    EBPF_ATOMIC_SUB,
    EBPF_ATOMIC_OR,
    EBPF_ATOMIC_AND,
    EBPF_ATOMIC_XOR,
    EBPF_ATOMIC_NAND,
    EBPF_ATOMIC_SET,     /* exchange */
    EBPF_ATOMIC_COMPARE, /* __sync: address, old, new */
    EBPF_ATOMIC_EXPECT   /* __atomic: address, address of old, new */
};
enum { EBPF_RETURN_OLD = 0, EBPF_RETURN_NEW = 0x100, EBPF_RETURN_BOOL = 0x200 };

EBPF_HELPER_FUNCTION(ebpf_library_atomic);
EBPF_HELPER_FUNCTION(ebpf_library_bswap64);
EBPF_HELPER_FUNCTION(ebpf_library_bswap32);
EBPF_HELPER_FUNCTION(ebpf_library_popcount);
EBPF_HELPER_FUNCTION(ebpf_library_clz);
EBPF_HELPER_FUNCTION(ebpf_library_ctz);
EBPF_HELPER_FUNCTION(ebpf_library_ffs);
EBPF_HELPER_FUNCTION(ebpf_library_parity);
EBPF_HELPER_FUNCTION(ebpf_library_clrsb);
EBPF_HELPER_FUNCTION(ebpf_library_div);
EBPF_HELPER_FUNCTION(ebpf_library_mod);
EBPF_HELPER_FUNCTION(ebpf_library_udiv);
EBPF_HELPER_FUNCTION(ebpf_library_umod);
EBPF_HELPER_FUNCTION(ebpf_library_strlen);
EBPF_HELPER_FUNCTION(ebpf_library_strcmp);

#define EBPF_ATOMIC_(id_, name_, size, operation, returns)                                         \
    {                                                                                              \
        .id = id_, .name = name_ #size, .arguments = "address, value",                             \
        .call = ebpf_library_atomic, .value = (returns) | EBPF_ATOMIC_##operation << 4 | (size)    \
    }
#define EBPF_OPERATION_(id, name, size, operation)                                                 \
    EBPF_ATOMIC_((id), "__sync_fetch_and_" name "_", size, operation, EBPF_RETURN_OLD),            \
        EBPF_ATOMIC_((id) + 1, "__sync_" name "_and_fetch_", size, operation, EBPF_RETURN_NEW),    \
        EBPF_ATOMIC_((id) + 2, "__atomic_fetch_" name "_", size, operation, EBPF_RETURN_OLD),      \
        EBPF_ATOMIC_((id) + 3, "__atomic_" name "_fetch_", size, operation, EBPF_RETURN_NEW)
#define EBPF_ATOMICS_(id, size)                                                                    \
    EBPF_OPERATION_((id), "add", size, ADD), EBPF_OPERATION_((id) + 4, "sub", size, SUB),          \
        EBPF_OPERATION_((id) + 8, "or", size, OR), EBPF_OPERATION_((id) + 12, "and", size, AND),   \
        EBPF_OPERATION_((id) + 16, "xor", size, XOR),                                              \
        EBPF_OPERATION_((id) + 20, "nand", size, NAND),                                            \
        EBPF_ATOMIC_((id) + 24, "__sync_lock_test_and_set_", size, SET, EBPF_RETURN_OLD),          \
        EBPF_ATOMIC_((id) + 25, "__atomic_exchange_", size, SET, EBPF_RETURN_OLD),                 \
        EBPF_ATOMIC_((id) + 26, "__sync_val_compare_and_swap_", size, COMPARE, EBPF_RETURN_OLD),   \
        EBPF_ATOMIC_((id) + 27, "__sync_bool_compare_and_swap_", size, COMPARE, EBPF_RETURN_BOOL), \
        EBPF_ATOMIC_((id) + 28, "__atomic_compare_exchange_", size, EXPECT, EBPF_RETURN_BOOL)

/* A function of a number, for 64 bits (value 64) and 32 bits. */
#define EBPF_BOTH_(id_, name_, suffix, function)                                                   \
    {.id = (id_),                                                                                  \
     .name = name_ "di" suffix,                                                                    \
     .arguments = "number",                                                                        \
     .call = function,                                                                             \
     .value = 64},                                                                                 \
    {                                                                                              \
        .id = (id_) + 1, .name = name_ "si" suffix, .arguments = "number", .call = function,       \
        .value = 32                                                                                \
    }

/* The rows of the table of helpers. */
#define EBPF_LIBRARY                                                                               \
    {1100, "__bswapdi2", "number", ebpf_library_bswap64, 0},                                       \
        {1101, "__bswapsi2", "number", ebpf_library_bswap32, 0},                                   \
        EBPF_BOTH_(1102, "__popcount", "2", ebpf_library_popcount),                                \
        EBPF_BOTH_(1104, "__clz", "2", ebpf_library_clz),                                          \
        EBPF_BOTH_(1106, "__ctz", "2", ebpf_library_ctz),                                          \
        EBPF_BOTH_(1108, "__ffs", "2", ebpf_library_ffs),                                          \
        EBPF_BOTH_(1110, "__parity", "2", ebpf_library_parity),                                    \
        EBPF_BOTH_(1112, "__clrsb", "2", ebpf_library_clrsb),                                      \
        EBPF_BOTH_(1114, "__div", "3", ebpf_library_div),                                          \
        EBPF_BOTH_(1116, "__mod", "3", ebpf_library_mod),                                          \
        EBPF_BOTH_(1118, "__udiv", "3", ebpf_library_udiv),                                        \
        EBPF_BOTH_(1120, "__umod", "3", ebpf_library_umod),                                        \
        {1130, "strlen", "string", ebpf_library_strlen, 0},                                        \
        {1131, "strcmp", "a, b", ebpf_library_strcmp, 0}, EBPF_ATOMICS_(1200, 1),                  \
        EBPF_ATOMICS_(1300, 2), EBPF_ATOMICS_(1400, 4), EBPF_ATOMICS_(1500, 8)

#endif
