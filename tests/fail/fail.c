/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded in front of libnetgdb.so: lets the N-th call fail (NETGDB_FAIL=N) of those that our
 * object makes to get memory, or something of the system; with NETGDB_FAIL_OBJECT, of those that
 * the object of this name makes. Other callers' pass. On exit it says on stderr how many there were
 * and how many of our blocks are still allocated.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { BLOCKS = 1 << 16 };

static atomic_uint calls;
static unsigned fail_at; /* 0: none */
static const char *failed = "nothing";
static const char *object = "libnetgdb";
static _Atomic(void *) blocks[BLOCKS];
static atomic_uint live;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("NETGDB_FAIL");
    fail_at = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
    if ((text = getenv("NETGDB_FAIL_OBJECT")) != NULL)
        object = text;
}

/* Whether a call comes from our object. */
static bool is_ours(const void *from)
{
    Dl_info info;
    return dladdr(from, &info) != 0 && strstr(info.dli_fname, object) != NULL;
}

static bool fails(const void *from, const char *name)
{
    if (!is_ours(from) || ++calls != fail_at)
        return false;
    failed = name;
    return true;
}

__attribute__((destructor)) static void finish(void)
{
    fprintf(stderr, "fail: %u calls, failed %s, %u blocks\n", calls, failed, live);
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static _Atomic(void *) *place(void *block)
{
    uintptr_t at = (uintptr_t)block / 16;
    for (unsigned i = 0; i < 64; i++) {
        if (blocks[(at + i) % BLOCKS] == block)
            return &blocks[(at + i) % BLOCKS];
    }
    return NULL;
}

static void *keep(void *block)
{
    uintptr_t at = (uintptr_t)block / 16;
    for (unsigned i = 0; block != NULL && i < 64; i++) {
        void *none = NULL;
        if (!atomic_compare_exchange_strong(&blocks[(at + i) % BLOCKS], &none, block))
            continue;
        live++;
        break;
    }
    return block;
}

static void forget(void *block)
{
    _Atomic(void *) *at = block != NULL ? place(block) : NULL;
    if (at == NULL)
        return;
    *at = NULL;
    live--;
}

/* dladdr must not come back here before the program has begun. */
#define MEMORY(what, call)                                                                         \
    void *from = __builtin_return_address(0);                                                      \
    if (fail_at != 0 || getenv("NETGDB_FAIL") != NULL) {                                           \
        if (fails(from, what)) {                                                                   \
            errno = ENOMEM;                                                                        \
            return NULL;                                                                           \
        }                                                                                          \
        void *block = call;                                                                        \
        return is_ours(from) ? keep(block) : block;                                                \
    }                                                                                              \
    return call

EXPORT void *malloc(size_t size)
{
    MEMORY("malloc", __libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
    MEMORY("calloc", __libc_calloc(n, size));
}

EXPORT void *realloc(void *old, size_t size)
{
    void *from = __builtin_return_address(0);
    bool ours = is_ours(from);
    if (ours && fails(from, "realloc")) {
        errno = ENOMEM;
        return NULL;
    }
    forget(old);
    void *block = __libc_realloc(old, size);
    return ours ? keep(block) : block;
}

EXPORT void free(void *block)
{
    forget(block);
    __libc_free(block);
}

/* ---- the system ---- */

#define CALL(type, name, error, parameters, arguments)                                             \
    EXPORT type name parameters                                                                    \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        if (fails(__builtin_return_address(0), #name)) {                                           \
            errno = error;                                                                         \
            return (type)-1;                                                                       \
        }                                                                                          \
        return real arguments;                                                                     \
    }

CALL(int, socket, EMFILE, (int a, int b, int c), (a, b, c))
CALL(int, socketpair, EMFILE, (int a, int b, int c, int d[2]), (a, b, c, d))
CALL(int, bind, EACCES, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
CALL(int, connect, ENETUNREACH, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
CALL(int, getsockname, ENOBUFS, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
CALL(int, getsockopt, ENOBUFS, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
CALL(int, setsockopt, ENOBUFS, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
CALL(int, epoll_create1, EMFILE, (int a), (a))
CALL(int, epoll_ctl, ENOMEM, (int a, int b, int c, struct epoll_event *d), (a, b, c, d))
CALL(int, eventfd, EMFILE, (unsigned a, int b), (a, b))
CALL(int, timerfd_create, EMFILE, (clockid_t a, int b), (a, b))
CALL(int, dup3, EMFILE, (int a, int b, int c), (a, b, c))
CALL(int, ftruncate, ENOSPC, (int a, off_t b), (a, b))
CALL(int, flock, ENOLCK, (int a, int b), (a, b))
CALL(int, mkdir, EACCES, (const char *a, mode_t b), (a, b))
CALL(int, ppoll, ENOMEM, (struct pollfd * a, nfds_t b, const struct timespec *c, const sigset_t *d),
     (a, b, c, d))
CALL(int, recvmmsg, ENOMEM, (int a, struct mmsghdr *b, unsigned c, int d, struct timespec *e),
     (a, b, c, d, e))
CALL(int, sendmmsg, ENOBUFS, (int a, struct mmsghdr *b, unsigned c, int d), (a, b, c, d))
CALL(ssize_t, sendmsg, ENOBUFS, (int a, const struct msghdr *b, int c), (a, b, c))
CALL(ssize_t, send, ENOBUFS, (int a, const void *b, size_t c, int d), (a, b, c, d))
CALL(ssize_t, recv, ENOMEM, (int a, void *b, size_t c, int d), (a, b, c, d))
/* What the compiler makes of some where it knows the size (_FORTIFY_SOURCE). */
/* Prototypes are in libc's headers only where the compiler makes use of them. */
int __ppoll_chk(struct pollfd *a, nfds_t b, const struct timespec *c, const sigset_t *d, size_t e);
ssize_t __recv_chk(int a, void *b, size_t c, size_t d, int e);
CALL(int, __ppoll_chk, ENOMEM,
     (struct pollfd * a, nfds_t b, const struct timespec *c, const sigset_t *d, size_t e),
     (a, b, c, d, e))
CALL(ssize_t, __recv_chk, ENOMEM, (int a, void *b, size_t c, size_t d, int e), (a, b, c, d, e))
CALL(void *, mmap, ENOMEM, (void *a, size_t b, int c, int d, int e, off_t f), (a, b, c, d, e, f))

EXPORT int pthread_create(pthread_t *a, const pthread_attr_t *b, void *(*c)(void *), void *d)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return fails(__builtin_return_address(0), "pthread_create") ? EAGAIN : real(a, b, c, d);
}
