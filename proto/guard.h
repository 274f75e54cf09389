/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guard decorator: limits how a target's replies can act on this machine through gdb.
 *
 *   F…             File-I/O would make gdb open, write, delete and rename files here. Refused with
 *                  EPERM, unless `fileio` permits it (GDB manual, "File-I/O Overview").
 *   O, qRcmd, qThreadExtraInfo
 *                  Hexadecimal text that gdb prints: control bytes are escaped (visible.h).
 *   qXfer          XML and file names: at most GUARD_DOCUMENT_MAX bytes, no entities, '?' for
 *                  control characters and references to them; in UTF-8.
 *   other replies  '?' for bytes that are not printable ASCII, as in E.TEXT and thread names, and
 *                  for control characters in what LLDB decodes: JSON (j packets), and fields in
 *                  hexadecimal. Binary replies (x, vFile, traces of LLDB) pass unchanged. A
 *                  reply to an unknown request is text, or JSON after j.
 *
 * File names pass: gdb opens the files that a stub names by qXfer:exec-file and qXfer:libraries,
 * from the target unless the user has set a sysroot. A FreeBSD kernel's stub cannot name any
 * (quirks.h).
 */
#ifndef NETGDB_PROTO_GUARD_H
#define NETGDB_PROTO_GUARD_H

#include "proto/log.h"
#include "proto/target.h"

enum { GUARD_DOCUMENT_MAX = 4 * 1024 * 1024 }; /* bytes of one object that is XML */

/* Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *guard_new(struct target *next, bool fileio, const struct log *log);

#endif
