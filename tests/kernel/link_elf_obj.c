/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two modules that are relocatable files; see kernel.h. Their sections are in sections.h, which
 * tests/kernel/make generates. */
#include "tests/kernel/kernel.h"

typedef struct {
#if LAYOUT == 1
    void *addr;
    u_long size;
    int flags, sec;
    char *name;
#else
    char *name;
    int sec, flags;
    u_long size;
    void *addr;
    u_long padding;
#endif
} Elf_progent;

typedef struct elf_file {
    struct linker_file lf;
    int preloaded;
    char *address;
#if LAYOUT == 1
    Elf_progent *progtab;
    u_int nprogtab;
#else
    u_int nprogtab;
    Elf_progent *progtab;
#endif
} * elf_file_t;

static char hello_name[] = "hello.ko", hello_path[] = "/boot/kernel/hello.ko";
static char gone_name[] = "gone.ko", gone_path[] = "/boot/modules/gone.ko";

#define SECTION(number, at, length) {.addr = (void *)(at), .size = (length), .sec = (number)},

static Elf_progent hello_sections[] = {
#include "sections.h"
};
static Elf_progent gone_sections[] = {SECTION(1, MODULE_TEXT + 0x8000, 64)};

struct elf_file hello_file = {.lf = {.ops = &relocatable_ops,
                                     .refs = 1,
                                     .filename = hello_name,
                                     .pathname = hello_path,
                                     .id = 2,
                                     .address = (char *)MODULE_TEXT,
                                     .size = 0x3000,
                                     .link = {.tqe_next = &gone_linker_file}},
                              .progtab = hello_sections,
                              .nprogtab = sizeof hello_sections / sizeof hello_sections[0]};
extern struct linker_file hello_linker_file __attribute__((alias("hello_file")));

struct elf_file gone_file = {.lf = {.ops = &relocatable_ops,
                                    .refs = 1,
                                    .filename = gone_name,
                                    .pathname = gone_path,
                                    .id = 3},
                             .progtab = gone_sections,
                             .nprogtab = 1};
extern struct linker_file gone_linker_file __attribute__((alias("gone_file")));
