/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the implementations of os.h only. */
#ifndef NETGDB_IO_OS_PRIVATE_H
#define NETGDB_IO_OS_PRIVATE_H

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/*
 * os_rename_new() where the system cannot do it at once: another process may create `to` after the
 * check. A file is replaced then, and an empty directory.
 */
int os_rename_checked(int directory, const char *from, const char *to);

static inline int os_set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* Returns the control message of this type; NULL: none. */
static inline const struct cmsghdr *os_find_control(struct msghdr *msg, int level, int type)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    while (c != NULL && (c->cmsg_level != level || c->cmsg_type != type))
        c = CMSG_NXTHDR(msg, c);
    return c;
}

/* Sets the only control message; `control` has room for it, and is 0. */
static inline void os_set_control(struct msghdr *msg, void *control, int level, int type,
                                  const void *data, size_t len)
{
    msg->msg_control = control;
    msg->msg_controllen = (socklen_t)CMSG_SPACE(len);
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = (socklen_t)CMSG_LEN(len);
    memcpy(CMSG_DATA(c), data, len);
}

#endif
