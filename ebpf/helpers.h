/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Helper functions, which a program calls by number (RFC 9669, 4.3.1). The numbers, names and
 * arguments below 1000 are Linux's (linux/bpf.h, enum bpf_func_id). Numbers from 1000 on
 * are netgdb's own: C functions that compilers (library.h) and programs call. The loader binds
 * undefined functions to helpers by name.
 */
#ifndef NETGDB_EBPF_HELPERS_H
#define NETGDB_EBPF_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "ebpf/machine.h"

struct ebpf_helper {
    uint32_t id;
    const char *name;
    const char *arguments; /* for the user */
    /*
     * Takes the helper itself and r1 to r5, and sets *result, the new r0. Returns EBPF_RUNNING, or
     * a fault from ebpf_fault_at(); then pc stays at the call and r0 is unchanged.
     */
    enum ebpf_stop (*call)(struct ebpf_machine *m, const struct ebpf_helper *self,
                           const uint64_t arg[5], uint64_t *result);
    uint64_t value; /* for `call`, which several helpers may share */
};

/* A function need not use all of these. */
#define EBPF_HELPER_FUNCTION(name)                                                                 \
    enum ebpf_stop name(struct ebpf_machine *m __attribute__((unused)),                            \
                        const struct ebpf_helper *self __attribute__((unused)),                    \
                        const uint64_t arg[5] __attribute__((unused)),                             \
                        uint64_t *result __attribute__((unused)))

extern const struct ebpf_helper ebpf_helpers[];
extern const size_t ebpf_helper_count;

/* Find a helper in a table of `count` entries by number or name; NULL: none. Stubs of undefined
 * functions have a name only, and number 0. */
const struct ebpf_helper *ebpf_helper_by_id(const struct ebpf_helper *table, size_t count,
                                            uint32_t id);
const struct ebpf_helper *ebpf_helper_by_name(const struct ebpf_helper *table, size_t count,
                                              const char *name);

/* Returns its `value`. */
EBPF_HELPER_FUNCTION(ebpf_constant);

/*
 * For helpers: the host address of `size` bytes of the program's memory, or NULL and *stop, a
 * fault. 0 bytes are everywhere: the address is not NULL.
 */
uint8_t *ebpf_reach(struct ebpf_machine *m, uint64_t address, uint64_t size, bool write,
                    enum ebpf_stop *stop);

/*
 * For helpers: they have worked on this many bytes. After many the machine returns to its caller,
 * which can stop the program (Ctrl-C). ebpf_reach() calls it.
 */
void ebpf_worked(struct ebpf_machine *m, uint64_t bytes);

#endif
