/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shadow call stack, from which a debugger unwinds. The machine's call frames are not in its
 * memory; for a debugger they are copied as records to a separate region, the innermost at the
 * lowest address. x29 points to that record, x29 + 64 is the canonical frame address, and the
 * .debug_frame of the linked ELF gives the offset of each of the caller's registers in a record.
 */
#ifndef NETGDB_EBPF_FRAMES_H
#define NETGDB_EBPF_FRAMES_H

/* Offsets in a record of 64 bytes; 8 bytes each, little-endian. */
enum {
    EBPF_RECORD_PC = 0, /* return address; 0: the first function */
    EBPF_RECORD_R6 = 8, /* r6, r7, r8, r9, r10 of the caller */
    EBPF_RECORD_R10 = 40,
    EBPF_RECORD_LINK = 48, /* x29 of the caller */
    EBPF_RECORD_BASE = 56  /* frame base of the caller: r10 minus the frame size */
};

/* DWARF numbers (aarch64) in .debug_frame other than r0 to r10; x11 is the frame base. */
enum { EBPF_DWARF_BASE = 11, EBPF_DWARF_X29 = 29, EBPF_DWARF_X30 = 30, EBPF_DWARF_SP = 31 };

#endif
