/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a datagram arrived, as the system tells it beside its bytes. */
#ifndef NETGDB_IO_CONTROL_H
#define NETGDB_IO_CONTROL_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "io/fds.h"

/* Room for it (socket(7), SO_TIMESTAMPNS). */
union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
};

/* Asks for it on a session's socket; notes in the side whether the system does it. */
void control_ask(struct io_fds_side *side);

/* The ns between the clock of those times and ours, to be passed to control_read; 0: not known. */
uint64_t control_offset(void);

/* Sets msg->arrived from what came with the datagram; 0: not told, or that clock was set. */
void control_read(struct msghdr *header, uint64_t offset, struct io_msg *msg);

#endif
