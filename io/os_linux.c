/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux: events, signals and processes; see os.h. */
#include "io/os.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "proto/check.h"

/* ---- events ---- */

int os_events_open(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

int os_events_add(int events, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

void os_events_remove(int events, int fd)
{
    (void)epoll_ctl(events, EPOLL_CTL_DEL, fd, NULL);
}

int os_events_take(int events, void *what[], int n, int ms)
{
    struct epoll_event list[OS_EVENTS];
    CHECK(n > 0 && n <= OS_EVENTS);
    int got = epoll_wait(events, list, n, ms);
    for (int i = 0; i < got; i++)
        what[i] = list[i].data.ptr;
    return got;
}

/* ---- signals ---- */

int os_signals_open(const sigset_t *signals)
{
    return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int os_signals_take(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
