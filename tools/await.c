/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waits for a kernel; see await.h. */
#include "tools/await.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "io/os.h"

static void notify_event(void *context)
{
    os_wake(*(const int *)context);
}

static uint64_t deadline_of(uint64_t limit)
{
    return limit == IO_NEVER ? IO_NEVER : io_fds_now() + limit;
}

static int await_input(int fd, uint64_t deadline, const struct hold *hold)
{
    struct pollfd p[] = {{fd, POLLIN, 0}, {hold->fd, POLLIN, 0}};
    int n;
    do {
        n = io_fds_poll(p, 2, deadline, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno;
    if (n == 0)
        return ETIMEDOUT;
    return p[1].revents != 0 ? EINTR : 0;
}

int await_readable(int fd, uint64_t limit, const struct hold *hold)
{
    return await_input(fd, deadline_of(limit), hold);
}

int await_session(struct listener *l, const struct net_hosts *hosts, uint64_t limit,
                  const struct hold *hold, struct session **s)
{
    uint64_t deadline = deadline_of(limit);
    int event = os_wake_open(), error = 0;
    struct listener_watch watch = {.hosts = *hosts, .notify = notify_event, .context = &event};
    *s = NULL;
    if (event < 0)
        return errno;
    if (listener_watch(l, &watch) != 0) {
        close(event);
        return ENOSPC;
    }
    /* A kernel that has called can be gone by the time that it is taken. */
    while (error == 0 && (*s = listener_take(l, &watch)) == NULL) {
        error = await_input(event, deadline, hold);
        if (error == 0)
            os_wake_clear(event);
    }
    listener_unwatch(l, &watch);
    close(event);
    return error;
}
