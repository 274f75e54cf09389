/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules of session/ between a target and a client. */
#include <stdio.h>

#include "io/fds.h"
#include "io/logfile.h"
#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/chain.h"
#include "session/lldb.h"
#include "session/monitor.h"
#include "session/serve.h"
#include "session/transport.h"
#include "tests/fail/modules.h"
#include "tests/fail/stage.h"
#include "tests/requests.h"

static const struct log shown = {.level = LOG_WARN, .sink = logfile_sink};
static struct options with_all; /* symbols of this program, the cache, an RTOS */

static void set_options(void)
{
    with_all =
        (struct options){.kind = OPTIONS_STREAM, .transport = transports_all[0], .cache = true};
    (void)snprintf(with_all.symbols, sizeof with_all.symbols, "/proc/self/exe");
    (void)snprintf(with_all.rtos, sizeof with_all.rtos, "auto");
}

/* Sends requests and detaches. */
static bool use(struct target *t)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    bool good = target_ask(t, "qSupported", &reply) == 0 && target_ask(t, "?", &reply) == 0 &&
                buf_starts(&reply, "T05") && target_ask(t, "m1000,4", &reply) == 0 &&
                buf_is(&reply, "01020304") && target_idle(t) == 0 &&
                leave_with(t, "D", &reply) == 0 && buf_is(&reply, "OK");
    buf_free(&reply);
    return good;
}

static bool play_chain(void)
{
    const struct chain_config config = {.options = &with_all, .log = &shown};
    struct chain chain = {.target = NULL};
    struct io_fds f;
    int ends[2];
    stage_streams(ends);
    stage_stub(ends[1]);
    bool good = io_fds_init(&f) == 0;
    if (good) {
        io_fds_set_stream(&f, IO_TARGET, ends[0], ends[0]);
        good = chain_for_stream(&chain, &f.io, &config) == 0 && use(chain.target);
        chain_close(&chain);
        io_fds_close(&f);
    } else {
        stage_close(ends[0]);
    }
    return good;
}

/* The client's side of a session. */
static int decorate(struct chain *chain, struct io *io, struct profile *profile)
{
    int rc = chain_add(chain, lldb_new(chain->target));
    return rc == 0 ? chain_add(chain, monitor_new(chain, io, profile, "title", NULL)) : rc;
}

/* Serves a debugger's stream from a stub's stream. */
static bool serve_on(struct io_fds *f)
{
    static const struct serve_options none = {0};
    const struct chain_config config = {.options = &with_all, .log = &shown};
    struct chain chain = {.target = NULL};
    struct profile profile;
    struct server *server = rsp_server_new(&f->io, NULL);
    profile_init(&profile);
    int rc = server != NULL ? chain_for_stream(&chain, &f->io, &config) : NETGDB_NOMEM;
    if (rc == 0)
        rc = decorate(&chain, &f->io, &profile);
    if (rc == 0)
        rc = serve(server, chain.target, &none, NULL);
    chain_close(&chain);
    server_free(server);
    profile_free(&profile);
    return rc == SERVE_DETACHED;
}

static bool play_serve(void)
{
    struct io_fds f;
    int stub[2], client[2];
    stage_streams(stub);
    stage_streams(client);
    stage_stub(stub[1]);
    stage_debugger(client[1]);
    bool good = io_fds_init(&f) == 0;
    if (good) {
        io_fds_batch_sends(&f);
        io_fds_set_stream(&f, IO_TARGET, stub[0], stub[0]);
        io_fds_set_stream(&f, IO_CLIENT, client[0], client[0]);
        good = serve_on(&f);
        io_fds_close(&f);
    } else {
        stage_close(stub[0]);
        stage_close(client[0]);
    }
    return stage_debugger_end() && good;
}

static bool play_monitor(void)
{
    struct io_fds f;
    struct profile profile;
    struct buf text, reply;
    bool final = false;
    profile_init(&profile);
    buf_init(&text, 10000);
    buf_init(&reply, TARGET_REPLY_MAX);
    bool good = io_fds_init(&f) == 0;
    const struct chain chain = {.target = stage_target()};
    struct target *t = good ? monitor_new(&chain, &f.io, &profile, "title", NULL) : NULL;
    good = t != NULL && target_ask(t, "m1000,4", &reply) == 0 &&
           send_bytes(t, "qRcmd,6e657467646220737461747573", 32) == 0;
    while (good && !final)
        good = target_recv(t, &reply, &final, 0) == 0;
    profile_text(&profile, &text);
    profile_json(&profile, &text);
    good = good && text.error == 0;
    target_free(t);
    io_fds_close(&f);
    buf_free(&text);
    buf_free(&reply);
    profile_free(&profile);
    return good;
}

static bool play_lldb(void)
{
    struct target *t = lldb_new(stage_target());
    bool good = t != NULL && use(t);
    target_free(t);
    return good;
}

const struct module chain_modules[] = {
    {.name = "session/chain", .set_up = set_options, .run = play_chain},
    {.name = "session/lldb", .run = play_lldb},
    {.name = "session/monitor", .run = play_monitor},
    {.name = "session/serve", .set_up = set_options, .run = play_serve},
    {0},
};
