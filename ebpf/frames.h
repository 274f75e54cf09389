/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shadow call stack: what a debugger unwinds by. The machine keeps its frames to itself; for
 * a debugger they are written out as records in a region of their own, the innermost lowest, so
 * that x29 points to a record, x29 + 64 is the canonical frame address, and the .debug_frame of
 * the linked ELF says where in the record each register of the caller is.
 */
#ifndef NETGDB_EBPF_FRAMES_H
#define NETGDB_EBPF_FRAMES_H

/* Offsets in a record of 64 bytes; each holds 8 bytes, little-endian. */
enum {
    EBPF_RECORD_PC = 0, /* where the function returns to; 0: nowhere, it is the first */
    EBPF_RECORD_R6 = 8, /* r6, r7, r8, r9, r10 of the caller */
    EBPF_RECORD_R10 = 40,
    EBPF_RECORD_LINK = 48, /* x29 of the caller */
    EBPF_RECORD_BASE = 56  /* frame base (r10 less the frame size) of the caller */
};

/* The DWARF numbers of what .debug_frame gives beside r0 to r10: aarch64's, and x11. */
enum { EBPF_DWARF_BASE = 11, EBPF_DWARF_X29 = 29, EBPF_DWARF_X30 = 30, EBPF_DWARF_SP = 31 };

#endif
