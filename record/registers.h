/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A thread's registers as the note that readers of cores know, NT_PRSTATUS, from a reply to `g`.
 *
 * Sources: FreeBSD sys/sys/procfs.h (struct prstatus), sys/x86/include/reg.h,
 * sys/arm64/include/reg.h; Linux include/linux/elfcore.h, arch/x86/include/asm/user_64.h; the order
 * in `g`: gdb/features/i386/64bit-core.xml, gdb/features/aarch64-core.xml.
 */
#ifndef NETGDB_RECORD_REGISTERS_H
#define NETGDB_RECORD_REGISTERS_H

#include "record/elf_core.h"

/*
 * Replaces the contents of *note by the note's data and sets *name, its name, and *head, the bytes
 * in front of the registers, which are those of this thread alone. `g` are `len` hexadecimal
 * digits; a register without a value is 0. Returns false for a machine or a form of reply that is
 * not known: amd64 and arm64 of FreeBSD (by the OS ABI), amd64 of others are.
 */
bool registers_note(const struct core_machine *m, uint32_t thread, const uint8_t *g, size_t len,
                    struct buf *note, const char **name, size_t *head);

#endif
