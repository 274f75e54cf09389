/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system calls, and libc functions based on them, that io/, session/ and shim/ use, as
 * functions that fail on demand. fail.c and wrap.c each include this once, after defining:
 *
 *   DECLARE(type, name, parameters)   declarations that the definition needs
 *   HERE(name)                        the name of the function that is defined
 *   REAL(type, name, parameters)      a statement that sets `real` to libc's function
 *   FAILS(name)                       true if this call must fail
 *   KEEP(block)                       the block; counted if it is the product's
 *
 * Calls that fail only for wrong arguments (clocks, mutexes, signal masks) are not here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* A call that fails with -1 and errno. */
#define CALL(type, name, error, parameters, arguments)                                             \
    DECLARE(type, name, parameters)                                                                \
    EXPORT type HERE(name) parameters                                                              \
    {                                                                                              \
        REAL(type, name, parameters)                                                               \
        if (FAILS(name)) {                                                                         \
            errno = error;                                                                         \
            return (type)-1;                                                                       \
        }                                                                                          \
        return real arguments;                                                                     \
    }

/* A call that takes effect even if it fails, as close(2). */
#define DONE_CALL(name, error, parameters, arguments)                                              \
    DECLARE(int, name, parameters)                                                                 \
    EXPORT int HERE(name) parameters                                                               \
    {                                                                                              \
        REAL(int, name, parameters)                                                                \
        int rc = real arguments;                                                                   \
        if (FAILS(name)) {                                                                         \
            errno = error;                                                                         \
            rc = -1;                                                                               \
        }                                                                                          \
        return rc;                                                                                 \
    }

/* read and write: on an eventfd they take effect even if they fail. */
#define BYTES_CALL(name, error, parameters, arguments)                                             \
    DECLARE(ssize_t, name, parameters)                                                             \
    EXPORT ssize_t HERE(name) parameters                                                           \
    {                                                                                              \
        REAL(ssize_t, name, parameters)                                                            \
        bool fail = FAILS(name);                                                                   \
        ssize_t n = fail && !count_is_event(a) ? -1 : real arguments;                              \
        if (fail)                                                                                  \
            errno = error;                                                                         \
        return fail ? -1 : n;                                                                      \
    }

/* A call that fails with NULL and errno. */
#define POINTER_CALL(type, name, error, parameters, arguments)                                     \
    DECLARE(type, name, parameters)                                                                \
    EXPORT type HERE(name) parameters                                                              \
    {                                                                                              \
        REAL(type, name, parameters)                                                               \
        if (FAILS(name)) {                                                                         \
            errno = error;                                                                         \
            return NULL;                                                                           \
        }                                                                                          \
        return real arguments;                                                                     \
    }

/* A call that returns the error. */
#define ERROR_CALL(name, error, parameters, arguments)                                             \
    DECLARE(int, name, parameters)                                                                 \
    EXPORT int HERE(name) parameters                                                               \
    {                                                                                              \
        REAL(int, name, parameters)                                                                \
        return FAILS(name) ? error : real arguments;                                               \
    }

/* A call with an optional third argument. */
#define OPTIONAL_CALL(name, error, type, first)                                                    \
    DECLARE(int, name, (type a, int b, ...))                                                       \
    EXPORT int HERE(name)(type a, int b, ...)                                                      \
    {                                                                                              \
        va_list more;                                                                              \
        va_start(more, b);                                                                         \
        long c = va_arg(more, long);                                                               \
        va_end(more);                                                                              \
        REAL(int, name, (type a, int b, ...))                                                      \
        if (FAILS(name)) {                                                                         \
            errno = error;                                                                         \
            return -1;                                                                             \
        }                                                                                          \
        return real(a, b, c);                                                                      \
    }

/* clang-format off */
CALL(int, socket, EMFILE, (int a, int b, int c), (a, b, c))
CALL(int, socketpair, EMFILE, (int a, int b, int c, int d[2]), (a, b, c, d))
CALL(int, bind, EACCES, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
CALL(int, listen, EADDRINUSE, (int a, int b), (a, b))
CALL(int, accept4, EMFILE, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
CALL(int, connect, ENETUNREACH, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
CALL(int, getsockname, ENOBUFS, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
CALL(int, getsockopt, ENOBUFS, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
CALL(int, setsockopt, ENOBUFS, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
CALL(int, epoll_create1, EMFILE, (int a), (a))
CALL(int, epoll_wait, ENOMEM, (int a, struct epoll_event *b, int c, int d), (a, b, c, d))
CALL(int, eventfd, EMFILE, (unsigned a, int b), (a, b))
CALL(int, dup3, EMFILE, (int a, int b, int c), (a, b, c))
CALL(int, fstat, ENOMEM, (int a, struct stat *b), (a, b))
CALL(int, lstat, ENOMEM, (const char *a, struct stat *b), (a, b))
CALL(int, stat, ENOMEM, (const char *a, struct stat *b), (a, b))
CALL(int, ftruncate, ENOSPC, (int a, off_t b), (a, b))
CALL(int, flock, ENOLCK, (int a, int b), (a, b))
CALL(int, mkdir, EACCES, (const char *a, mode_t b), (a, b))
CALL(int, unlink, EACCES, (const char *a), (a))
CALL(int, chmod, EPERM, (const char *a, mode_t b), (a, b))
CALL(int, fchmod, EPERM, (int a, mode_t b), (a, b))
CALL(ssize_t, readlink, ENOMEM, (const char *a, char *b, size_t c), (a, b, c))
CALL(int, getifaddrs, ENOMEM, (struct ifaddrs **a), (a))
CALL(int, sched_getaffinity, EINVAL, (pid_t a, size_t b, cpu_set_t *c), (a, b, c))
CALL(int, poll, ENOMEM, (struct pollfd *a, nfds_t b, int c), (a, b, c))
CALL(int, ppoll, ENOMEM, (struct pollfd *a, nfds_t b, const struct timespec *c, const sigset_t *d),
     (a, b, c, d))
CALL(int, recvmmsg, ENOMEM, (int a, struct mmsghdr *b, unsigned c, int d, struct timespec *e),
     (a, b, c, d, e))
CALL(int, sendmmsg, ENOBUFS, (int a, struct mmsghdr *b, unsigned c, int d), (a, b, c, d))
CALL(ssize_t, recvmsg, ENOMEM, (int a, struct msghdr *b, int c), (a, b, c))
CALL(ssize_t, sendmsg, ENOBUFS, (int a, const struct msghdr *b, int c), (a, b, c))
CALL(ssize_t, recv, ENOMEM, (int a, void *b, size_t c, int d), (a, b, c, d))
CALL(ssize_t, send, ENOBUFS, (int a, const void *b, size_t c, int d), (a, b, c, d))
CALL(ssize_t, writev, ENOSPC, (int a, const struct iovec *b, int c), (a, b, c))
DONE_CALL(close, EIO, (int a), (a))
DONE_CALL(shutdown, ENOTCONN, (int a, int b), (a, b))
BYTES_CALL(read, EIO, (int a, void *b, size_t c), (a, b, c))
BYTES_CALL(write, EIO, (int a, const void *b, size_t c), (a, b, c))
POINTER_CALL(DIR *, opendir, EMFILE, (const char *a), (a))
POINTER_CALL(struct dirent *, readdir, ENOMEM, (DIR *a), (a))
ERROR_CALL(pthread_attr_init, ENOMEM, (pthread_attr_t *a), (a))
ERROR_CALL(pthread_create, EAGAIN,
           (pthread_t *a, const pthread_attr_t *b, void *(*c)(void *), void *d), (a, b, c, d))
OPTIONAL_CALL(open, EMFILE, const char *, a)
OPTIONAL_CALL(fcntl, ENOMEM, int, a)

/* Variants that the compiler calls if it knows the size (_FORTIFY_SOURCE); libc's headers declare them
 * only then. */
int __poll_chk(struct pollfd *a, nfds_t b, int c, size_t d);
int __ppoll_chk(struct pollfd *a, nfds_t b, const struct timespec *c, const sigset_t *d, size_t e);
ssize_t __recv_chk(int a, void *b, size_t c, size_t d, int e);
ssize_t __read_chk(int a, void *b, size_t c, size_t d);
ssize_t __readlink_chk(const char *a, char *b, size_t c, size_t d);
CALL(int, __poll_chk, ENOMEM, (struct pollfd *a, nfds_t b, int c, size_t d), (a, b, c, d))
CALL(int, __ppoll_chk, ENOMEM,
     (struct pollfd *a, nfds_t b, const struct timespec *c, const sigset_t *d, size_t e),
     (a, b, c, d, e))
CALL(ssize_t, __recv_chk, ENOMEM, (int a, void *b, size_t c, size_t d, int e), (a, b, c, d, e))
CALL(ssize_t, __readlink_chk, ENOMEM, (const char *a, char *b, size_t c, size_t d), (a, b, c, d))
BYTES_CALL(__read_chk, EIO, (int a, void *b, size_t c, size_t d), (a, b, c, d))
/* clang-format on */

/* Mapped memory counts as a block too. */
DECLARE(void *, mmap, (void *a, size_t b, int c, int d, int e, off_t f))
EXPORT void *HERE(mmap)(void *a, size_t b, int c, int d, int e, off_t f)
{
    REAL(void *, mmap, (void *a, size_t b, int c, int d, int e, off_t f))
    if (FAILS(mmap)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *block = real(a, b, c, d, e, f);
    return block == MAP_FAILED ? block : KEEP(block);
}

DECLARE(int, munmap, (void *a, size_t b))
EXPORT int HERE(munmap)(void *a, size_t b)
{
    REAL(int, munmap, (void *a, size_t b))
    bool fail = FAILS(munmap);
    count_forget(a);
    int rc = real(a, b);
    if (fail)
        errno = ENOMEM;
    return fail ? -1 : rc;
}

/* EPOLL_CTL_DEL takes effect even if it fails. */
DECLARE(int, epoll_ctl, (int a, int b, int c, struct epoll_event *d))
EXPORT int HERE(epoll_ctl)(int a, int b, int c, struct epoll_event *d)
{
    REAL(int, epoll_ctl, (int a, int b, int c, struct epoll_event *d))
    bool fail = FAILS(epoll_ctl);
    int rc = fail && b != EPOLL_CTL_DEL ? -1 : real(a, b, c, d);
    if (fail)
        errno = b == EPOLL_CTL_DEL ? ENOENT : ENOMEM;
    return fail ? -1 : rc;
}
