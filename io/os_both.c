/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux and FreeBSD: interfaces of os.h with one implementation for both. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "io/os_private.h"

/* ---- wakes: eventfd(2), which FreeBSD has since 13.0 ---- */

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

/* ---- files ---- */

int os_rename_checked(int directory, const char *from, const char *to)
{
    struct stat st;
    if (fstatat(directory, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(directory, from, directory, to);
}

/* ---- processes ---- */

void *os_libc_function(const char *name)
{
    static const char *const names[] = {"libc.so.6", "libc.so.7",
                                        "libc.so"}; /* glibc, FreeBSD, musl */
    void *libc = NULL, *found = NULL;
    for (unsigned i = 0; libc == NULL && i < sizeof names / sizeof names[0]; i++)
        libc = dlopen(names[i], RTLD_LAZY | RTLD_NOLOAD);
    if (libc == NULL)
        return NULL;
    found = dlsym(libc, name);
    (void)dlclose(libc); /* the process depends on libc: it stays loaded */
    return found;
}

/* ---- confinement, where the system confines no process to directories ---- */

#ifndef HAVE_LINUX_LANDLOCK_H

int os_confine_open(void)
{
    errno = ENOSYS;
    return -1;
}

bool os_confine_allow(int set, const char *directory, enum os_access access)
{
    (void)set;
    (void)directory;
    (void)access;
    return false;
}

bool os_confine_enter(int set)
{
    (void)set;
    return false;
}

#endif
