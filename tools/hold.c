/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals wait while a kernel is in a session; see hold.h. */
#include "tools/hold.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "io/os.h"

void hold_ends(sigset_t *signals)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(signals, ends[i]);
    }
}

int hold_begin(struct hold *h)
{
    sigset_t ends;
    hold_ends(&ends);
    (void)sigprocmask(SIG_BLOCK, &ends, &h->before);
    h->fd = os_signals_open(&ends);
    if (h->fd >= 0)
        return 0;
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &h->before, NULL);
    errno = error;
    return -1;
}

void hold_finish(struct hold *h)
{
    close(h->fd);
    (void)sigprocmask(SIG_SETMASK, &h->before, NULL);
}
