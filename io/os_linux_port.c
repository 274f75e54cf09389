/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux: the owner of a port, by proc(5); see port_owner.h. */
#include "io/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/visible.h"

enum {
    ST_LISTEN = 10,  /* include/net/tcp_states.h: TCP_LISTEN */
    PATH_TEXT = 600, /* "/proc/PID/fd/" and a d_name of 256 bytes at most */
};

struct port_socket {
    unsigned long inode; /* 0: none */
    unsigned uid;
};

/* Finds the socket in a table such as /proc/net/tcp. */
static void find_socket(const char *table, bool tcp, uint16_t port, struct port_socket *found)
{
    char line[512];
    FILE *f = fopen(table, "re");
    if (f == NULL)
        return;
    while (found->inode == 0 && fgets(line, sizeof line, f) != NULL) {
        struct port_socket s;
        unsigned local, state;
        /* NOLINTNEXTLINE(cert-err34-c): the numbers are the system's */
        if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %u %*u %lu", &local,
                   &state, &s.uid, &s.inode) == 4 &&
            local == port && (!tcp || state == ST_LISTEN))
            *found = s;
    }
    (void)fclose(f);
}

/* Whether a process has a descriptor of this socket. */
static bool owns_socket(const char *pid, const char *link)
{
    char path[PATH_TEXT], to[64];
    (void)snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    struct dirent *e;
    bool owns = false;
    while (!owns && dir != NULL && (e = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, e->d_name);
        ssize_t n = readlink(path, to, sizeof to - 1);
        to[n > 0 ? n : 0] = '\0';
        owns = strcmp(to, link) == 0;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return owns;
}

static void write_process(const char *pid, char text[PORT_OWNER_TEXT])
{
    char path[PATH_TEXT], comm[17] = "",
                          name[sizeof comm * VISIBLE_MAX + 1]; /* TASK_COMM_LEN: 16 */
    (void)snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *f = fopen(path, "re");
    size_t len = f != NULL ? fread(comm, 1, sizeof comm - 1, f) : 0;
    if (f != NULL)
        (void)fclose(f);
    len = strcspn(comm, "\n") < len ? strcspn(comm, "\n") : len;
    (void)visible_text(name, sizeof name, (const uint8_t *)comm, len);
    (void)snprintf(text, PORT_OWNER_TEXT, " (held by %s, process %.10s)", name, pid);
}

/* Writes the first process that has the socket. */
static void find_owner_process(unsigned long inode, char text[PORT_OWNER_TEXT])
{
    char link[64];
    (void)snprintf(link, sizeof link, "socket:[%lu]", inode);
    DIR *dir = opendir("/proc");
    struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        if (isdigit((unsigned char)e->d_name[0]) && owns_socket(e->d_name, link)) {
            write_process(e->d_name, text);
            break;
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
}

const char *port_owner(int error, bool tcp, uint16_t port, char text[PORT_OWNER_TEXT])
{
    struct port_socket s = {0};
    int before = errno;
    text[0] = '\0';
    if (error == EADDRINUSE) {
        find_socket(tcp ? "/proc/net/tcp" : "/proc/net/udp", tcp, port, &s);
        find_socket(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", tcp, port, &s);
    }
    if (s.inode != 0)
        find_owner_process(s.inode, text);
    if (s.inode != 0 && text[0] == '\0')
        (void)snprintf(text, PORT_OWNER_TEXT, " (held by a process of user %u)", s.uid);
    errno = before;
    return text;
}
