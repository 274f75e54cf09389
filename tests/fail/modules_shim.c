/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules of shim/: GDB's calls to the hooks, which are linked in. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/logfile.h"
#include "io/sockets.h"
#include "shim/shim.h"
#include "tests/fail/count.h"
#include "tests/fail/modules.h"
#include "tests/fail/stage.h"

static char name[64], service[128];

/* The hooks look up libc's functions themselves. */
static sockets_resolver *libc_getaddrinfo;

static int resolve(const char *node, const char *port, const struct addrinfo *hints,
                   struct addrinfo **result)
{
    return stage_aside == 0 && count_fails("getaddrinfo")
               ? EAI_MEMORY
               : libc_getaddrinfo(node, port, hints, result);
}

static void watch_libc(void)
{
    (void)shim_active(); /* the look-up is done */
    libc_getaddrinfo = shim_libc.getaddrinfo;
    shim_libc.getaddrinfo = resolve;
}

static struct addrinfo *look_up(void)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    return __real_getaddrinfo(name, service, &hints, &found) == 0 ? found : NULL;
}

/* The calls of gdb/ser-tcp.c, from the name to the detach. */
static bool debug(void)
{
    struct addrinfo *found = look_up();
    if (found == NULL)
        return false;
    int fd = STAGE(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    bool good =
        fd >= 0 && __real_connect(fd, found->ai_addr, found->ai_addrlen) == 0 && stage_debug(fd);
    freeaddrinfo(found);
    stage_close(fd);
    return good;
}

/* ---- names ---- */

static void set_names(void)
{
    char path[100];
    (void)snprintf(path, sizeof path, "%s/log", stage_rundir());
    stage_aside++;
    (void)setenv("NETGDB_LOG_FILE", path, 1);
    stage_aside--;
    (void)snprintf(name, sizeof name, "netgdb:localhost");
    (void)snprintf(service, sizeof service, "20025,timeout=1");
    watch_libc();
}

static bool play_names(void)
{
    struct addrinfo *found = look_up();
    bool good = found != NULL && names_of(found->ai_addr, found->ai_addrlen) != NULL;
    if (found != NULL)
        freeaddrinfo(found);
    return good;
}

static const char *clear_names(void)
{
    (void)logfile_open(NULL);
    (void)unlink(getenv("NETGDB_LOG_FILE"));
    return module_rundir_end();
}

static bool play_preload(void)
{
    (void)STAGE(setenv("LD_PRELOAD", "/usr/lib/libnetgdb.so", 1));
    preload_clean(); /* this program is not a debugger: it keeps the preload */
    bool stays = getenv("LD_PRELOAD") != NULL;
    (void)STAGE(unsetenv("LD_PRELOAD"));
    return stays;
}

/* ---- kernels ---- */

static uint16_t set_name(void)
{
    uint16_t port = stage_port();
    (void)stage_rundir();
    (void)snprintf(name, sizeof name, "netgdb:127.0.0.1");
    (void)snprintf(service, sizeof service, "%u,timeout=15", port);
    watch_libc();
    return port;
}

static void set_kernel(void)
{
    stage_kernel(set_name());
}

static const char *clear_kernel(void)
{
    if (strcmp(count_failed(), "unlink") == 0)
        stage_remove_state_files(); /* the module cannot handle this failure */
    if (!stage_kernel_end())
        return "the target was not detached";
    return module_rundir_end();
}

static void set_proxy(void)
{
    uint16_t port = set_name();
    stage_proxy(port);
    stage_kernel(port);
}

static const char *clear_proxy(void)
{
    bool left = stage_kernel_end();
    stage_proxy_end();
    if (!left)
        return "the target was not detached";
    return module_rundir_end();
}

/* ---- stubs on a stream ---- */

static void set_tcp(void)
{
    stage_aside++;
    struct sockets_address at = {
        .is.in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .len = sizeof at.is.in};
    int listen_fd = sockets_tcp_listen(&at);
    if (listen_fd < 0 || !sockets_name(listen_fd, &at))
        abort();
    stage_stubs(listen_fd);
    stage_aside--;
    (void)snprintf(name, sizeof name, "netgdb:tcp:127.0.0.1");
    (void)snprintf(service, sizeof service, "%u", sockets_port(&at));
    watch_libc();
}

static void set_unix(void)
{
    char path[100];
    (void)snprintf(path, sizeof path, "%s/stub", stage_rundir());
    stage_aside++;
    int listen_fd = sockets_unix_listen(path, 0600);
    if (listen_fd < 0)
        abort();
    stage_stubs(listen_fd);
    stage_aside--;
    (void)snprintf(name, sizeof name, "netgdb:unix");
    (void)snprintf(service, sizeof service, "%s", path);
    watch_libc();
}

static const char *clear_unix(void)
{
    (void)unlink(service);
    return module_rundir_end();
}

/* A listener, its queue of lines, each name, and the log file remain. */
const struct module shim_modules[] = {
    {.name = "shim/connect",
     .set_up = set_unix,
     .run = debug,
     .tear_down = clear_unix,
     .blocks = 1},
    {.name = "shim/connect-tcp", .set_up = set_tcp, .run = debug, .blocks = 1},
    {.name = "shim/connect-proxy",
     .set_up = set_proxy,
     .run = debug,
     .tear_down = clear_proxy,
     .blocks = 2},
    {.name = "shim/names",
     .set_up = set_names,
     .run = play_names,
     .tear_down = clear_names,
     .descriptors = 1,
     .blocks = 1},
    {.name = "shim/preload", .run = play_preload},
    {.name = "shim/relay",
     .set_up = set_kernel,
     .run = debug,
     .tear_down = clear_kernel,
     .descriptors = 3,
     .blocks = 4},
    {0},
};
