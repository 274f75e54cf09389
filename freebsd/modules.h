/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that the kernel's linker has loaded: the kernel itself and its modules. Source:
 * sys/kern/kern_linker.c (linker_files), sys/kern/link_elf_obj.c (relocatable modules).
 */
#ifndef NETGDB_FREEBSD_MODULES_H
#define NETGDB_FREEBSD_MODULES_H

#include "freebsd/image.h"

enum {
    MODULES_MAX = 1024,
    MODULE_PATH_MAX = 1024, /* bytes of a pathname with its NUL (FreeBSD: MAXPATHLEN) */
    MODULE_SECTIONS_MAX = 1024,
    MODULE_ENTRY_MAX = 256,  /* bytes of an entry in the table of sections */
    IMAGE_PROBLEM_MAX = 200, /* bytes of a line about inconsistent data */
};

struct module_section {
    uint64_t address, size; /* bytes */
    uint64_t number;        /* in the module's file */
};

struct module {
    uint64_t file; /* address of its struct linker_file */
    uint64_t id, refs, address, size;
    char *path; /* on the kernel's machine; printable ASCII */
    bool relocatable;
    struct module_section *sections; /* that the kernel loaded; see module_read_sections */
    size_t n_sections;
};

struct modules {
    struct module *list; /* the first is the kernel */
    size_t n;
    char problem[IMAGE_PROBLEM_MAX]; /* why the list is incomplete; "": it is complete */
};

/*
 * Reads the list. An inconsistent one ends early, with the reason in `problem`. Returns 0, the
 * target's error, or NETGDB_NOMEM. The caller frees the list, also after an error.
 */
int modules_read(struct image *im, struct modules *modules);
void modules_free(struct modules *modules);

/*
 * Reads the addresses of a relocatable module's sections. Returns 0, IMAGE_UNREADABLE, the target's
 * error, or NETGDB_NOMEM.
 */
int module_read_sections(struct image *im, struct module *module);

/* The file's name without its directory. */
const char *module_name(const struct module *module);

#endif
