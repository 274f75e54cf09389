/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules of io/. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/herald.h"
#include "io/logfile.h"
#include "io/sockets.h"
#include "io/thread.h"
#include "proto/err.h"
#include "proto/link/wire.h"
#include "tests/fail/modules.h"
#include "tests/fail/stage.h"

#define SOON (5 * IO_SECOND)

static bool send_text(struct io_fds *f, enum io_side side, const char *text)
{
    const struct io_msg msg = {.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
    int rc = io_send(&f->io, side, &msg, 1);
    if (rc != 0 && f->side[side].kind != IO_FDS_PIPES)
        stage_wrong("a moment without memory ends a socket");
    return rc == 0;
}

/* Receives this text at once; the first receive may find nothing. */
static bool recv_text(struct io_fds *f, enum io_side side, const char *text)
{
    struct io_msg msg;
    int n = 0;
    for (int tries = 0; n == 0 && tries < 3; tries++) {
        (void)io_wait(&f->io, io_now(&f->io) + SOON, 1u << side);
        n = io_recv(&f->io, side, &msg, 1);
    }
    if (n == NETGDB_IO)
        stage_wrong("a moment without memory ends a side");
    return n == 1 && msg.len == strlen(text) && memcmp(msg.data, text, msg.len) == 0;
}

static bool wake(struct io_fds *f)
{
    io_fds_wake(f);
    bool woken = io_wait(&f->io, io_now(&f->io) + SOON, IO_ON_WAKE) == IO_ON_WAKE;
    io_fds_clear_wake(f);
    return woken;
}

/* Sends a datagram and some bytes of a stream both ways; then returns one descriptor. */
static bool exchange(struct io_fds *f, int stream, int datagrams)
{
    bool good = stage_write(stream, "abc") && recv_text(f, IO_CLIENT, "abc") &&
                send_text(f, IO_CLIENT, "def") && stage_read(stream, "def") && wake(f) &&
                stage_write(datagrams, "in") && recv_text(f, IO_TARGET, "in") &&
                send_text(f, IO_TARGET, "out");
    (void)io_wait(&f->io, io_now(&f->io), 0); /* sends the queued datagrams */
    return good && stage_read(datagrams, "out");
}

static bool play_fds_with(bool saving)
{
    struct io_fds f;
    int stream[2], datagrams[2], back = -1;
    stage_streams(stream);
    stage_datagrams(datagrams);
    bool good = io_fds_init(&f) == 0;
    if (good) {
        if (saving)
            io_fds_batch_sends(&f);
        io_fds_set_stream(&f, IO_CLIENT, stream[0], stream[0]);
        io_fds_set_datagrams(&f, IO_TARGET, datagrams[0]);
        good = exchange(&f, stream[1], datagrams[1]);
        back = io_fds_release(&f, IO_TARGET);
        good &= back == datagrams[0];
        io_fds_close(&f);
    } else {
        stage_close(stream[0]);
        back = datagrams[0];
    }
    stage_close(back);
    stage_close(stream[1]);
    stage_close(datagrams[1]);
    return good;
}

static bool play_fds(void)
{
    return play_fds_with(false);
}

static bool play_txq(void)
{
    return play_fds_with(true);
}

/* Pipes, as in netgdb proxy --stdio. */
static bool play_transfer(void)
{
    struct io_fds f;
    int in[2], out[2];
    stage_pipe(in);
    stage_pipe(out);
    bool good = io_fds_init(&f) == 0;
    if (good) {
        io_fds_set_stream(&f, IO_CLIENT, in[0], out[1]);
        good = stage_write(in[1], "abc") && recv_text(&f, IO_CLIENT, "abc") &&
               send_text(&f, IO_CLIENT, "def") && stage_read(out[0], "def");
        io_fds_close(&f);
    } else {
        stage_close(in[0]);
        stage_close(out[1]);
    }
    stage_close(in[1]);
    stage_close(out[0]);
    return good;
}

static bool play_herald(void)
{
    struct net_addr own = {INADDR_LOOPBACK, 0};
    struct herald heralds[HERALD_BATCH];
    size_t payload;
    uint32_t addresses[LOCAL_ADDRESSES];
    uint16_t port = stage_port(), adopted;
    const struct net_addr to = {INADDR_LOOPBACK, port};
    int fd = herald_open(port), session = -1;
    bool good = fd >= 0 && herald_adopt(fd, &adopted) == 0 && adopted == port;
    if (good)
        session = session_socket(&own, &to, &payload);
    good = good && session >= 0 && stage_write(session, "herald") && stage_readable(fd) &&
           herald_receive(fd, heralds) == 1 && heralds[0].own_ip == INADDR_LOOPBACK &&
           local_address_towards(INADDR_LOOPBACK) == INADDR_LOOPBACK &&
           local_addresses(addresses) > 0 && local_address() != 0;
    stage_close(session);
    stage_close(fd);
    return good;
}

/* ---- sockets ---- */

static void close_all(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        stage_close(fds[i]);
}

static bool play_tcp(void)
{
    struct sockets_streams at;
    int fds[3] = {-1, -1, -1};
    bool good = sockets_resolve_streams(getaddrinfo, "127.0.0.1", 0, &at) == 0;
    if (good)
        fds[0] = sockets_tcp_listen(&at.at[0]);
    good = good && fds[0] >= 0 && sockets_name(fds[0], &at.at[0]);
    if (good)
        fds[1] = sockets_tcp(&at, SOON);
    good = good && fds[1] >= 0 && stage_readable(fds[0]);
    if (good)
        fds[2] = sockets_tcp_accept(fds[0]);
    good = good && fds[2] >= 0 && stage_write(fds[1], "abc") && stage_read(fds[2], "abc");
    close_all(fds, 3);
    return good;
}

/* Removes a socket that a dead process has left. */
static bool play_unix(void)
{
    char path[100];
    int fds[3] = {-1, -1, -1};
    (void)snprintf(path, sizeof path, "%s/socket", getenv("NETGDB_RUNTIME_DIR"));
    fds[0] = sockets_unix_listen(path, 0600);
    if (fds[0] >= 0)
        stage_close(fds[0]);
    bool good = fds[0] >= 0;
    fds[0] = good ? sockets_unix_listen(path, 0600) : -1;
    fds[1] = fds[0] >= 0 ? sockets_unix(path) : -1;
    good = fds[1] >= 0 && stage_write(fds[1], "abc");
    if (fds[0] >= 0)
        (void)STAGE(unlink(path));
    close_all(fds, 3);
    return good;
}

static bool play_sockets(void)
{
    bool tcp = play_tcp(), unix_too = play_unix(); /* both, whatever the first returns */
    return tcp && unix_too;
}

/* ---- the rest ---- */

static void *post(void *argument)
{
    sem_post(argument);
    return NULL;
}

static bool play_thread(void)
{
    sem_t ran;
    sem_init(&ran, 0, 0);
    int rc = thread_start(post, &ran);
    while (rc == 0 && sem_wait(&ran) != 0)
        continue;
    sem_destroy(&ran);
    return rc == 0;
}

static bool play_logfile(void)
{
    char path[100];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/log", getenv("NETGDB_RUNTIME_DIR"));
    bool good = logfile_open(path) == 0;
    logfile_sink(NULL, LOG_ERROR, "a line");
    good = good && STAGE(stat(path, &st)) == 0 && st.st_size == 7;
    good &= logfile_open(NULL) == 0;
    (void)STAGE(unlink(path));
    return good;
}

const struct module io_modules[] = {
    {.name = "io/fds", .run = play_fds},
    {.name = "io/txq", .run = play_txq},
    {.name = "io/herald", .run = play_herald},
    {.name = "io/logfile",
     .set_up = module_rundir,
     .run = play_logfile,
     .tear_down = module_rundir_end},
    {.name = "io/sockets",
     .set_up = module_rundir,
     .run = play_sockets,
     .tear_down = module_rundir_end},
    {.name = "io/thread", .run = play_thread},
    {.name = "io/transfer", .run = play_transfer},
    {0},
};
