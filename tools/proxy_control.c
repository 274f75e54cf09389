/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proxy's end of the control socket, with a thread for each connection; see proxy.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/os.h"
#include "io/thread.h"
#include "session/control.h"
#include "session/rundir.h"
#include "tools/proxy.h"

enum {
    REQUEST_MS = 5000, /* for the line */
    SEND_SECONDS = 10, /* for a peer that does not read */
    ROW_MAX = 4096,
};

struct connection {
    struct proxy *proxy;
    int fd;
};

int control_open(struct proxy *p)
{
    char dir[RUNDIR_MAX];
    const char *why = rundir_trouble(dir);
    if (why != NULL) {
        log_warn(
            &p->log,
            "runtime directory %s: %s: 'netgdb ls' and netgdb:HOST in gdb cannot use this proxy",
            dir, why);
        return -1;
    }
    int fd = control_listen();
    if (fd >= 0 && os_events_add(p->events_fd, fd, &p->control_fd) == 0)
        return fd;
    log_warn(&p->log,
             "no control socket (%s): 'netgdb ls' and netgdb:HOST in gdb cannot use this proxy",
             errno == EADDRINUSE ? "another proxy runs" : strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

void control_close(struct proxy *p)
{
    if (p->control_fd < 0)
        return;
    control_remove();
    close(p->control_fd);
    p->control_fd = -1;
}

/* Reads a line and removes its newline. False: there was none before the deadline. */
static bool read_line(int fd, char line[CONTROL_LINE_MAX])
{
    size_t len = 0;
    struct pollfd p = {fd, POLLIN, 0};
    uint64_t now = io_fds_now(), deadline = now + REQUEST_MS * IO_MS;
    for (; len < CONTROL_LINE_MAX - 1 && now < deadline; now = io_fds_now()) {
        if (poll(&p, 1, (int)((deadline - now) / IO_MS)) <= 0)
            return false;
        ssize_t n = read(fd, line + len, 1);
        if (n != 1)
            return false;
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

static void send_listing(int fd, const uint8_t *data, size_t len)
{
    const struct timeval limit = {SEND_SECONDS, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

/* Parses "ls [json] [verbose]". */
static void answer_list(struct proxy *p, int fd, const char *line)
{
    struct buf out;
    pthread_mutex_lock(&p->lock);
    buf_init(&out, (size_t)(p->endpoint_count + 1) * ROW_MAX);
    say_list(p, strstr(line, " json") != NULL, strstr(line, " verbose") != NULL, &out);
    pthread_mutex_unlock(&p->lock);
    send_listing(fd, out.data, out.len);
    buf_free(&out);
}

static void *control_main(void *context)
{
    struct connection *v = context;
    char line[CONTROL_LINE_MAX];
    if (read_line(v->fd, line)) {
        if (strncmp(line, "ls", 2) == 0) {
            answer_list(v->proxy, v->fd, line);
        } else if (strncmp(line, "take ", 5) == 0 || strncmp(line, "observe ", 8) == 0) {
            proxy_take(v->proxy, v->fd, line);
            v->fd = -1;
        }
    }
    if (v->fd >= 0)
        close(v->fd);
    free(v);
    return NULL;
}

void control_accept(struct proxy *p)
{
    int fd = proxy_accept(p, p->control_fd);
    if (fd < 0)
        return;
    bool allowed = proxy_admits(p, NULL, fd);
    (void)fcntl(fd, F_SETFL, 0); /* a list may exceed the socket's buffer */
    struct connection *v = allowed ? malloc(sizeof *v) : NULL;
    if (v != NULL)
        *v = (struct connection){p, fd};
    if (v == NULL || thread_start(control_main, v) != 0) {
        close(fd);
        free(v);
    }
}
