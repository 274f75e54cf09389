/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of loaded files: the kernel and two modules; see kernel.h. */
#include "tests/kernel/kernel.h"

static struct kobj_class relocatable = {.name = "elf64_obj"}, shared = {.name = "elf64"};

struct kobj_ops relocatable_ops = {.cls = &relocatable}, shared_ops = {.cls = &shared};

struct linker_file_head linker_files = {&kernel_linker_file, &gone_linker_file.link.tqe_next};
