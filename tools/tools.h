/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit codes, error messages and parsers of values, shared by the commands of `netgdb`. */
#ifndef NETGDB_TOOLS_TOOLS_H
#define NETGDB_TOOLS_TOOLS_H

#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/sockets.h"
#include "proto/log.h"
#include "session/lobby.h"

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

/*
 * Prints the hint after an error message of getopt(3), with the option that was probably meant.
 * `typed` is the word that getopt(3) rejected, argv[optind - 1]. Returns EXIT_USAGE.
 */
int hint_option(const char *command, const struct option *options, const char *typed);

/* An option of a command, in a table that ends with a zeroed row. */
struct tool_option {
    const char *name; /* after "--"; NULL: it has only a letter */
    int letter;       /* after "-"; 0: it has only a name */
    int has_arg;      /* as in struct option */
    /*
     * Stores the value (NULL without one) in *to, the variable of this option. Returns NULL, or the
     * values that the option takes, for the message about a wrong one.
     */
    const char *(*take)(void *to, const char *value);
    size_t at; /* offset of the variable in the structure of the table, in bytes */
};

/* The networks of --from: "192.0.2.0/24" or "192.0.2.7". */
enum { TOOL_NETS_MAX = 32 };
struct tool_nets {
    struct lobby_net at[TOOL_NETS_MAX];
    unsigned n;
};

/* Rows: --NAME VALUE, and --NAME that sets a bool. `type` is the structure of the table. */
#define OPTION(name, take, type, member)                                                           \
    {                                                                                              \
        name, 0, required_argument, take, offsetof(type, member)                                   \
    }
#define FLAG(name, type, member)                                                                   \
    {                                                                                              \
        name, 0, no_argument, take_flag, offsetof(type, member)                                    \
    }

/* For such rows. */
const char *take_flag(void *to, const char *value);      /* bool: becomes true */
const char *take_text(void *to, const char *value);      /* const char *: any text, not copied */
const char *take_file_name(void *to, const char *value); /* const char *: not empty, not copied */
const char *take_log_level(void *to, const char *value); /* enum log_level */
const char *take_net(void *to, const char *value);       /* struct tool_nets: adds one */

enum { OPTION_TABLES = 4, OPTIONS_KNOWN_MAX = 40 /* options of a command, in all its tables */ };

struct command_line {
    const char *command; /* "node" */
    int (*help)(void);   /* prints --help; returns EXIT_DONE */
    struct {
        const struct tool_option *rows; /* NULL: no further table */
        size_t at; /* offset of the structure of the table in that of the command, in bytes */
    } tables[OPTION_TABLES];
};

/*
 * Parses options, -h and --help with getopt_long(3) into the structure of the command. Returns -1
 * to continue with the operands, which are in argv from optind on; else the exit code: of --help,
 * or EXIT_USAGE after an error message.
 */
int parse_options(int argc, char **argv, const struct command_line *line, void *options);

/* Takes a level from NETGDB_LOG. Returns -1 to continue, or EXIT_USAGE after an error message. */
int parse_log_variable(const char *command, enum log_level *level);

/* Flushes stdout. Output that a script keeps must be complete if the exit status is 0: returns
 * `status`, or EXIT_FAILED after an error message. */
int finish_output(int status);

/* Reports a wrong value of --option, and the values that it takes. Returns EXIT_USAGE. */
int complain_value(const char *command, const char *option, const char *value, const char *wants);

/* A sink for struct log that writes each line to stderr. */
void log_to_stderr(void *context, enum log_level level, const char *line);

/* Parses "500us", "20ms", "1.5s" to ns; a number without a unit must be 0. False: malformed, or
 * more than a day. */
bool parse_time(const char *text, uint64_t *ns);

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

/* True if sessions can read the file of symbols=, or there is none (""); else after an error
 * message. */
bool check_symbols_option(const char *file);

/* Reports that the UDP port to which kernels connect cannot be opened, by errno, and who has it.
 * Returns EXIT_FAILED. */
int complain_herald_port(uint16_t port);

#endif
