/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fault of arm64's stub must not unmask debug exceptions.
 *
 * do_el1h_sync (sys/arm64/arm64/trap.c, 13.2 to 14.0) unmasks them at the start of every exception
 * that is not itself a debug exception; the exception's return masks them again. If the stub reads
 * memory that is not mapped, it leaves that exception by longjmp, and they stay unmasked. In a
 * kernel with INVARIANTS, kdb_cpu_set_singlestep and kdb_cpu_clear_singlestep then panic, at the
 * next step, continue or detach: the machine reboots, and the panic is lost. GDB causes such a read
 * by itself, when it looks for the caller of a thread's first function.
 */
#ifndef NETGDB_PROTO_QUIRKS_DEBUG_MASK_H
#define NETGDB_PROTO_QUIRKS_DEBUG_MASK_H

#include <stdint.h>

#include "proto/log.h"
#include "proto/target.h"

/*
 * Replaces the instruction that unmasks them, `msr daifclr, #8`, by a nop: nothing else in a
 * panicked kernel depends on it. The function is found without symbols, by the stack of the thread
 * that stopped: its exception's handler (handle_el1h_sync, sys/arm64/arm64/exception.S) saved a
 * trap frame (sys/arm64/include/frame.h) and called it. `sp` and `pc` are that thread's. Does
 * nothing if the function does not contain the instruction, as after an earlier call. The
 * replacement stays until the machine reboots, so ddb can fault as well. Logs a line if the
 * function is not found or its text cannot be written. The target must be stopped, without an
 * outstanding request. Returns 0 or the target's error.
 */
int debug_mask_keep(struct target *t, uint64_t sp, uint64_t pc, const struct log *log);

#endif
