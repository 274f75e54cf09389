/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets, directories, a debugger and a proxy; see stage.h. The kernel is in stage_kernel.c. */
#include "tests/fail/stage.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/sockets.h"
#include "session/state_file.h"
#include "tests/fail/count.h"

enum { PATIENCE_MS = 20000 }; /* only errors take so long */

_Thread_local int stage_aside;

static const char *wrong;

static bool last;

bool stage_may_give_up(void)
{
    return !last && strcmp(count_failed(), "nothing") != 0;
}

void stage_last_try(void)
{
    last = true;
}

void stage_wrong(const char *what)
{
    wrong = what;
}

const char *stage_what_is_wrong(void)
{
    return wrong;
}

void stage_streams(int ends[2])
{
    if (STAGE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) != 0)
        err(2, "socketpair");
}

static int bound(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) != 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) != 0)
        err(2, "bind");
    return fd;
}

void stage_datagrams(int ends[2])
{
    struct sockaddr_in at[2];
    stage_aside++;
    for (int i = 0; i < 2; i++)
        ends[i] = bound(&at[i]);
    for (int i = 0; i < 2; i++) {
        if (connect(ends[i], (struct sockaddr *)&at[1 - i], sizeof at[0]) != 0)
            err(2, "connect");
    }
    stage_aside--;
}

void stage_pipe(int ends[2])
{
    if (STAGE(pipe2(ends, O_CLOEXEC)) != 0)
        err(2, "pipe2");
}

void stage_close(int fd)
{
    if (fd >= 0)
        (void)STAGE(close(fd));
}

bool stage_write(int fd, const char *text)
{
    ssize_t n = STAGE(send(fd, text, strlen(text), MSG_NOSIGNAL));
    if (n < 0 && errno == ENOTSOCK)
        n = STAGE(write(fd, text, strlen(text)));
    return n == (ssize_t)strlen(text);
}

bool stage_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    return STAGE(poll(&p, 1, PATIENCE_MS)) == 1;
}

bool stage_read(int fd, const char *text)
{
    char got[64];
    size_t length = strlen(text), n = 0;
    if (length > sizeof got)
        errx(2, "%zu bytes to read, at most %zu", length, sizeof got);
    while (n < length) {
        ssize_t more = stage_readable(fd) ? STAGE(read(fd, got + n, sizeof got - n)) : 0;
        if (more <= 0)
            return false;
        n += (size_t)more;
    }
    return n == length && memcmp(got, text, n) == 0;
}

static char directory[] = "/tmp/netgdb-modules-XXXXXX";

const char *stage_rundir(void)
{
    stage_aside++;
    if (mkdtemp(directory) == NULL || setenv("NETGDB_RUNTIME_DIR", directory, 1) != 0)
        err(2, "%s", directory);
    stage_aside--;
    return directory;
}

bool stage_rundir_end(void)
{
    char command[64];
    bool empty = rmdir(directory) == 0;
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    if (!empty)
        (void)!system(command);
    return empty;
}

static bool remove_file(void *context, struct state_file *f)
{
    (void)context;
    state_file_remove(f);
    return true;
}

void stage_remove_state_files(void)
{
    stage_aside++;
    state_file_claim_all(0, remove_file, NULL);
    stage_aside--;
}

uint16_t stage_port(void)
{
    struct sockaddr_in at;
    stage_aside++;
    close(bound(&at));
    stage_aside--;
    return ntohs(at.sin_port);
}

/* ---- the debugger ---- */

static void put(int fd, const char *content)
{
    char packet[200];
    unsigned sum = 0;
    for (const char *p = content; *p != '\0'; p++)
        sum += (unsigned char)*p;
    (void)snprintf(packet, sizeof packet, "$%s#%02x", content, sum & 0xff);
    (void)stage_write(fd, packet);
}

/* Reads a byte; 0 at the end or after a timeout. */
static char get(int fd)
{
    char c = 0;
    return stage_readable(fd) && STAGE(read(fd, &c, 1)) == 1 ? c : 0;
}

/* Reads a packet's content; false after a timeout. */
static bool get_packet(int fd, char *content, size_t max)
{
    size_t n = 0;
    char c;
    do {
        c = get(fd);
    } while (c != 0 && c != '$');
    while (c != 0 && (c = get(fd)) != '#' && n + 1 < max)
        content[n++] = c;
    content[n] = '\0';
    return c == '#' && get(fd) != 0 && get(fd) != 0;
}

/* Reads console output and a reply; true if the reply begins so. */
static bool answers(int fd, const char *begins)
{
    char content[4096];
    bool got;
    do {
        got = get_packet(fd, content, sizeof content);
    } while (got && content[0] == 'O' && content[1] != 'K');
    return got && strncmp(content, begins, strlen(begins)) == 0;
}

bool stage_debug(int fd)
{
    static const struct {
        const char *request, *reply;
    } exchanges[] = {{"qSupported:multiprocess+", "PacketSize="},
                     {"QStartNoAckMode", "OK"},
                     {"?", "T05"},
                     {"qRcmd,6e657467646220737461747573", "OK"}, /* netgdb status */
                     {"m1000,4", "01020304"},
                     {"s", "T05"},
                     {"D", "OK"}};
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        put(fd, exchanges[i].request);
        if (!answers(fd, exchanges[i].reply))
            return false;
    }
    return true;
}

static pthread_t debugger;

static void *run_debugger(void *argument)
{
    int *fd = argument;
    stage_aside++;
    bool done = stage_debug(*fd);
    close(*fd);
    free(argument);
    return done ? &debugger : NULL;
}

void stage_debugger(int fd)
{
    stage_aside++;
    int *argument = malloc(sizeof *argument);
    if (argument == NULL)
        err(2, "debugger");
    *argument = fd;
    if (pthread_create(&debugger, NULL, run_debugger, argument) != 0)
        err(2, "debugger");
    stage_aside--;
}

bool stage_debugger_end(void)
{
    void *done = NULL;
    (void)pthread_join(debugger, &done);
    return done != NULL;
}

/* ---- the proxy ---- */

static pid_t proxy;

void stage_proxy(uint16_t port)
{
    char path[4096], name[64], control[100];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    for (int up = 0; n > 0 && up < 3; n--) /* tests/fail/modules */
        up += path[n - 1] == '/';
    (void)snprintf(path + n, sizeof path - (size_t)n, "/tools/netgdb");
    (void)snprintf(name, sizeof name, "127.0.0.1:%u", port);
    (void)snprintf(control, sizeof control, "%s/control", directory);
    proxy = fork();
    if (proxy == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(null, STDOUT_FILENO) >= 0)
            execl(path, "netgdb", "proxy", name, (char *)NULL);
        _exit(127);
    }
    int fd;
    stage_aside++;
    while ((fd = sockets_unix(control)) < 0 && waitpid(proxy, NULL, WNOHANG) == 0)
        usleep(10000);
    stage_close(fd);
    stage_aside--;
}

void stage_proxy_end(void)
{
    (void)kill(proxy, SIGTERM);
    (void)waitpid(proxy, NULL, 0);
}
