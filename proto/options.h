/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parses target names, `netgdb:HOST[:PORT][,option=value…]` and the other forms, and the
 * environment variables that set the options' defaults. Only parses: resolves no name and opens no
 * file.
 */
#ifndef NETGDB_PROTO_OPTIONS_H
#define NETGDB_PROTO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/log.h"
#include "proto/transport.h"

enum {
    OPTIONS_HOST_MAX = 256,    /* bytes of a host name with its NUL (RFC 1035: 255) */
    OPTIONS_PATH_MAX = 4096,   /* bytes of a path or a command with its NUL (PATH_MAX) */
    OPTIONS_SOCKET_MAX = 108,  /* bytes of a socket path with its NUL (struct sockaddr_un) */
    OPTIONS_RTOS_MAX = 32,     /* bytes of an RTOS name with its NUL */
    OPTIONS_NOCACHE_MAX = 32,  /* ranges */
    OPTIONS_TEXT_MAX = 8192,   /* bytes of the whole text with its NUL */
    OPTIONS_ERROR_MAX = 512,   /* enough for any error text */
    OPTIONS_CAPTURE_MIB = 256, /* default limit of a capture, in MiB */
    OPTIONS_CAPTURE_MIB_MAX = 1 << 20, /* 1 TiB */
};

enum options_kind {
    OPTIONS_KERNEL, /* HOST[:PORT]: a FreeBSD kernel or a node on that host */
    OPTIONS_ANY,    /* any[:PORT]: the first kernel or node that connects */
    OPTIONS_STREAM, /* PREFIX:ADDRESS: a stub on the stream of a transport */
};

enum options_kill {
    OPTIONS_KILL_BY_TARGET, /* default: detach from a FreeBSD kernel, forward to other targets */
    OPTIONS_KILL_DETACH,
    OPTIONS_KILL_FORWARD,
};

struct options_range {
    uint64_t start, end; /* end is exclusive */
};

/* A plain value that owns nothing. Strings are empty if not given. */
struct options {
    enum options_kind kind;
    const struct transport *transport; /* STREAM; else NULL */
    char host[OPTIONS_HOST_MAX];       /* KERNEL, STREAM (an IPv6 address without brackets) */
    uint16_t port;                     /* KERNEL, ANY: the HERALD port; STREAM: the peer's */
    char path[OPTIONS_PATH_MAX];       /* STREAM without host: a socket, a command */

    uint64_t timeout;               /* ns to wait for a HERALD; IO_NEVER: no limit */
    uint64_t run_timeout;           /* ns that the target may run; IO_NEVER: no limit */
    char symbols[OPTIONS_PATH_MAX]; /* ELF file to read symbols from */
    char save[OPTIONS_PATH_MAX];    /* session.core to write; empty: none */
    char modules[OPTIONS_PATH_MAX]; /* DIR[:DIR…] with a FreeBSD kernel's modules */
    bool have_slide;                /* slide was given, possibly as 0 */
    uint64_t slide;                 /* added to every address, modulo 2^64 */
    char rtos[OPTIONS_RTOS_MAX];    /* "auto", "off" or a name */
    bool cache;
    bool observe; /* look at a kernel of the proxy, beside its client */
    struct options_range nocache[OPTIONS_NOCACHE_MAX];
    size_t nocaches;
    bool fileio; /* pass the target's File-I/O to gdb, which opens files on this machine */
    enum options_kill kill;
    char psk[OPTIONS_PATH_MAX]; /* TLS: key and certificate files, see session/tls.h */
    char cert[OPTIONS_PATH_MAX], key[OPTIONS_PATH_MAX], ca[OPTIONS_PATH_MAX];
    enum log_level log;
    char log_file[OPTIONS_PATH_MAX];  /* empty: stderr */
    char capture[OPTIONS_PATH_MAX];   /* pcapng file for the traffic (io/capture.h); empty: none */
    unsigned long capture_size;       /* its limit in MiB */
    char debug_dir[OPTIONS_PATH_MAX]; /* with the kernel.debug of many kernels; empty: none */
};

/* Reads an environment variable: getenv, secure_getenv, or a test's function. */
typedef char *options_getenv(const char *name);

/* What names are parsed with. */
struct options_source {
    const struct transport *const *transports; /* ends with NULL */
    bool tool;           /* permits transports that are not for GDB's process */
    options_getenv *env; /* NULL: no environment */
};

/*
 * Parses a name such as "crash1,timeout=10", with or without "netgdb:" in front, into *o. Options
 * in the text override the environment's.
 *
 * Returns 0; or NETGDB_PROTO or NETGDB_TOO_LONG, with a line in error[size] that names the option
 * and the values it accepts, without "netgdb: " and without a newline.
 */
int options_parse(struct options *o, const char *text, const struct options_source *source,
                  char *error, size_t size);

/* Returns whether the node in GDB's getaddrinfo(node, …) is a netgdb name. NULL is not. */
bool options_is_netgdb(const char *node);

/*
 * Parses a name that GDB has split at the last colon for getaddrinfo(node, service). The text is
 * node ":" service without "netgdb:" and without a leading "//". `service` may be NULL (LLDB).
 * Returns as options_parse does; or NETGDB_UNSUPPORTED, without an error text, if the node is not a
 * netgdb name.
 */
int options_from_gdb(struct options *o, const char *node, const char *service,
                     const struct options_source *source, char *error, size_t size);

/* ---- for a transport's `parse` ---- */

/* The caller's buffer for the error text. */
struct options_error {
    char *text;
    size_t size;
};

/* Formats the error text and replaces control characters in it. Returns NETGDB_PROTO. */
int options_set_error(const struct options_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Parses HOST:PORT into o->host and o->port; with a default port that is not 0 also HOST alone.
 * Brackets around an IPv6 address are optional, because GDB does not accept them after a prefix. It
 * always needs a port. Changes `text`. Returns 0, or the result of options_set_error.
 */
int options_parse_endpoint(struct options *o, char *text, uint16_t default_port,
                           const struct options_error *e);

/* Copies a text that is not empty and fits in size bytes with its NUL. Returns whether it does. */
bool options_set_text(char *out, size_t size, const char *text);

/* An entry of the table of options, for help texts and man pages. */
struct options_help {
    const char *name;     /* NULL: only the variable exists */
    const char *takes;    /* "SECONDS" */
    const char *variable; /* "NETGDB_TIMEOUT" */
    const char *wants;    /* for errors: "a whole number of seconds" */
    const char *help;     /* one line */
};

/* Returns the i-th entry, or NULL after the last. */
const struct options_help *options_help(size_t i);

#endif
