/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --tls: the helper process between the TCP ports and the clients; see proxy.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"
#include "tools/proxy.h"

int proxy_tls_open(struct proxy *p)
{
    if (!p->options->tls.on)
        return EXIT_DONE;
    p->tls_fd = tls_options_start(&p->options->tls);
    if (p->tls_fd < 0)
        return EXIT_FAILED;
    if (os_events_add(p->events_fd, p->tls_fd, &p->tls_fd) == 0)
        return EXIT_DONE;
    complain("%s", strerror(errno));
    return EXIT_FAILED;
}

bool proxy_tls_takes(const struct proxy *p)
{
    struct pollfd helper = {p->tls_fd, POLLOUT, 0};
    return p->tls_fd < 0 || poll(&helper, 1, 0) != 0;
}

int proxy_tls_wrap(struct proxy *p, int tcp)
{
    int plain = tls_wrap(p->tls_fd, tcp);
    if (plain < 0)
        log_refusal(p, strerror(errno));
    return plain;
}

void proxy_tls_hear(struct proxy *p)
{
    if (tls_options_hear(p->tls_fd, &p->refused_tls, &p->log))
        return;
    close(p->tls_fd); /* takes it out of the set of events */
    p->tls_fd = -1;
}
