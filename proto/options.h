/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person types: `netgdb:HOST[:PORT][,option=value…]` and the other forms of a target's
 * name, and the environment variables that are the options' defaults. Text only: no name is
 * looked up and no file is opened here.
 */
#ifndef NETGDB_PROTO_OPTIONS_H
#define NETGDB_PROTO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/log.h"

enum {
    OPTIONS_HOST_MAX = 256,   /* bytes of a host name with its NUL (RFC 1035: 255) */
    OPTIONS_PATH_MAX = 4096,  /* of a file's name, or of a command (PATH_MAX) */
    OPTIONS_SOCKET_MAX = 108, /* of a socket's name (struct sockaddr_un) */
    OPTIONS_RTOS_MAX = 32,
    OPTIONS_NOCACHE_MAX = 32, /* ranges */
    OPTIONS_TEXT_MAX = 8192,  /* of all that was typed */
    OPTIONS_ERROR_MAX = 512,  /* enough for any error text */
};

enum options_kind {
    OPTIONS_KERNEL, /* HOST[:PORT]: a FreeBSD kernel, or a node, of that host */
    OPTIONS_ANY,    /* any[:PORT]: the first that comes */
    OPTIONS_TCP,    /* tcp:HOST:PORT: a stub */
    OPTIONS_UNIX,   /* unix:PATH: a stub */
    OPTIONS_STDIO,  /* stdio:COMMAND: a stub that the command is; not in GDB's process */
    OPTIONS_TLS,    /* tls:HOST[:PORT]: a proxy or node, encrypted */
};

enum options_kill {
    OPTIONS_KILL_BY_TARGET, /* forward, but a FreeBSD kernel is detached from */
    OPTIONS_KILL_DETACH,
    OPTIONS_KILL_FORWARD,
};

struct options_range {
    uint64_t start, end; /* end is not in it */
};

/* Owns nothing: copy it as you like. Strings are empty when not given. */
struct options {
    enum options_kind kind;
    char host[OPTIONS_HOST_MAX]; /* KERNEL, TLS, TCP (an IPv6 address without its brackets) */
    uint16_t port;               /* KERNEL, ANY: the HERALD port; TCP, TLS: the other end's */
    char path[OPTIONS_PATH_MAX]; /* UNIX: the socket; STDIO: the command */

    uint64_t timeout;               /* ns to wait for a HERALD; IO_NEVER: no limit */
    uint64_t run_timeout;           /* ns that the target may run; IO_NEVER: no limit */
    char symbols[OPTIONS_PATH_MAX]; /* file to read symbols from */
    bool have_slide;                /* given, also as 0 */
    uint64_t slide;                 /* added to every address, modulo 2^64 */
    char rtos[OPTIONS_RTOS_MAX];    /* "auto", "off" or a name */
    bool cache;
    struct options_range nocache[OPTIONS_NOCACHE_MAX];
    size_t nocaches;
    bool fileio; /* the target's File-I/O reaches gdb, which opens files on this machine */
    enum options_kill kill;
    char psk[OPTIONS_PATH_MAX]; /* TLS: files with the keys, see session/tls.h */
    char cert[OPTIONS_PATH_MAX], key[OPTIONS_PATH_MAX], ca[OPTIONS_PATH_MAX];
    enum log_level log;
    char log_file[OPTIONS_PATH_MAX]; /* instead of stderr */
};

/* Reads an environment variable: getenv, secure_getenv, or a test's own. */
typedef char *options_getenv(const char *name);

/*
 * Reads a name such as "crash1,timeout=10" ("netgdb:" in front of it is skipped), over the
 * environment's defaults, into *o. `tool` allows what is not for GDB's process.
 *
 * Returns 0; or NETGDB_PROTO or NETGDB_TOO_LONG with one line of text in error[size], without
 * "netgdb: " in front and without a newline: which option, and what it takes.
 */
int options_parse(struct options *o, const char *text, bool tool, options_getenv *env, char *error,
                  size_t size);

/* Whether GDB's getaddrinfo(node, …) is about a name of ours; NULL is not. */
bool options_is_netgdb(const char *node);

/*
 * The same for what GDB makes of a typed name: it splits at the last colon and asks
 * getaddrinfo(node, service). The text is what follows the first "netgdb:" of node ":" service,
 * without a leading "//". `service` may be NULL (LLDB). Returns NETGDB_UNSUPPORTED, with no error
 * text, when the node is none of ours.
 */
int options_from_gdb(struct options *o, const char *node, const char *service, options_getenv *env,
                     char *error, size_t size);

/* A row of the table of options, for help texts and man pages. */
struct options_help {
    const char *name;     /* NULL: only a variable */
    const char *takes;    /* "SECONDS" */
    const char *variable; /* "NETGDB_TIMEOUT" */
    const char *wants;    /* "a whole number of seconds" */
    const char *help;     /* one line */
};

/* The i-th row, NULL behind the last. */
const struct options_help *options_help(size_t i);

#endif
