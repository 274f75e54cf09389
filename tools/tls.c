/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb-tls: the program that netgdb and libnetgdb.so start for an encrypted connection; see
 * tls.h. Users do not start it: its standard input is the control socket.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "tools/tls.h"

extern char **environ; /* unistd.h of FreeBSD 14.0 does not declare it */

enum { CONTROL = STDIN_FILENO, FILES_MAX = 16 }; /* descriptors of a process */

/* ---- the control socket ---- */

/* Sends one message without blocking. */
static void send_text(const char *text)
{
    (void)send(CONTROL, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Receives the next connection; false: there will be no more. */
static bool take_connection(struct tls_link *l)
{
    int fds[2];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fds)];
    } memory;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr m = {.msg_iov = &data,
                       .msg_iovlen = 1,
                       .msg_control = memory.room,
                       .msg_controllen = sizeof memory.room};
    ssize_t n;
    do {
        n = recvmsg(CONTROL, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c == NULL || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fds))
        return false;
    memcpy(fds, CMSG_DATA(c), sizeof fds);
    l->net = fds[0];
    l->plain = fds[1];
    return true;
}

/* ---- a connection ---- */

/* Detects a peer whose cable was cut, after 30 + 4 * 10 s, as the proxy does. */
static void set_up_link(const struct tls_link *l)
{
    static const struct {
        int level, name, value;
    } all[] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
               {IPPROTO_TCP, TCP_NODELAY, 1},
               {IPPROTO_TCP, TCP_KEEPIDLE, 30},
               {IPPROTO_TCP, TCP_KEEPINTVL, 10},
               {IPPROTO_TCP, TCP_KEEPCNT, 4}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        (void)setsockopt(l->net, all[i].level, all[i].name, &all[i].value, sizeof all[i].value);
    (void)fcntl(l->net, F_SETFL, O_NONBLOCK);
    (void)fcntl(l->plain, F_SETFL, O_NONBLOCK);
}

/* The peer's address, read while it is connected. */
static void name_peer(struct tls_link *l)
{
    struct sockets_address peer = {.len = sizeof peer.is};
    (void)getpeername(l->net, &peer.is.any, &peer.len);
    (void)sockets_stream_text(&peer, l->peer);
}

/* Reports a peer that a server refuses, with its address. */
static void tell_refused(const struct tls_link *l, const char *why)
{
    char text[TLS_WHY_MAX];
    (void)snprintf(text, sizeof text, "%s: %.400s", l->peer, why);
    send_text(text);
}

static void serve(struct tls_link *l)
{
    char why[TLS_WHY_MAX];
    bool client = l->credentials->name != NULL;
    set_up_link(l);
    l->deadline = io_fds_now() + TLS_HANDSHAKE;
    bool done = tls_handshake(l, why);
    if (client)
        send_text(done ? TLS_READY : why);
    else if (!done)
        tell_refused(l, why);
    close(CONTROL);
    if (done)
        tls_relay(l);
    _exit(done ? 0 : 1);
}

/* Starts a process for each connection, until the control socket closes. */
static void serve_connections(struct tls_link *l)
{
    while (take_connection(l)) {
        name_peer(l);
        pid_t pid = l->credentials->name == NULL ? fork() : 0;
        if (pid == 0)
            serve(l);
        if (pid < 0)
            tell_refused(l, strerror(errno));
        close(l->net);
        close(l->plain);
    }
}

/* ---- the beginning ---- */

/* Closes all descriptors but the control socket and the output of a sanitizer. */
static void leave_parent(void)
{
    static char *none[] = {NULL};
    pid_t pid = fork();
    if (pid != 0)
        _exit(pid < 0 ? 1 : 0);
    (void)setsid();
    environ = none; /* GnuTLS writes keys to the file in SSLKEYLOGFILE */
    os_close_from(STDERR_FILENO + 1);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN); /* children are not reaped */
}

/* From now on, keys are in memory, and unauthenticated peers send data. */
static void give_up_rights(void)
{
    const struct rlimit files = {FILES_MAX, FILES_MAX};
    (void)!chdir("/");
    (void)setrlimit(RLIMIT_NOFILE, &files);
    os_confine_to_descriptors();
}

static bool take_options(int argc, char **argv, struct tls_keys *keys, const char **name)
{
    static const struct option known[] = {
        {"name", required_argument, NULL, 'n'}, {"psk", required_argument, NULL, 'p'},
        {"cert", required_argument, NULL, 'c'}, {"key", required_argument, NULL, 'k'},
        {"ca", required_argument, NULL, 'a'},   {0}};
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char **to = c == 'n'   ? name
                          : c == 'p' ? &keys->psk
                          : c == 'c' ? &keys->cert
                          : c == 'k' ? &keys->key
                                     : &keys->ca;
        if (c == '?')
            return false;
        *to = optarg;
    }
    return optind == argc;
}

int main(int argc, char **argv)
{
    static struct tls_credentials credentials;
    struct tls_keys keys = {NULL, NULL, NULL, NULL};
    struct tls_link link = {.credentials = &credentials, .net = -1, .plain = -1};
    char why[TLS_WHY_MAX];
    int type = 0;
    socklen_t len = sizeof type;
    if (getsockopt(CONTROL, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET ||
        !take_options(argc, argv, &keys, &credentials.name)) {
        fprintf(stderr, "netgdb-tls: started by netgdb and libnetgdb.so: see --tls in netgdb(1)\n");
        return 2;
    }
    leave_parent();
    bool loaded = tls_credentials_load(&credentials, &keys, why);
    give_up_rights();
    send_text(loaded ? TLS_READY : why);
    if (loaded)
        serve_connections(&link);
    _exit(loaded ? 0 : 1);
}
