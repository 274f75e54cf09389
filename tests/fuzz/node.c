/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a node's side of the link, with a server that sends anything at any time. Requests
 * are bounded, every call ends, and our datagrams are valid.
 */
#include "proto/node/debugnet_client.h"

#include <string.h>

#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "proto/target.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

static int serve(struct script *s, struct server *server, struct buf *request)
{
    static const uint8_t reply[TARGET_REPLY_MAX];
    int rc = server_next(server, request, IO_ON_WAKE);
    if (rc != 0)
        return rc;
    MUST(request->len <= REQUEST_MAX);
    uint8_t how = script_byte(s);
    if ((how & 1) != 0)
        rc = server_poll(server);
    if (rc == NETGDB_INTERRUPTED)
        rc = 0;
    if (rc == 0 && (how & 2) != 0)
        rc = server_reply(server, (const uint8_t *)"O41", 3, false);
    if (rc == 0 && (how & 4) != 0)
        rc = server_reply(server, (const uint8_t *)"OK", 2, true);
    else if (rc == 0)
        rc = server_reply(server, reply, (size_t)how * how / ((how & 8) != 0 ? 1 : 8), true);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script s;
    struct debugnet_options options;
    struct buf request;
    script_init(&s, IO_CLIENT, data, size, 0, 1);
    debugnet_options_default(&options);
    uint8_t how = script_byte(&s);
    options.generation = how & 1 ? DEBUGNET_OLD : DEBUGNET_NEW;
    options.data_max = how & 2 ? WIRE_DATA_MIN : WIRE_DATA_ETHERNET;
    options.poll = how & 4 ? 500000 : 0;
    struct server *server = debugnet_client_new(&s.io, &options, NULL);
    MUST(server != NULL);
    buf_init(&request, REQUEST_MAX);
    int rc = how & 8 ? 0 : debugnet_client_open(server, (const uint8_t *)"T05thread:1;", 12);
    while (rc == 0)
        rc = serve(&s, server, &request);
    if ((how & 16) != 0)
        debugnet_client_finish(server);
    MUST(rc < 0);
    buf_free(&request);
    server_free(server);
    return 0;
}
