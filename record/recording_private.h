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

#endif
