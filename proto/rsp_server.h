/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serves GDB (or LLDB) on the byte stream of IO_CLIENT. It owns the acks towards GDB: what stands
 * behind never sees QStartNoAckMode, a '+', a '-' or a repeated request.
 */
#ifndef NETGDB_PROTO_RSP_SERVER_H
#define NETGDB_PROTO_RSP_SERVER_H

#include "proto/io.h"
#include "proto/log.h"
#include "proto/server.h"

/*
 * A server on the io's IO_CLIENT side; the io and the log (NULL: silent) must outlive it and
 * stay the caller's. NULL when there is no memory.
 *
 * - Every packet is acknowledged when it arrives until GDB has chosen no-ack mode, which is
 *   offered in the reply to qSupported and accepted here.
 * - While a reply is outstanding, io_keepalive is on, but not for requests that let the target
 *   run: GDB waits for those without a timer (gdb/remote.c, wait_as).
 * - A request longer than REQUEST_MAX (requests.h) is dropped, answered E07 (E2BIG), and told in
 *   the log. Lines that the client can cause are made once a minute.
 */
struct server *rsp_server_new(struct io *io, const struct log *log);

/* Whether a request of such a server has come (server_poll hears it) and waits for server_next. */
bool rsp_server_has_request(struct server *server);

#endif
