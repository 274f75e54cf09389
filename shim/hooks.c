/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exported hooks of libnetgdb.so, and the table of the functions that they replace. */
#include "io/os.h"
#include "io/progress.h"
#include "proto/check.h"
#include "session/report.h"
#include "shim/frontend.h"
#include "shim/relay.h"
#include "shim/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct shim_libc shim_libc;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pid_t owner; /* 0: inactive, every call goes to libc */

/* Bound on first use: constructors of other libraries may call a hook before ours has run. */
static void bind_libc(void)
{
#define BIND(type, name, parameters) *(void **)&shim_libc.name = dlsym(RTLD_NEXT, #name);
    SHIM_HOOKS(BIND)
#undef BIND
    if (!os_is_privileged())
        owner = getpid();
}

static void prepare(void)
{
    int error = errno;
    pthread_once(&once, bind_libc);
    errno = error;
}

bool shim_active(void)
{
    prepare();
    return owner != 0 && owner == getpid();
}

/* glibc passes these arguments to constructors (elf/dl-init.c). */
__attribute__((constructor)) static void start(int argc, char **argv)
{
    if (!shim_active())
        return;
    check_set_handler(check_report);
    preload_osabi(argc, argv);
    report_begin();
    frontend_init();
    if (!frontend_is_machine())
        progress_permit();
    preload_clean();
}

/* The debugger exits, and its last packets are still in flight. Forked children do not wait. */
__attribute__((destructor)) static void finish(void)
{
    if (shim_active())
        relay_drain();
}

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result)
{
    prepare();
    if (options_is_netgdb(node) && shim_active())
        return names_lookup(node, service, hints, result);
    return shim_libc.getaddrinfo(node, service, hints, result);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    prepare();
    struct shim_name *name = names_of(address, len);
    if (name != NULL && shim_active())
        return connect_name(fd, name);
    return shim_libc.connect(fd, address, len);
}

/* LLDB sets TCP_NODELAY, but our descriptor is one end of a socketpair. */
EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    prepare();
    if (level == IPPROTO_TCP && shim_active() && connect_is_ours(fd))
        return 0;
    return shim_libc.setsockopt(fd, level, name, value, len);
}
