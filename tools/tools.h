/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit codes, error messages and parsers of values, shared by the commands of `netgdb`. */
#ifndef NETGDB_TOOLS_TOOLS_H
#define NETGDB_TOOLS_TOOLS_H

#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/sockets.h"
#include "proto/log.h"

enum tool_exit {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* while running */
    EXIT_USAGE = 2,
    EXIT_NOBODY = 3,  /* no answer to the HERALD, or to a connect */
    EXIT_LOST = 4,    /* the link was lost */
    EXIT_STOPPED = 5, /* by Ctrl-C; the same command continues */
};

/* Commands: argv[0] is how getopt(3) names them, "netgdb node". Each returns an exit code. */
int run_main(int argc, char **argv);
int node_main(int argc, char **argv);
int rtos_main(int argc, char **argv);
int bpf_main(int argc, char **argv);
int proxy_main(int argc, char **argv);
int ls_main(int argc, char **argv);
int kernel_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int autopsy_main(int argc, char **argv);
int replay_main(int argc, char **argv);

/* The values of --log. */
#define LOG_LEVELS "error, warn, info, debug or packet"

/* Prints one line on stderr, "netgdb: …". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a usage error and a hint to --help. Returns EXIT_USAGE. */
int complain_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints only the hint: getopt(3) has printed the error. Returns EXIT_USAGE. */
int hint_usage(const char *command);

/*
 * The same, with the option that was probably meant. `typed` is the word that getopt(3) rejected,
 * argv[optind - 1]. Returns EXIT_USAGE.
 */
int hint_option(const char *command, const struct option *options, const char *typed);

/* Reports a wrong value of --option, and the values that it takes. Returns EXIT_USAGE. */
int complain_value(const char *command, const char *option, const char *value, const char *wants);

/* A sink for struct log that writes each line to stderr. */
void log_to_stderr(void *context, enum log_level level, const char *line);

/* Parses "500us", "20ms", "1.5s" to ns; a number without a unit must be 0. False: malformed, or
 * more than a day. */
bool parse_time(const char *text, uint64_t *ns);

/* "192.0.2.0/24" or "192.0.2.7", in host byte order; *ip without the bits outside *mask. */
bool parse_net(const char *text, uint32_t *ip, uint32_t *mask);

/* Parses a port, 0 to 65535, in decimal. */
bool parse_port(const char *text, uint16_t *port);

enum { HOST_MAX = 256 }; /* longest name, with its NUL (RFC 1035: 255) */

/*
 * Splits "HOST" or "HOST:PORT"; *port is unchanged without a port. An IPv6 address is in brackets,
 * which are removed. False: an empty or too long host, or an invalid port.
 */
bool parse_endpoint(const char *text, char host[HOST_MAX], uint16_t *port);

/*
 * Listens on a TCP port (0: any) of this address. Returns the descriptor and its address in text[],
 * or -1 after an error message.
 */
int listen_on(const char *host, uint16_t port, char text[SOCKETS_STREAM_TEXT]);

#endif
