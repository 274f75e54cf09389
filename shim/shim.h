/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libnetgdb.so from the inside. Three layers: the exported hooks (hooks.c), what we do in them
 * (names.c, connect.c, relay.c), and libc's own functions in one table.
 *
 * Inside GDB's process nothing here exits, aborts, writes to stdout, leaves a descriptor open
 * across exec, or changes a call that is not for us.
 */
#ifndef NETGDB_SHIM_SHIM_H
#define NETGDB_SHIM_SHIM_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "io/sockets.h"
#include "proto/log.h"
#include "proto/options.h"

/* X(return type, name, parameters, arguments): every function that we hook. */
#define SHIM_HOOKS(X)                                                                              \
    X(int, getaddrinfo,                                                                            \
      (const char *node, const char *service, const struct addrinfo *hints,                        \
       struct addrinfo **result))                                                                  \
    X(int, connect, (int fd, const struct sockaddr *address, socklen_t len))                       \
    X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len))

/* libc's own functions, looked up once. */
#define SHIM_MEMBER(type, name, parameters) type(*name) parameters;
struct shim_libc {
    SHIM_HOOKS(SHIM_MEMBER)
};
extern struct shim_libc shim_libc;

/* The log for events of no particular connection. */
extern const struct log shim_log;

/*
 * True if the hooks are active: not in a setuid program, and not in a forked child, which has none
 * of our threads.
 */
bool shim_active(void);

/* ---- preload.c ---- */

/*
 * Removes our entry from LD_PRELOAD if this process is the debugger, so that its children (shell,
 * run, Python's subprocess) start without us. In `timeout gdb` or a wrapper script, the variable is
 * unchanged until the debugger itself starts.
 */
void preload_clean(void);

/*
 * Executes this gdb again, in the same process, if it would fail on an x86 FreeBSD file of its
 * command line because an argument is missing (symbols/osabi.h). Must run before preload_clean,
 * because LD_PRELOAD loads us again. Returns if that is not needed, or fails.
 */
void preload_osabi(int argc, char **argv);

/* Whether this program is a gdb without FreeBSD's OS ABI (symbols/osabi.h). */
bool preload_osabi_missing(void);

/* ---- names.c ---- */

/* A name after its look-up, for connect(). Lives as long as the process. */
struct shim_name {
    struct options options;
    struct net_hosts hosts; /* that the name stands for */
    int error;      /* errno of connect if the name is wrong, which is logged already; else 0 */
    struct log log; /* its lines begin with the host */
};

/*
 * getaddrinfo for one of our names. Returns 0, or EAI_MEMORY. A wrong name gets a line in the log
 * and an address, too, for which connect fails: GDB (ser-tcp.c net_open) prints one more line then,
 * and two after a failed look-up.
 */
int names_lookup(const char *node, const char *service, const struct addrinfo *hints,
                 struct addrinfo **result);

/* shim_log with a queue, for threads that must not block, such as the listener's; and a wait for
 * the queue, at exit. */
struct log names_queued_log(void);
void names_drain_log(unsigned ms);

/* Returns the name of an address that was made here; NULL: another address. */
struct shim_name *names_of(const struct sockaddr *address, socklen_t len);

/* ---- connect.c ---- */

/* connect() for one of our names: 0, or -1 with errno and a line in the log. */
int connect_name(int fd, struct shim_name *name);

/* True if connect_name made this descriptor. Preserves errno. */
bool connect_is_ours(int fd);

#endif
