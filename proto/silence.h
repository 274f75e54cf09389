/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a silence of the peer means while something is asked for: a warning, then the end. */
#ifndef NETGDB_PROTO_SILENCE_H
#define NETGDB_PROTO_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/log.h"

struct silence {
    const struct log *log;
    uint64_t patience; /* ns of silence that end the session */
    bool warned;       /* it was mentioned */
};

/* How long it may last, in ns, before it must be judged again. */
uint64_t silence_limit(const struct silence *s);

/* Judges one of `quiet` ns: mentions it once, when a kernel has given up too. 0 or NETGDB_LOST. */
int silence_judge(struct silence *s, uint64_t quiet);

#endif
