/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silence of the peer; see silence.h. */
#include "proto/silence.h"

#include "proto/err.h"
#include "proto/link.h"

uint64_t silence_limit(const struct silence *s)
{
    return !s->warned && LINK_KERNEL_GIVES_UP < s->patience ? LINK_KERNEL_GIVES_UP : s->patience;
}

int silence_judge(struct silence *s, uint64_t quiet)
{
    if (quiet >= s->patience) {
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
