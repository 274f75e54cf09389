/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds a kernel's file in a directory that has the files of many kernels: the one whose build-id
 * is in the kernel's memory, at the address that the file gives for it. If there is none, a file
 * without a build-id whose `version` string is there.
 */
#ifndef NETGDB_FREEBSD_FIND_KERNEL_H
#define NETGDB_FREEBSD_FIND_KERNEL_H

#include "proto/target.h"

enum {
    FIND_KERNEL_DEPTH = 8,   /* levels of directories */
    FIND_KERNEL_FILES = 4096 /* files whose name fits */
};

/*
 * Searches `directory` and those in it for files named kernel.debug, kernel, or NAME.debug with
 * NAME beginning in "kernel", for the machine EM_… and class; kernel.debug before others. Each
 * distinct address costs a request. The target must be stopped and have no request pending. Returns
 * 0 and sets *path, which the caller frees and which is NULL if there is none; or the target's
 * error.
 */
int find_kernel(struct target *t, const char *directory, unsigned machine, bool is64, char **path);

#endif
