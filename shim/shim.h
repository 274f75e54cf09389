/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libnetgdb.so from the inside. Three layers: the exported hooks (hooks.c), what we do in them
 * (names.c, connect.c, relay.c), and libc's own functions in one table.
 *
 * Inside GDB's process nothing here exits, aborts, writes to stdout, leaves a descriptor open
 * across exec, or touches a call that is not ours.
 */
#ifndef NETGDB_SHIM_SHIM_H
#define NETGDB_SHIM_SHIM_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "proto/log.h"
#include "proto/options.h"

/* X(return type, name, parameters, arguments): every function that we hook. */
#define SHIM_HOOKS(X)                                                                              \
    X(int, getaddrinfo,                                                                            \
      (const char *node, const char *service, const struct addrinfo *hints,                        \
       struct addrinfo **result))                                                                  \
    X(int, connect, (int fd, const struct sockaddr *address, socklen_t len))                       \
    X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len))

/* libc's own functions, bound once. */
#define SHIM_MEMBER(type, name, parameters) type(*name) parameters;
struct shim_libc {
    SHIM_HOOKS(SHIM_MEMBER)
};
extern struct shim_libc shim_libc;

/* The log of what belongs to no connection. */
extern const struct log shim_log;

/*
 * Whether we may act: not in a setuid program, and not in a child that was forked, where our
 * threads are not.
 */
bool shim_active(void);

/* ---- preload.c ---- */

/*
 * Takes our own entry out of LD_PRELOAD when this process is the debugger, so that its children
 * (shell, run, Python's subprocess) start without us. Behind `timeout gdb` or a wrapper script
 * the variable stays as it is until the debugger itself starts.
 */
void preload_clean(void);

/*
 * Executes this gdb once more, as the same process, when it would fail on an x86 FreeBSD file of
 * its command line for want of an argument (symbols/osabi.h). Before preload_clean: LD_PRELOAD is
 * to bring us back. Returns when there is nothing to do, or it cannot be done.
 */
void preload_osabi(int argc, char **argv);

/* `value` (of LD_PRELOAD) without our entries, into out[size]. False when nothing was ours. */
bool preload_without_us(const char *value, char *out, size_t size);

/* ---- names.c ---- */

enum { SHIM_IPS = 16 };

/* A name that was typed, looked up, and waits for connect. Lives as long as the process. */
struct shim_name {
    struct options options;
    uint32_t ips[SHIM_IPS]; /* of the host, host byte order; ips[0] is 0 for `any` */
    unsigned n;
    struct log log; /* its lines begin with the host */
};

/* getaddrinfo for one of our names. Returns 0 or EAI_…, with a line in the log. */
int names_lookup(const char *node, const char *service, const struct addrinfo *hints,
                 struct addrinfo **result);

/* shim_log with a queue, for threads that must not block, as the listener's; and a wait for the
 * queue, at the end of the process. */
struct log names_queued_log(void);
void names_drain_log(unsigned ms);

/* The name that this address was made for; NULL when it is none of ours. */
struct shim_name *names_of(const struct sockaddr *address, socklen_t len);

/* ---- connect.c ---- */

/* connect() for one of our names: 0, or -1 with errno and a line in the log. */
int connect_name(int fd, struct shim_name *name);

/* Whether the descriptor is one that connect_name made. Keeps errno. */
bool connect_is_ours(int fd);

#endif
