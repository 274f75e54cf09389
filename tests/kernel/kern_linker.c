/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of loaded files: the kernel and two modules; see kernel.h. */
#include "tests/kernel/kernel.h"

static struct kobj_class relocatable = {.name = "elf64_obj"}, shared = {.name = "elf64"};

struct kobj_ops relocatable_ops = {.cls = &relocatable}, shared_ops = {.cls = &shared};

struct linker_file_head linker_files = {&kernel_linker_file, &gone_linker_file.link.tqe_next};

/* What kgdb reads of them. */
struct linker_file *linker_kernel_file = &kernel_linker_file;
static char linker_path[1024] __attribute__((used)) = "/boot/kernel;/boot/modules";
const int kld_off_address = __builtin_offsetof(struct linker_file, address);
const int kld_off_filename = __builtin_offsetof(struct linker_file, filename);
const int kld_off_pathname = __builtin_offsetof(struct linker_file, pathname);
const int kld_off_next = __builtin_offsetof(struct linker_file, link.tqe_next);
