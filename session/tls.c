/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts netgdb-tls and exchanges messages with it; see tls.h. */
#include "session/tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/fds.h"
#include "proto/check.h"
#include "proto/visible.h"
#include "session/beside.h"

enum { WORDS_MAX = 16 };

static int tls_fail(char why[TLS_WHY_MAX], const char *what, int error)
{
    (void)snprintf(why, TLS_WHY_MAX, "%s%s%s", what, error != 0 ? ": " : "",
                   error != 0 ? strerror(error) : "");
    errno = error != 0 ? error : EACCES;
    return -1;
}

/* ---- the program ---- */

/* Finds $NETGDB_TLS_HELPER, else the program installed with this one, else the configured path. */
static void find_tls_program(char path[PATH_MAX])
{
    static const char name[] = NETGDB_TLS_HELPER;
    const char *chosen = getenv("NETGDB_TLS_HELPER");
    char own[PATH_MAX];
    /* An address in this object: libnetgdb.so or a program. */
    static const char here;
    Dl_info us = {.dli_fname = NULL};
    bool object =
        dladdr(&here, &us) != 0 && us.dli_fname != NULL && strstr(us.dli_fname, ".so") != NULL;
    if (chosen != NULL && chosen[0] != '\0')
        (void)snprintf(path, PATH_MAX, "%s", chosen);
    else if (object ? beside(us.dli_fname, NETGDB_LIBDIR, name, path)
                    : beside_program(own) && beside(own, NETGDB_BINDIR, name, path))
        return;
    else
        (void)snprintf(path, PATH_MAX, "%s", name);
}

/* Its command line. */
static void make_words(char *words[WORDS_MAX], char *path, const struct tls_keys *k,
                       const char *name)
{
    const struct {
        const char *option, *value;
    } all[] = {{"--name", name},
               {"--psk", k->psk},
               {"--cert", k->cert},
               {"--key", k->key},
               {"--ca", k->ca}};
    unsigned n = 0;
    words[n++] = path;
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].value == NULL || all[i].value[0] == '\0')
            continue;
        words[n++] = (char *)(uintptr_t)all[i].option;
        words[n++] = (char *)(uintptr_t)all[i].value;
    }
    CHECK(n < WORDS_MAX);
    words[n] = NULL;
}

/*
 * Runs the helper with one end of the control socket as standard input, without our environment,
 * signal handlers or standard output. It is not our child: the process that is reaped here only
 * started it.
 */
static int spawn(char *const words[], int control)
{
    char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all, none;
    pid_t pid;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setsigmask(&how, &none);
    int error = posix_spawn_file_actions_adddup2(&files, control, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn(&pid, words[0], &files, &how, words, no_environment);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    while (error == 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return error;
}

int tls_start(const struct tls_keys *keys, const char *name, char why[TLS_WHY_MAX])
{
    char path[PATH_MAX], what[TLS_WHY_MAX / 2], *words[WORDS_MAX];
    const char *trouble = tls_keys_trouble(keys);
    int ends[2];
    if (trouble != NULL)
        return tls_fail(why, trouble, 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return tls_fail(why, "TLS", errno);
    find_tls_program(path);
    make_words(words, path, keys, name);
    int error = spawn(words, ends[1]);
    close(ends[1]);
    (void)snprintf(what, sizeof what, "%.*s", (int)sizeof what - 1, path);
    if (error != 0)
        (void)tls_fail(why, what, error);
    else if (tls_answer(ends[0], io_fds_now() + TLS_START, NULL, why) != 0)
        error = errno;
    if (error == 0)
        return ends[0];
    close(ends[0]);
    errno = error;
    return -1;
}

/* ---- the control socket ---- */

/* Sends one byte with two descriptors. */
static bool send_pair(int control, int tcp, int plain)
{
    const int fds[] = {tcp, plain};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fds)];
    } memory = {.room = {0}};
    char byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr m = {.msg_iov = &data,
                       .msg_iovlen = 1,
                       .msg_control = memory.room,
                       .msg_controllen = sizeof memory.room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(c), fds, sizeof fds);
    return sendmsg(control, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

int tls_wrap(int control, int tcp)
{
    int ends[2] = {-1, -1};
    bool sent = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
                send_pair(control, tcp, ends[1]);
    int error = errno;
    close(tcp);
    if (ends[1] >= 0)
        close(ends[1]);
    if (!sent && ends[0] >= 0)
        close(ends[0]);
    errno = error;
    return sent ? ends[0] : -1;
}

/* Returns whether a message arrives in time; otherwise errno says why. */
static bool await_answer(int control, uint64_t deadline, const sigset_t *mask)
{
    struct pollfd p = {control, POLLIN, 0};
    int n = io_fds_poll(&p, 1, deadline, mask);
    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

int tls_answer(int control, uint64_t deadline, const sigset_t *mask, char why[TLS_WHY_MAX])
{
    char text[TLS_WHY_MAX];
    if (!await_answer(control, deadline, mask))
        return tls_fail(why, "no TLS connection", errno);
    ssize_t n = recv(control, text, sizeof text - 1, MSG_DONTWAIT);
    if (n <= 0)
        return tls_fail(why, "netgdb-tls has ended", n == 0 ? EPIPE : errno);
    text[n] = '\0';
    if (strcmp(text, TLS_READY) == 0)
        return 0;
    visible_line(text);
    return tls_fail(why, text, 0);
}

/* ---- a client ---- */

/* Returns the plain stream of a client, once its peer is authenticated. */
static int handshake(int control, const struct sockets_streams *remotes, uint64_t deadline,
                     const sigset_t *mask, char why[TLS_WHY_MAX])
{
    uint64_t now = io_fds_now();
    int tcp = sockets_tcp(remotes, deadline > now ? deadline - now : 0);
    if (tcp < 0)
        return tls_fail(why, "no answer there", errno);
    int plain = tls_wrap(control, tcp);
    if (plain < 0)
        return tls_fail(why, "netgdb-tls", errno);
    if (tls_answer(control, deadline, mask, why) == 0)
        return plain;
    int error = errno;
    close(plain);
    errno = error;
    return -1;
}

int tls_connect(const struct options *o, sockets_resolver *resolver, uint64_t timeout,
                const sigset_t *mask, char why[TLS_WHY_MAX])
{
    const struct tls_keys keys = {o->psk, o->cert, o->key, o->ca};
    uint64_t deadline = timeout == IO_NEVER ? IO_NEVER : io_fds_now() + timeout;
    struct sockets_streams remotes;
    int control = tls_start(&keys, o->host, why), plain = -1;
    if (control < 0)
        return -1;
    int rc = sockets_resolve_streams(resolver, o->host, o->port, &remotes);
    if (rc == 0)
        plain = handshake(control, &remotes, deadline, mask, why);
    else
        (void)tls_fail(why, sockets_resolve_text(rc), 0);
    int error = errno;
    close(control);
    errno = error;
    return plain;
}
