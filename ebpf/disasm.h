/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disassembler, in the notation of llvm-objdump and the kernel's verifier. */
#ifndef NETGDB_EBPF_DISASM_H
#define NETGDB_EBPF_DISASM_H

#include <stddef.h>
#include <stdint.h>

#include "ebpf/image.h"
#include "proto/buf.h"

/*
 * Appends the text of the instruction at `address` to `out`, without a newline. bytes[len] is the
 * code from there on; a 64-bit immediate load needs 16 bytes. `image` gives names for targets, as
 * they are in the object; NULL: numbers only. Returns the instruction's length, 8 or 16 bytes; 0 if
 * len is below 8.
 */
size_t ebpf_disassemble(struct buf *out, const uint8_t *bytes, size_t len, uint64_t address,
                        const struct ebpf_image *image);

#endif
