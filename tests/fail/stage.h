/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Support for modules.h: sockets, a runtime directory, a kernel that connects and is debugged, and
 * a debugger. Calls made here never fail and are not counted.
 */
#ifndef NETGDB_TESTS_FAIL_STAGE_H
#define NETGDB_TESTS_FAIL_STAGE_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Above 0: this thread's calls are the test's own; they do not fail. */
extern _Thread_local int stage_aside;

/* Evaluates a call of the test's own. */
#define STAGE(call)                                                                                \
    ({                                                                                             \
        stage_aside++;                                                                             \
        __typeof__(call) result_ = (call);                                                         \
        stage_aside--;                                                                             \
        result_;                                                                                   \
    })

/* Returns the name of the i-th call in wrap.c; NULL after the last. */
const char *wrap_name(unsigned i);

struct target;

/* `getaddrinfo` and `connect` without wrap.c: the hooks of shim/ if they are linked in. */
int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);

/* Records an error of this run that the next try would not show. */
void stage_wrong(const char *what);
const char *stage_what_is_wrong(void); /* NULL: none */

/* True if a call has failed in this try and another try follows. */
bool stage_may_give_up(void);
void stage_last_try(void);

/* The functions below exit the program if they fail. */

/* Make a connected pair of stream sockets, of UDP sockets on loopback, or the ends of a pipe (in,
 * out). */
void stage_streams(int ends[2]);
void stage_datagrams(int ends[2]);
void stage_pipe(int ends[2]);
void stage_close(int fd);

/* Return true if the text was written or read completely within some seconds. */
bool stage_write(int fd, const char *text);
bool stage_read(int fd, const char *text);
bool stage_readable(int fd);

/* Make a private runtime directory, and remove it; false if it was not empty. */
const char *stage_rundir(void);
bool stage_rundir_end(void);

/* Removes the session state files in it. */
void stage_remove_state_files(void);

/* Returns a free UDP port of loopback. */
uint16_t stage_port(void);

/*
 * Starts a kernel at 127.0.0.1 (a node) that sends HERALDs to 127.0.0.1:port, in its own thread,
 * until a server has detached. stage_kernel_end() waits for that and returns false if it does not
 * happen. stage_kernel_again() restarts it if a detach is in progress that the server may not know
 * of.
 */
void stage_kernel(uint16_t port);
void stage_kernel_again(void);
bool stage_kernel_end(void);

/* The target that the kernel debugs; and the same as a stub on a stream, in its own thread until
 * the peer closes. */
struct target *stage_target(void);
void stage_stub(int fd);

/* Serves such a stub to every client of a listening socket, until the program ends. */
void stage_stubs(int listen_fd);

/* Runs a debugger's session from qSupported to the detach; false if it ends before. */
bool stage_debug(int fd);

/* The same in its own thread, which closes the descriptor; and a wait for its end. */
void stage_debugger(int fd);
bool stage_debugger_end(void);

/* Starts and ends a netgdb proxy for the kernel with this HERALD port. */
void stage_proxy(uint16_t port);
void stage_proxy_end(void);

#endif
