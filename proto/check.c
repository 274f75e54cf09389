/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Broken invariants; see check.h. */
#include "proto/check.h"

#include <stdio.h>
#include <stdlib.h>

static check_handler *handler;

void check_set_handler(check_handler *new_handler)
{
    handler = new_handler;
}

void check_report(const char *condition, const char *function)
{
    fprintf(
        stderr,
        "netgdb: internal error in %s (%s): this session ends; please report it with this line\n",
        function, condition);
}

void check_failed(const char *condition, const char *function)
{
    if (handler == NULL) {
        check_report(condition, function);
        abort();
    }
    handler(condition, function);
}
