/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The differences between Linux and FreeBSD, behind functions in netgdb's terms. configure chooses
 * the files that implement them: os_linux*.c, or os_freebsd*.c and os_kqueue.c; os_both.c serves
 * both. No other file knows the system. Functions of POSIX, and those that both systems have under
 * the same name (accept4, pipe2, ppoll, recvmmsg, dup3, memfd_create, SOCK_CLOEXEC), are called
 * directly.
 *
 * A descriptor that is returned is close-on-exec and the caller's, who closes it. -1 or false:
 * errno is set.
 */
#ifndef NETGDB_IO_OS_H
#define NETGDB_IO_OS_H

#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

/* ---- sets of descriptors: epoll(7), kqueue(2) ---- */

/* Returns an empty set. Its descriptor is readable while a descriptor in it is. */
int os_events_open(void);

/* Adds a descriptor; `what` is returned when it is readable, has an error, or was hung up. Returns
 * 0 or -1. A descriptor that is closed leaves the set. */
int os_events_add(int events, int fd, void *what);

/* Removes a descriptor that was added. */
void os_events_remove(int events, int fd);

/*
 * Waits at most `ms` ms (-1: forever) until a descriptor is readable, and stores the `what` of at
 * most `n` of them, OS_EVENTS at most. One that stays readable is returned again by the next call.
 * Returns how many were stored; 0: none in time; -1 with errno (EINTR).
 */
enum { OS_EVENTS = 64 };
int os_events_take(int events, void *what[], int n, int ms);

/* ---- wakes: a descriptor that one thread makes readable for another ---- */

int os_wake_open(void);

/* Makes it readable until os_wake_clear. Async-signal-safe; keeps errno. */
void os_wake(int fd);

/* Makes it unreadable. A wake at the same time may be lost: look for its cause afterwards. */
void os_wake_clear(int fd);

/* ---- signals as input: signalfd(2), EVFILT_SIGNAL ---- */

/* Returns a descriptor that is readable while one of these signals has arrived. They must be
 * blocked in every thread, and stay blocked. */
int os_signals_open(const sigset_t *signals);

/* Returns the number of a signal that has arrived, or 0. Never blocks. The same signal, arrived
 * several times, may count once. */
int os_signals_take(int fd);

/* ---- processes ---- */

/* Returns a descriptor that is readable once the process has ended. It need not be a child. */
int os_process_open(pid_t pid);

/* For a new child: it gets this signal when the thread that forked it ends, and its process. If the
 * parent may have ended before the call, compare getppid() afterwards. Returns 0 or -1. */
int os_die_with_parent(int signal);

/* Stores the path of this program's file, as it was when it started. */
bool os_program_path(char path[PATH_MAX]);

/* Returns a path by which this program can be opened and executed while it runs; constant. On Linux
 * also if its file was removed or replaced. */
const char *os_program(void);

/* Returns this process's arguments, each followed by a NUL, *len bytes in all, and one more NUL;
 * the caller frees it. NULL: none, too many, or no memory. */
char *os_arguments(size_t *len);

/* Whether the system has distrusted our environment: setuid, setgid, capabilities. */
bool os_is_privileged(void);

/* Returns libc's own function of this name, also if a preloaded object has replaced it; NULL: none.
 */
void *os_libc_function(const char *name);

/* Closes all descriptors from this one on. */
void os_close_from(int lowest);

/* Makes timed waits of this process end as exactly as the system can, at the cost of more
 * interrupts. */
void os_exact_timers(void);

/* ---- files ---- */

/* Reads from a pipe without consuming. Returns how many bytes; -1: the system cannot. */
ssize_t os_peek_pipe(int fd, void *bytes, size_t size);

/* Renames within a directory; EEXIST if `to` exists. Returns 0 or -1. */
int os_rename_new(int directory, const char *from, const char *to);

/* Opens an empty file that other programs can open by `path` while this process runs. NULL: errno.
 */
enum { OS_SCRATCH_PATH = 64 };
FILE *os_scratch_open(const char *name, char path[OS_SCRATCH_PATH]);
void os_scratch_close(FILE *file, const char *path);

/* Whether a program gets capabilities (capabilities(7)) when it is executed. */
bool os_has_capabilities(const char *path);

/* ---- confinement: Landlock, Capsicum ---- */

/* What is allowed in a directory: reading files; removing them; both and creating and changing
 * files and sockets. */
enum os_access { OS_READ, OS_REMOVE, OS_CHANGE };

/* Returns a set that allows nothing; -1: the system confines no process to directories (ENOSYS,
 * EOPNOTSUPP). */
int os_confine_open(void);

/* Adds a directory. One that does not exist is skipped. */
bool os_confine_allow(int set, const char *directory, enum os_access access);

/* Confines this process and its future children for ever. Before the first thread. */
bool os_confine_enter(int set);

/* No program that this process executes gains privileges (setuid). */
bool os_no_new_privileges(void);

/* From now on this process opens no file, and on FreeBSD (Capsicum) no connection; only root may
 * read its memory. As far as the system can. */
void os_confine_to_descriptors(void);

/* ---- UDP ---- */

/* Control messages of one datagram. */
union os_control {
    struct cmsghdr align;
    uint8_t bytes[64]; /* more than the largest of them, with its header */
};

/* Has datagrams leave with DF set, whatever the path MTU is said to be. Returns 0 or -1. */
int os_dont_fragment(int fd);

/* Returns the path MTU of a connected socket in bytes; 0: unknown. */
unsigned os_path_mtu(int fd);

/* Makes the receive buffer as large as the system allows, up to so many bytes. */
void os_receive_buffer(int fd, int bytes);

/* Has recvmmsg() report to which address of ours a datagram was sent. Returns 0 or -1. */
int os_report_destination(int fd);

/* Returns that address in host byte order; 0: not reported. */
uint32_t os_destination(struct msghdr *msg);

/* Has sendmsg() send from this address (host byte order), of a socket that is bound to none. *c
 * must live as long as msg. */
void os_set_source(struct msghdr *msg, union os_control *c, uint32_t ip);

/* Has recvmmsg() report when the system received a datagram. False: it cannot. */
bool os_stamp(int fd);

/* Stores that time, as a date (UTC). False: not reported. */
bool os_stamp_of(struct msghdr *msg, struct timespec *real);

/* ---- TCP ---- */

/* Has accept() return a connection only with its first bytes, or after so many seconds, where the
 * system can. */
void os_defer_accept(int listener, int seconds);

/* ---- the peer of a connected unix socket ---- */

struct os_peer {
    uid_t uid; /* effective, at the time of connect() */
    pid_t pid; /* 0: unknown */
};
bool os_peer(int fd, struct os_peer *peer);

/* Whether this is the peer's primary or a supplementary group. */
bool os_peer_in_group(int fd, gid_t group);

/* ---- the network ---- */

/* Whether this process has a network of its own: a network namespace, a VNET jail. */
bool os_network_is_own(void);

/* Whether this neighbour has answered ARP: 1 yes, 0 no, -1 unknown. */
int os_neighbour(struct in_addr host);

#endif
