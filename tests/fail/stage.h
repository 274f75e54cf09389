/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of tests/fail/parts.c stand on: sockets, a runtime directory, a kernel that calls
 * and is debugged, a debugger. Nothing here fails or is counted.
 */
#ifndef NETGDB_TESTS_FAIL_STAGE_H
#define NETGDB_TESTS_FAIL_STAGE_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* More than 0 in a thread whose calls are the test's own. */
extern _Thread_local int stage_aside;

/* A call of the test's own. */
#define STAGE(call)                                                                                \
    ({                                                                                             \
        stage_aside++;                                                                             \
        __typeof__(call) result_ = (call);                                                         \
        stage_aside--;                                                                             \
        result_;                                                                                   \
    })

/* The i-th call that wrap.c knows; NULL behind the last. */
const char *wrap_name(unsigned i);

struct target;

/* What `getaddrinfo` and `connect` are without wrap.c: the hooks of shim/, where those are. */
int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);

/* Something is wrong that the next try would not show: it is told of this run. */
void stage_wrong(const char *what);
const char *stage_what_is_wrong(void); /* NULL: nothing */

/* A call has failed in this try, and there is another one. */
bool stage_may_give_up(void);
void stage_last_try(void);

/* All of these end the program when they cannot be had. */

/* A connected pair of stream sockets, of UDP sockets on loopback, of pipes' ends (in, out). */
void stage_streams(int ends[2]);
void stage_datagrams(int ends[2]);
void stage_pipe(int ends[2]);
void stage_close(int fd);

/* The text was taken whole, or has come, within some seconds. */
bool stage_write(int fd, const char *text);
bool stage_read(int fd, const char *text);
bool stage_readable(int fd);

/* A runtime directory of our own, and its end; false when anything was left in it. */
const char *stage_rundir(void);
bool stage_rundir_end(void);

/* Removes the state files of sessions in it. */
void stage_remove_state_files(void);

/* A UDP port of loopback that is free. */
uint16_t stage_port(void);

/*
 * A kernel at 127.0.0.1 (a node, to whoever asks it) that calls 127.0.0.1:port in a thread of its
 * own, again and again, until it was detached from. stage_kernel_end waits for that; false when it
 * never was. stage_kernel_again: when it is being detached from already, and nobody may have heard
 * so, it calls again.
 */
void stage_kernel(uint16_t port);
void stage_kernel_again(void);
bool stage_kernel_end(void);

/* What the kernel debugs, as a target; and as a stub on a stream, in a thread of its own until the
 * other side closes. */
struct target *stage_target(void);
void stage_stub(int fd);

/* Such a stub for everybody who connects to this door, to the end of the program. */
void stage_stubs(int door);

/* A debugger's session, from qSupported to the detach; false when it does not get so far. */
bool stage_debug(int fd);

/* The same in a thread of its own, with the descriptor closed at its end; and that end. */
void stage_debugger(int fd);
bool stage_debugger_end(void);

/* netgdb proxy for the kernel, in a process of its own; it has the HERALD port. */
void stage_proxy(uint16_t port);
void stage_proxy_end(void);

#endif
