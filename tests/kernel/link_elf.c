/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's own file, and two modules that are shared objects; see kernel.h. */
#include "tests/kernel/kernel.h"

typedef struct elf_file {
    struct linker_file lf;
    char *address;
    void *dynamic;
} * elf_file_t;

static char name[] = "kernel", path[] = "/boot/kernel/kernel";

struct elf_file kernel_file = {.lf = {.ops = &shared_ops,
                                      .refs = 3,
                                      .filename = name,
                                      .pathname = path,
                                      .id = 1,
                                      .address = (char *)KERNEL_TEXT,
                                      .size = 0x100000,
                                      .link = {.tqe_next = &hello_linker_file}}};
extern struct linker_file kernel_linker_file __attribute__((alias("kernel_file")));

#ifdef SHARED
static char hello_name[] = "hello.ko", hello_path[] = "/boot/kernel/hello.ko";
static char gone_name[] = "gone.ko", gone_path[] = "/boot/modules/gone.ko";

struct elf_file hello_file = {.lf = {.ops = &shared_ops,
                                     .refs = 1,
                                     .filename = hello_name,
                                     .pathname = hello_path,
                                     .id = 2,
                                     .address = (char *)MODULE_TEXT,
                                     .size = 0x3000,
                                     .link = {.tqe_next = &gone_linker_file}},
                              .address = (char *)MODULE_TEXT};
extern struct linker_file hello_linker_file __attribute__((alias("hello_file")));

struct elf_file gone_file = {
    .lf = {.ops = &shared_ops, .refs = 1, .filename = gone_name, .pathname = gone_path, .id = 3}};
extern struct linker_file gone_linker_file __attribute__((alias("gone_file")));
#endif
