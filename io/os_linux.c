/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux: events, signals and processes; see os.h. */
#include "io/os.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/check.h"

enum { ARGUMENTS_MAX = 1 << 20 }; /* bytes */

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
    if (!CHECK(n > 0 && n <= OS_EVENTS))
        n = 1;
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

/* ---- processes ---- */

/* Linux 5.3; musl has no wrapper. */
int os_process_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int os_die_with_parent(int signal)
{
    return prctl(PR_SET_PDEATHSIG, signal);
}

bool os_program_path(char path[PATH_MAX])
{
    ssize_t n = readlink(os_program(), path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

const char *os_program(void)
{
    return "/proc/self/exe";
}

char *os_arguments(size_t *len)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? malloc(ARGUMENTS_MAX + 1) : NULL;
    ssize_t got = 0;
    *len = 0;
    while (text != NULL && *len < ARGUMENTS_MAX &&
           (got = read(fd, text + *len, ARGUMENTS_MAX - *len)) > 0)
        *len += (size_t)got;
    if (fd >= 0)
        close(fd);
    if (text == NULL || got != 0 || *len == 0 || *len == ARGUMENTS_MAX) {
        free(text);
        return NULL;
    }
    text[*len] = '\0';
    return text;
}

bool os_is_privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}

void os_close_from(int lowest)
{
    (void)syscall(SYS_close_range, (unsigned)lowest, ~0U, 0);
}

void os_exact_timers(void)
{
    (void)prctl(PR_SET_TIMERSLACK, 1);
}
