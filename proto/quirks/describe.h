/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The describe decorator: gives clients of a FreeBSD kernel the target description that its stub
 * lacks. It adds `qXfer:features:read+` to the reply to qSupported and serves the document
 * (description.h).
 *
 * It also detects a gdb without FreeBSD's OS ABI that has loaded an x86 FreeBSD file after its
 * start. Such a gdb rejects the description and the registers and closes the connection before it
 * reads memory. The reply to `?` therefore contains the program counter, as all later stops do:
 * this gdb then fails on its size, instead of printing all 420 bytes of `g`.
 */
#ifndef NETGDB_PROTO_DESCRIBE_H
#define NETGDB_PROTO_DESCRIBE_H

#include "proto/log.h"
#include "proto/quirks/description.h"
#include "proto/target.h"

struct describe_config {
    const struct description *description; /* of the kernel's machine; with an arch */
    bool offer;            /* else the description is not offered: the client knows better */
    bool osabi_missing;    /* the client is a gdb without FreeBSD's OS ABI */
    const struct log *log; /* for the line about that; must outlive the target */
};

/* Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *describe_new(struct target *next, const struct describe_config *config);

#endif
