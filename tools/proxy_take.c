/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gdb with libnetgdb.so on this machine asks for a kernel on the control socket; see control.h.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/control.h"
#include "tools/proxy.h"

/* "take PORT IP..." or "observe ...", with the word in `skip` bytes: stores the port and the hosts
 * in *watch. False: it is another line. */
static bool read_request(const char *line, size_t skip, struct net_hosts *hosts,
                         unsigned long *port)
{
    char text[INET_ADDRSTRLEN], *end;
    struct in_addr in;
    int used = 0;
    line += skip;
    *port = strtoul(line, &end, 10);
    if (end == line)
        return false;
    line = end;
    for (; sscanf(line, " %15[0-9.]%n", text, &used) == 1; line += used) {
        if (hosts->n == NET_HOSTS_MAX || inet_pton(AF_INET, text, &in) != 1)
            return false;
        hosts->ip[hosts->n++] = ntohl(in.s_addr);
    }
    return hosts->n != 0 && *line == '\0';
}

void proxy_take(struct proxy *p, int fd, const char *line)
{
    bool observes = line[0] == 'o';
    struct net_hosts hosts = {.n = 0};
    unsigned long port;
    struct client *c = NULL;
    char who[PROXY_WHO];
    client_name(p, fd, who);
    if (!read_request(line, strcspn(line, " "), &hosts, &port))
        control_refuse(fd, "the proxy does not understand the request");
    else if (p->listener == NULL || port != p->herald_port)
        log_debug(&p->log, "a gdb requests kernels of UDP port %lu, which is not ours", port);
    else
        c = client_new(p, fd, fd, who);
    if (c == NULL) {
        close(fd);
        return;
    }
    pthread_mutex_lock(&p->lock); /* others look through the clients already */
    c->asked = c->asks = true;
    c->observes = observes;
    c->wants = (struct listener_watch){.hosts = hosts};
    pthread_mutex_unlock(&p->lock);
    client_serve(c);
}
