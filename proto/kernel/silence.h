/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limits of the peer's silence while a request is outstanding: one warning, then the end. */
#ifndef NETGDB_PROTO_SILENCE_H
#define NETGDB_PROTO_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/log.h"

struct silence {
    const struct log *log;
    uint64_t give_up; /* ns of silence that end the session */
    bool warned;      /* the warning was logged; the owner resets it for the next request */
};

/* Returns the length of silence, in ns, at which silence_check must be called next. */
uint64_t silence_next_check(const struct silence *s);

/*
 * Evaluates `quiet` ns of silence. Warns once, when the kernel must have given up
 * (LINK_KERNEL_GIVES_UP). Returns 0, or NETGDB_LOST after give_up ns.
 */
int silence_check(struct silence *s, uint64_t quiet);

#endif
