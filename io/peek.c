/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads without consuming; see peek.h. */
#include "io/peek.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t peek_pipe(int fd, char *text, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    ssize_t n = tee(fd, ends[1], size, SPLICE_F_NONBLOCK);
    if (n > 0)
        n = read(ends[0], text, (size_t)n);
    close(ends[0]);
    close(ends[1]);
    return n;
}

size_t peek(int fd, char *text, size_t size)
{
    struct stat st;
    ssize_t n = -1;
    if (fstat(fd, &st) != 0)
        return 0;
    if (S_ISFIFO(st.st_mode))
        n = peek_pipe(fd, text, size);
    else if (S_ISSOCK(st.st_mode))
        n = recv(fd, text, size, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}
