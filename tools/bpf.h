/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs and options on the command line, for `netgdb bpf` and `netgdb node --ebpf`. */
#ifndef NETGDB_TOOLS_BPF_H
#define NETGDB_TOOLS_BPF_H

#include <stdbool.h>
#include <stddef.h>

#include "ebpf/load.h"
#include "ebpf/machine.h"
#include "ebpf/target.h"
#include "tools/tools.h"

enum { BPF_PROGRAMS_MAX = 64, BPF_STUBS_MAX = 256 };

struct bpf_programs {
    struct ebpf_image *image[BPF_PROGRAMS_MAX];
    unsigned count;
    struct ebpf_load_options load;
    struct ebpf_options machine;
    struct ebpf_world world;
    enum ebpf_arch_kind arch;
    uint8_t *input;                         /* owned; machine.input points to it */
    uint8_t *btf;                           /* owned; load.btf points to it */
    struct ebpf_helper stub[BPF_STUBS_MAX]; /* of --helper; their names are owned */
    const char *kconfig[BPF_STUBS_MAX];     /* of --kconfig */
    char error[EBPF_ERROR_TEXT];            /* of the machine */
};

/* Sets the defaults: no programs, no input, no budget. */
void bpf_programs_init(struct bpf_programs *p);
void bpf_programs_free(struct bpf_programs *p);

extern const struct tool_option bpf_options_known[]; /* of struct bpf_programs */

#define BPF_OPTIONS_HELP                                                                           \
    "  --section NAME           the program is the one in this section\n"                          \
    "  --entry FUNCTION         start there (main, entrypoint, entry, or the first)\n"             \
    "  --input HEX|@FILE        memory for the program: r1 is its address, r2 its length\n"        \
    "  --context xdp|skb|raw    r1 is struct xdp_md or __sk_buff with the input as its packet,\n"  \
    "                           or the input itself; without --input zeros\n"                      \
    "  --helper N|NAME=VALUE    a helper, undefined function or system call that returns VALUE\n"  \
    "  --kconfig NAME=VALUE     the value of an external variable: a number, y, n, m or text\n"    \
    "  --btf FILE               types of a kernel for CO-RE: BTF, or an ELF file with .BTF\n"      \
    "  --budget N               stop after N instructions (unlimited)\n"                           \
    "  --depth N                maximum call depth (64)\n"                                         \
    "  --frame-size N           bytes of stack of a function (512; of Solana's programs 4096)\n"   \
    "  --seed N                 of the random numbers (1)\n"

#define BPF_ARCH_HELP                                                                              \
    "  --arch aarch64|bpf|sbpf  architecture that debuggers see (aarch64: any gdb-multiarch, "     \
    "lldb)\n"

/* Complains that a program does not fit the machine, with the machine's reason. */
void bpf_programs_no_machine(const struct bpf_programs *p, const struct ebpf_image *image);

/* Writes text of a program to stdout. */
void bpf_print(void *context, const uint8_t *text, size_t len);

/* Loads a file. False after an error message. */
bool bpf_programs_load(struct bpf_programs *p, const char *file);

/* Reads a whole file of at most `max` bytes; NULL with errno (EFBIG: it is larger). `-` is stdin.
 */
uint8_t *bpf_read_file(const char *name, size_t max, size_t *size);

/* Converts hexadecimal text with white space to bytes, to be freed; NULL: malformed, or no memory.
 */
uint8_t *bpf_from_hex(const char *text, size_t len, size_t *size);

#endif
