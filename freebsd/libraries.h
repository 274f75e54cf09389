/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's modules as GDB's list of libraries (GDB manual, "Library List Format" and "Library
 * List Format for SVR4 Targets"). Which of the two GDB reads depends on the OS ABI that it takes
 * the kernel's file for: GNU/Linux and FreeBSD have SVR4 libraries, all others have targets'.
 */
#ifndef NETGDB_FREEBSD_LIBRARIES_H
#define NETGDB_FREEBSD_LIBRARIES_H

#include "freebsd/module_file.h"
#include "proto/buf.h"

enum libraries_form { LIBRARIES_TARGET, LIBRARIES_SVR4 };

enum { LIBRARIES_XML_MAX = 4 * 1024 * 1024 };

/*
 * Reads the kernel's modules, finds their files, and appends the document to *xml. A module without
 * a usable file is left out, with one line in the image's log. SVR4 libraries have one address
 * each, so relocatable modules are left out there. Returns 0, the target's error, or the buffer's.
 */
int libraries_add_xml(struct image *im, const struct module_places *places,
                      enum libraries_form form, struct buf *xml);

#endif
