/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sBPF, the dialect of eBPF that Solana's virtual machine runs: versions 0 to 3. A program becomes
 * an ordinary image and ordinary ops; this header has the differences. Sources of the facts:
 * doc/ebpf.md.
 */
#ifndef NETGDB_EBPF_SBPF_H
#define NETGDB_EBPF_SBPF_H

#include "ebpf/helpers.h"

enum {
    SBPF_VERSIONS = 4,
    SBPF_HOR64 = 0xf7,       /* opcode: ors the immediate into the high half */
    SBPF_FRAME_SIZE = 4096,  /* bytes of a stack frame */
    SBPF_HEAP_SIZE = 32768,  /* bytes, all 0 */
    SBPF_EMPTY_INPUT = 48,   /* bytes of zeros without an input: an instruction without accounts and
                                data, and the program's id */
    SBPF_STACK_ALIGN = 64,   /* r10 changes by multiples of it */
    SBPF_SYSCALL_NAME = 128, /* bytes of a name that is looked up */
    SBPF_RETURN_MAX = 1024   /* bytes of return data */
};

/* Addresses. Code and data of versions 0 to 2 are one region at SBPF_CODE. */
#define SBPF_CODE (UINT64_C(1) << 32)
#define SBPF_STACK (UINT64_C(2) << 32)
#define SBPF_HEAP (UINT64_C(3) << 32)
#define SBPF_INPUT (UINT64_C(4) << 32)
#define SBPF_TOP (UINT64_C(5) << 32)

/* What distinguishes the versions. */
struct sbpf {
    unsigned version;
    bool gaps;    /* each stack frame is followed by an unmapped one */
    bool dynamic; /* programs move r10, the stack pointer, by themselves */
    bool pqr;     /* the encodings of SIMD-0173 and SIMD-0174 */
    bool strict;  /* SIMD-0189: segments as given, no relocations */
    bool markers; /* version 3 as first proposed, with function symbols and its own calls */
    bool jmp32;   /* SIMD-0377: version 3 as it became */
};

/*
 * Returns the constant of a version (e_flags of the ELF file), or NULL. `machine`: the file has
 * Solana's machine number, by which version 3 as first proposed is known.
 */
const struct sbpf *sbpf_version(uint32_t version, bool machine);

/* The hash of a name by which a program calls a system call: murmur3, 32 bits, seed 0. */
uint32_t sbpf_hash(const char *name, size_t len);

/* ---- sbpf_decode.c ---- */

/*
 * Decodes the instruction at a slot to *op, whose dst and src are set. Instructions that the
 * version does not have become OP_BAD.
 */
void sbpf_decode(struct ebpf_op *op, const struct ebpf_machine *m, const uint8_t *text,
                 uint32_t slot);

/* The reason why a version does not have an instruction, a constant; NULL: it has. */
const char *sbpf_invalid(const struct sbpf *v, const struct bpf_insn *i);

/* Rewrites an instruction as the eBPF instruction with the same meaning, if there is one. */
void sbpf_to_ebpf(const struct sbpf *v, struct bpf_insn *i);

/* The mnemonic of an instruction that eBPF does not have, or NULL. A constant. */
const char *sbpf_mnemonic(const struct sbpf *v, uint8_t opcode);

/* A callx whose target is not the address of an instruction: it is rounded down to one. */
enum ebpf_stop sbpf_call_unaligned(struct ebpf_machine *m, const struct ebpf_op *op);

/* ---- sbpf_machine.c ---- */

/* Maps stack, heap and input, and sets r1, r2 and r10. Returns 0 or an error. */
int sbpf_set_up(struct ebpf_machine *m);

/* ---- sbpf_syscalls.c ---- */

/* The system calls, by hash; those that are known and not available are only in sbpf_name(). */
extern const struct ebpf_helper sbpf_syscalls[];
extern const size_t sbpf_syscall_count;

/*
 * The name of the system call with this hash, also one that is not available, or of an undefined
 * symbol of the program; NULL: unknown.
 */
const char *sbpf_name(const struct ebpf_image *image, uint32_t hash);

/* Returns the stub whose name has this hash, or NULL. */
const struct ebpf_helper *sbpf_stub(const struct ebpf_helper *stubs, size_t count, uint32_t hash);

/* Fault: a system call that does not exist. */
enum ebpf_stop sbpf_fault_syscall(struct ebpf_machine *m, uint32_t hash, uint64_t pc);

/* ---- sbpf_crypto.c: the helpers sol_sha256, sol_keccak256 and sol_blake3 ---- */
EBPF_HELPER_FUNCTION(sbpf_digest);

#endif
