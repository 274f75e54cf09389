/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals wait while a kernel is in a session; see hold.h. */
#include "tools/hold.h"

#include <stddef.h>

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

void hold_begin(sigset_t *before)
{
    sigset_t ends;
    hold_ends(&ends);
    (void)sigprocmask(SIG_BLOCK, &ends, before);
}

void hold_finish(const sigset_t *before)
{
    (void)sigprocmask(SIG_SETMASK, before, NULL);
}
