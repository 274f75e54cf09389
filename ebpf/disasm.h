/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instructions in words, in the notation of llvm-objdump, which the kernel's verifier shares. */
#ifndef NETGDB_EBPF_DISASM_H
#define NETGDB_EBPF_DISASM_H

#include <stddef.h>
#include <stdint.h>

#include "ebpf/image.h"
#include "proto/buf.h"

/*
 * Appends the instruction at `address`, without a newline. `bytes` holds `len` of them from there
 * on; the 64-bit immediate load wants 16. `image` names targets; NULL: numbers only. Returns how
 * many bytes it takes: 8 or 16, 0 when len is below 8.
 */
size_t ebpf_disassemble(struct buf *out, const uint8_t *bytes, size_t len, uint64_t address,
                        const struct ebpf_image *image);

#endif
