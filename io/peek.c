/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads without consuming; see peek.h. */
#include "io/peek.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "io/os.h"

size_t peek(int fd, char *text, size_t size)
{
    struct stat st;
    ssize_t n = -1;
    if (fstat(fd, &st) != 0)
        return 0;
    if (S_ISFIFO(st.st_mode))
        n = os_peek_pipe(fd, text, size);
    else if (S_ISSOCK(st.st_mode))
        n = recv(fd, text, size, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}
