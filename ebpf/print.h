/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The helpers that print: they append text to the machine's output, which the caller of ebpf_run()
 * reads and clears. Text that exceeds the output's limit is dropped; the program continues.
 */
#ifndef NETGDB_EBPF_PRINT_H
#define NETGDB_EBPF_PRINT_H

#include "ebpf/machine.h"

enum { EBPF_PRINT_MAX = 1024 }; /* bytes of one call */

/*
 * bpf_trace_printk: format, its size, three arguments. Supports %d %i %u %x %X %p %c %s %% with l,
 * ll, h, hh, a width and flags. Result: bytes printed.
 */
enum ebpf_stop ebpf_print_format(struct ebpf_machine *m, const uint64_t arg[5], uint64_t *result);

/* puts: a string and a newline. Result: bytes printed. */
enum ebpf_stop ebpf_print_string(struct ebpf_machine *m, const uint64_t arg[5], uint64_t *result);

#endif
