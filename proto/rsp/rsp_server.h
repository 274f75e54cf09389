/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server for GDB or LLDB on the byte stream of IO_CLIENT. It handles acknowledgments: the target
 * never gets QStartNoAckMode, '+', '-' or a retransmitted request.
 */
#ifndef NETGDB_PROTO_RSP_SERVER_H
#define NETGDB_PROTO_RSP_SERVER_H

#include "proto/io.h"
#include "proto/log.h"
#include "proto/rsp/server.h"

/*
 * Returns a server on the io's IO_CLIENT side, or NULL if memory runs out. The caller keeps `io`
 * and `log` (NULL: no log), which must outlive the server.
 *
 * - It acknowledges every packet on arrival until GDB selects no-ack mode. It adds the offer of
 *   no-ack mode to the reply to qSupported and handles QStartNoAckMode itself.
 * - While a reply is outstanding, io_keepalive is on, except for requests that resume the target:
 *   GDB waits for those without a timeout (gdb/remote.c, wait_as).
 * - It drops a request longer than REQUEST_MAX (requests.h), replies E07 (E2BIG) and logs a
 *   warning. It logs each line that the client can cause at most once a minute.
 */
struct server *rsp_server_new(struct io *io, const struct log *log);

/* Returns whether server_poll has queued a request for server_next. */
bool rsp_server_has_request(struct server *server);

#endif
