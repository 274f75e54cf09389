/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Included by every unit test: cmocka and the headers that it requires before it. */
#ifndef NETGDB_TESTS_UNIT_H
#define NETGDB_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ends a test that this machine cannot run (tests/tap-awk). */
#define UNIT_SKIP(why)                                                                             \
    do {                                                                                           \
        print_message("# %s: %s\n", __func__, why);                                                \
        skip();                                                                                    \
    } while (0)

enum { UNIT_PATH = 90 };

/* A template for mkdtemp: in TMPDIR if that is short, otherwise in /tmp. */
static inline char *unit_directory(char path[UNIT_PATH], const char *what)
{
    const char *tmp = getenv("TMPDIR");
    bool good = tmp != NULL && tmp[0] == '/' && strlen(tmp) + strlen(what) < UNIT_PATH - 24;
    (void)snprintf(path, UNIT_PATH, "%s/netgdb-%s-XXXXXX", good ? tmp : "/tmp", what);
    return path;
}

#endif
