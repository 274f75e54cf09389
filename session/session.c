/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions, and their hand-off between owners; see session.h. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fds.h"
#include "proto/check.h"
#include "proto/err.h"

struct session *session_new(const struct net_addr *own, const struct net_addr *kernel)
{
    struct session *s = calloc(1, sizeof *s);
    struct link *link = calloc(1, sizeof *link);
    if (s == NULL || link == NULL) {
        free(s);
        free(link);
        return NULL;
    }
    s->own = *own;
    s->kernel = *kernel;
    s->fd = -1;
    s->link = link;
    return s;
}

static struct io_fds *io_of(const struct session *s)
{
    return (struct io_fds *)s->io;
}

/* The socket is here or in an io, never both; the link has the io of its session. */
static bool is_sound(const struct session *s)
{
    return (s->fd < 0 || s->io == NULL) && s->link->io == s->io;
}

void session_leave_io(struct session *s)
{
    if (s->io == NULL)
        return;
    CHECK(s->fd < 0 && s->link->io == s->io);
    s->fd = io_fds_release(io_of(s), IO_TARGET);
    s->io = s->link->io = NULL;
}

void session_move(struct session *s, struct io_fds *io, const struct log *log,
                  const struct netgdb_successor *successor)
{
    CHECK(is_sound(s));
    session_leave_io(s);
    CHECK(s->fd >= 0 && io->side[IO_TARGET].kind == IO_FDS_NONE);
    io_fds_set_datagrams(io, IO_TARGET, s->fd);
    s->fd = -1;
    s->io = s->link->io = &io->io;
    s->link->log = log;
    if (s->target != NULL)
        netgdb_target_move(s->target, s->io, log, successor);
}

int session_adopt(struct session *s, struct io_fds *io, const struct log *log,
                  const struct netgdb_successor *successor)
{
    CHECK(s->host == NULL); /* one owner: not in the lobby */
    if (s->target == NULL)
        s->target = netgdb_target_new(s->link, log, successor);
    if (s->target == NULL)
        return NETGDB_NOMEM;
    session_move(s, io, log, successor);
    io_fds_stamp(io);
    return 0;
}

struct link *session_succeed(struct session *s, struct session *next)
{
    struct io_fds *io = io_of(s);
    const struct log *log = s->link->log;
    struct state_file *old = s->state_file;
    struct target *target = s->target;
    CHECK(target != NULL);
    CHECK(next->target == NULL && next->io == NULL && next->host == NULL);
    CHECK(next->fd >= 0 && next->kernel.ip == s->kernel.ip);
    session_leave_io(s);
    close(s->fd);
    state_file_remove(old);
    *s = *next;
    free(next);
    session_move(s, io, log, NULL);
    io_fds_stamp(io);
    s->target = target;
    return s->link;
}

static void close_socket(struct session *s)
{
    session_leave_io(s);
    if (s->fd >= 0)
        close(s->fd);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    CHECK(s->host == NULL && is_sound(s));
    close_socket(s);
    if (s->target != NULL) {
        target_free(s->target);
    } else {
        link_free(s->link);
        free(s->link);
    }
    if (s->ended)
        state_file_remove(s->state_file); /* only now: its port is free */
    else
        state_file_close(s->state_file);
    free(s);
}
