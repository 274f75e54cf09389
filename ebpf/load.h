/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loader: an eBPF object of clang or gcc, or a linked ELF, becomes an image that the machine
 * runs and a linked ELF that a debugger reads. Objects are never trusted.
 */
#ifndef NETGDB_EBPF_LOAD_H
#define NETGDB_EBPF_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "ebpf/helpers.h"
#include "ebpf/image.h"

enum {
    EBPF_FILE_MAX = 64 << 20,    /* bytes of an object */
    EBPF_LINKED_MAX = 192 << 20, /* bytes of what is made of it */
    EBPF_PIECES_MAX = 4096,      /* sections */
    EBPF_SYMBOLS_MAX = 1 << 20,
    EBPF_ERROR_TEXT = 256
};

struct ebpf_load_options {
    const char *section; /* of the program to start; NULL: the only one there is */
    const char *entry;   /* the function to start; NULL: main, entrypoint, entry, or the first */
    const struct ebpf_helper *helpers; /* bound by name; NULL: ebpf_helpers */
    size_t helper_count;
};

/*
 * Links `file` (the bytes may go afterwards). `name` is for people and the debugger. Returns 0
 * and the image, or an error with one line in `error` that says what is wrong and where.
 */
int ebpf_load(struct ebpf_image **out, const uint8_t *file, size_t size, const char *name,
              const struct ebpf_load_options *options, char error[EBPF_ERROR_TEXT]);

#endif
