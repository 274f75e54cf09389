/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receive time stamps of datagrams. */
#ifndef NETGDB_IO_TIMESTAMP_H
#define NETGDB_IO_TIMESTAMP_H

#include <sys/socket.h>

#include "io/fds.h"

/* Enables time stamps on the side's socket; side->timestamps is set to whether that succeeded. */
void timestamp_enable(struct io_fds_side *side);

/*
 * Returns the difference in ns, monotonic minus real time (modulo 2^64), to be passed to
 * timestamp_read. The system stamps in real time. Returns 0 if it cannot be measured.
 */
uint64_t timestamp_offset(void);

/*
 * Sets msg->arrived (monotonic ns) from the datagram's time stamp. Leaves it unchanged if there is
 * no stamp, `offset` is 0, or the time is in the future or too old, as after a change of the date.
 */
void timestamp_read(struct msghdr *header, uint64_t offset, struct io_msg *msg);

#endif
