/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helper process of a server; see tls_options.h. */
#include <errno.h>

#include "io/fds.h"
#include "io/os.h"
#include "tools/tls_options.h"
#include "tools/tools.h"

enum { LINES = 32 }; /* messages handled at a time */

int tls_options_start(const struct tls_options *o)
{
    char why[TLS_WHY_MAX];
    int control = tls_start(&o->keys, NULL, why);
    if (control < 0)
        complain("--tls: %s", why);
    return control;
}

void tls_options_defer(int listener)
{
    os_defer_accept(listener, TLS_HANDSHAKE / IO_SECOND);
}

/* Handles a failed read of the control socket: none for now, or the helper has ended. */
static bool may_accept_more(const struct log *log)
{
    if (errno == ETIMEDOUT || errno == EINTR)
        return true;
    log_error(log, "netgdb-tls has ended: clients stay connected, but no new one can connect");
    return false;
}

bool tls_options_hear(int control, struct log_limit *limit, const struct log *log)
{
    char why[TLS_WHY_MAX];
    char more[LOG_MORE];
    for (int i = 0; i < LINES && tls_answer(control, 0, NULL, why) != 0; i++) {
        if (errno != EACCES)
            return may_accept_more(log);
        if (log_limit_allows(limit, io_fds_now(), more))
            log_info(log, "TLS: refused %s%s", why, more);
    }
    return true;
}
