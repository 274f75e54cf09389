/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits of the peer's silence; see silence.h. */
#include "proto/kernel/silence.h"

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link/link.h"

uint64_t silence_next_check(const struct silence *s)
{
    return !s->warned && LINK_KERNEL_GIVES_UP < s->give_up ? LINK_KERNEL_GIVES_UP : s->give_up;
}

int silence_check(struct silence *s, uint64_t quiet)
{
    CHECK_OR_RETURN(s->give_up != 0);
    if (quiet >= s->give_up) {
        log_error(s->log,
                  "no answer for %u s: the machine is down, unreachable, or back at db> (type "
                  "netgdb there again)",
                  (unsigned)(quiet / IO_SECOND));
        return NETGDB_LOST;
    }
    if (quiet >= LINK_KERNEL_GIVES_UP && !s->warned) {
        s->warned = true;
        log_warn(s->log, "no answer for 12 s; still asking");
    }
    return 0;
}
