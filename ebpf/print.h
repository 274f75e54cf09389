/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The helpers that print: they append text to the machine's output, which the caller of ebpf_run()
 * reads and clears. Text that exceeds the output's limit is dropped, with the result 0; the program
 * continues.
 */
#ifndef NETGDB_EBPF_PRINT_H
#define NETGDB_EBPF_PRINT_H

#include "ebpf/helpers.h"

enum { EBPF_PRINT_MAX = 1024 /* bytes of one call */, EBPF_PRINT_ARGUMENTS = 12 };

/* Appends text to the output; returns its length, or 0: the output is full. */
uint64_t ebpf_output_text(struct ebpf_machine *m, const struct buf *text);

/*
 * bpf_trace_printk: format, its size, three arguments. Supports %d %i %u %x %X %p %c %s %% with l,
 * ll, h, hh, a width and flags. Result: bytes printed.
 */
EBPF_HELPER_FUNCTION(ebpf_print_format);

/* bpf_trace_vprintk: format, its size, arguments of 8 bytes each, their size. */
EBPF_HELPER_FUNCTION(ebpf_print_data);

/* bpf_snprintf: buffer, its size, format, arguments, their size. Result: bytes with the NUL. */
EBPF_HELPER_FUNCTION(ebpf_print_to);

/* puts: a string and a newline. Result: bytes printed. */
EBPF_HELPER_FUNCTION(ebpf_print_string);

#endif
