/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator that gives a FreeBSD kernel's client the target description which the stub does
 * not have: `qXfer:features:read+` in the reply to qSupported, and the document (description.h).
 *
 * It also notices a gdb without FreeBSD's OS ABI that has read an x86 FreeBSD file after it was
 * started. Such a gdb rejects the description and the registers: it closes the connection before
 * it reads memory. To make that short, `?` is answered with the program counter, as every other
 * stop is: that gdb stumbles over its size, and does not print all 420 bytes of `g`.
 */
#ifndef NETGDB_PROTO_DESCRIBE_H
#define NETGDB_PROTO_DESCRIBE_H

#include "proto/description.h"
#include "proto/log.h"
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
