/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a recording share. */
#ifndef NETGDB_RECORD_RECORDING_PRIVATE_H
#define NETGDB_RECORD_RECORDING_PRIVATE_H

#include "record/recording.h"

enum { EXCHANGE_NUMBERS = 5, EXCHANGE_OF_STOP = 1 };

/* Initializes without a file. */
void recording_clear(struct recording *r);

/* Stores the reason; NULL: errno's. Returns NETGDB_IO. */
int recording_fail(struct recording *r, const char *why);

/*
 * Finds the note of this name, type and length whose first `head` bytes are the same. Returns 1 and
 * the file offset of its data, 0 if there is none, or NETGDB_IO with a reason.
 */
int recording_find_note(struct recording *r, const struct core_note *wanted, size_t head,
                        uint64_t *offset);

#endif
