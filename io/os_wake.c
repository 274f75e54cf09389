/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wakes by eventfd(2), which Linux has, and FreeBSD since 13.0; see os.h. */
#include "io/os.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int os_wake_open(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void os_wake(int fd)
{
    const uint64_t one = 1;
    int error = errno;
    /* If the counter is full, the descriptor is readable already. */
    (void)!write(fd, &one, sizeof one);
    errno = error;
}

void os_wake_clear(int fd)
{
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
}
