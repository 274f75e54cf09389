/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes and datagrams through the descriptors of one side of an io_fds; used by fds.c only. */
#ifndef NETGDB_IO_TRANSFER_H
#define NETGDB_IO_TRANSFER_H

#include "io/fds.h"

bool transfer_is_datagrams(const struct io_fds_side *side);

/* As send and recv of proto/io.h. A side that is nothing loses what is sent and has nothing. */
int transfer_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n);
int transfer_recv(struct io_fds_side *side, struct io_msg *msgs, unsigned n);

/* Forgets what was received, and releases its memory. */
void transfer_free(struct io_fds_side *side);

#endif
