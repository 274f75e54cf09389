/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the system tells with a datagram beside its bytes: when it came, and its TTL. */
#ifndef NETGDB_IO_CONTROL_H
#define NETGDB_IO_CONTROL_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "io/fds.h"

/* Room for it (socket(7), SO_TIMESTAMPNS; ip(7), IP_RECVTTL). */
union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct timespec))];
};

/* Asks for both on a session's socket: a TTL where no router is between (direct_is). */
void control_ask(struct io_fds_side *side);

/* The ns between the clock of those times and ours, to be passed to control_read; 0: not known. */
uint64_t control_offset(void);

/* Reads what came with a datagram: msg->arrived (0: not told, or that clock was set meanwhile),
 * and side->signs for a wrong TTL. */
void control_read(struct io_fds_side *side, struct msghdr *header, uint64_t offset,
                  struct io_msg *msg);

#endif
