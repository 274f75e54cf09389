/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --tls, shared by commands, and a server's helper process. */
#ifndef NETGDB_TOOLS_TLS_OPTIONS_H
#define NETGDB_TOOLS_TLS_OPTIONS_H

#include <stdbool.h>

#include "proto/log.h"
#include "session/tls.h"
#include "tools/tools.h"

struct tls_options {
    bool on; /* --tls */
    struct tls_keys keys;
};

extern const struct tool_option tls_options_known[]; /* of struct tls_options */

/* The lines of these options in --help. */
#define TLS_OPTIONS_HELP                                                                           \
    "  --tls                 encrypt TCP connections; only clients with a key (TLS 1.3):\n"        \
    "                        'target remote netgdb:tls:HOST'; the port is 20025 unless given\n"    \
    "  --tls-psk FILE        pre-shared keys: IDENTITY:HEX a line (NETGDB_TLS_PSK)\n"              \
    "  --tls-cert FILE       or our certificate (PEM; NETGDB_TLS_CERT),\n"                         \
    "  --tls-key FILE        its key (NETGDB_TLS_KEY),\n"                                          \
    "  --tls-ca FILE         and the CA of the clients' certificates (NETGDB_TLS_CA)\n"

/* Without options, takes the files from the environment (NETGDB_TLS_PSK, …_CERT, …_KEY, …_CA).
 * NULL, or what is wrong: a file without --tls. */
const char *tls_options_complete(struct tls_options *o);

/* Starts the helper of a server; -1 with a complaint. See tls_start. */
int tls_options_start(const struct tls_options *o);

/* For a port with --tls: the system keeps silent connections, so that they cost no process. */
void tls_options_defer(int listener);

/*
 * Logs the helper's messages about refused connections: a line at once, then one a minute.
 * False: it has ended.
 */
bool tls_options_hear(int control, struct log_limit *limit, const struct log *log);

#endif
