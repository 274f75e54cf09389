/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FreeBSD: events, signals and processes by kqueue(2); see os.h. A kqueue is readable while it has
 * an event, so each of these is a kqueue.
 */
#include "io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"

/* Closes the kqueue, preserving errno. Returns -1. */
static int kqueue_fail(int queue)
{
    int error = errno;
    if (queue >= 0)
        close(queue);
    errno = error;
    return -1;
}

static int change_filter(int queue, uintptr_t id, short filter, unsigned short flags,
                         unsigned notes, void *what)
{
    struct kevent event;
    EV_SET(&event, id, filter, flags, notes, 0, what);
    return kevent(queue, &event, 1, NULL, 0, NULL) < 0 ? -1 : 0;
}

/* Takes at most n events without waiting. Returns how many. */
static int take_now(int queue, struct kevent *events, int n)
{
    const struct timespec now = {0, 0};
    return kevent(queue, NULL, 0, events, n, &now);
}

/* ---- events ---- */

int os_events_open(void)
{
    int queue = kqueue();
    return queue < 0 || fcntl(queue, F_SETFD, FD_CLOEXEC) != 0 ? kqueue_fail(queue) : queue;
}

int os_events_add(int events, int fd, void *what)
{
    return change_filter(events, (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, what);
}

void os_events_remove(int events, int fd)
{
    (void)change_filter(events, (uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, NULL);
}

int os_events_take(int events, void *what[], int n, int ms)
{
    struct kevent list[OS_EVENTS];
    const struct timespec limit = {ms / 1000, (long)(ms % 1000) * 1000000};
    if (!CHECK(n > 0 && n <= OS_EVENTS))
        n = 1;
    int got = kevent(events, NULL, 0, list, n, ms < 0 ? NULL : &limit);
    for (int i = 0; i < got; i++)
        what[i] = list[i].udata;
    return got;
}

/* ---- signals ---- */

int os_signals_open(const sigset_t *signals)
{
    int queue = os_events_open();
    for (int i = 1; queue >= 0 && i < NSIG; i++) {
        if (sigismember(signals, i) == 1 &&
            change_filter(queue, (uintptr_t)i, EVFILT_SIGNAL, EV_ADD, 0, NULL) != 0)
            return kqueue_fail(queue);
    }
    return queue;
}

/* A signal that is blocked also stays pending: this takes the event and leaves the signal. */
int os_signals_take(int fd)
{
    struct kevent event;
    return take_now(fd, &event, 1) == 1 ? (int)event.ident : 0;
}

/* ---- processes ---- */

int os_process_open(pid_t pid)
{
    int queue = os_events_open();
    if (queue >= 0 &&
        change_filter(queue, (uintptr_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, NULL) != 0)
        return kqueue_fail(queue);
    return queue;
}
