/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of a proxy's control socket; see control.h. */
#include "session/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "io/sockets.h"
#include "proto/addr.h"
#include "proto/check.h"
#include "session/rundir.h"

#define SERVICE_SOCKET "/run/netgdb/control"

enum { PATH_SIZE = RUNDIR_MAX + 16 };

static int socket_path(char path[PATH_SIZE])
{
    char dir[RUNDIR_MAX];
    int rc = rundir(dir);
    if (rc == 0)
        (void)snprintf(path, PATH_SIZE, "%s/control", dir);
    return rc;
}

int control_listen(void)
{
    char path[PATH_SIZE];
    return socket_path(path) == 0 ? sockets_unix_listen(path, 0660) : -1;
}

void control_remove(void)
{
    char path[PATH_SIZE];
    if (socket_path(path) == 0)
        (void)unlink(path);
}

bool control_allows(int fd, const char *path)
{
    char own[PATH_SIZE];
    struct os_peer peer;
    struct stat st;
    if (!os_peer(fd, &peer))
        return false;
    if (peer.uid == geteuid() || peer.uid == 0)
        return true;
    if (path == NULL && socket_path(own) == 0)
        path = own;
    return path != NULL && stat(path, &st) == 0 && (st.st_mode & S_IWGRP) != 0 &&
           os_peer_in_group(fd, st.st_gid);
}

int control_connect(void)
{
    char path[PATH_SIZE];
    int fd = socket_path(path) == 0 ? sockets_unix(path) : -1;
    if (fd >= 0 || getenv("NETGDB_RUNTIME_DIR") != NULL)
        return fd;
    return sockets_unix(SERVICE_SOCKET);
}

/* ---- taking a kernel ---- */

int control_take(const struct net_hosts *hosts, uint16_t port, bool observe)
{
    char line[CONTROL_LINE_MAX], ip[NET_ADDR_TEXT];
    int len = snprintf(line, sizeof line, "%s %u", observe ? "observe" : "take", port);
    for (unsigned i = 0; i < hosts->n; i++)
        len +=
            snprintf(line + len, sizeof line - (size_t)len, " %s", net_ip_text(hosts->ip[i], ip));
    if (!CHECK((size_t)len < sizeof line))
        return -1;
    line[len++] = '\n';
    int fd = control_connect();
    if (fd < 0)
        return -1;
    if (send(fd, line, (size_t)len, MSG_NOSIGNAL) == len)
        return fd;
    close(fd);
    return -1;
}

static void send_answer(int fd, const char *word, const char *why)
{
    char line[CONTROL_LINE_MAX];
    int n = snprintf(line, sizeof line, "%s%.*s\n", word, CONTROL_LINE_MAX / 2, why);
    CHECK(n > 0 && (size_t)n < sizeof line);
    (void)send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static const char *const words[] = {
    [NETGDB_PEER_KERNEL] = "kernel", [NETGDB_PEER_NODE] = "node", [NETGDB_PEER_OTHER] = "stub"};

void control_grant(int fd, const struct control_kernel *kernel)
{
    char ip[NET_ADDR_TEXT];
    char text[NET_ADDR_TEXT + 1];
    (void)snprintf(text, sizeof text, " %s", net_ip_text(kernel->ip, ip));
    send_answer(fd, words[kernel->peer], text);
}

void control_refuse(int fd, const char *why)
{
    send_answer(fd, "no ", why);
}

/* The line arrives in one piece, so there is no wait for more of it, which nothing could end; the
 * bytes after it belong to the session. */
static int read_answer(int fd, char line[CONTROL_LINE_MAX])
{
    for (size_t len = 0; len < CONTROL_LINE_MAX; len++) {
        ssize_t n = recv(fd, line + len, 1, MSG_DONTWAIT);
        if (n != 1)
            return n == 0 ? ECONNRESET : errno == EAGAIN ? EPROTO : errno;
        if (line[len] == '\n') {
            line[len] = '\0';
            return 0;
        }
    }
    return EPROTO;
}

/* "WORD ADDRESS" */
static bool parse_granted(const char *line, struct control_kernel *kernel)
{
    struct in_addr in;
    size_t len = strcspn(line, " ");
    if (line[len] != ' ' || inet_pton(AF_INET, line + len + 1, &in) != 1)
        return false;
    kernel->ip = ntohl(in.s_addr);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        kernel->peer = (enum netgdb_peer)i;
        if (strlen(words[i]) == len && strncmp(line, words[i], len) == 0)
            return true;
    }
    return false;
}

int control_answer(int fd, struct control_kernel *kernel, char why[CONTROL_LINE_MAX])
{
    char line[CONTROL_LINE_MAX];
    int error = read_answer(fd, line);
    if (error != 0)
        return error;
    if (parse_granted(line, kernel))
        return 0;
    if (strncmp(line, "no ", 3) != 0)
        return EPROTO;
    (void)snprintf(why, CONTROL_LINE_MAX, "%s", line + 3);
    return EBUSY;
}
