/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Invariants: conditions that only a defect of ours makes false, whatever comes from the network.
 * In tests, fuzzing and the simulated world a broken one aborts. A product sets a handler, which
 * writes one line; the function then returns NETGDB_BUG, and the session ends like any that fails.
 */
#ifndef NETGDB_PROTO_CHECK_H
#define NETGDB_PROTO_CHECK_H

#include <stdbool.h>

#include "proto/err.h"

/* Reports a broken invariant: its text and the function that has it. May return. */
typedef void check_handler(const char *condition, const char *function);

/* NULL, the default, aborts. To be called before any thread that checks. */
void check_set_handler(check_handler *handler);

/* The usual handler of a product: one line on standard error. */
void check_report(const char *condition, const char *function);

/* Calls the handler. */
void check_failed(const char *condition, const char *function);

/* An expression: whether the condition holds. */
#define CHECK(condition) ((condition) ? true : (check_failed(#condition, __func__), false))

/* Returns NETGDB_BUG from the function when the condition does not hold. */
#define CHECK_OR_RETURN(condition)                                                                 \
    do {                                                                                           \
        if (!CHECK(condition))                                                                     \
            return NETGDB_BUG;                                                                     \
    } while (0)

#endif
