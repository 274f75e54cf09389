/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator that stands between what a target says and what gdb does with it on this machine:
 *
 *   F…            File-I/O: gdb would open, write, delete and rename files here. Refused (EPERM)
 *                 unless `fileio` allows it (GDB manual, "File-I/O Overview")
 *   O, qRcmd, qThreadExtraInfo
 *                 text in hexadecimal that gdb prints: made visible (visible.h)
 *   qXfer, what is XML or a name
 *                 at most GUARD_DOCUMENT_MAX bytes, no entities, a '?' in place of control bytes
 *   other replies a '?' in place of bytes that are not printable ASCII, as in E.TEXT and names of
 *                 threads; what is binary (x, vFile, LLDB's j packets, unknown ones) stays as it is
 *
 * Names of files pass: gdb opens what a stub names by qXfer:exec-file and qXfer:libraries, from the
 * target unless its user has set a sysroot. A FreeBSD kernel's stub cannot name any (quirks.h).
 */
#ifndef NETGDB_PROTO_GUARD_H
#define NETGDB_PROTO_GUARD_H

#include "proto/log.h"
#include "proto/target.h"

enum { GUARD_DOCUMENT_MAX = 4 * 1024 * 1024 }; /* bytes of one object that is XML */

/* Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *guard_new(struct target *next, bool fileio, const struct log *log);

#endif
