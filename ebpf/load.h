/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loader: links an eBPF object of clang or gcc, or loads a linked ELF. The result is an image
 * for the machine and a linked ELF for debuggers. Everything in an object is checked.
 */
#ifndef NETGDB_EBPF_LOAD_H
#define NETGDB_EBPF_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ebpf/helpers.h"
#include "ebpf/image.h"

enum {
    EBPF_FILE_MAX = 64 << 20,    /* bytes of an object */
    EBPF_LINKED_MAX = 192 << 20, /* bytes of the linked ELF */
    EBPF_PIECES_MAX = 4096,      /* sections */
    EBPF_SYMBOLS_MAX = 1 << 20,
    EBPF_RELOCATIONS_MAX = EBPF_FILE_MAX / 16 /* as many as fit the file: sections may overlap */
};

struct ebpf_load_options {
    const char *section; /* of the program to start; NULL: the only one */
    const char *entry;   /* function to start; NULL: main, entrypoint, entry, or the first */
    const struct ebpf_helper *helpers; /* for undefined functions; NULL: ebpf_helpers */
    size_t helper_count;
    const char *const *kconfig; /* values of external variables, "NAME=VALUE"; not owned */
    unsigned kconfig_count;
    const uint8_t
        *btf; /* types of a kernel: BTF, or an ELF file with .BTF; NULL: none; not owned */
    size_t btf_size;
    bool inspect; /* the program is not to be run: several programs, or no code, are no error */
};

/*
 * Loads file[size], which is copied. `name` is the path of the file; its base name is the image's,
 * for the user and the debugger. `options` may be NULL. Returns 0 and the image, which the caller
 * frees; or NETGDB_NOMEM, or NETGDB_PROTO for an object that cannot be loaded, with one line in
 * `error`, which may have control characters of names in the object (visible.h).
 */
int ebpf_load(struct ebpf_image **out, const uint8_t *file, size_t size, const char *name,
              const struct ebpf_load_options *options, char error[EBPF_ERROR_TEXT]);

#endif
