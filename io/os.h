/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Linux and FreeBSD do differently, in netgdb's terms. configure chooses the files that
 * implement it: os_linux*.c, or os_freebsd*.c and os_kqueue.c; os_wake.c serves both. No other file
 * knows the system. What POSIX has, or both systems have under the same name (accept4, pipe2,
 * ppoll, recvmmsg, dup3, memfd_create, SOCK_CLOEXEC), is called directly.
 *
 * A descriptor that is returned is close-on-exec and the caller's, who closes it. -1 or false:
 * errno is set.
 */
#ifndef NETGDB_IO_OS_H
#define NETGDB_IO_OS_H

#include <signal.h>
#include <stdbool.h>

/* ---- sets of descriptors: epoll(7), kqueue(2) ---- */

/* Returns an empty set. Its descriptor is readable while a descriptor in it is. */
int os_events_open(void);

/* Adds a descriptor; `what` is returned when it is readable, has an error, or was hung up. Returns
 * 0 or -1. A descriptor that is closed leaves the set. */
int os_events_add(int events, int fd, void *what);

/* Removes a descriptor that was added. */
void os_events_remove(int events, int fd);

/*
 * Waits at most `ms` ms (-1: forever) until a descriptor is readable, and stores the `what` of at
 * most `n` of them, OS_EVENTS at most. One that stays readable is returned again by the next call.
 * Returns how many were stored; 0: none in time; -1 with errno (EINTR).
 */
enum { OS_EVENTS = 64 };
int os_events_take(int events, void *what[], int n, int ms);

/* ---- wakes: a descriptor that one thread makes readable for another ---- */

int os_wake_open(void);

/* Makes it readable until os_wake_clear. Async-signal-safe; keeps errno. */
void os_wake(int fd);

/* Makes it unreadable. A wake at the same time may be lost: look for its cause afterwards. */
void os_wake_clear(int fd);

/* ---- signals as input: signalfd(2), EVFILT_SIGNAL ---- */

/* Returns a descriptor that is readable while one of these signals has arrived. They must be
 * blocked in every thread, and stay blocked. */
int os_signals_open(const sigset_t *signals);

/* Returns the number of a signal that has arrived, or 0. Never blocks. The same signal, arrived
 * several times, may count once. */
int os_signals_take(int fd);

#endif
