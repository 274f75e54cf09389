/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes log lines; see logfile.h. */
#include "io/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/err.h"

static atomic_int log_fd = STDERR_FILENO;

void logfile_sink(void *context, enum log_level level, const char *line)
{
    int error = errno;
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};
    (void)context;
    (void)level;
    if (writev(log_fd, parts, 2) < 0 && log_fd != STDERR_FILENO)
        (void)!writev(STDERR_FILENO, parts, 2);
    errno = error;
}

int logfile_open(const char *path)
{
    int fd = STDERR_FILENO;
    if (path != NULL)
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return NETGDB_IO;
    int before = atomic_exchange(&log_fd, fd);
    if (before != STDERR_FILENO)
        close(before);
    return 0;
}

bool logfile_is_readable_by_others(void)
{
    struct stat st;
    int fd = log_fd;
    return fd != STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
}
