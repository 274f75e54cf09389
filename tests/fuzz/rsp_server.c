/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the server side of GDB's byte stream, with a GDB that sends anything. Requests are
 * bounded packets, and each can be answered.
 */
#include "proto/rsp/rsp_server.h"

#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script s;
    struct buf request;
    script_init(&s, IO_CLIENT, data, size, 0, 1);
    s.stream = true;
    struct server *server = rsp_server_new(&s.io, NULL);
    MUST(server != NULL);
    buf_init(&request, REQUEST_MAX);
    int rc = 0;
    while (rc == 0) {
        rc = server_next(server, &request, 0);
        MUST(request.len <= REQUEST_MAX);
        uint8_t how = rc == 0 ? script_byte(&s) : 0;
        if (rc == 0 && (how & 1) != 0) {
            int polled = server_poll(server);
            MUST(polled == 0 || polled == NETGDB_INTERRUPTED || polled == NETGDB_CLOSED);
        }
        if (rc == 0 && (how & 6) != 0)
            rc = server_reply(server, request.data, request.len < how ? request.len : how, true);
    }
    MUST(rc == NETGDB_CLOSED);
    buf_free(&request);
    server_free(server);
    return 0;
}
