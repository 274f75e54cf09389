/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node, or a stub on stdin and stdout, that answers at once, to measure everything else.
 *
 *   node ADDRESS SERVER-PORT     announces itself from ADDRESS to 127.0.0.1:SERVER-PORT
 *   node -                       a stub, for `netgdb node -- …/node -`
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/logfile.h"
#include "io/sockets.h"
#include "proto/node/debugnet_client.h"
#include "proto/rsp/rsp_server.h"
#include "session/serve.h"
#include "tests/bench/bench.h"

static const struct log log_of_bench = {LOG_WARN, "bench", logfile_sink, NULL};

static struct server *stub(struct io_fds *io)
{
    io_fds_set_stream(io, IO_CLIENT, STDIN_FILENO, STDOUT_FILENO);
    return rsp_server_new(&io->io, &log_of_bench);
}

static struct server *node(struct io_fds *io, const char *address, uint16_t port)
{
    static const char stop[] = "T05thread:1;";
    const struct sockaddr_in server = bench_loopback(port);
    struct sockaddr_in local = bench_loopback(0);
    struct debugnet_options options;
    debugnet_options_default(&options);
    options.retry = 20 * IO_MS; /* the server may not be there yet */
    options.tries = 1000;
    if (inet_pton(AF_INET, address, &local.sin_addr) != 1)
        errx(2, "'%s' is not an address", address);
    int fd = sockets_udp(&local, NULL);
    if (fd < 0)
        err(1, "%s", address);
    io_fds_set_peer(io, IO_CLIENT, fd, &server);
    struct server *s = debugnet_client_new(&io->io, &options, &log_of_bench);
    if (s == NULL || debugnet_client_open(s, (const uint8_t *)stop, strlen(stop)) != 0)
        errx(1, "no server accepts the node");
    return s;
}

int main(int argc, char **argv)
{
    const struct serve_options options = {.park = true};
    struct target *target = bench_instant_target();
    struct io_fds io;
    bool is_stub = argc == 2 && strcmp(argv[1], "-") == 0;
    if (!is_stub && argc != 3)
        errx(2, "usage: node - | node ADDRESS SERVER-PORT");
    if (target == NULL || io_fds_init(&io) != 0)
        errx(1, "no memory");
    io_fds_batch_sends(&io);
    struct server *server =
        is_stub ? stub(&io) : node(&io, argv[1], (uint16_t)bench_number(argv[2]));
    int end = serve(server, target, &options, &log_of_bench);
    if (end == SERVE_DETACHED && !is_stub)
        debugnet_client_finish(server);
    server_free(server);
    target_free(target);
    io_fds_close(&io);
    return end > 0 ? 0 : 1;
}
