/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages with descriptors; see handover.h. */
#include "io/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint32_t magic = 0x4e474833; /* "NGH3" */

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(HANDOVER_FDS * sizeof(int))];
};

int handover_send(int socket, struct handover *h, const int fds[HANDOVER_FDS])
{
    union control control = {0};
    struct iovec part = {h, sizeof *h};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    h->magic = magic;
    if (fds != NULL) {
        size_t bytes = (fds[HANDOVER_FDS - 1] >= 0 ? HANDOVER_FDS : HANDOVER_FDS - 1) * sizeof(int);
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(c), fds, bytes);
    }
    ssize_t n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    if (n >= 0 && (size_t)n < sizeof *h)
        errno = EAGAIN; /* the other side does not read: these are small */
    return n == (ssize_t)sizeof *h ? 0 : -1;
}

/* The descriptors that came; what does not belong is closed. */
static void keep_descriptors(struct msghdr *msg, int fds[HANDOVER_FDS])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return;
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(c), (n < HANDOVER_FDS ? n : HANDOVER_FDS) * sizeof(int));
}

static void drop(int fds[HANDOVER_FDS])
{
    for (int i = 0; i < HANDOVER_FDS; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

int handover_receive(int socket, struct handover *h, int fds[HANDOVER_FDS])
{
    union control control = {0};
    struct iovec part = {h, sizeof *h};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    for (int i = 0; i < HANDOVER_FDS; i++)
        fds[i] = -1;
    ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    if (n < 0)
        return -1;
    keep_descriptors(&msg, fds);
    bool whole = n == (ssize_t)sizeof *h && h->magic == magic;
    bool fits = (h->kind == HANDOVER_KERNEL) == (fds[0] >= 0 && fds[1] >= 0);
    if (whole && fits) {
        h->text[sizeof h->text - 1] = '\0';
        return 0;
    }
    drop(fds);
    errno = n == 0 ? ECONNRESET : EPROTO;
    return -1;
}
